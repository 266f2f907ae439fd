"""What does not come in order: late events, re-cut threads, and what waits for a message."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from domain.facts import Record
from persistence.ingest.arrivals import Arrival
from persistence.ingest.batch import Batch
from persistence.ingest.derive import Rows, derive, join_placeholders
from persistence.ingest.keys import placed_by_visitor
from persistence.ingest.places import find_by_ids
from persistence.ingest.rows import read_loose_records
from persistence.ingest.state import Loose
from persistence.ingest.tables import TABLE_OF
from persistence.ingest.threads import Threaded, assign, recut, window_of


class Disorder(Struct):
    """What the way in order left."""

    late: dict[int, list[Record]]
    threads: list[Threaded]
    waiting: dict[str, list[Loose]]
    """What came before the messages that it names."""
    messages: dict[str, Arrival]
    """The new messages by name."""

    def __bool__(self) -> bool:
        return bool(self.late or self.threads or self.waiting)


async def repair(batch: Batch, disorder: Disorder) -> None:
    """First what can be told by session, thread and message alone."""
    rows = Rows()
    rows.fresh = [record for records in disorder.late.values() for record in records]
    await rows.read(batch, _months(batch, disorder.late))
    merged: dict[int, int | None] = {}
    for thread in disorder.threads:
        merged |= await _recut_thread(batch, rows, thread)
    await _bring_waiting(batch, rows, disorder)
    join_placeholders(rows, batch)
    await derive_all(batch, rows, merged)


def _months(batch: Batch, session_ids: Iterable[int]) -> dict[int, int]:
    return {session_id: batch.places[session_id].month for session_id in session_ids}


async def derive_all(batch: Batch, rows: Rows, merged: Mapping[int, int | None]) -> None:
    sessions = {record.session_id for record in rows.records if record.session_id is not None}
    sessions |= rows.sessions
    await derive(batch, rows, sessions, merged)
    await batch.flush()


async def _recut_thread(batch: Batch, rows: Rows, thread: Threaded) -> dict[int, int | None]:
    spans = await window_of(batch, thread)
    window = {span.session_id for span in spans}
    await rows.read(batch, _months(batch, window))
    rows.fresh += thread.records
    rows.fresh += [arrival.context for arrival in thread.arrivals if arrival.context is not None]
    waiting = await read_loose_records(batch.staging, [(end.kind, end.month, end.event_id) for end in thread.waiting])
    rows.stored += waiting
    mine = {id(record) for record in (*thread.records, *(end.record for end in waiting))}
    records = [record for record in rows.records if record.session_id in window or id(record) in mine]
    segments, merged = recut(batch, thread, records)
    elsewhere = (
        await placed_by_visitor(batch, [record.event_id for record in records]) if batch.has_timed else frozenset()
    )
    await assign(batch, thread, segments, records, elsewhere=elsewhere)
    batch.loose_gone |= {end.record.event_id for end in waiting if end.record.session_id is not None}
    for record in records:
        if record.event_id in elsewhere and record.session_id in merged:
            record.session_id = merged[record.session_id]
    return merged


def make_loose(batch: Batch, arrival: Arrival) -> None:
    """What may have to move: it waits for a message, goes by its visitor's sessions, or came before its thread."""
    record = arrival.record
    if record is None or not (arrival.waits_for or record.session_id is None or arrival.thread_id is None):
        return
    batch.loose[record.event_id] = Loose(
        event_id=record.event_id,
        kind=TABLE_OF[record.__class__].kind,
        chatbot_id=record.chatbot_id,
        month=batch.month_or_own(record),
        occurred_at_ms=record.occurred_at_ms,
        thread_id=arrival.thread_id,
        visitor_id=None if arrival.session_ref or arrival.thread_id else arrival.visitor_id,
        message_key=arrival.waits_for,
        session_ref=None,
        session_id=record.session_id,
    )


async def _bring_waiting(batch: Batch, rows: Rows, disorder: Disorder) -> None:
    """What waited for a message moves into its session."""
    waiting = [loose for group in disorder.waiting.values() for loose in group]
    await read_rows_of(batch, rows, waiting)
    targets = {loose.event_id: loose.message_key or "" for loose in waiting}
    for stored in rows.stored:
        name = targets.get(stored.record.event_id)
        message = disorder.messages.get(name).record if name in disorder.messages else None  # type: ignore[union-attr]
        if message is not None:
            stored.record.session_id = message.session_id
    for name in disorder.waiting:
        record = disorder.messages[name].record
        if record is not None and record.session_id is not None:
            await rows.read(batch, _months(batch, [record.session_id]))
    batch.loose_gone |= targets.keys()


async def read_rows_of(batch: Batch, rows: Rows, loose: Sequence[Loose]) -> None:
    """The rows themselves, with all others of the sessions where they lie."""
    attached = {row.session_id: row.month for row in loose if row.session_id is not None}
    await find_by_ids(batch, attached.items())
    await rows.read(batch, attached)
    unattached = [row for row in loose if row.session_id is None]
    rows.stored += await read_loose_records(batch.staging, [(row.kind, row.month, row.event_id) for row in unattached])
