"""Which table and columns each kind of record has, and the few statements on them."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import Table as DeclaredTable
from sqlalchemy.dialects import postgresql

from domain import facts
from domain.facts import MessageRecord, Record, SessionFact
from persistence.partitions import MONTHLY_TABLES
from persistence.tables import events as declared_events
from persistence.tables.messages import MessageRow
from persistence.tables.sessions import SessionRow


class Pointers(NamedTuple):
    """Kept on a row while its session is not known."""

    thread_id: int | None = None
    visitor_id: int | None = None
    session_ref: str | None = None


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
    pointers = tuple(pointer for pointer in Pointers._fields if pointer not in fields)
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


def array_text(values: Iterable[int | str | None]) -> str:
    """Ids or numbers as Postgres writes an array: to be cast there. The driver looks at each element of a list."""
    return f"{{{','.join('NULL' if value is None else str(value) for value in values)}}}"


def beside(key: str, keys: str = "$2::bigint[]", values: str = "$3::bigint[]") -> str:
    """The value that stands in `values` where `key` stands in `keys`. Rows are then found with `key = any(keys)`, by
    index whatever the planner believes; a join would look through all pairs of row and value."""
    return f"({values})[array_position({keys}, {key})]"


def month_at(at_ms: int) -> int:
    """The UTC month of a moment, as partitions count it: year * 12 + month - 1."""
    days = at_ms // 86_400_000 + 719_468
    era, day_of_era = divmod(days, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153  # months counted from March
    return (era * 400 + year_of_era) * 12 + shifted + 2
