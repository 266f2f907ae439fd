"""Which engine answers a question: the columnar copy where it is there and right, else the database. One SELECT."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy import Select

from domain.metrics.algebra import OUTSIDE_SESSIONS
from domain.queries.branches import Branch
from domain.queries.plan import QueryPlan, local_days
from persistence.engine import MemoryShort, PinnedRows
from persistence.ground import ground_of
from persistence.metrics.moving import values_of
from persistence.metrics.reads import tables_read
from persistence.metrics.shapes import Shape, shape_of
from persistence.metrics.slots import grid_of
from persistence.tenancy import Reader


class Engine(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def why(self) -> str:
        """Why it is this one, for people."""

    async def rows(self, plan: QueryPlan, shape: Shape) -> Sequence[Any]:
        """All legs' rows, in the columns of `persistence.metrics.statement`."""


@dataclass(frozen=True, slots=True)
class PostgresEngine:
    reader: Reader
    why: str
    name: str = "POSTGRES"

    async def rows(self, plan: QueryPlan, shape: Shape) -> Sequence[Any]:
        values = values_of(plan, shape.branches, self.reader.workspace_id)
        return (await self.reader.connection.execute(shape.for_database, values)).all()


@dataclass(frozen=True, slots=True)
class ColumnarEngine:
    copy: PinnedRows
    reader: Reader
    why: str = "A columnar copy holds every table that it reads."
    name: str = "COLUMNS"

    async def rows(self, plan: QueryPlan, shape: Shape) -> Sequence[Any]:
        try:
            return await self.copy.rows(shape.for_copy, values_of(plan, shape.branches), among=plan.query.among)
        except MemoryShort:
            return await PostgresEngine(self.reader, "The copy has no room for it.").rows(plan, shape)


@asynccontextmanager
async def engine_for(reader: Reader, plan: QueryPlan) -> AsyncIterator[Engine]:
    """One engine and one moment for all statements of a question."""
    shape = shape_of(plan)
    if reader.columnar is None or not shape.branches:
        yield PostgresEngine(reader, "There are no columnar copies here.")
        return
    if not _has_grids(plan, shape.branches):
        yield PostgresEngine(reader, "The buckets lie on no even grid.")
        return
    if any(branch.relation in OUTSIDE_SESSIONS for branch in shape.branches):
        yield PostgresEngine(reader, "It asks for facts outside sessions, which the copies do not hold.")
        return
    growth = (await ground_of(reader)).growth
    async with reader.columnar.pinned(reader.connection, reader.workspace_id, shape.tables, growth) as copy:
        yield PostgresEngine(reader, _NO_COPY) if copy is None else ColumnarEngine(copy, reader)


_NO_COPY: Final = "The workspace is small, or its columnar copy is not loaded or does not fit into the memory allowed."


async def rows_from(
    reader: Reader,
    plan: QueryPlan,
    branches: Sequence[Branch],
    build: Callable[[bool], Select[Any]],
    more: Mapping[str, object],
) -> Sequence[Any]:
    """Rows of a statement of another kind than `persistence.metrics.statement`. `build`: makes it, for the copy if
    told so; `more`: values of its own parameters."""
    if reader.columnar is not None and _has_grids(plan, branches):
        growth, tables = (await ground_of(reader)).growth, tables_read(branches)
        async with reader.columnar.pinned(reader.connection, reader.workspace_id, tables, growth) as copy:
            if copy is not None:
                values = {**values_of(plan, branches), **more}
                with suppress(MemoryShort):  # then the database has room
                    return await copy.rows(build(True), values, among=plan.query.among)
    values = {**values_of(plan, branches, reader.workspace_id), **more}
    rows: Sequence[Any] = (await reader.connection.execute(build(False), values)).all()
    return rows


def _has_grids(plan: QueryPlan, branches: Sequence[Branch]) -> bool:
    found = [plan.edges[index] for index in range(len(plan.windows))]
    found += [local_days(plan, branch.window_index)[0] for branch in branches if branch.by_day]
    return all(grid_of(edges) is not None for edges in found if edges)
