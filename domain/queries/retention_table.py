"""From counts to the answer about who comes back: cohorts, and all of them together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from domain.buckets import Bucket, buckets
from domain.intervals import Interval, wilson
from domain.queries.branches import SMALLEST_GROUP
from domain.queries.retention import RetentionPlan
from domain.queries.table import Status
from domain.time import Window

Counts = Mapping[tuple[int, int], int]
"""Visitors by cohort and by periods later, both from 0; nothing where there are none."""


@dataclass(frozen=True, slots=True)
class Returned:
    """Who of a cohort was there in one period. `complete`: the period is over."""

    status: Status
    visitors: int | None = None
    of: int | None = None
    complete: bool = False

    @property
    def share(self) -> float | None:
        return self.visitors / self.of if self.visitors is not None and self.of else None

    @property
    def interval(self) -> Interval | None:
        return wilson(self.visitors, self.of) if self.visitors is not None and self.of else None


@dataclass(frozen=True, slots=True)
class Cohort:
    """`returned`: by periods later; the first is the cohort's own period."""

    period: Bucket
    returned: tuple[Returned, ...]


@dataclass(frozen=True, slots=True)
class RetentionTable:
    """`together`: by periods later, of all cohorts for which that period is over."""

    plan: RetentionPlan
    fresh_through_ms: int
    cohorts: tuple[Cohort, ...]
    together: tuple[Returned, ...]

    @property
    def window(self) -> Window:
        return Window(self.plan.edges[0], self.plan.edges[self.plan.cohorts])


_NOT_BEGUN: Final = Returned(Status.NOT_APPLICABLE)


def assemble_retention(plan: RetentionPlan, counts: Counts, fresh_through_ms: int) -> RetentionTable:
    periods = _periods(plan)
    cohorts = tuple(Cohort(periods[index], _row(plan, counts, index)) for index in range(plan.cohorts))
    together = tuple(_together(plan, counts, later, cohorts) for later in range(plan.query.periods + 1))
    return RetentionTable(plan, fresh_through_ms, cohorts, together)


def _periods(plan: RetentionPlan) -> tuple[Bucket, ...]:
    scope, as_of_ms = plan.plan.scope, plan.plan.as_of_ms
    return buckets(Window(plan.edges[0], plan.edges[-1]), plan.query.grain, scope.zone, as_of_ms)


def _row(plan: RetentionPlan, counts: Counts, index: int) -> tuple[Returned, ...]:
    size = counts.get((index, 0), 0)
    return tuple(
        _cell(plan, index + later, counts.get((index, later), 0), size) for later in range(plan.query.periods + 1)
    )


def _cell(plan: RetentionPlan, period: int, count: int, size: int) -> Returned:
    begins, ends = plan.edges[period], plan.edges[period + 1]
    if begins >= plan.plan.as_of_ms:
        return _NOT_BEGUN
    if plan.plan.hides_small_groups and _is_few(count, size):
        return Returned(Status.SUPPRESSED)
    return Returned(Status.OK, count, size, complete=ends <= plan.plan.as_of_ms)


def _is_few(count: int, size: int) -> bool:
    """Few came, or few stayed away, or few could have come (P30)."""
    return any(0 < people < SMALLEST_GROUP for people in (count, size - count, size))


def _together(plan: RetentionPlan, counts: Counts, later: int, cohorts: Sequence[Cohort]) -> Returned:
    """Ratio of sums. Beside a cohort that is hidden the sum is hidden too: it could be told by subtraction."""
    over = [
        index
        for index, (_, ends) in enumerate(pairwise(plan.edges[later : later + plan.cohorts + 1]))
        if ends <= plan.plan.as_of_ms
    ]
    if not over:
        return _NOT_BEGUN
    if any(cohorts[index].returned[place].status is Status.SUPPRESSED for index in over for place in {0, later}):
        return Returned(Status.SUPPRESSED)
    count = sum(counts.get((index, later), 0) for index in over)
    return Returned(Status.OK, count, sum(counts.get((index, 0), 0) for index in over), complete=True)
