"""Records to rows and back, many at once: which table and columns each kind has, and the few statements on them."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import asyncpg
from msgspec import Struct
from msgspec.structs import astuple
from sqlalchemy import Table as DeclaredTable
from sqlalchemy.dialects import postgresql

from domain import facts
from domain.facts import MessageRecord, Record, SessionFact
from persistence.partitions import MONTHLY_TABLES
from persistence.tables import events as declared_events
from persistence.tables.messages import MessageRow
from persistence.tables.sessions import SessionRow
from persistence.tenancy import Writer

POINTERS: Final = ("thread_id", "visitor_id", "session_ref")
"""Kept on a row while its session is not known."""


class EventTable(NamedTuple):
    name: str
    kind: int
    record: type[Record]
    fields: tuple[str, ...]
    pointers: tuple[str, ...]
    """Those that are no field of the record."""
    columns: tuple[str, ...]
    """Of an inserted row: the month, the record's fields, the pointers."""
    no_pointers: tuple[None, ...]
    insert: str
    select: str
    select_loose: str
    delete: str
    delete_loose: str
    types: Mapping[str, str]


def selection_of(table: EventTable, alias: str) -> str:
    """The record's fields, ids as text."""
    return ", ".join(
        f"{alias}.{name}::text" if table.types[name] == "UUID" else f"{alias}.{name}" for name in table.fields
    )


def _types(table: DeclaredTable) -> dict[str, str]:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return {column.name: column.type.compile(dialect) for column in table.columns}


def _event_table(record: type[Record], row: Any) -> EventTable:
    name, types, fields = row.__table__.name, _types(row.__table__), record.__struct_fields__
    pointers = tuple(pointer for pointer in POINTERS if pointer not in fields)
    columns = ("month", *fields, *pointers)
    names = ", ".join(columns)
    arrays = ", ".join(
        f"${place}::{'' if types[column] == 'TEXT' else 'text::'}{types[column]}[]"
        for place, column in enumerate(columns, start=2)
    )
    selection = ", ".join(f"{field}::text" if types[field] == "UUID" else field for field in fields)
    return EventTable(
        name=name,
        kind=MONTHLY_TABLES.index(name),
        record=record,
        fields=fields,
        pointers=pointers,
        columns=columns,
        no_pointers=(None,) * len(pointers),
        insert=f"insert into {name} (workspace_id, {names}) select $1, {names} from unnest({arrays}) as r({names})",
        select=f"select month, {selection} from {name} "
        "where workspace_id = $1 and session_id = any($2) and month = any($3)",
        select_loose=f"select month, {selection} from {name} "
        "where workspace_id = $1 and session_id is null and month = any($2) and event_id = any($3::uuid[])",
        delete=f"delete from {name} where workspace_id = $1 and session_id = any($2) and month = any($3) "
        "and event_id = any($4::uuid[])",
        delete_loose=f"delete from {name} where workspace_id = $1 and session_id is null and month = any($2) "
        "and event_id = any($3::uuid[])",
        types=types,
    )


MESSAGES: Final = _event_table(MessageRecord, MessageRow)
EVENT_TABLES: Final = (
    MESSAGES,
    _event_table(facts.RetrievalRecord, declared_events.RetrievalRow),
    _event_table(facts.OperationRecord, declared_events.OperationRow),
    _event_table(facts.WorkflowStepRecord, declared_events.WorkflowStepRow),
    _event_table(facts.FeedbackRecord, declared_events.FeedbackRow),
    _event_table(facts.HandoffRecord, declared_events.HandoffRow),
    _event_table(facts.TicketRecord, declared_events.TicketRow),
    _event_table(facts.GoalRecord, declared_events.GoalCompletionRow),
    _event_table(facts.LeadRecord, declared_events.LeadCaptureRow),
    _event_table(facts.ExposureRecord, declared_events.ExposureRow),
    _event_table(facts.ReleaseRecord, declared_events.ReleaseRow),
    _event_table(facts.ProbeRecord, declared_events.ProbeRow),
    _event_table(facts.CostCorrectionRecord, declared_events.CostCorrectionRow),
    _event_table(facts.IdentifyRecord, declared_events.IdentificationRow),
    _event_table(facts.SessionEndRecord, declared_events.SessionEndRow),
    _event_table(facts.SessionStartRecord, declared_events.SessionStartRow),
)
TABLE_OF: Final[Mapping[type[Record], EventTable]] = {table.record: table for table in EVENT_TABLES}
TABLE_BY_KIND: Final = {table.kind: table for table in EVENT_TABLES}
IN_SESSIONS: Final = tuple(table for table in EVENT_TABLES if table.name not in ("release", "probe"))

