"""Which sessions stand behind the value of a metric, and what does each of them add to it?"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum, unique
from typing import Final, assert_never

from domain.metrics.algebra import (
    OUTSIDE_SESSIONS,
    SESSION_NUMBER,
    Column,
    Compare,
    Constant,
    Count,
    Distinct,
    Histogram,
    Known,
    Maximum,
    Measure,
    Minimum,
    Place,
    Predicate,
    Quantile,
    Ratio,
    Relation,
    Sign,
    Sum,
    SumMoney,
    SumOfProducts,
    SumOfSquaredMoney,
    at_least,
    every,
    measures_of,
)
from domain.metrics.catalogue import METRICS
from domain.metrics.metric import Metric, Unit
from domain.problems import InvalidInput, Problem, Refused
from domain.queries.branches import Branch, Cut
from domain.queries.counted import measures_for, reporting, rows_that_count
from domain.queries.plan import QueryPlan
from domain.queries.query import MetricQuery, Part
from domain.queries.table import Figure, MetricTable, Status

STARTED: Final = Column("started_at_ms", Place.SESSION)


@unique
class CasePart(StrEnum):
    """Which of the sessions."""

    ALL = "ALL"
    NUMERATOR = "NUMERATOR"
    REST = "REST"
    """In the denominator alone."""


@dataclass(frozen=True, slots=True)
class CasesQuery:
    """`base` names one metric and no groups. One that exists is valid."""

    base: MetricQuery
    part: CasePart = CasePart.ALL

    def __post_init__(self) -> None:
        problems = tuple(_problems(self))
        if problems:
            raise Refused(*problems)

    @property
    def metric(self) -> Metric:
        return METRICS[self.base.metrics[0]]


def _problems(query: CasesQuery) -> Iterator[Problem]:
    if OUTSIDE_SESSIONS.intersection(query.metric.relations):
        allowed = tuple(name for name, one in METRICS.items() if not OUTSIDE_SESSIONS.intersection(one.relations))
        yield InvalidInput(
            message=f"No sessions stand behind {query.metric.name}.", path=("metric",), allowed=allowed
        )
    if query.part is not CasePart.ALL and not isinstance(query.metric.formula, Ratio):
        yield InvalidInput(
            message=f"{query.metric.name} is no share or mean, so it has one part only.",
            path=("part",),
            allowed=(CasePart.ALL,),
        )


@dataclass(frozen=True, slots=True)
class Case:
    """`parts`: the session's own, of each contribution; None or 0 if it adds nothing there."""

    session_id: int
    started_at_ms: int
    parts: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """`count`: of all the sessions, None if nobody asked."""

    table: MetricTable
    cases: tuple[Case, ...]
    count: int | None

    @property
    def metric(self) -> Metric:
        return next(iter(self.table.totals.values())).now.metric

    @property
    def figure(self) -> Figure:
        return next(iter(self.table.totals.values()))

    def numerator(self, case: Case) -> int | float | None:
        """None for money, whose amounts are told by currency elsewhere."""
        if self.metric.unit is Unit.MONEY:
            return None
        found = case.parts[0] or 0
        are_counts = self.metric.divisor == 1 or isinstance(self.metric.formula, Histogram)
        return found if are_counts else found / self.metric.divisor

    def denominator(self, case: Case) -> int | None:
        return (case.parts[1] or 0) if isinstance(self.metric.formula, Ratio) else None


def is_hidden(table: MetricTable) -> bool:
    """Too few people for the value are too few for a list of them (P30)."""
    return any(figure.now.status is Status.SUPPRESSED for figure in table.totals.values())


def only_totals(query: CasesQuery) -> MetricQuery:
    return replace(query.base, parts=frozenset({Part.TOTALS, Part.INTERVALS}))


def contributions(plan: QueryPlan) -> tuple[Measure, ...]:
    """What is computed for each session; nothing if no chatbot reports what is needed."""
    metric = plan.metrics[0]
    told = reporting(plan, metric.needs)
    if not told.some:
        return ()
    if isinstance(metric.formula, Histogram):
        return (_within_edges(metric.formula, measures_of(metric.formula)[0].relation, told.restriction),)
    return tuple(_of_one_session(measure) for measure in measures_for(plan, metric))


def _within_edges(formula: Histogram, relation: Relation, restriction: Predicate) -> Count:
    lowest, highest = formula.edges[0], formula.edges[-1]
    inside = every(at_least(formula.of, lowest), Compare(formula.of, Sign.AT_MOST, Constant(highest)))
    return Count(relation, every(formula.where, inside, restriction))


def _of_one_session(measure: Measure) -> Measure:
    """Of a percentile the session's largest value; of money how many amounts there are."""
    match measure:
        case Count() | Sum() | SumOfProducts() | SumOfSquaredMoney() | Distinct() | Minimum() | Maximum():
            return measure
        case Quantile(relation=relation, of=of, where=where):
            return Maximum(relation, of, where)
        case SumMoney(relation=relation, of=of, where=where):
            return Count(relation, every(where, Known(of)))
        case _:
            assert_never(measure)


def legs_of(plan: QueryPlan, measures: tuple[Measure, ...]) -> tuple[Branch, ...]:
    """One per relation. Each also carries the session's number and start."""
    return tuple(
        Branch(
            relation=relation,
            window_index=0,
            window=plan.windows[0],
            cuts=(Cut.TOTAL,),
            measures=(
                *(measure for measure in measures if measure.relation is relation),
                Maximum(relation, SESSION_NUMBER),
                Maximum(relation, STARTED),
            ),
            where=rows_that_count(plan, relation),
            first_seen_at_chatbot=plan.query.effective_new_to == "CHATBOT",
        )
        for relation in dict.fromkeys(measure.relation for measure in measures)
    )
