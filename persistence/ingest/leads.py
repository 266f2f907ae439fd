"""Leads as they stand now, put together anew from all their captures whenever one arrives."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from domain.facts import LeadRecord
from domain.leads import identity_key
from persistence.ingest.batch import Batch
from persistence.ingest.places import take
from persistence.ingest.rows import Stored, stored_of
from persistence.ingest.tables import TABLE_OF, selection_of
from persistence.workspaces import Counter

_FIELDS: Final = ("name", "email", "phone", "company", "interest", "consent", "lawful_basis", "identity_key")
_TYPES: Final = ("text", "text", "text", "text", "text", "bool", "text", "text")

_TABLE: Final = TABLE_OF[LeadRecord]
_CHANGING: Final = ("version", "captured_at_ms", "captured_session_id", "captured_month", "updated_at_ms", *_FIELDS)
# "offset 0": each name is looked up by index, whatever the planner believes of the tables' sizes.
_CAPTURES: Final = (
    f"select l.month, {selection_of(_TABLE, 'l')} from unnest($2::int[], $3::text[]) as n(chatbot_id, lead_ref) "
    "cross join lateral (select * from lead_capture l where l.workspace_id = $1 and l.chatbot_id = n.chatbot_id "
    "and l.lead_ref = n.lead_ref offset 0) l"
)
_KNOWN_LEADS: Final = (
    "select l.chatbot_id, l.lead_ref, l.lead_id, l.version "
    "from unnest($2::int[], $3::text[]) as n(chatbot_id, lead_ref) "
    "cross join lateral (select * from lead l where l.workspace_id = $1 and l.chatbot_id = n.chatbot_id "
    "and l.lead_ref = n.lead_ref offset 0) l"
)
_UPSERT: Final = (
    "insert into lead (workspace_id, chatbot_id, lead_ref, lead_id, version, captured_at_ms, captured_session_id, "
    f"captured_month, updated_at_ms, {', '.join(_FIELDS)}) select $1, * from unnest($2::int[], $3::text[], "
    "$4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::int[], $9::bigint[], "
    + ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(_TYPES, start=10))
    + ") on conflict (workspace_id, lead_id) do update set "
    + ", ".join(f"{column} = excluded.{column}" for column in _CHANGING)
)

LeadName = tuple[int, str]
"""Chatbot and the lead's outward name."""


async def write_leads(batch: Batch, captured: Collection[LeadRecord]) -> list[tuple[int, int]]:
    """After the captures are written. Returns number and version of the leads that changed."""
    if not captured:
        return []
    names = list({(capture.chatbot_id, capture.lead_ref) for capture in captured})
    captures = await _read_captures(batch, names)
    known = await _known_leads(batch, names)
    missing = [name for name in names if name not in known]
    if missing:
        known |= {
            name: (number, 0)
            for name, number in zip(missing, await take(batch, Counter.LEAD, len(missing)), strict=True)
        }
    added = {name: sum((other.chatbot_id, other.lead_ref) == name for other in captured) for name in names}
    versions = {name: (known[name][0], known[name][1] + added[name]) for name in names}
    await _write(batch, [(name, versions[name], captures[name]) for name in names])
    return list(versions.values())


async def _read_captures(batch: Batch, names: Sequence[LeadName]) -> dict[LeadName, list[Stored]]:
    rows = await batch.writer.driver.fetch(
        _CAPTURES,
        batch.writer.workspace_id,
        [chatbot_id for chatbot_id, _ in names],
        [lead_ref for _, lead_ref in names],
    )
    captures: dict[LeadName, list[Stored]] = {name: [] for name in names}
    for row in rows:
        stored = stored_of(_TABLE, row)
        if isinstance(stored.record, LeadRecord):
            captures[stored.record.chatbot_id, stored.record.lead_ref].append(stored)
    for group in captures.values():
        group.sort(key=lambda stored: (stored.record.occurred_at_ms, stored.record.event_id))
    return captures


async def _known_leads(batch: Batch, names: Sequence[LeadName]) -> dict[LeadName, tuple[int, int]]:
    rows = await batch.writer.driver.fetch(
        _KNOWN_LEADS,
        batch.writer.workspace_id,
        [chatbot_id for chatbot_id, _ in names],
        [lead_ref for _, lead_ref in names],
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


async def _write(batch: Batch, leads: Sequence[tuple[LeadName, tuple[int, int], Sequence[Stored]]]) -> None:
    """The latest known value of each field; the first capture tells where the lead came from."""
    fields = {field: [_latest(captures, field) for _, _, captures in leads] for field in _FIELDS}
    fields["identity_key"] = [
        identity_key(email=email, phone=phone) for email, phone in zip(fields["email"], fields["phone"], strict=True)
    ]
    await batch.writer.driver.execute(
        _UPSERT,
        batch.writer.workspace_id,
        [chatbot_id for (chatbot_id, _), _, _ in leads],
        [lead_ref for (_, lead_ref), _, _ in leads],
        [lead_id for _, (lead_id, _), _ in leads],
        [version for _, (_, version), _ in leads],
        [captures[0].record.occurred_at_ms for _, _, captures in leads],
        [captures[0].record.session_id for _, _, captures in leads],
        [captures[0].month for _, _, captures in leads],
        [captures[-1].record.occurred_at_ms for _, _, captures in leads],
        *fields.values(),
    )


def _latest(captures: Sequence[Stored], field: str) -> Any:
    values = (getattr(stored.record, field) for stored in reversed(captures))
    return next((value for value in values if value is not None), None)