FACT_FIELDS: Final = SessionFact.__struct_fields__
_FACT_TYPES: Final = _types(SessionRow.__table__)  # type: ignore[arg-type]
FACT_SELECTION: Final = ", ".join(
    f"s.{name}::text" if _FACT_TYPES[name] == "UUID" else f"s.{name}" for name in FACT_FIELDS
)

_STAGED_MESSAGES: Final = "incoming_message"
_STAGED_FACTS: Final = "incoming_session"
_STAGED_KEYS: Final = "incoming_key"
_FACT_COLUMNS: Final = ("month", "thread_id", *FACT_FIELDS)
_KEY_COLUMNS: Final = ("event_id", "body_hash", "month", "session_id")

# Row-Level Security refuses COPY into a table, so bulk goes through temporary tables; emptied at each commit.
STAGING: Final = "; ".join(
    f"create temp table {staged} on commit delete rows as select {', '.join(columns)} from {table} with no data"
    for staged, columns, table in (
        (_STAGED_MESSAGES, MESSAGES.columns, "message"),
        (_STAGED_FACTS, _FACT_COLUMNS, "session"),
        (_STAGED_KEYS, _KEY_COLUMNS, "event_key"),
    )
)
STAGED: Final = f"select to_regclass('pg_temp.{_STAGED_KEYS}') is not null"


def _copied(table: str, staged: str, columns: Sequence[str]) -> str:
    names = ", ".join(columns)
    return f"insert into {table} (workspace_id, {names}) select $1, {names} from {staged}"


_INSERT_MESSAGES: Final = _copied("message", _STAGED_MESSAGES, MESSAGES.columns)
_INSERT_KEYS: Final = _copied("event_key", _STAGED_KEYS, _KEY_COLUMNS)
_KEPT: Final = ("session_id", "chatbot_id", "session_ref", "thread_ref")
_UPSERT_FACTS: Final = (
    _copied("session", _STAGED_FACTS, _FACT_COLUMNS)
    + " on conflict (workspace_id, session_id, month) do update set "
    + ", ".join(f"{name} = excluded.{name}" for name in FACT_FIELDS if name not in _KEPT)
)


