"""Whom an identify reaches, and what is placed by its time: that needs the sessions as they stand at last."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from domain.cutting import Span, session_at
from domain.facts import IdentifyRecord
from persistence.ingest.arrivals import Arrival
from persistence.ingest.batch import Batch
from persistence.ingest.derive import Rows
from persistence.ingest.keys import find_unsettled
from persistence.ingest.places import find_by_ids, find_identifies
from persistence.ingest.repair import derive_all, read_rows_of
from persistence.ingest.state import Loose, Standing, standing_of
from persistence.ingest.tables import Pointers, month_at

Pair = tuple[int, int]
"""Chatbot and visitor."""


class Timed(Struct, gc=False):
    """Something placed by time: new, or a row of `loose_event`."""

    chatbot_id: int
    occurred_at_ms: int
    visitor_id: int | None
    thread_id: int | None
    arrival: Arrival | None = None
    loose: Loose | None = None

    @property
    def pair(self) -> Pair:
        return self.chatbot_id, self.visitor_id or 0


async def place_by_time(batch: Batch, new: Sequence[Arrival], threads: Iterable[int]) -> None:
    """After all that can be told by session, thread and message alone."""
    if batch.told_identifies:
        await _stamp_anew(batch)
    batch.look_after()
    timed = [Timed(a.chatbot_id, a.at_ms, a.visitor_id, a.thread_id, arrival=a) for a in new]
    timed += await _unsettled(batch, threads)
    if timed:
        await batch.flush()
        await _place_timed(batch, timed)
        batch.look_after()


async def _stamp_anew(batch: Batch) -> None:
    """Before anything goes by visitor: a session is also its stamped visitor's."""
    await batch.flush()
    identified = await _reached(batch)
    if identified:
        rows = Rows()
        await find_by_ids(batch, identified.items())
        await rows.read(batch, identified)
        await derive_all(batch, rows, {})


async def _place_timed(batch: Batch, timed: Sequence[Timed]) -> None:
    rows = Rows()
    visitors = {entry.pair for entry in timed if entry.visitor_id is not None and entry.thread_id is None}
    spans = await _spans_by_visitor(batch, visitors) if visitors else {}
    by_thread = await _spans_by_thread(batch, {entry.thread_id for entry in timed if entry.thread_id is not None})
    moves: dict[str, int | None] = {}
    for entry in timed:
        found = spans.get(entry.pair) if entry.thread_id is None else by_thread.get(entry.thread_id)
        target = session_at([span for span, _ in found or ()], entry.occurred_at_ms)
        if entry.arrival is not None:
            _place_new(batch, rows, entry.arrival, target)
        elif entry.loose is not None and target != entry.loose.session_id:
            moves[entry.loose.event_id] = target
    months = {span.session_id: month for group in (*spans.values(), *by_thread.values()) for span, month in group}
    await _read_concerned(batch, rows, timed, moves, months)
    for stored in rows.stored:
        stored.record.session_id = moves.get(stored.record.event_id, stored.record.session_id)
    _renew_loose(batch, [entry.loose for entry in timed if entry.loose is not None], moves)
    await derive_all(batch, rows, {})


def _place_new(batch: Batch, rows: Rows, arrival: Arrival, target: int | None) -> None:
    record = arrival.record
    if record is not None:
        record.session_id = target
        batch.pointers[record.event_id] = Pointers(arrival.thread_id, arrival.visitor_id, None)
        rows.fresh.append(record)


async def _read_concerned(
    batch: Batch,
    rows: Rows,
    timed: Sequence[Timed],
    moves: Mapping[str, int | None],
    months: Mapping[int, int],
) -> None:
    targets = {*moves.values(), *(record.session_id for record in rows.fresh)} - {None}
    concerned = {session_id: months[session_id] for session_id in targets if session_id is not None}
    await find_by_ids(batch, concerned.items())
    await rows.read(batch, concerned)
    await read_rows_of(batch, rows, [entry.loose for entry in timed if entry.loose and entry.loose.event_id in moves])


def _renew_loose(batch: Batch, loose: Sequence[Loose], moves: Mapping[str, int | None]) -> None:
    """What is placed by visitor may be placed anew later; what is in a thread moves with the thread."""
    for entry in loose:
        if entry.event_id not in moves:
            continue
        if entry.thread_id is not None and entry.message_key is None:
            batch.loose_gone.add(entry.event_id)
            continue
        target = moves[entry.event_id]
        month = month_at(entry.occurred_at_ms) if target is None else batch.places[target].month
        batch.pointers[entry.event_id] = Pointers(entry.thread_id, entry.visitor_id, None)
        batch.loose[entry.event_id] = entry._replace(session_id=target, month=month)


