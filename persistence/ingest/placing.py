"""Which session does each event of a batch belong to (R2, R32.9)? By its own name, a message's, a thread, or time."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from domain.facts import IdentifyRecord, MessageRecord, ProbeRecord, Record, ReleaseRecord, SessionEndRecord
from persistence.ingest.arrivals import Arrival
from persistence.ingest.batch import Batch
from persistence.ingest.derive import merge_answer
from persistence.ingest.keys import find_unsettled, is_placeholder, name_key, where_is
from persistence.ingest.places import find_by_ids, find_by_refs, open_place, take
from persistence.ingest.state import Key, Loose
from persistence.ingest.tables import TABLE_OF, Pointers, month_at
from persistence.ingest.threads import Threaded, find_last_sessions, gather_threads, place_in_order
from persistence.workspaces import Counter


class Placed(Struct):
    """New records by session; those that need the session's rows apart; threads to be cut anew; what goes by time."""

    groups: dict[int, list[Record]]
    late: dict[int, list[Record]]
    threads: list[Threaded]
    by_time: list[Arrival]
    loose: list[Arrival]
    """What may have to move when another event comes."""

    @property
    def is_plain(self) -> bool:
        """Every event has its session, and keeps it."""
        return not (self.late or self.threads or self.by_time or self.loose)


async def place_records(
    batch: Batch, arrivals: Sequence[Arrival], messages: Mapping[str, Arrival], waiting: Mapping[str, list[Loose]]
) -> Placed:
    placed = Placed({}, {}, [], [], [])
    rest = await _follow_names(batch, arrivals, messages, waiting, placed)
    following = [arrival for arrival in rest if arrival.follows is not None]
    await _place_by_ref(batch, [a for a in rest if a.follows is None and a.session_ref is not None], placed)
    await _place_by_thread(batch, rest, following, placed)
    _place_elsewhere(batch, [a for a in rest if a.follows is None], placed)
    return placed


async def _follow_names(
    batch: Batch,
    arrivals: Sequence[Arrival],
    messages: Mapping[str, Arrival],
    waiting: Mapping[str, list[Loose]],
    placed: Placed,
) -> list[Arrival]:
    """Settles what names a known message; returns what must find its place otherwise."""
    naming = [arrival for arrival in arrivals if arrival.named is not None and arrival.named not in messages]
    keys = {arrival.named: where_is(batch, arrival.named or "") for arrival in naming}
    stored = {key.session_id: key.month for key in keys.values() if key is not None and key.session_id is not None}
    holders = {loose.session_id: loose.month for group in waiting.values() for loose in group if is_placeholder(loose)}
    await find_by_ids(batch, [(place, month) for place, month in (stored | holders).items() if place is not None])
    rest: list[Arrival] = []
    placeholders: dict[str, Arrival] = {}
    for arrival in arrivals:
        named = arrival.named
        if named is None or messages.get(named) is arrival:
            rest.append(arrival)
        elif named in messages and messages[named].chatbot_id == arrival.chatbot_id:
            _follow_new(arrival, messages[named], rest)
        elif not _follow_stored(batch, arrival, keys.get(named), placed):
            _await_message(batch, arrival, placeholders, waiting, placed, rest)
    return rest


def _follow_new(arrival: Arrival, message: Arrival, rest: list[Arrival]) -> None:
    if isinstance(arrival.record, MessageRecord) and isinstance(message.record, MessageRecord):
        merge_answer(message.record, arrival.record)
        arrival.record = message.record
    else:
        arrival.follows = message
        rest.append(arrival)


def _follow_stored(batch: Batch, arrival: Arrival, key: Key | None, placed: Placed) -> bool:
    place = None if key is None or key.session_id is None else batch.places.get(key.session_id)
    if place is None or arrival.record is None or place.fact.chatbot_id != arrival.chatbot_id:
        return False
    arrival.record.session_id = place.fact.session_id
    groups = placed.late if isinstance(arrival.record, MessageRecord) else placed.groups
    groups.setdefault(place.fact.session_id, []).append(arrival.record)
    return True


