"""One leg of a statement: its row, and what has to be joined for it to know its session, visitor and bucket."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import BigInteger, FromClause, Integer, Table, func, select
from sqlalchemy.sql.selectable import Alias

from domain.dimensions import Dimension
from domain.metrics.algebra import (
    OUTSIDE_SESSIONS,
    Column,
    Expression,
    HasTurn,
    Measure,
    OfPopulation,
    Place,
    Predicate,
    Relation,
    nodes,
)
from domain.queries.branches import Branch, Cut
from domain.queries.plan import QueryPlan
from persistence.metrics import moving
from persistence.metrics.carried import POPULATION, SESSION_IN_COPY, SOURCES_IN_COPY, carried_of
from persistence.metrics.compile import Number
from persistence.metrics.relations import SESSION, SOURCES, VISITOR, VISITOR_OF_CHATBOT, Source, table_of

_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Leg:
    """What the parts of one leg's SELECT share. `session` is None where the row itself carries all that is asked of
    it; `carried` has the names that it goes by there."""

    plan: QueryPlan
    branch: Branch
    row: FromClause
    session: FromClause | None
    carried: Mapping[str, str]
    visitor: FromClause | None
    slots: FromClause | None
    day_slots: FromClause | None
    in_copy: bool
    late: bool = False
    """Rows tell the slot of their moment, and the slots' sums find their buckets."""

    @property
    def start(self) -> Number:
        return moving.range_start(self.branch.window_index)

    @property
    def end(self) -> Number:
        return moving.range_end(self.branch.window_index)

    @property
    def source(self) -> Source:
        return source_of(self.branch.relation, in_copy=self.in_copy)

    def of_session(self, name: str) -> Number:
        found: Number = self.row.c[self.carried[name]] if self.session is None else self.session.c[name]
        return found


def source_of(relation: Relation, *, in_copy: bool) -> Source:
    return SOURCES_IN_COPY[relation] if in_copy else SOURCES[relation]


def opened(
    plan: QueryPlan, branch: Branch, *, in_copy: bool, late: bool = False, reading: Iterable[Column] = ()
) -> Leg:
    """`in_copy`: for a columnar copy, which holds the tables of one workspace and knows no other. `late`: with slots
    for buckets. `reading`: columns that are read besides those that the branch names."""
    row = source_of(branch.relation, in_copy=in_copy).row
    carried = carried_of(_table(row)) if in_copy and row is not SESSION_IN_COPY else _NOTHING
    visitor: FromClause | None = None
    if _needs_visitor(branch):
        visitor = VISITOR_OF_CHATBOT if branch.first_seen_at_chatbot else VISITOR
    cut_by_bucket = in_copy and Cut.BUCKET in branch.is_cut_by
    slots = slots_of(moving.buckets_of(branch.window_index)) if cut_by_bucket and not late else None
    day_slots = slots_of(moving.days_of(branch.window_index)) if in_copy and branch.by_day else None
    asked = {*_asked_of_session(branch), *(column.name for column in reading if column.place is Place.SESSION)}
    session = _session_of(branch, row, asked <= carried.keys(), in_copy=in_copy)
    return Leg(plan, branch, row, session, carried, visitor, slots, day_slots, in_copy, late)


def _session_of(branch: Branch, row: FromClause, all_carried: bool, *, in_copy: bool) -> FromClause | None:
    if branch.relation in OUTSIDE_SESSIONS:
        return row
    if all_carried and not _needs_visitor(branch):
        return None
    return SESSION_IN_COPY if in_copy else SESSION


def _table(alias: FromClause) -> Table:
    assert isinstance(alias, Alias)
    return table_of(alias)


def slots_of(axis: str) -> FromClause:
    """Of the even grid of an axis, a row per slot: its number, its bucket, and where that begins."""
    return select(
        func.unnest(moving.slot_numbers(axis), type_=Integer).label("slot"),
        func.unnest(moving.slot_buckets(axis), type_=Integer).label("bucket"),
        func.unnest(moving.slot_starts(axis), type_=BigInteger).label("start_ms"),
    ).subquery(axis)


def _needs_visitor(branch: Branch) -> bool:
    return any(isinstance(node, Column) and node.place is Place.VISITOR for node in _nodes(branch))


def _asked_of_session(branch: Branch) -> Iterator[str]:
    """Names of the session's columns, in any clause."""
    if SOURCES[branch.relation].time is None:
        yield "started_at_ms"
    for node in _nodes(branch):
        if isinstance(node, OfPopulation):
            yield POPULATION
        elif isinstance(node, HasTurn):
            yield "session_id"
        elif isinstance(node, Column) and node.place is Place.SESSION:
            yield node.name


def _nodes(branch: Branch) -> Iterator[Measure | Expression | Predicate]:
    yield from (node for measure in branch.measures for node in nodes(measure))
    yield from nodes(branch.where)
    for dimension in cutting(branch):
        own = dimension.own.get(branch.relation, dimension.session)
        if own is not None:
            yield from nodes(own)


def cutting(branch: Branch) -> tuple[Dimension, ...]:
    return branch.dimensions if Cut.DIMENSIONS in branch.is_cut_by else ()


def column_name(leg: Leg, column: Column) -> str:
    place = Place.SESSION if column.place is Place.ROW and leg.row is leg.session else column.place
    return f"{place.value}_{column.name}"
