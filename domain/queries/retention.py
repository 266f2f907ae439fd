"""Who comes back? Visitors by the period of their first session, and who of them is there so many periods later.

Cohorts are whole local periods: those that the range touches. A visitor belongs to the period in which the first
session ever lies, if one of that period's sessions passes the filter.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from domain.buckets import edges_around
from domain.metrics.algebra import ALWAYS, Column, Distinct, Known, Place, Relation, every
from domain.metrics.populations import ENGAGED
from domain.problems import InvalidInput, Problem, Refused
from domain.queries.branches import Branch, Cut
from domain.queries.counted import rows_that_count
from domain.queries.plan import QueryPlan, make_plan
from domain.queries.query import MetricQuery
from domain.queries.scope import Scope
from domain.time import Grain, Window

MOST_PERIODS: Final = 53
MOST_COHORTS: Final = 400
COHORT_METRIC: Final = "newVisitors"
"""What `RetentionQuery.base` asks for: a cohort is the new visitors of its period, and what can be said of these can
be said of cohorts."""

VISITOR: Final = Column("visitor_id", Place.SESSION)
FIRST_SEEN: Final = Column("first_seen_at_ms", Place.VISITOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionQuery:
    """`periods`: how many after the first are looked at. One that exists is valid."""

    base: MetricQuery
    grain: Grain = Grain.WEEK
    periods: int = 8
    engaged_only: bool = False

    def __post_init__(self) -> None:
        problems = tuple(_problems(self))
        if problems:
            raise Refused(*problems)


def _problems(query: RetentionQuery) -> Iterator[Problem]:
    if query.grain is Grain.HOUR:
        allowed = tuple(grain for grain in Grain if grain is not Grain.HOUR)
        yield InvalidInput(message="Cohorts are days or longer.", path=("grain",), allowed=allowed)
    if not 1 <= query.periods <= MOST_PERIODS:
        yield InvalidInput(
            message=f"periods is {query.periods}; it takes 1 to {MOST_PERIODS}.",
            path=("periods",),
            allowed=(f"1..{MOST_PERIODS}",),
        )


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    """`plan`: of the sessions of all periods so far; `edges`: of the periods, the first `cohorts` of which have one."""

    query: RetentionQuery
    plan: QueryPlan
    cohorts: int

    @property
    def edges(self) -> tuple[int, ...]:
        return self.plan.edges[0]


def plan_retention(query: RetentionQuery, scope: Scope, now_ms: int) -> RetentionPlan:
    plan = make_plan(query.base, scope, now_ms)
    begun = edges_around(plan.windows[0], query.grain, scope.zone)
    cohorts = len(begun) - 1
    if cohorts > MOST_COHORTS:
        raise Refused(
            InvalidInput(
                message=f"The range holds {cohorts} cohorts of grain {query.grain}; it takes up to {MOST_COHORTS}.",
                path=("grain",),
                allowed=tuple(grain for grain in Grain if plan.windows[0].span_ms // grain.least_ms < MOST_COHORTS),
            )
        )
    # Periods differ in length: far enough for the longest, then cut to their number.
    far = Window(begun[0], begun[-1] + (query.periods + 1) * query.grain.least_ms * 5 // 4)
    edges = edges_around(far, query.grain, scope.zone)[: cohorts + query.periods + 1]
    so_far = Window(edges[0], max(edges[0], min(edges[-1], plan.as_of_ms)))
    wide = replace(plan, windows=(so_far,), grain=query.grain, edges=(edges,), buckets=((),))
    return RetentionPlan(query, wide, cohorts)


def activity_of(retention: RetentionPlan) -> Branch:
    """The sessions that count, by period; of each its visitor and when that one was first seen."""
    query, plan = retention.query, retention.plan
    engaged = ENGAGED if query.engaged_only else ALWAYS
    return Branch(
        relation=Relation.SESSION,
        window_index=0,
        window=plan.windows[0],
        cuts=(Cut.BUCKET,),
        measures=(Distinct(Relation.SESSION, VISITOR, Known(FIRST_SEEN)),),
        where=every(rows_that_count(plan, Relation.SESSION), Known(VISITOR), engaged),
        first_seen_at_chatbot=query.base.effective_new_to == "CHATBOT",
    )
