"""Rows to records, many at once: reading, deleting, and what little is reckoned of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

import asyncpg
from msgspec import Struct
from msgspec.structs import astuple

from domain.facts import Record, SessionFact
from persistence.ingest.staging import Staging
from persistence.ingest.tables import FACT_FIELDS, IN_SESSIONS, TABLE_BY_KIND, TABLE_OF, EventTable


class Stored(Struct, gc=False):
    """A record as it was read: where its row lies, to replace it if it changes."""

    record: Record
    month: int
    session_id: int | None
    values: tuple[Any, ...]


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
