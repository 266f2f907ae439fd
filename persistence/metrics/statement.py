"""A plan as one SELECT: a leg per relation and window, each an aggregate over rows that were cut first.

The columns of every leg: leg, bucket, d0.., currency, day, then the leg's measures as m0.. (BIGINT) or x0.. (money,
squares and products).
Nothing is ordered here and nothing divided.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Dialect,
    FromClause,
    Integer,
    Numeric,
    Select,
    Text,
    cast,
    func,
    literal,
    null,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.sql.compiler import ExpandedState, SQLCompiler
from sqlalchemy.sql.selectable import SelectBase

from domain.metrics.algebra import SESSION_NUMBER, SumMoney, SumOfSquaredMoney, depends_on_window
from domain.queries.branches import Branch, Cut
from domain.queries.plan import QueryPlan
from persistence.metrics import moving
from persistence.metrics.compile import EXACT, Number, Surroundings, compile_bucket_start, compile_measure
from persistence.metrics.late import can_be_late, in_buckets, named, summed
from persistence.metrics.legs import Leg, column_name, opened
from persistence.metrics.rows import has_turn, rows_of

Statement = Select[Any] | CompoundSelect[Any]
_KEYS: Final = frozenset({"bucket", "start_ms", "currency", "day"})


@dataclass(frozen=True, slots=True)
class Layout:
    """How wide the answer is: the same columns in every leg."""

    dimensions: int
    numbers: int
    long_numbers: int


def build_statement(plan: QueryPlan, branches: Sequence[Branch], *, in_copy: bool = False) -> Statement:
    """For the database, or for a columnar copy. Of the plan's numbers only the shape matters: what moves with time
    are named parameters, whose values `moving.values_of` gives."""
    layout = layout_of(plan, branches)
    legs = [
        _leg(opened(plan, branch, in_copy=in_copy, late=in_copy and can_be_late(branch)), index, layout)
        for index, branch in enumerate(branches)
    ]
    return legs[0] if len(legs) == 1 else union_all(*legs)


def layout_of(plan: QueryPlan, branches: Sequence[Branch]) -> Layout:
    return Layout(
        dimensions=len(plan.query.group_by),
        numbers=max((len(branch.numbers) for branch in branches), default=0),
        long_numbers=max((len(branch.long_numbers) for branch in branches), default=0),
    )


def _leg(leg: Leg, index: int, layout: Layout) -> Select[Any]:
    branch = leg.branch
    rows: FromClause = rows_of(leg).subquery(f"rows_{index}")
    within = aggregating(leg, rows)
    numbers = [compile_measure(measure, within) for measure in branch.numbers]
    if branch.by_session:
        rows = _sums_of_sessions(leg, rows, within).subquery(f"sessions_{index}")
        long_numbers = _squares(branch, rows, within)
    else:
        long_numbers = [compile_measure(measure, within) for measure in branch.long_numbers]
    if leg.late:
        rows = in_buckets(leg, rows, (numbers, long_numbers)).subquery(f"parts_{index}")
        numbers, long_numbers = summed(branch.numbers, rows, "m"), summed(branch.long_numbers, rows, "x")
    by_bucket, by_dimensions = Cut.BUCKET in branch.is_cut_by, Cut.DIMENSIONS in branch.is_cut_by
    names = [f"d{number}" for number in range(layout.dimensions)]
    money = branch.of_money
    statement = select(
        literal(index, Integer).label("leg"),
        (rows.c.bucket if by_bucket else cast(null(), Integer)).label("bucket"),
        *((rows.c[name] if by_dimensions else cast(null(), Integer)).label(name) for name in names),
        (rows.c.currency if money else cast(null(), Text)).label("currency"),
        (rows.c.day if money else cast(null(), Integer)).label("day"),
        *named(numbers, "m", layout.numbers),
        *named(long_numbers, "x", layout.long_numbers),
    ).select_from(rows)
    statement = statement.prefix_with(f"/* {branch.relation}, {'previous' if branch.window_index else 'now'} */")
    return _grouped(statement, branch, rows, names, money)


def _sums_of_sessions(leg: Leg, rows: FromClause, within: Surroundings) -> Select[Any]:
    """What each session's amounts sum to in each cell, currency and day; the reporting currency knows no days."""
    keys = [column for column in rows.c if column.name in _KEYS or column.name.startswith("d")]
    session = rows.c[column_name(leg, SESSION_NUMBER)]
    sums = [
        compile_measure(SumMoney(measure.relation, measure.of, measure.where), within).label(f"s{number}")
        for number, measure in enumerate(leg.branch.long_numbers)
        if isinstance(measure, SumOfSquaredMoney)
    ]
    return select(*dict.fromkeys((*keys, session)), *sums).group_by(*dict.fromkeys((*keys, session)))


def _squares(branch: Branch, rows: FromClause, within: Surroundings) -> list[Number]:
    sums = [rows.c[f"s{number}"] for number in range(len(branch.long_numbers))]
    return [cast(func.sum(one * one), within.longest) for one in sums]


def _grouped(
    statement: Select[Any], branch: Branch, rows: FromClause, names: Sequence[str], money: bool
) -> Select[Any]:
    always = [rows.c.currency, rows.c.day] if money else []
    sets = [[*_keys_of(cut, rows, names), *always] for cut in branch.cuts]
    if len(sets) == 1:
        return statement.group_by(*sets[0]) if sets[0] else statement
    return statement.group_by(func.grouping_sets(*(tuple_(*keys) for keys in sets)))


def _keys_of(cut: Cut, rows: FromClause, names: Sequence[str]) -> list[ColumnElement[Any]]:
    bucket = [rows.c.bucket] if Cut.BUCKET in cut else []
    return [*bucket, *(rows.c[name] for name in (names if Cut.DIMENSIONS in cut else ()))]


def aggregating(leg: Leg, rows: FromClause) -> Surroundings:
    """Names as the rows to aggregate carry them."""
    start: Number = leg.start
    by_bucket = Cut.BUCKET in leg.branch.is_cut_by and leg.plan.query.cycle is None
    if by_bucket and any(depends_on_window(measure) for measure in leg.branch.measures):
        edges = moving.edges(moving.buckets_of(leg.branch.window_index))
        start = rows.c.start_ms if leg.in_copy else compile_bucket_start(rows.c.bucket, edges)
    return Surroundings(
        column=lambda wanted: rows.c[column_name(leg, wanted)],
        has_turn=lambda tree: has_turn(leg, tree, rows.c[column_name(leg, SESSION_NUMBER)]),
        as_of=moving.as_of(),
        window_start=start,
        # The database's numbers have no end; where the copy's are too short, it is asked instead.
        longest=EXACT if leg.in_copy else Numeric(),
    )


def write_out(statement: SelectBase, dialect: Dialect) -> tuple[ExpandedState, frozenset[str]]:
    """The text with a place for every parameter, and the names of those that move."""
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    moving_names = frozenset(name for name, parameter in compiled.binds.items() if parameter.required)
    return compiled.construct_expanded_state(dict.fromkeys(moving_names)), moving_names
