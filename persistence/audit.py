"""Who did what: one row per sensitive act, insert-only, each chained to the one before by SHA-256.

Changing or removing a row breaks the chain at that place; `verify_chain` finds it. Rows hold surrogate ids, never
personal data.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Row, insert, select

from domain.accounts import Actor, ActorKind, AuditEntry
from persistence.tables.accounts import AuditEntryRow
from persistence.tenancy import Reader, Writer, lock_workspace

_FIRST_HASH: Final = bytes(32)
_LONGEST_DETAIL: Final = 4_000


async def record(
    writer: Writer, *, actor: Actor, action: str, target: str | None, detail: Mapping[str, Any], now: datetime
) -> None:
    """Writes one entry in the caller's transaction: the act and its record are committed together."""
    connection = writer.connection
    # One writer of a workspace's chain at a time, until its transaction ends.
    await lock_workspace(writer, "audit")
    last = await _last(writer)
    entry = AuditEntry(
        position=1 if last is None else last.position + 1,
        occurred_at=now.astimezone(UTC),
        actor=actor,
        action=action,
        target=target,
        detail=_canonical(detail),
        previous_hash=_FIRST_HASH if last is None else last.entry_hash,
        entry_hash=b"",
    )
    await connection.execute(
        insert(AuditEntryRow).values(
            workspace_id=writer.workspace_id,
            position=entry.position,
            occurred_at=entry.occurred_at,
            actor_kind=actor.kind.value,
            actor_key_id=actor.key_id,
            action=action,
            target=target,
            detail=entry.detail,
            previous_hash=entry.previous_hash,
            entry_hash=hash_of(writer.workspace_id, entry),
        )
    )


async def list_entries(reader: Reader, *, limit: int, before: int | None = None) -> Sequence[AuditEntry]:
    """Newest first; `before` is the position to continue from."""
    query = select(AuditEntryRow.__table__).where(AuditEntryRow.workspace_id == reader.workspace_id)
    if before is not None:
        query = query.where(AuditEntryRow.position < before)
    rows = await reader.connection.execute(query.order_by(AuditEntryRow.position.desc()).limit(limit))
    return [_entry(row) for row in rows]


async def verify_chain(reader: Reader) -> int | None:
    """None if the chain is whole, else the first position that does not fit."""
    expected = _FIRST_HASH
    query = select(AuditEntryRow.__table__).where(AuditEntryRow.workspace_id == reader.workspace_id)
    rows = await reader.connection.execute(query.order_by(AuditEntryRow.position))
    for position, row in enumerate(rows, start=1):
        entry = _entry(row)
        fits = entry.position == position and entry.previous_hash == expected
        if not fits or entry.entry_hash != hash_of(reader.workspace_id, entry):
            return position
        expected = entry.entry_hash
    return None


def hash_of(workspace_id: UUID, entry: AuditEntry) -> bytes:
    """Over every column, in a form without ambiguity."""
    parts = [
        str(workspace_id),
        entry.position,
        entry.occurred_at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.actor.kind.value,
        None if entry.actor.key_id is None else str(entry.actor.key_id),
        entry.action,
        entry.target,
        entry.detail,
        entry.previous_hash.hex(),
    ]
    return hashlib.sha256(orjson.dumps(parts)).digest()


def _canonical(detail: Mapping[str, Any]) -> str:
    written = orjson.dumps(detail, option=orjson.OPT_SORT_KEYS).decode()
    if len(written) > _LONGEST_DETAIL:
        raise ValueError(f"the detail of an audit entry has {len(written)} characters; {_LONGEST_DETAIL} fit")
    return written


async def _last(writer: Writer) -> AuditEntry | None:
    query = select(AuditEntryRow.__table__).where(AuditEntryRow.workspace_id == writer.workspace_id)
    row = (await writer.connection.execute(query.order_by(AuditEntryRow.position.desc()).limit(1))).one_or_none()
    return None if row is None else _entry(row)


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        position=row.position,
        occurred_at=row.occurred_at,
        actor=Actor(kind=ActorKind(row.actor_kind), key_id=row.actor_key_id),
        action=row.action,
        target=row.target,
        detail=row.detail,
        previous_hash=row.previous_hash,
        entry_hash=row.entry_hash,
    )
