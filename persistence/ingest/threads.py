"""Threads: which session of it does an event belong to (R2)? In order, the last session tells; else a window is cut."""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from domain.cutting import Mark, Segment, Span, cut_reference, cut_thread, session_at
from domain.facts import MessageRecord, Record, SessionEndRecord, SessionStartRecord
from persistence.ingest.arrivals import Arrival
from persistence.ingest.batch import Batch
from persistence.ingest.places import find_by_ids, open_place, take
from persistence.ingest.state import Loose
from persistence.ingest.tables import month_at
from persistence.workspaces import Counter

ThreadKey = tuple[int, int]
"""Chatbot and thread."""


_OF_KEY: Final = (
    "session_key k cross join lateral (select * from session s where s.workspace_id = $1 "
    "and s.session_id = k.session_id and s.month = k.month offset 0) s"
)
_LAST_SESSIONS: Final = (
    "select t.thread_id, l.session_id, l.month from unnest($2::bigint[]) as t(thread_id) cross join lateral ("
    f"select s.session_id, s.month from {_OF_KEY} where k.workspace_id = $1 and k.thread_id = t.thread_id "
    "and s.started_at_ms is not null and s.merged_into is null "
    "order by s.started_at_ms desc, s.session_id desc limit 1) l"
)
_SESSIONS: Final = (
    f"select s.session_id, s.started_at_ms, s.last_activity_at_ms, s.month, s.session_ref from {_OF_KEY} "
    "where k.workspace_id = $1 and k.thread_id = $2 and s.started_at_ms is not null and s.merged_into is null "
    "order by s.started_at_ms, s.session_id"
)


class Threaded(Struct, gc=False):
    """The new events of one thread. `last_id` is its latest session so far."""

    thread_id: int
    thread_ref: str
    chatbot_id: int
    arrivals: list[Arrival]
    last_id: int | None = None
    waiting: list[Loose] = []
    """End events before its first message: an earlier message makes them cut."""

    @property
    def records(self) -> list[Record]:
        return [arrival.record for arrival in self.arrivals if arrival.record is not None]


def gather_threads(batch: Batch, arrivals: Iterable[Arrival]) -> list[Threaded]:
    threads: dict[int, Threaded] = {}
    for arrival in arrivals:
        reference, thread_id = arrival.event.thread_id, arrival.thread_id
        if reference is None or thread_id is None:
            continue
        thread = threads.get(thread_id)
        if thread is None:
            thread = threads[thread_id] = Threaded(thread_id, reference, arrival.chatbot_id, [])
        thread.arrivals.append(arrival)
    return list(threads.values())


async def find_last_sessions(batch: Batch, threads: Sequence[Threaded]) -> None:
    rows = await batch.writer.driver.fetch(
        _LAST_SESSIONS,
        batch.writer.workspace_id,
        [thread.thread_id for thread in threads],
    )
    await find_by_ids(batch, [(row[1], row[2]) for row in rows])
    last = {row[0]: row[1] for row in rows}
    for thread in threads:
        thread.last_id = last.get(thread.thread_id)


async def place_in_order(batch: Batch, threads: Sequence[Threaded]) -> list[Threaded]:
    """Gives the events of each thread their sessions, if all come after what the thread has. Returns the others."""
    late: list[Threaded] = []
    for thread in threads:
        if thread.waiting or (thread.last_id is not None and not _follows(batch, thread)):
            late.append(thread)
            continue
        marks = [mark for mark in map(mark_of, thread.records) if mark is not None]
        cut = cut_thread([*_closing_marks(batch, thread), *marks], _idle_timeout(batch, thread.chatbot_id))
        await assign(batch, thread, cut.segments, thread.records)
    return late


def _follows(batch: Batch, thread: Threaded) -> bool:
    """Later by the clock: of one moment, what went by time may belong to a session that only begins now."""
    fact = batch.places[thread.last_id or 0].fact
    return min(record.occurred_at_ms for record in thread.records) > (fact.last_event_at_ms or 0)


_FIRST_ID: Final = ""
_LAST_ID: Final = "~"


def _closing_marks(batch: Batch, thread: Threaded) -> list[Mark]:
    """What of the last session decides whether the next message belongs to it."""
    if thread.last_id is None:
        return []
    fact = batch.places[thread.last_id].fact
    marks = [Mark(fact.last_activity_at_ms or 0, _FIRST_ID, session_id=thread.last_id)]
    if fact.ended_at_ms is not None:
        marks.append(Mark(fact.ended_at_ms, _FIRST_ID, ends=True, session_id=thread.last_id))
    return marks


