"""The bulk statements of one transaction, worked off by the database one behind the other while this process goes on.

Row-Level Security refuses COPY into a table, so bulk goes through temporary tables; emptied at each commit, and cut
into numbered parts within a transaction.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from time import perf_counter
from types import TracebackType
from typing import Any, Final, NamedTuple, TypeVar

from msgspec.structs import astuple

from domain.facts import MessageRecord, Record, SessionFact
from persistence.ingest.state import KeyRow, Place
from persistence.ingest.tables import FACT_FIELDS, MESSAGES, TABLE_OF, EventTable, Pointers, array_text, month_at
from persistence.tenancy import Writer


class Bulk(NamedTuple):
    """A table, and the temporary one beside it, whose rows begin with their part."""

    staged: str
    columns: tuple[str, ...]
    create: str
    insert: str


def _bulk(table: str, columns: Sequence[str], *, on_conflict: str = "") -> Bulk:
    staged, names = f"incoming_{table}", ", ".join(columns)
    return Bulk(
        staged,
        ("part", *columns),
        f"create temp table {staged} on commit delete rows as "
        f"select null::smallint as part, {names} from {table} with no data",
        f"insert into {table} (workspace_id, {names}) select $1, {names} from {staged} where part = $2 {on_conflict}",
    )


_KEPT: Final = ("session_id", "chatbot_id", "session_ref", "thread_ref")
_REPLACED: Final = ", ".join(f"{name} = excluded.{name}" for name in FACT_FIELDS if name not in _KEPT)

_MESSAGES: Final = _bulk("message", MESSAGES.columns)
_KEYS: Final = _bulk("event_key", ("event_id", "body_hash", "month", "session_id"))
# An upsert finds its row by index whatever the planner believes.
_FACTS: Final = _bulk(
    "session",
    ("month", "thread_id", *FACT_FIELDS),
    on_conflict=f"on conflict (workspace_id, session_id, month) do update set {_REPLACED}",
)
STAGING: Final = "; ".join(bulk.create for bulk in (_MESSAGES, _FACTS, _KEYS))
STAGED: Final = f"select to_regclass('pg_temp.{_KEYS.staged}') is not null"
_Row = TypeVar("_Row")
Step = Callable[[], Awaitable[object]]


class Staging:
    """`async with` it: at the end, and at every `settled`, all that was sent is done, or its first failure raised.
    Between a `send` and the next `settled` nothing else may be asked of the connection."""

    rows_at_a_time = 1_000
    """Enough that a statement is worth its way, few enough that the database begins early."""
    look_every_s = 0.0004
    """How long this process works before it looks what the database answered."""

    def __init__(self, writer: Writer) -> None:
        self.driver = writer.driver
        self.workspace_id = writer.workspace_id
        self._parts = 0
        self._looked_at = 0.0
        self._steps: deque[Step] = deque()
        self._working: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Staging":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.settled()
        elif self._working is not None:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)

    async def send(self, step: Step) -> None:
        if self._working is None or self._working.done():
            await self.settled()
            self._working = asyncio.create_task(self._work())
        self._steps.append(step)
        await asyncio.sleep(0)  # what the database waits for is sent

    async def let_work(self) -> None:
        """Called often by who works meanwhile: a statement needs several answers before the next one can begin."""
        if self._working is not None and perf_counter() - self._looked_at > self.look_every_s:
            await asyncio.sleep(0)
            self._looked_at = perf_counter()

    async def settled(self) -> None:
        working, self._working = self._working, None
        if working is not None:
            await working

    async def _work(self) -> None:
        while self._steps:
            await self._steps.popleft()()

    async def send_statement(self, statement: str, *values: object) -> None:
        await self.send(lambda: self.driver.execute(statement, self.workspace_id, *values))

    def next_part(self) -> int:
        self._parts += 1
        return self._parts

    def some_at_a_time(self, rows: Sequence[_Row]) -> Iterable[Sequence[_Row]]:
        return (rows[start : start + self.rows_at_a_time] for start in range(0, len(rows), self.rows_at_a_time))

    async def send_bulk(self, bulk: Bulk, part: int, rows: Iterable[tuple[Any, ...]]) -> None:
        """`rows` begin with `part`, a number of `next_part`. Best they are made one by one, when they are sent: wide
        rows that live on are what the collection of garbage has most to do with."""

        async def copy() -> None:
            await self.driver.copy_records_to_table(bulk.staged, records=rows, columns=bulk.columns)

        await self.send(copy)
        await self.send_statement(bulk.insert, part)


async def _send_messages(
    staging: Staging, messages: Sequence[MessageRecord], places: Mapping[int, Place], loose: Mapping[str, Pointers]
) -> None:
    """A record without a session lies in the month of its own time, with its pointers."""
    for some in staging.some_at_a_time(messages):
        part = staging.next_part()
        await staging.send_bulk(_MESSAGES, part, _message_rows(part, some, places, loose))


def _message_rows(
    part: int, messages: Iterable[MessageRecord], places: Mapping[int, Place], loose: Mapping[str, Pointers]
) -> Iterator[tuple[Any, ...]]:
    nowhere = MESSAGES.no_pointers
    for message in messages:
        if message.session_id is None:
            yield part, *_loose_row(MESSAGES, message, loose)
        else:
            yield part, places[message.session_id].month, *astuple(message), *nowhere


async def send_records(
    staging: Staging, records: Collection[Record], places: Mapping[int, Place], loose: Mapping[str, Pointers]
) -> None:
    """Of all kinds."""
    by_kind: dict[type[Record], list[Any]] = {}
    for record in records:
        by_kind.setdefault(record.__class__, []).append(record)
    await _send_messages(staging, by_kind.pop(MessageRecord, ()), places, loose)
    for kind, group in by_kind.items():
        table = TABLE_OF[kind]
        rows = [
            _loose_row(table, record, loose)
            if record.session_id is None
            else (places[record.session_id].month, *astuple(record), *table.no_pointers)
            for record in group
        ]
        await staging.send_statement(table.insert, *_arrays(table, rows))


_NOWHERE: Final = Pointers()


def _loose_row(table: EventTable, record: Record, loose: Mapping[str, Pointers]) -> tuple[Any, ...]:
    pointers = loose.get(record.event_id, _NOWHERE)
    return (month_at(record.occurred_at_ms), *astuple(record), *(getattr(pointers, name) for name in table.pointers))


def _arrays(table: EventTable, rows: Sequence[tuple[Any, ...]]) -> Iterable[object]:
    for column, values in zip(table.columns, zip(*rows, strict=True), strict=True):
        yield list(values) if table.types[column] == "TEXT" else array_text(values)


async def send_keys(staging: Staging, keys: Iterable[KeyRow]) -> None:
    part = staging.next_part()
    await staging.send_bulk(_KEYS, part, ((part, *key) for key in keys))


async def send_facts(staging: Staging, facts: Sequence[tuple[int, int | None, SessionFact]]) -> None:
    """Each with its month and thread."""
    for some in staging.some_at_a_time(facts):
        part = staging.next_part()
        await staging.send_bulk(_FACTS, part, _fact_rows(part, some))


def _fact_rows(part: int, facts: Iterable[tuple[int, int | None, SessionFact]]) -> Iterator[tuple[Any, ...]]:
    for month, thread_id, fact in facts:
        yield part, month, thread_id, *astuple(fact)
