"""The answer to a funnel: how many reached each step, what share that is, and how long it took."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from domain.intervals import Interval, wilson
from domain.queries.branches import SMALLEST_GROUP
from domain.queries.funnel import FunnelQuery
from domain.queries.table import KeyPart, Status
from domain.time import Window


@dataclass(frozen=True, slots=True)
class StepCount:
    """`people`: at most how many stand behind `count`. `median_ms`: since the step before, nearest-rank."""

    count: int
    people: int
    median_ms: int | None


@dataclass(frozen=True, slots=True)
class Reached:
    """One step. Shares are null where nobody came as far as what they are a share of."""

    status: Status
    reason: str | None = None
    count: int | None = None
    entered: int | None = None
    before: int | None = None
    median_ms: int | None = None

    @property
    def share(self) -> float | None:
        return _share(self.count, self.entered)

    @property
    def interval(self) -> Interval | None:
        return wilson(self.count, self.entered) if self.count is not None and self.entered else None

    @property
    def share_of_previous(self) -> float | None:
        return _share(self.count, self.before)

    @property
    def dropped(self) -> int | None:
        return None if self.count is None or self.before is None else self.before - self.count


def _share(part: int | None, whole: int | None) -> float | None:
    return part / whole if part is not None and whole else None


@dataclass(frozen=True, slots=True)
class FunnelGroup:
    key: tuple[KeyPart, ...]
    steps: tuple[Reached, ...]

    @property
    def is_other(self) -> bool:
        return any(part.is_other for part in self.key)


@dataclass(frozen=True, slots=True)
class FunnelTable:
    """`left_out`: chatbots that do not report what some step needs, by the ids that events name them by."""

    query: FunnelQuery
    as_of_ms: int
    fresh_through_ms: int
    time_zone: str
    window: Window
    steps: tuple[Reached, ...]
    groups: tuple[FunnelGroup, ...]
    group_count: int
    left_out: tuple[str, ...]


_UNREPORTED: Final = "No chatbot in scope reports what all steps need."
_HIDDEN: Final = "Fewer than 5 people stand behind it, or behind those who dropped out before it."


def not_reported(query: FunnelQuery) -> tuple[Reached, ...]:
    return tuple(Reached(Status.NOT_REPORTED, _UNREPORTED) for _ in query.steps)


def read_steps(counts: Sequence[StepCount], *, hides_few: bool) -> tuple[Reached, ...]:
    return tuple(_read(counts, hides_few=hides_few))


def _read(counts: Sequence[StepCount], *, hides_few: bool) -> Iterator[Reached]:
    """From the first step on that few people reached, or few dropped out before, nothing more is told (P30)."""
    before: StepCount | None = None
    hidden = False
    for one in counts:
        few = 0 < one.people < SMALLEST_GROUP
        few = few or (before is not None and 0 < before.people - one.people < SMALLEST_GROUP)
        hidden = hidden or (hides_few and few)
        if hidden:
            yield Reached(Status.SUPPRESSED, _HIDDEN)
        else:
            earlier = None if before is None else before.count
            yield Reached(Status.OK, None, one.count, counts[0].count, earlier, one.median_ms)
        before = one


def together(groups: Sequence[Sequence[StepCount]]) -> tuple[StepCount, ...]:
    """Several groups as one; medians do not add up."""
    return tuple(
        StepCount(sum(one.count for one in steps), sum(one.people for one in steps), None)
        for steps in zip(*groups, strict=True)
    )