def mark_of(record: Record) -> Mark | None:
    if isinstance(record, MessageRecord):
        if not record.message_received:
            return None
        return Mark(record.occurred_at_ms, record.event_id, session_id=record.session_id)
    if isinstance(record, SessionStartRecord) and record.opens:
        return Mark(record.occurred_at_ms, record.event_id, session_id=record.session_id)
    if isinstance(record, SessionEndRecord):
        return Mark(record.occurred_at_ms, record.event_id, ends=True, session_id=record.session_id)
    return None


async def assign(
    batch: Batch,
    thread: Threaded,
    segments: Sequence[Segment],
    records: Sequence[Record],
    *,
    elsewhere: frozenset[str] = frozenset(),
) -> None:
    """Every record gets the session of its mark, of the message it belongs to, or by time; new sessions are opened.
    `elsewhere` are events whose place is not the thread's to tell."""
    await _open_new(batch, thread, segments)
    by_event = {mark.event_id: segment.session_id for segment in segments for mark in segment.marks}
    spans = [_span(batch, segment) for segment in segments]
    for record in records:
        if mark_of(record) is not None:
            record.session_id = by_event.get(record.event_id)
    by_message = {
        record.message_id: record.session_id
        for record in records
        if isinstance(record, MessageRecord) and record.message_received
    }
    for record in records:
        if mark_of(record) is None and record.event_id not in elsewhere:
            record.session_id = _placed(record, by_event, by_message, spans)
    for arrival in thread.arrivals:
        if arrival.context is not None and arrival.record is not None:
            arrival.context.session_id = arrival.record.session_id


def _placed(
    record: Record, by_event: dict[str, int | None], by_message: dict[str, int | None], spans: Sequence[Span]
) -> int | None:
    if isinstance(record, SessionStartRecord):
        return by_event.get(record.event_id)
    named = getattr(record, "message_id", None)
    if not isinstance(record, MessageRecord) and named is not None and by_message.get(named) is not None:
        return by_message[named]
    return session_at(spans, record.occurred_at_ms)


def _span(batch: Batch, segment: Segment) -> Span:
    session_id = segment.session_id or 0
    reference = batch.places[session_id].fact.session_ref
    return Span(session_id, segment.started_at_ms, segment.last_activity_at_ms, reference)


async def _open_new(batch: Batch, thread: Threaded, segments: Sequence[Segment]) -> None:
    new = [segment for segment in segments if segment.session_id is None]
    if not new:
        return
    for segment, session_id in zip(new, await take(batch, Counter.SESSION, len(new)), strict=True):
        segment.session_id = session_id
        open_place(
            batch,
            session_id,
            chatbot_id=thread.chatbot_id,
            session_ref=cut_reference(thread.thread_ref, session_id),
            month=month_at(segment.started_at_ms),
            thread=(thread.thread_id, thread.thread_ref),
        )


def _idle_timeout(batch: Batch, chatbot_id: int) -> "IdleTimeout":
    return IdleTimeout(batch, chatbot_id)


class IdleTimeout:
    """The chatbot's idle timeout in force at a moment."""

    __slots__ = ("_settings",)

    def __init__(self, batch: Batch, chatbot_id: int) -> None:
        self._settings = batch.settings_of(chatbot_id)

    def __call__(self, at_ms: int) -> int:
        return self._settings.at(at_ms).idle_timeout_ms


async def window_of(batch: Batch, thread: Threaded) -> list[Span]:
    """From the last session begun before the moment of the first new event to the first begun after the last."""
    rows = await batch.writer.driver.fetch(
        _SESSIONS,
        batch.writer.workspace_id,
        thread.thread_id,
    )
    times = [record.occurred_at_ms for record in thread.records]
    first, last = min(times), max(times)
    begin = max((place for place, row in enumerate(rows) if row[1] < first), default=0)
    end = min((place for place, row in enumerate(rows) if row[1] > last), default=len(rows) - 1)
    window = rows[begin : end + 1]
    await find_by_ids(batch, [(row[0], row[3]) for row in window])
    return [Span(row[0], row[1], row[2], row[4]) for row in window]


def recut(batch: Batch, thread: Threaded, records: Sequence[Record]) -> tuple[list[Segment], dict[int, int | None]]:
    """The window's segments, and the sessions that are no more with what they merged into."""
    marks = [mark for mark in map(mark_of, records) if mark is not None]
    cut = cut_thread(marks, _idle_timeout(batch, thread.chatbot_id))
    return cut.segments, cut.merged