def _await_message(
    batch: Batch,
    arrival: Arrival,
    placeholders: dict[str, Arrival],
    waiting: Mapping[str, list[Loose]],
    placed: Placed,
    rest: list[Arrival],
) -> None:
    """The message has not come. What an answer event tells of it is kept in its row to be; the rest waits."""
    named, record = arrival.named or "", arrival.record
    arrival.waits_for = named
    if not isinstance(record, MessageRecord):
        rest.append(arrival)
        placed.loose.append(arrival)
        return
    known = placeholders.setdefault(named, arrival)
    if known is not arrival and isinstance(known.record, MessageRecord):
        merge_answer(known.record, record)
        arrival.record = known.record
        return
    held = (row for row in waiting.get(named, ()) if is_placeholder(row) and row.session_id is not None)
    stored = next(held, None)
    if stored is not None and stored.session_id is not None and stored.chatbot_id == arrival.chatbot_id:
        record.session_id = stored.session_id
        placed.late.setdefault(stored.session_id, []).append(record)
        return
    if name_key(named) not in batch.keys:
        batch.names[name_key(named)] = record
    rest.append(arrival)
    placed.loose.append(arrival)


async def _place_by_ref(batch: Batch, arrivals: Sequence[Arrival], placed: Placed) -> None:
    first: dict[tuple[int, str], Arrival] = {}
    for arrival in arrivals:
        key = (arrival.chatbot_id, arrival.session_ref or "")
        if key not in first:
            first[key] = arrival
    await find_by_refs(batch, first)
    new = [key for key in first if key not in batch.by_ref]
    if new:
        for key, session_id in zip(new, await take(batch, Counter.SESSION, len(new)), strict=True):
            open_place(batch, session_id, chatbot_id=key[0], session_ref=key[1], month=month_at(first[key].at_ms))
    groups, by_ref = placed.groups, batch.by_ref
    for arrival in arrivals:
        session_id = by_ref[arrival.chatbot_id, arrival.session_ref or ""]
        _join(arrival, session_id, groups)


def _join(arrival: Arrival, session_id: int, groups: dict[int, list[Record]]) -> None:
    record, context = arrival.record, arrival.context
    if record is None:
        return
    group = groups.get(session_id)
    if group is None:
        group = groups[session_id] = []
    record.session_id = session_id
    group.append(record)
    if context is not None:
        context.session_id = session_id
        group.append(context)


async def _place_by_thread(
    batch: Batch, arrivals: Sequence[Arrival], following: Sequence[Arrival], placed: Placed
) -> None:
    threads = gather_threads(batch, [arrival for arrival in arrivals if arrival.follows is None])
    if threads:
        await find_last_sessions(batch, threads)
        await _find_waiting_ends(batch, threads)
        placed.threads = await place_in_order(batch, threads)
    late = {thread.thread_id: thread for thread in placed.threads}
    for thread in threads:
        placed.loose += [arrival for arrival in thread.arrivals if arrival.waits_for is None and _goes_by_time(arrival)]
        if thread.thread_id not in late:
            _join_all(thread.arrivals, placed.groups)
    for arrival in following:
        message = arrival.follows
        if message is None or arrival.record is None:
            continue
        cut = None if message.thread_id is None else late.get(message.thread_id)
        if cut is not None:
            cut.arrivals.append(arrival)
        elif message.record is not None and message.record.session_id is not None:
            _join(arrival, message.record.session_id, placed.groups)


async def _find_waiting_ends(batch: Batch, threads: Sequence[Threaded]) -> None:
    by_id = {thread.thread_id: thread for thread in threads}
    for loose in await find_unsettled(batch, (), by_id):
        if loose.kind == _END_KIND and loose.thread_id is not None:
            by_id[loose.thread_id].waiting.append(loose)


_END_KIND: Final = TABLE_OF[SessionEndRecord].kind


def _goes_by_time(arrival: Arrival) -> bool:
    record = arrival.record
    return record is not None and not isinstance(record, MessageRecord) and record.session_id is None


def _join_all(arrivals: Iterable[Arrival], groups: dict[int, list[Record]]) -> None:
    for arrival in arrivals:
        if arrival.record is not None and arrival.record.session_id is not None:
            _join(arrival, arrival.record.session_id, groups)


def _place_elsewhere(batch: Batch, arrivals: Iterable[Arrival], placed: Placed) -> None:
    """By visitor and time; what has no pointer at all, or only names an absent message, stays by itself."""
    late = {thread.thread_id for thread in placed.threads}
    for arrival in arrivals:
        record = arrival.record
        if record is None or record.session_id is not None or arrival.thread_id in late:
            continue
        if arrival.thread_id is None and arrival.visitor_id is not None and not isinstance(record, _UNPLACED):
            placed.by_time.append(arrival)
            placed.loose.append(arrival)
        else:
            batch.pointers[record.event_id] = Pointers(arrival.thread_id, arrival.visitor_id, None)
            batch.rows.append(record)


_UNPLACED: Final = (IdentifyRecord, ReleaseRecord, ProbeRecord)
