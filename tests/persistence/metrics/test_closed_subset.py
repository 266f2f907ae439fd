"""Every statement that can be built stays within the closed subset of R10, and every declaration meets real columns."""

from collections.abc import Iterator

import pytest
from sqlalchemy import ClauseElement, FunctionElement, column, exists, literal, select, table, true
from sqlalchemy.sql import visitors

from domain.dimensions import DIMENSIONS
from domain.metrics.algebra import Column, Maximum, Minimum, Relation, at_least
from domain.metrics.catalogue import METRICS
from domain.queries.branches import branches_of
from domain.queries.cases import CasePart, contributions
from domain.queries.filters import AllOf, In, IsUnknown, NotThis
from domain.queries.funnel import FunnelEvent, FunnelQuery, FunnelStep
from domain.queries.plan import make_plan
from domain.queries.query import Comparison, MetricQuery, Part, allowed_dimensions
from domain.queries.retention import COHORT_METRIC, RetentionQuery, plan_retention
from persistence.metrics.cases import Asked
from persistence.metrics.compile import Surroundings, compile_measure
from persistence.metrics.funnel import funnel_of
from persistence.metrics.retention import build_retention
from persistence.metrics.statement import build_statement
from tests.persistence.metrics.planning import DAYS, SCOPE

FUNCTIONS = {"count", "sum", "min", "max", "percentile_disc", "grouping_sets", "width_bucket"}
"""`width_bucket` is Postgres's rendering of the join to bucket edges."""

NODES = {
    "Alias", "AsBoolean", "BinaryExpression", "BindParameter", "BooleanClauseList", "Case", "Cast", "ClauseList",
    "Column", "ColumnClause", "CompoundSelect", "ExpressionClauseList", "False_", "FunctionFilter", "Grouping", "Join",
    "Label", "Null", "ScalarSelect", "Select", "Subquery", "Table", "True_", "Tuple", "UnaryExpression", "WithinGroup",
}  # fmt: skip
OPERATORS = {
    "NoneType", "add", "and_", "comma_op", "distinct_op", "eq", "ge", "getitem", "gt", "in_op", "is_", "is_not",
    "is_true", "le", "lt", "mul", "or_", "sub",
}  # fmt: skip

_FILTER = AllOf((NotThis(In("channel", ("APP",))), IsUnknown("country"), In("model", ("small",))))


def queries() -> Iterator[MetricQuery]:
    everything = frozenset(Part)
    for dimension in DIMENSIONS:
        usable = tuple(name for name, metric in METRICS.items() if dimension in allowed_dimensions(metric))
        yield MetricQuery(metrics=usable, range=DAYS, group_by=(dimension,), parts=everything)
    filtered = tuple(name for name, metric in METRICS.items() if "model" in allowed_dimensions(metric))
    yield MetricQuery(metrics=filtered, range=DAYS, where=_FILTER, compare=Comparison.PREVIOUS_PERIOD)
    yield MetricQuery(metrics=tuple(METRICS), range=DAYS, among=frozenset({1}), group_by=("chatbot",), parts=everything)


def statement_of(query: MetricQuery) -> ClauseElement:
    plan = make_plan(query, SCOPE, DAYS.to_ms)
    return build_statement(plan, branches_of(plan))


@pytest.mark.parametrize("query", list(queries()), ids=lambda query: " ".join(query.group_by) or "filtered")
def test_nothing_beyond_the_closed_subset(query: MetricQuery) -> None:
    check(statement_of(query))


def check(statement: ClauseElement, *, beyond: frozenset[str] = frozenset()) -> None:
    """`beyond`: functions and operators that this statement may use too."""
    for node in visitors.iterate(statement):
        if isinstance(node, FunctionElement):
            assert getattr(node, "name", "") in FUNCTIONS | beyond
        elif type(node).__name__ not in NODES:
            pytest.fail(f"{type(node).__name__} is no part of the closed subset: {node}")
        operator = getattr(node, "operator", None)
        assert getattr(operator, "__name__", "NoneType") in OPERATORS | beyond


@pytest.mark.parametrize("in_copy", [False, True])
def test_a_funnel_stays_within_it_too(in_copy: bool) -> None:
    base = MetricQuery(metrics=(), range=DAYS, where=In("channel", ("APP",)), group_by=("country", "visitorKind"))
    steps = tuple(FunnelStep(event) for event in (*FunnelEvent, FunnelEvent.TICKET_OPENED))
    query = FunnelQuery(base=base, steps=steps)
    check(funnel_of(query, SCOPE, DAYS.to_ms, in_copy=in_copy))


@pytest.mark.parametrize("in_copy", [False, True])
def test_so_do_cohorts_with_the_lists_of_their_periods(in_copy: bool) -> None:
    base = MetricQuery(metrics=(COHORT_METRIC,), range=DAYS, where=_FILTER)
    retention = plan_retention(RetentionQuery(base=base, engaged_only=True), SCOPE, DAYS.to_ms)
    slots = {"custom_op"} if in_copy else set()  # the copy's rendering of the join to bucket edges
    check(build_retention(retention, in_copy=in_copy), beyond=frozenset({"unnest", *slots}))


@pytest.mark.parametrize("in_copy", [False, True])
@pytest.mark.parametrize("part", CasePart)
def test_so_do_the_sessions_behind_a_number_but_for_their_order(part: CasePart, in_copy: bool) -> None:
    """By whole numbers that are always known, with the place of NULLs said."""
    for metric in ("resolutionRate", "costPerLead", "responseTimeP95" if part is CasePart.ALL else "fallbackRate"):
        plan = make_plan(MetricQuery(metrics=(metric,), range=DAYS, where=In("country", ("DE",))), SCOPE, DAYS.to_ms)
        measures = contributions(plan)
        for asked in (Asked(plan, part, measures, is_later=True), Asked(plan, part, measures).count()):
            check(asked.statement(in_copy), beyond=frozenset({"ne", "desc_op", "nulls_last_op"}))


def test_the_check_finds_a_stranger() -> None:
    strange = exists(select(literal(1))) | (literal(1) % 2 == 0)
    found = {type(node).__name__ for node in visitors.iterate(strange)} - NODES
    operators = {getattr(getattr(node, "operator", None), "__name__", "NoneType") for node in visitors.iterate(strange)}
    assert found == {"Exists"}
    assert operators - OPERATORS == {"exists", "mod"}


def test_nothing_is_ordered_by_the_database() -> None:
    for query in queries():
        assert " ORDER BY rows_" not in str(statement_of(query)).replace("(ORDER BY", "(")


@pytest.mark.parametrize(("measure", "function"), [(Minimum, "min"), (Maximum, "max")])
def test_extremes_compile(measure: type[Minimum] | type[Maximum], function: str) -> None:
    """No metric of the catalogue is an extreme yet."""
    rows = table("rows", column("answers"))
    within = Surroundings(
        column=lambda wanted: rows.c[wanted.name],
        has_turn=lambda tree: true(),
        as_of=literal(0),
        window_start=literal(0),
    )
    found = compile_measure(measure(Relation.SESSION, Column("answers"), at_least(Column("answers"), 1)), within)
    assert str(found) == (f"CAST({function}(rows.answers) FILTER (WHERE rows.answers >= :param_1) AS BIGINT)")
