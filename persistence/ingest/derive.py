"""Sessions anew from their rows: for what came late, tells of earlier rows, or moved between sessions."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import astuple

from domain.facts import MessageRecord, Record
from domain.sessions import SessionDelta, derive_session, merged_session
from domain.vocabulary import Role
from persistence.ingest.batch import Batch
from persistence.ingest.keys import name_key
from persistence.ingest.places import find_by_ids, find_identifies
from persistence.ingest.rows import Stored, read_records
from persistence.ingest.surroundings import read_speakers

_BOT: Final = int(Role.BOT)
_ANSWER_COLUMNS: Final = (
    "answer_event_id",
    "answer_at_ms",
    "told_intent",
    "action",
    "answer_source",
    "confidence_ppm",
    "low_confidence",
    "generic_failure",
    "uncertain",
    "retrieval_failed",
    "out_of_scope",
    "model",
    "prompt_version",
    "knowledge_base_version",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cost_nano",
    "cost_currency",
)


class NameTaken(Exception):
    """Two messages of one name; who of them came first is told by looking for the names of all."""


class Rows:
    """The rows of some sessions, stored and new, while they are moved, merged and derived."""

    def __init__(self) -> None:
        self.stored: list[Stored] = []
        self.fresh: list[Record] = []
        self.sessions: set[int] = set()
        """Those whose rows are all here."""

    @property
    def records(self) -> list[Record]:
        return [*(stored.record for stored in self.stored), *self.fresh]

    async def read(self, batch: Batch, sessions: Mapping[int, int]) -> None:
        """By session and month; what was read already is not read again."""
        missing = {session_id: month for session_id, month in sessions.items() if session_id not in self.sessions}
        missing = {session_id: month for session_id, month in missing.items() if _is_stored(batch, session_id)}
        if missing:
            await find_by_ids(batch, missing.items())
            self.stored += await read_records(batch.staging, missing)
            self.sessions |= missing.keys()


def _is_stored(batch: Batch, session_id: int) -> bool:
    place = batch.places.get(session_id)
    return place is None or place.stored


def merge_answer(message: MessageRecord, told: MessageRecord) -> None:
    """The latest telling of an answer counts, as a whole; what was told of the message itself stays."""
    if told.answer_event_id is None or message.role != _BOT:
        return
    mine = (message.answer_at_ms or 0, message.answer_event_id or "")
    if message.answer_event_id is not None and mine >= (told.answer_at_ms or 0, told.answer_event_id):
        return
    for column in _ANSWER_COLUMNS:
        setattr(message, column, getattr(told, column))


def merge_messages(one: MessageRecord, other: MessageRecord) -> tuple[MessageRecord, MessageRecord]:
    """What stays of two rows of one message, a placeholder among them, and what goes."""
    stays, goes = sorted(
        (one, other), key=lambda message: (not message.message_received, message.occurred_at_ms, message.event_id)
    )
    merge_answer(stays, goes)
    return stays, goes


def join_placeholders(rows: Rows, batch: Batch) -> None:
    """Of each message one row: what an answer event told before the message came moves into it."""
    first: dict[str, MessageRecord] = {}
    for record in rows.records:
        if not isinstance(record, MessageRecord):
            continue
        known = first.setdefault(record.message_id, record)
        if known is not record:
            if known.message_received and record.message_received:
                raise NameTaken(record.message_id)
            stays, goes = merge_messages(known, record)
            first[record.message_id] = stays
            stays.session_id = stays.session_id if stays.message_received else known.session_id
            _drop(rows, batch, goes)
            _point_to(batch, goes, stays)


def _drop(rows: Rows, batch: Batch, goes: MessageRecord) -> None:
    for place, stored in enumerate(rows.stored):
        if stored.record is goes:
            batch.gone.append(stored)
            del rows.stored[place]
            return
    rows.fresh = [record for record in rows.fresh if record is not goes]


def _point_to(batch: Batch, goes: MessageRecord, stays: MessageRecord) -> None:
    """Keys of events that lived in the row that goes."""
    for arrival in batch.new_keys:
        if arrival.record is goes:
            arrival.record = stays
    batch.moved_keys[goes.event_id] = stays


async def derive(batch: Batch, rows: Rows, session_ids: Iterable[int], merged: Mapping[int, int | None]) -> None:
    """Derives the sessions from `rows`, which hold all of theirs, and hands every row that changed to be written."""
    wanted = set(session_ids)
    groups: dict[int, list[Record]] = {session_id: [] for session_id in wanted}
    for record in rows.records:
        if record.session_id in groups:
            groups[record.session_id].append(record)
    spoken = {batch.places[session_id].fact.chatbot_id for session_id in groups}
    if not spoken <= batch.speakers.keys():
        batch.speakers |= await read_speakers(batch.writer, batch.home, spoken - batch.speakers.keys())
    await _know_identifies(batch, groups)
    for session_id, records in groups.items():
        into = merged.get(session_id)
        if into is not None:
            _leave(batch, session_id, into)
        else:
            _derive_one(batch, session_id, records)
    _replace_changed(batch, rows)


async def _know_identifies(batch: Batch, groups: Mapping[int, Sequence[Record]]) -> None:
    visitors = {getattr(record, "visitor_id", None) for records in groups.values() for record in records}
    visitors |= {batch.places[session_id].fact.own_visitor_id for session_id in groups}
    await find_identifies(batch, {visitor for visitor in visitors if visitor is not None})


def _leave(batch: Batch, session_id: int, into: int) -> None:
    place = batch.places[session_id]
    place.fact = merged_session(place.fact, into, batch.settings_of(place.fact.chatbot_id))
    place.changed = True
    batch.derived[session_id] = _nothing_of(batch, session_id)


def _nothing_of(batch: Batch, session_id: int) -> SessionDelta:
    return SessionDelta(batch.places[session_id].fact, [], [], [])


def _derive_one(batch: Batch, session_id: int, records: Sequence[Record]) -> None:
    place = batch.places[session_id]
    visitors = {place.fact.own_visitor_id, *(getattr(record, "visitor_id", None) for record in records)}
    delta = derive_session(place.fact, records, batch.settings_of(place.fact.chatbot_id), batch.identifies_of(visitors))
    place.fact = delta.fact
    place.changed = True
    batch.derived[session_id] = delta


def _replace_changed(batch: Batch, rows: Rows) -> None:
    for stored in rows.stored:
        record = stored.record
        moved = record.session_id != stored.session_id
        if moved or astuple(record) != stored.values:
            batch.gone.append(stored)
            batch.rows.append(record)
        if moved:
            _move_keys(batch, record)
    batch.rows += rows.fresh


def _move_keys(batch: Batch, record: Record) -> None:
    batch.moved_keys[record.event_id] = record
    if isinstance(record, MessageRecord):
        if record.message_id != record.event_id:
            batch.moved_keys[name_key(record.message_id)] = record
        if record.answer_event_id is not None:
            batch.moved_keys[record.answer_event_id] = record
