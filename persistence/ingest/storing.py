"""Each record gets its session; in order, facts continue from where they stand; all else is derived from rows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from domain.events import Answer, Message
from domain.facts import IdentifyRecord, LeadRecord, Record, SessionEndRecord, SessionFact
from domain.sessions import continue_session
from domain.vocabulary import Report
from persistence.ingest.announce import announce
from persistence.ingest.arrivals import Arrival
from persistence.ingest.batch import Batch
from persistence.ingest.keys import find_waiting, name_key, tell_conflict, where_is
from persistence.ingest.leads import write_leads
from persistence.ingest.places import find_identifies
from persistence.ingest.placing import Placed, place_records
from persistence.ingest.repair import Disorder, make_loose, repair
from persistence.ingest.reports import reports_of
from persistence.ingest.state import Loose
from persistence.ingest.surroundings import note_reports
from persistence.ingest.timing import place_by_time
from persistence.ingest.visitors import follow_contacts, write_visitors


async def store(batch: Batch, arrivals: Sequence[Arrival], at_leisure: Callable[[], None]) -> None:
    messages, kept = _messages_by_name(arrivals)
    answered = {arrival.named for arrival in kept if arrival.event.__class__ is Answer and arrival.named is not None}
    waiting = await find_waiting(batch, messages.keys() | answered)
    kept = _without_taken_names(batch, kept, messages, waiting)
    batch.new_keys = kept
    placed = await place_records(batch, kept, messages, waiting)
    awaited = {name: group for name, group in waiting.items() if name in messages}
    for name in awaited:
        record = messages[name].record
        if record is not None and record.session_id is not None:
            placed.late.setdefault(record.session_id, [])
    await _continue(batch, placed)
    at_leisure()
    await batch.staging.settled()
    disorder = Disorder(placed.late, placed.threads, awaited, messages)
    if disorder:
        await batch.flush()
        await repair(batch, disorder)
    await place_by_time(batch, placed.by_time, set(batch.threads.values()))
    await _finish(batch, kept, placed)


def _messages_by_name(arrivals: Iterable[Arrival]) -> tuple[dict[str, Arrival], list[Arrival]]:
    messages: dict[str, Arrival] = {}
    kept: list[Arrival] = []
    for arrival in arrivals:
        is_message = arrival.event.__class__ is Message and arrival.named is not None
        if is_message and messages.setdefault(arrival.named or "", arrival) is not arrival:
            tell_conflict(arrival, _NAME_TAKEN)
        else:
            kept.append(arrival)
    return messages, kept


_NAME_TAKEN: Final = "another message of this messageId came before; the first one was kept."


def _without_taken_names(
    batch: Batch, arrivals: Sequence[Arrival], messages: dict[str, Arrival], waiting: Mapping[str, Sequence[Loose]]
) -> list[Arrival]:
    """A message with a name of its own gets a second key under it, unless another message has it."""
    kept: list[Arrival] = []
    for arrival in arrivals:
        name = arrival.named
        if name is None or messages.get(name) is not arrival:
            kept.append(arrival)
            continue
        known = where_is(batch, name) if batch.keys else None
        if known is not None:
            tell_conflict(arrival, _NAME_TAKEN)
            del messages[name]
            continue
        if arrival.record is not None and name_key(name) in batch.keys:
            batch.told_names[name_key(name)] = arrival
        elif arrival.record is not None and name != arrival.event_id:
            batch.names[name_key(name)] = arrival.record
        kept.append(arrival)
    return kept


async def _continue(batch: Batch, placed: Placed) -> None:
    """Folds what came in order onto the facts while the database writes what is folded; the rest joins what is late."""
    await _know_identifies(batch, placed.groups)
    if placed.is_plain:
        await batch.send_keys()
    late = placed.late
    for session_id, records in placed.groups.items():
        place = batch.places[session_id]
        if session_id in late:
            late[session_id] += records
            continue
        fact = place.fact
        identifies = _identifies(batch, fact, records) if batch.identifies else ()
        if identifies and place.stored and any(record.__class__ is SessionEndRecord for record in records):
            delta = None
        else:
            delta = continue_session(fact, records, batch.settings_of(fact.chatbot_id), identifies)
        if delta is None:
            late[session_id] = records
            continue
        batch.rows += records
        if delta.costs:
            batch.added_costs += delta.costs
        if delta.runs:
            batch.added_runs += delta.runs
        await batch.write_soon(place)


def _identifies(batch: Batch, fact: SessionFact, records: Sequence[Record]) -> Sequence[IdentifyRecord]:
    visitors = (getattr(record, "visitor_id", None) for record in records)
    return batch.identifies_of([fact.own_visitor_id, *visitors])


async def _know_identifies(batch: Batch, groups: Mapping[int, Sequence[Record]]) -> None:
    """The batch's own visitors tell whether they were identified; of stored sessions with others it is asked."""
    own = {batch.places[session_id].fact.own_visitor_id for session_id in groups}
    wanted = batch.identified_visitors | {
        visitor for visitor in own if visitor is not None and visitor not in batch.batch_visitors
    }
    if wanted:
        await find_identifies(batch, wanted)


async def _finish(batch: Batch, arrivals: Sequence[Arrival], placed: Placed) -> None:
    await follow_contacts(batch)
    for arrival in placed.loose:
        make_loose(batch, arrival)
    seen: dict[int, set[Report]] = {}

    async def meanwhile() -> None:
        await batch.send_keys()
        seen.update(reports_of(arrivals, batch.speakers))

    await batch.flush(meanwhile)
    await write_visitors(batch)
    captured = [arrival.record for arrival in arrivals if isinstance(arrival.record, LeadRecord)]
    leads = await write_leads(batch, captured)
    await batch.settle_keys()
    await note_reports(batch.writer, batch.speakers, seen)
    await announce(batch, arrivals, leads)