class Staging:
    """The bulk statements of one transaction. A temporary table that was used is emptied before its next use."""

    __slots__ = ("_used", "driver", "workspace_id")

    def __init__(self, writer: Writer) -> None:
        self.driver = writer.driver
        self.workspace_id = writer.workspace_id
        self._used: set[str] = set()

    async def fill(self, staged: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        if staged in self._used:
            await self.driver.execute(f"truncate {staged}")
        self._used.add(staged)
        await self.driver.copy_records_to_table(staged, records=rows, columns=columns)

    async def execute_beside(self, statement: str, meanwhile: Callable[[], None] | None) -> None:
        """The database works on its core while this process works on its own."""
        running = asyncio.ensure_future(self.driver.execute(statement, self.workspace_id))
        try:
            await asyncio.sleep(0)  # the statement is sent
            if meanwhile is not None:
                meanwhile()
        finally:
            await running


class Stored(Struct, gc=False):
    """A record as it was read: where its row lies, to replace it if it changes."""

    record: Record
    month: int
    session_id: int | None
    values: tuple[Any, ...]


async def insert_records(
    staging: Staging,
    records: Collection[Record],
    month_of: Mapping[int, int],
    loose: Mapping[str, "Pointers"],
    meanwhile: Callable[[], None] | None = None,
) -> None:
    """`month_of` by session; a record without a session lies in the month of its own time, with its pointers.
    `meanwhile` is done while the database is busy with the messages."""
    by_kind: dict[type[Record], list[Record]] = {}
    for record in records:
        by_kind.setdefault(record.__class__, []).append(record)
    for kind, group in by_kind.items():
        table = TABLE_OF[kind]
        nowhere = table.no_pointers
        rows = [
            _loose_row(table, record, loose)
            if record.session_id is None
            else (month_of[record.session_id], *astuple(record), *nowhere)
            for record in group
        ]
        if table is MESSAGES:
            await staging.fill(_STAGED_MESSAGES, table.columns, rows)
            await staging.execute_beside(_INSERT_MESSAGES, meanwhile)
            meanwhile = None
        else:
            await _insert_by_arrays(staging, table, rows)
    if meanwhile is not None:
        meanwhile()


class Pointers(NamedTuple):
    thread_id: int | None = None
    visitor_id: int | None = None
    session_ref: str | None = None


_NOWHERE: Final = Pointers()


def _loose_row(table: EventTable, record: Record, loose: Mapping[str, Pointers]) -> tuple[Any, ...]:
    pointers = loose.get(record.event_id, _NOWHERE)
    return (month_at(record.occurred_at_ms), *astuple(record), *(getattr(pointers, name) for name in table.pointers))


async def _insert_by_arrays(staging: Staging, table: EventTable, rows: Sequence[tuple[Any, ...]]) -> None:
    arrays = (
        list(values) if table.types[column] == "TEXT" else array_text(values)
        for column, values in zip(table.columns, zip(*rows, strict=True), strict=True)
    )
    await staging.driver.execute(table.insert, staging.workspace_id, *arrays)


async def insert_keys(staging: Staging, keys: Sequence[tuple[str, bytes | None, int, int | None]]) -> None:
    """Event id, body hash (null for the name of a message), month, session."""
    if keys:
        await staging.fill(_STAGED_KEYS, _KEY_COLUMNS, keys)
        await staging.driver.execute(_INSERT_KEYS, staging.workspace_id)


def fact_row(month: int, thread_id: int | None, fact: SessionFact) -> tuple[Any, ...]:
    return (month, thread_id, *astuple(fact))


async def write_facts(staging: Staging, rows: Sequence[tuple[Any, ...]]) -> None:
    """Rows made by `fact_row`. An upsert finds its row by index whatever the planner believes."""
    if rows:
        await staging.fill(_STAGED_FACTS, _FACT_COLUMNS, rows)
        await staging.driver.execute(_UPSERT_FACTS, staging.workspace_id)


async def read_records(staging: Staging, sessions: Mapping[int, int]) -> list[Stored]:
    """All rows of the sessions, given with their months."""
    found: list[Stored] = []
    for table in IN_SESSIONS:
        rows = await staging.driver.fetch(
            table.select,
            staging.workspace_id,
            list(sessions),
            list(set(sessions.values())),
        )
        found += [stored_of(table, row) for row in rows]
    return found


async def read_loose_records(staging: Staging, wanted: Iterable[tuple[int, int, str]]) -> list[Stored]:
    """Rows without a session, by kind, month and event id."""
    by_kind: dict[int, list[tuple[int, str]]] = {}
    for kind, month, event_id in wanted:
        by_kind.setdefault(kind, []).append((month, event_id))
    found: list[Stored] = []
    for kind, places in by_kind.items():
        table = TABLE_BY_KIND[kind]
        rows = await staging.driver.fetch(
            table.select_loose,
            staging.workspace_id,
            list({month for month, _ in places}),
            [event_id for _, event_id in places],
        )
        found += [stored_of(table, row) for row in rows]
    return found


async def delete_records(staging: Staging, gone: Collection[Stored]) -> None:
    by_kind: dict[type[Record], list[Stored]] = {}
    for stored in gone:
        by_kind.setdefault(stored.record.__class__, []).append(stored)
    for kind, group in by_kind.items():
        table = TABLE_OF[kind]
        placed = [stored for stored in group if stored.session_id is not None]
        loose = [stored for stored in group if stored.session_id is None]
        if placed:
            sessions = list({stored.session_id for stored in placed})
            await staging.driver.execute(table.delete, staging.workspace_id, sessions, *_places(placed))
        if loose:
            await staging.driver.execute(table.delete_loose, staging.workspace_id, *_places(loose))


def _places(group: Sequence[Stored]) -> tuple[list[int], list[str]]:
    return list({stored.month for stored in group}), [stored.values[_EVENT_ID_PLACE] for stored in group]


_EVENT_ID_PLACE: Final = Record.__struct_fields__.index("event_id")


def stored_of(table: EventTable, row: asyncpg.Record) -> Stored:
    month, *values = row
    record = table.record(**dict(zip(table.fields, values, strict=True)))
    return Stored(record, month, record.session_id, astuple(record))


def fact_of(row: asyncpg.Record) -> SessionFact:
    """From a row that begins with the columns of `FACT_SELECTION`."""
    return SessionFact(**dict(zip(FACT_FIELDS, row, strict=False)))


def array_text(values: Iterable[int | str | None]) -> str:
    """Ids or numbers as Postgres writes an array: to be cast there. The driver looks at each element of a list."""
    return f"{{{','.join('NULL' if value is None else str(value) for value in values)}}}"


def month_at(at_ms: int) -> int:
    """The UTC month of a moment, as partitions count it: year * 12 + month - 1."""
    days = at_ms // 86_400_000 + 719_468
    era, day_of_era = divmod(days, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153  # months counted from March
    return (era * 400 + year_of_era) * 12 + shifted + 2
