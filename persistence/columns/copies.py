"""The copies of one process: made when a workspace is large enough and asked, dropped when memory is short.

    async with copies.pinned(connection, workspace_id, {"session"}, growth) as copy:
        ...  # None: the database answers, because the copy is not there yet or should not be

A question is never answered from a copy that lacks what its reader sees.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.database_performance import CopyState
from persistence.columns.copy import Copy, TooMuchChanged
from persistence.columns.layout import TABLES
from persistence.columns.memory import Memory
from persistence.columns.pinned import PinnedCopy
from persistence.engine import Database, DatabaseUnavailable, Growth, MemoryShort
from persistence.ground import ground_of
from persistence.tenancy import Reader, reading

LOAD_STATEMENT_TIMEOUT_MS: Final = 600_000
REST_SECONDS: Final = 300.0
"""After a load that failed."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyLimits:
    most_bytes: int = 2 * 1024**3
    """Of all copies together."""
    threads: int = 2
    """Of one question."""
    least_sessions: int = 2_000
    """Smaller workspaces are quick enough in the database."""
    bytes_a_session: int = 600
    """With its messages; how large a copy will be is judged by it before it is made."""


class Copies:
    def __init__(self, database: Database, limits: CopyLimits | None = None) -> None:
        self._database = database
        self._limits = limits or CopyLimits()
        self._copies: OrderedDict[UUID, Copy] = OrderedDict()
        self._loading: dict[UUID, asyncio.Task[None]] = {}
        self._resting: dict[UUID, float] = {}
        self._executor = ThreadPoolExecutor(max_workers=4, thread_name_prefix="columns")
        self.answered = 0
        """Questions that a copy answered."""

    async def close(self) -> None:
        tasks = list(self._loading.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for copy in self._copies.values():
            copy.memory.close()
        self._copies.clear()
        self._executor.shutdown(wait=False)

    @asynccontextmanager
    async def pinned(
        self, connection: AsyncConnection, workspace_id: UUID, tables: Collection[str], growth: Growth
    ) -> AsyncIterator[PinnedCopy | None]:
        """`connection` must be in a snapshot of the workspace, and `growth` be read in it."""
        found = await self._pin(Reader(connection, workspace_id), tables, growth)
        try:
            yield found
        finally:
            if found is not None:
                await found.release()

    async def _pin(self, reader: Reader, tables: Collection[str], growth: Growth) -> PinnedCopy | None:
        generation, sessions = growth.generation, growth.sessions
        if sessions < self._limits.least_sessions:
            return None
        copy = self._copies.get(reader.workspace_id)
        if copy is None or not copy.holds(tables):
            self._load_beside(reader.workspace_id, tables, sessions)
            return None
        self._copies.move_to_end(reader.workspace_id)
        async with copy.lock:
            try:
                if not copy.is_at(tables, generation):
                    if copy.is_beyond(tables, generation):
                        return None
                    await copy.catch_up(reader, tables, generation)
            except TooMuchChanged:
                copy.standing.clear()
                self._load_beside(reader.workspace_id, tables, sessions)
                return None
            self.answered += 1
            return PinnedCopy(await copy.view(), self._executor)

    async def state(self, connection: AsyncConnection, workspace_id: UUID) -> CopyState | None:
        """None if there is no copy of the workspace, or none that has loaded."""
        copy = self._copies.get(workspace_id)
        if copy is None or not copy.standing:
            return None
        growth = (await ground_of(Reader(connection, workspace_id))).growth
        return CopyState(bytes=copy.memory.size_in_bytes(), lag=copy.lag(growth.generation))

    def _load_beside(self, workspace_id: UUID, tables: Collection[str], sessions: int) -> None:
        too_large = sessions * self._limits.bytes_a_session > self._limits.most_bytes
        rests = self._resting.get(workspace_id, 0.0) > asyncio.get_running_loop().time()
        if workspace_id in self._loading or too_large or rests:
            return
        task = asyncio.create_task(self._load_quietly(workspace_id, frozenset(tables)))
        self._loading[workspace_id] = task
        task.add_done_callback(lambda _: self._loading.pop(workspace_id, None))

    async def _load_quietly(self, workspace_id: UUID, tables: frozenset[str]) -> None:
        try:
            await self.load(workspace_id, tables)
        except Exception as error:
            self._forget(workspace_id)
            self._resting[workspace_id] = asyncio.get_running_loop().time() + REST_SECONDS
            expected = isinstance(error, (DatabaseUnavailable, MemoryShort))
            _log.warning("a columnar copy was not loaded", error=type(error).__name__, exc_info=not expected)

    async def load(self, workspace_id: UUID, tables: Collection[str]) -> None:
        """Makes the copy hold these tables; for tests and commands that want to wait for it."""
        copy = self._copies.get(workspace_id)
        if copy is None:
            limits = self._limits
            memory = Memory(threads=limits.threads, most_bytes=limits.most_bytes)
            copy = self._copies[workspace_id] = Copy(memory, self._executor)
        async with reading(
            self._database, workspace_id, snapshot=True, statement_timeout_ms=LOAD_STATEMENT_TIMEOUT_MS
        ) as reader:
            generation = (await ground_of(reader)).growth.generation
            await copy.load(reader, tables, generation)
        self._make_room(workspace_id)

    async def differences(self, workspace_id: UUID) -> dict[str, int]:
        """Loads all tables, and tells by table how many rows differ from the database's: none, if all is well."""
        await self.load(workspace_id, TABLES)
        copy = self._copies[workspace_id]
        async with (
            reading(
                self._database, workspace_id, snapshot=True, statement_timeout_ms=LOAD_STATEMENT_TIMEOUT_MS
            ) as reader,
            copy.lock,
        ):
            generation = (await ground_of(reader)).growth.generation
            await copy.catch_up(reader, TABLES, generation)
            return await copy.differences(reader)

    def _make_room(self, kept: UUID) -> None:
        """Drops what was asked for longest ago. Views that are open keep theirs until they end."""
        sizes = {workspace_id: copy.memory.size_in_bytes() for workspace_id, copy in self._copies.items()}
        for workspace_id in list(self._copies):
            if sum(sizes.values()) <= self._limits.most_bytes:
                return
            if workspace_id != kept:
                self._forget(workspace_id)
                del sizes[workspace_id]

    def _forget(self, workspace_id: UUID) -> None:
        copy = self._copies.pop(workspace_id, None)
        if copy is not None:
            copy.memory.close()

    def size_in_bytes(self) -> int:
        return sum(copy.memory.size_in_bytes() for copy in self._copies.values())