async def _unsettled(batch: Batch, threads: Iterable[int]) -> list[Timed]:
    """Loose rows of visitors whose sessions began otherwise than before, and those of threads that still wait."""
    pairs = _changed_visitors(batch) if batch.has_timed else set()
    found = await find_unsettled(batch, pairs, list(threads))
    known = {loose.event_id: loose for loose in found if loose.event_id not in batch.loose_gone}
    return [
        Timed(loose.chatbot_id, loose.occurred_at_ms, loose.visitor_id, loose.thread_id, loose=loose)
        for loose in known.values()
    ]


def _changed_visitors(batch: Batch) -> set[Pair]:
    return {
        (standing.chatbot_id, visitor_id)
        for place in batch.places.values()
        for standing in _moved(place.before, place.after or standing_of(place.fact))
        for visitor_id in (standing.own_visitor_id, standing.visitor_id)
        if visitor_id is not None
    }


def _moved(before: Standing | None, after: Standing) -> list[Standing]:
    """What a session was and is, if its time or its visitor changed."""
    if before is not None and _time_part(before) == _time_part(after):
        return []
    return [standing for standing in (before, after) if standing is not None and standing.started_at_ms is not None]


def _time_part(standing: Standing) -> tuple[int | None, ...]:
    return (
        standing.started_at_ms,
        standing.last_activity_at_ms,
        standing.visitor_id,
        standing.own_visitor_id,
    )


_OPENED: Final = "s.opened and s.merged_into is null and s.started_at_ms is not null"
_SPANS_BY_VISITOR: Final = (
    "select s.chatbot_id, s.own_visitor_id, s.visitor_id, s.session_id, s.started_at_ms, s.last_activity_at_ms, "
    "s.session_ref, s.month from session s where s.workspace_id = $1 and s.chatbot_id = any($2) "
    "and (s.visitor_id = any($3) "
    f"or (s.own_visitor_id = any($3) and s.own_visitor_id is distinct from s.visitor_id)) and {_OPENED}"
)
_SPANS_BY_THREAD: Final = (
    "select k.thread_id, s.session_id, s.started_at_ms, s.last_activity_at_ms, s.session_ref, s.month "
    "from session_key k "
    "cross join lateral (select * from session s where s.workspace_id = $1 and s.session_id = k.session_id "
    "and s.month = k.month offset 0) s "
    f"where k.workspace_id = $1 and k.thread_id = any($2) and {_OPENED}"
)
_REACHED: Final = (
    "select s.session_id, s.month from session s where s.workspace_id = $1 and s.visitor_id = any($2) "
    f"and ($3 or s.last_activity_at_ms + s.idle_timeout_ms > $4) and {_OPENED}"
)


async def _spans_by_visitor(batch: Batch, pairs: Iterable[Pair]) -> dict[Pair, list[tuple[Span, int]]]:
    """Sessions that are the visitor's own, or stamped with him."""
    wanted = set(pairs)
    rows = await batch.writer.driver.fetch(
        _SPANS_BY_VISITOR,
        batch.writer.workspace_id,
        list({chatbot_id for chatbot_id, _ in wanted}),
        list({visitor_id for _, visitor_id in wanted}),
    )
    spans: dict[Pair, list[tuple[Span, int]]] = {}
    for chatbot_id, own, stamped, session_id, started, last, reference, month in rows:
        for visitor_id in {own, stamped} - {None}:
            spans.setdefault((chatbot_id, visitor_id), []).append((Span(session_id, started, last, reference), month))
    return spans


async def _spans_by_thread(batch: Batch, threads: Iterable[int]) -> dict[int, list[tuple[Span, int]]]:
    wanted = list(threads)
    spans: dict[int, list[tuple[Span, int]]] = {}
    if wanted:
        rows = await batch.writer.driver.fetch(_SPANS_BY_THREAD, batch.writer.workspace_id, wanted)
        for thread_id, session_id, started, last, reference, month in rows:
            spans.setdefault(thread_id, []).append((Span(session_id, started, last, reference), month))
    return spans


async def _reached(batch: Batch) -> dict[int, int]:
    """Sessions, with months, whose visitor the new identifies may name anew."""
    await find_identifies(batch, {identify.visitor_id for identify in batch.told_identifies})
    reached: dict[int, int] = {}
    for identify in batch.told_identifies:
        rows = await batch.writer.driver.fetch(
            _REACHED,
            batch.writer.workspace_id,
            list(_chain(batch, identify)),
            identify.relink,
            identify.occurred_at_ms,
        )
        reached |= {row[0]: row[1] for row in rows}
    return reached


def _chain(batch: Batch, identify: IdentifyRecord) -> set[int]:
    """Everybody whom the identified visitor's sessions may be stamped with."""
    later = batch.identifies_of([identify.visitor_id])
    return {identify.visitor_id, *(other.known_visitor_id for other in later)}
