"""Which engine answers a question: the columnar copy where it is there and right, else the database. One SELECT."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from domain.metrics.algebra import OUTSIDE_SESSIONS, Column, HasTurn, Place, Relation, nodes
from domain.queries.plan import Branch, Cut, QueryPlan, branches_of
from persistence.engine import MemoryShort, PinnedRows
from persistence.metrics.relations import SESSION, SOURCES, VISITOR, VISITOR_OF_CHATBOT, table_name
from persistence.metrics.slots import grid_of
from persistence.metrics.statement import build_statement
from persistence.tenancy import Reader


class Engine(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def why(self) -> str:
        """Why it is this one, for people."""

    async def rows(self, plan: QueryPlan, branches: Sequence[Branch]) -> Sequence[Any]:
        """All legs' rows, in the columns of `persistence.metrics.statement`."""


@dataclass(frozen=True, slots=True)
class PostgresEngine:
    reader: Reader
    why: str
    name: str = "POSTGRES"

    async def rows(self, plan: QueryPlan, branches: Sequence[Branch]) -> Sequence[Any]:
        statement = build_statement(plan, branches, self.reader.workspace_id)
        return (await self.reader.connection.execute(statement)).all()


@dataclass(frozen=True, slots=True)
class ColumnarEngine:
    copy: PinnedRows
    reader: Reader
    why: str = "A columnar copy holds every table that it reads."
    name: str = "COLUMNS"

    async def rows(self, plan: QueryPlan, branches: Sequence[Branch]) -> Sequence[Any]:
        try:
            return await self.copy.rows(build_statement(plan, branches, None), among=plan.query.among)
        except MemoryShort:
            return await PostgresEngine(self.reader, "The copy has no room for it.").rows(plan, branches)


@asynccontextmanager
async def engine_for(reader: Reader, plan: QueryPlan) -> AsyncIterator[Engine]:
    """One engine and one moment for all statements of a question."""
    branches = branches_of(plan)
    if reader.columnar is None or not branches:
        yield PostgresEngine(reader, "There are no columnar copies here.")
        return
    if not _has_grids(branches):
        yield PostgresEngine(reader, "The buckets lie on no even grid.")
        return
    if any(branch.relation in OUTSIDE_SESSIONS for branch in branches):
        yield PostgresEngine(reader, "It asks for facts outside sessions, which the copies do not hold.")
        return
    async with reader.columnar.pinned(reader.connection, reader.workspace_id, tables_read(branches)) as copy:
        yield PostgresEngine(reader, _NO_COPY) if copy is None else ColumnarEngine(copy, reader)


_NO_COPY: Final = "The workspace is small, or its columnar copy is not loaded or does not fit into the memory allowed."


def _has_grids(branches: Iterable[Branch]) -> bool:
    edges = (branch.edges for branch in branches if Cut.BUCKET in branch.is_cut_by)
    day_edges = (branch.day_edges for branch in branches if branch.day_edges)
    return all(grid_of(found) is not None for found in (*edges, *day_edges))


def tables_read(branches: Iterable[Branch]) -> frozenset[str]:
    """Every table that a statement of these legs names."""
    return frozenset(name for branch in branches for name in _tables(branch))


def _tables(branch: Branch) -> Iterator[str]:
    yield table_name(SESSION)
    yield table_name(SOURCES[branch.relation].row)
    trees = [*branch.measures, branch.where]
    for dimension in branch.dimensions:
        own = dimension.own.get(branch.relation, dimension.session)
        if own is not None:
            trees.append(own)  # type: ignore[arg-type]
        if dimension.turn is not None and dimension.overlaps(branch.relation):
            yield _turn_table(dimension.turn.relation)
    for node in (node for tree in trees for node in nodes(tree)):
        if isinstance(node, HasTurn):
            yield _turn_table(node.relation)
        elif isinstance(node, Column) and node.place is Place.VISITOR:
            yield table_name(VISITOR_OF_CHATBOT if branch.first_seen_at_chatbot else VISITOR)


def _turn_table(relation: Relation) -> str:
    return table_name(SOURCES[relation].turn)
