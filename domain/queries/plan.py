"""From a question to what has to be computed: everything that depends on the present and on the workspace resolved.

Which rows count is said in `counted`, which legs the one SELECT has in `branches`; nothing of it knows SQL.
"""

from dataclasses import dataclass
from typing import Final

from domain.buckets import Bucket, buckets, edges_around, edges_within
from domain.cycles import cells_of
from domain.days import LocalDays
from domain.dimensions import Dimension
from domain.metrics.catalogue import METRICS
from domain.metrics.metric import Metric
from domain.metrics.quality import satisfaction_by
from domain.problems import Refused
from domain.queries.query import Comparison, MetricQuery, Part, bucket_problems
from domain.queries.scope import Scope
from domain.time import Grain, Window, preceding, resolve, same_last_year

NOW: Final = 0
PREVIOUS: Final = 1


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """`buckets`: of each window, where series run over them. `edges`: where the buckets, or the parts of a cycle,
    begin, and the end of the last. `kept`: codes of the groups to tell apart, everything else is OTHER; None tells all
    apart."""

    query: MetricQuery
    scope: Scope
    as_of_ms: int
    windows: tuple[Window, ...]
    grain: Grain
    buckets: tuple[tuple[Bucket, ...], ...]
    edges: tuple[tuple[int, ...], ...]
    parts: frozenset[Part]
    kept: tuple[tuple[int, ...], ...] | None = None

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return tuple(
            satisfaction_by(self.scope.instrument) if name == "satisfaction" else METRICS[name]
            for name in self.query.computed_metrics
        )

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """By which it is split, as they read in this question."""
        return tuple(self.scope.codes.dimension(name) for name in self.query.group_by)

    @property
    def lengths(self) -> tuple[int, ...]:
        """How long the series of each window are."""
        cycle = self.query.cycle
        return tuple(len(one) if cycle is None else len(cycle.cells) for one in self.buckets)

    @property
    def hides_small_groups(self) -> bool:
        return self.query.among is not None


def make_plan(query: MetricQuery, scope: Scope, now_ms: int) -> QueryPlan:
    """Resolves everything that depends on the present and on the workspace."""
    as_of_ms = now_ms if query.as_of_ms is None else query.as_of_ms
    window = resolve(query.range, as_of_ms, scope.zone)
    problems = tuple(bucket_problems(query, window))
    if problems:
        raise Refused(*problems)
    windows = (window, *_compared(query, window, as_of_ms, scope))
    grain = query.grain_over(window)
    wants_buckets = bool({Part.SERIES, Part.GROUP_SERIES} & query.parts)
    told_apart = windows if wants_buckets and query.cycle is None else ()
    return QueryPlan(
        query=query,
        scope=scope,
        as_of_ms=as_of_ms,
        windows=windows,
        grain=grain,
        buckets=tuple(buckets(one, grain, scope.zone, as_of_ms) for one in told_apart) or ((),) * len(windows),
        edges=tuple(edges_within(one, grain, scope.zone) if wants_buckets else () for one in windows),
        parts=query.parts,
    )


def _compared(query: MetricQuery, window: Window, as_of_ms: int, scope: Scope) -> tuple[Window, ...]:
    match query.compare:
        case None:
            return ()
        case Comparison.PREVIOUS_PERIOD:
            return (preceding(query.range, window, as_of_ms, scope.zone),)
        case Comparison.SAME_PERIOD_LAST_YEAR:
            return (same_last_year(window, scope.zone),)
        case custom:
            return (resolve(custom, as_of_ms, scope.zone),)


def local_days(plan: QueryPlan, index: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Edges and numbers of the days of a window, in the zone in which amounts have their day (R32.15)."""
    zone = plan.scope.money_zone or plan.scope.zone
    found = buckets(plan.windows[index], Grain.DAY, zone, plan.as_of_ms)
    local = LocalDays(zone.name)
    edges = (*(bucket.from_ms for bucket in found), *(bucket.to_ms for bucket in found[-1:]))
    return edges, tuple(local.day_of(bucket.from_ms) for bucket in found)


def cells_on(plan: QueryPlan, index: int) -> tuple[int, ...]:
    """Where the buckets of a window make up the cells of a cycle: the place of each among them, from 0."""
    cycle = plan.query.cycle
    if cycle is None or not plan.edges[index]:
        return ()
    return cells_of(edges_around(plan.windows[index], cycle.grain, plan.scope.zone), cycle, plan.scope.zone)
