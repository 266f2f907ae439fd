"""A workspace's copy: which tables it holds, as of when, and how it catches up with what was committed since (R14).

Every table remembers the oldest transaction that was still running when it was read. Catching up reads the change log
from there, takes out what it names and puts in what stands now, as one transaction here and one snapshot there.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from time import monotonic
from typing import Final, TypeVar

from persistence.changes import Subject, changes_since
from persistence.columns.fetching import Arrays, fetch_rows
from persistence.columns.layout import BY_SESSION, SESSION_TABLE, TABLES, VISITOR_TABLES, CopiedTable
from persistence.columns.memory import Filling, Memory, View
from persistence.engine import driver_of
from persistence.tenancy import Reader

MOST_CHANGED_SESSIONS: Final = 50_000
"""Beyond that the tables are read anew, beside the questions."""

SESSIONS_TO_PACK: Final = 20_000
"""After so many were exchanged, what was taken out and put in has grown to be worth packing."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Standing:
    """Of one table: `generation` is the workspace's, `read_through` where the change log is read from next, `since`
    when it was brought there (monotonic seconds)."""

    generation: int
    read_through: int
    since: float = field(default_factory=monotonic)


class TooMuchChanged(Exception):
    """It is quicker to load the tables again."""


class Copy:
    """`standing` by table; a table that is not there was not loaded."""

    def __init__(self, memory: Memory, executor: Executor) -> None:
        self.memory = memory
        self.standing: dict[str, Standing] = {}
        self.lock = asyncio.Lock()
        """Held by whoever changes the copy, and while a view of it is taken."""
        self._executor = executor
        self._exchanged = 0

    def holds(self, tables: Iterable[str]) -> bool:
        return all(table in self.standing for table in tables)

    def lag(self, generation: int) -> float:
        """Seconds: 0 if every table is at this generation, else since when one may lack a commit."""
        behind = [standing.since for standing in self.standing.values() if standing.generation < generation]
        return monotonic() - min(behind) if behind else 0.0

    def is_at(self, tables: Iterable[str], generation: int) -> bool:
        return all(self.standing[table].generation >= generation for table in tables)

    def is_beyond(self, tables: Iterable[str], generation: int) -> bool:
        """Whether some of them hold more than that already: the others would then be of another moment."""
        return any(self.standing[table].generation > generation for table in tables)

    async def load(self, reader: Reader, tables: Collection[str], generation: int) -> None:
        """Reads whole what it does not hold of these tables. `reader` is a snapshot, in which the workspace is at
        `generation`. Questions about tables that are there already are answered meanwhile."""
        changes = await changes_since(reader, None)
        stands = Standing(generation, changes.read_through)
        filling = await self._work(self.memory.filling)
        try:
            async with self.lock:
                # Facts carry some of what stands on sessions; visitors are caught up together with them.
                await self._catch_up_sessions(reader, generation)
                await self._fill(reader, filling, {SESSION_TABLE, *set(tables) & set(VISITOR_TABLES)}, stands)
            await self._fill(reader, filling, tables, stands)
        finally:
            await asyncio.shield(self._work(filling.close))

    async def _fill(self, reader: Reader, filling: Filling, tables: Collection[str], stands: Standing) -> None:
        wanted = [name for name in sorted(tables) if name not in self.standing]
        for name in wanted:
            await self._work(filling.empty, TABLES[name])
            await self._take(reader, TABLES[name], filling.add)
            await self._work(filling.pack)
        self.standing |= dict.fromkeys(wanted, stands)

    async def _catch_up_sessions(self, reader: Reader, generation: int) -> None:
        if not self.holds([SESSION_TABLE]):
            return
        try:
            await self.catch_up(reader, [SESSION_TABLE], generation)
        except TooMuchChanged:
            self.standing.clear()

    async def catch_up(self, reader: Reader, tables: Collection[str], generation: int) -> None:
        """Brings tables that it holds to what `reader`, a snapshot, sees. Called with the lock held.

        Raises TooMuchChanged if they are better read anew.
        """
        behind = [table for table in self._together(tables) if self.standing[table].generation < generation]
        oldest = min((self.standing[table].read_through for table in behind), default=None)
        if oldest is None:
            return
        changes = await changes_since(reader, oldest)
        sessions = {key for (subject, _), ids in changes.ids.items() if subject is Subject.SESSION for key in ids}
        if changes.everything or len(sessions) > MOST_CHANGED_SESSIONS:
            raise TooMuchChanged
        if sessions:
            await self._exchange(reader, behind, sessions)
            await self._pack_after(len(sessions))
        self.standing |= dict.fromkeys(behind, Standing(generation, changes.read_through))

    async def _pack_after(self, exchanged: int) -> None:
        self._exchanged += exchanged
        if self._exchanged >= SESSIONS_TO_PACK:
            self._exchanged = 0
            await self._work(self.memory.pack)

    def _together(self, tables: Collection[str]) -> Collection[str]:
        """Whose a session was is known here only until sessions are exchanged, so visitors go with them."""
        more = [name for name in VISITOR_TABLES if name in self.standing] if SESSION_TABLE in tables else []
        return {*tables, *more}

    async def _exchange(self, reader: Reader, tables: Collection[str], sessions: set[int]) -> None:
        """Sessions first: whose they were and whose they are now tells which visitors may have changed."""
        async with self._changing():
            visitors = await self._work(self.memory.visitors_of, sessions) if SESSION_TABLE in self.standing else set()
            for name in sorted(tables, key=_turn_of):
                table = TABLES[name]
                if table.key == BY_SESSION:
                    await self._replace(reader, table, sessions)
                else:
                    visitors |= await self._work(self.memory.visitors_of, sessions)
                    await self._replace(reader, table, visitors)

    async def _replace(self, reader: Reader, table: CopiedTable, keys: Collection[int]) -> None:
        await self._work(self.memory.drop_rows, table, keys)
        if keys:
            await self._take(reader, table, self.memory.add, keys)

    async def _take(
        self,
        reader: Reader,
        table: CopiedTable,
        add: Callable[[CopiedTable, Arrays], None],
        keys: Collection[int] | None = None,
    ) -> None:
        driver = await driver_of(reader.connection)

        async def take(arrays: Arrays) -> None:
            await self._work(add, table, arrays)

        await fetch_rows(driver, table, reader.workspace_id, take, keys=keys)

    async def differences(self, reader: Reader) -> dict[str, int]:
        """By table, how many rows stand on one side only. Called with the lock held, when it has caught up."""
        found: dict[str, int] = {}
        async with self._changing():
            for table in (TABLES[name] for name in self.standing):
                await self._work(self.memory.put_beside, table)
                await self._take(reader, table, self.memory.add_beside)
                found[table.name] = await self._work(self.memory.difference, table)
        return found

    async def view(self) -> View:
        """Called with the lock held."""
        return await self._work(self.memory.view)

    def _changing(self) -> "_Changing":
        return _Changing(self.memory, self._work)

    async def _work(self, work: Callable[..., Result], *given: object) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._executor, lambda: work(*given))


def _turn_of(table: str) -> int:
    """Facts carry what stands on their sessions, and visitors are told from both."""
    return 0 if table == SESSION_TABLE else 2 if table in VISITOR_TABLES else 1


class _Changing:
    """One transaction of the memory."""

    def __init__(self, memory: Memory, work: Callable[..., Awaitable[object]]) -> None:
        self._memory = memory
        self._work = work

    async def __aenter__(self) -> None:
        await self._work(self._memory.begin)

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        await asyncio.shield(self._work(self._memory.commit if kind is None else self._memory.roll_back))
