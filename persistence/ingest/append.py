"""Appends a batch: one transaction of one workspace, whatever the batch's order, repetition or split (P1 to P4).

1. The workspace's writer lock. 2. What is known already is told and left. 3. Names become numbers, events records.
4. Each record gets its session. 5. In order, facts continue from where they stand; all else is derived from rows.
6. Rows, facts, contacts, first-seen, leads, keys, and what others must hear of.
"""

from collections import Counter as Counts
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

import asyncpg

from domain.events import Answer, Message
from domain.facts import IdentifyRecord, LeadRecord, ProbeRecord, Record, ReleaseRecord, SessionEndRecord, SessionFact
from domain.sessions import continue_session
from domain.vocabulary import LabelKind, Report
from persistence.engine import Database
from persistence.ingest.announce import announce
from persistence.ingest.arrivals import ACCEPTED, Arrival, EventResult, Parcel, arrivals_of, reject
from persistence.ingest.batch import Batch, KeyRow, Loose
from persistence.ingest.derive import NameTaken
from persistence.ingest.encode import Numbers, encode, name_messages
from persistence.ingest.hot import HotSessions, hot_sessions
from persistence.ingest.keys import find_keys, find_waiting, name_key, tell_conflict, where_is, without_repeated
from persistence.ingest.leads import write_leads
from persistence.ingest.naming import Names, names_of
from persistence.ingest.places import add_identify, find_identifies, take
from persistence.ingest.placing import Placed, place_records
from persistence.ingest.repair import Disorder, make_loose, place_by_time, repair
from persistence.ingest.reports import reports_of
from persistence.ingest.rows import STAGED, STAGING, month_at
from persistence.ingest.surroundings import Home, begin_generation, find_speakers, note_reports
from persistence.ingest.visitors import find_visitors, follow_contacts, write_visitors
from persistence.labels import codes_of
from persistence.partitions import ensure_months, note_growth
from persistence.tenancy import Writer, lock_key, writing
from persistence.workspaces import Counter

STATEMENT_TIMEOUT_MS: Final = 20_000


async def store_events(database: Database, workspace_id: UUID, parcels: Sequence[Parcel]) -> list[list[EventResult]]:
    """In a transaction of its own: when this returns, the accepted events are durable."""
    months = _months_of(parcels)
    await ensure_months(database, months)
    hot = hot_sessions(database.url, workspace_id)
    try:
        async with writing(database, workspace_id, statement_timeout_ms=STATEMENT_TIMEOUT_MS) as writer:
            results = await append(writer, parcels, hot=hot)
    except (asyncpg.UniqueViolationError, NameTaken):
        # Two messages under one name, told apart only by looking for the names of all: too dear for every batch.
        async with writing(database, workspace_id, statement_timeout_ms=STATEMENT_TIMEOUT_MS) as writer:
            results = await append(writer, parcels, hot=hot, careful=True)
    await note_growth(database, months)
    return results


def _months_of(parcels: Sequence[Parcel]) -> Counts[int]:
    """How many events fall in each month; by day first, as days are few and quick to tell."""
    days = Counts([told.occurred_at_ms // _DAY_MS for parcel in parcels for told in parcel.events])
    months: Counts[int] = Counts()
    for day, count in days.items():
        months[month_at(day * _DAY_MS)] += count
    return months


_DAY_MS: Final = 86_400_000


async def append(
    writer: Writer, parcels: Sequence[Parcel], *, hot: HotSessions | None = None, careful: bool = False
) -> list[list[EventResult]]:
    """One result for each event of each parcel, in order. The partitions of their months must be there."""
    arrivals = arrivals_of(parcels)
    await _begin(writer)
    batch = Batch(writer, *await begin_generation(writer))
    if hot is not None:
        hot.follow(batch.generation)
        batch.hot = hot
        writer.after_commit.append(lambda: hot.keep(batch.generation, batch.places.values()))
    fresh = await _admitted(batch, arrivals, careful=careful)
    if fresh:
        await _encode(batch, fresh)
        await _store(batch, fresh)
    return _results(arrivals, parcels)


async def _begin(writer: Writer) -> None:
    """Plans are made once and kept, while tables grow from empty to millions of rows: so look-ups go by index."""
    await writer.driver.execute(
        "set local enable_hashjoin = off; set local enable_mergejoin = off; set local enable_seqscan = off; "
        "set local plan_cache_mode = force_generic_plan; set local join_collapse_limit = 1"
    )
    await writer.driver.execute("select pg_advisory_xact_lock($1)", lock_key(writer.workspace_id, "ingest"))
    if not await writer.driver.fetchval(STAGED):
        await writer.driver.execute(STAGING)


async def _admitted(batch: Batch, arrivals: Sequence[Arrival], *, careful: bool) -> list[Arrival]:
    name_messages(arrivals)
    await find_keys(batch, arrivals, careful=careful)
    fresh = [arrival for arrival in without_repeated(batch, arrivals) if not _is_too_old(batch.home, arrival)]
    if fresh:
        batch.speakers = await find_speakers(batch.writer, batch.home, fresh)
    return [arrival for arrival in fresh if arrival.result.status == ACCEPTED]


def _is_too_old(home: Home, arrival: Arrival) -> bool:
    if home.kept_from_ms is None or arrival.at_ms >= home.kept_from_ms:
        return False
    reject(arrival, "TOO_OLD", "occurredAt", "events of that time are no longer kept here.")
    return True


async def _encode(batch: Batch, arrivals: Sequence[Arrival]) -> None:
    names = names_of(arrivals)
    numbers = await _numbers(batch, names)
    await _number_threads(batch, names)
    for arrival in arrivals:
        encode(arrival, numbers)
        record, event = arrival.record, arrival.event
        if isinstance(record, ReleaseRecord | ProbeRecord):
            continue  # of the chatbot, not of a session
        arrival.session_ref = event.session_id
        if event.thread_id is not None:
            arrival.thread_id = batch.threads[arrival.chatbot_id, event.thread_id]
        if isinstance(record, IdentifyRecord):
            batch.told_identifies.append(record)
    for identify in batch.told_identifies:
        add_identify(batch, identify)


async def _numbers(batch: Batch, names: Names) -> Numbers:
    visitors, batch.identified_visitors = await find_visitors(batch, names.visitors)
    batch.batch_visitors = {number for number in visitors.values() if number is not None}
    found = await codes_of(batch.writer, names.wanted())
    codes: dict[LabelKind, dict[str | None, int | None]] = {kind: {None: None} for kind in LabelKind}
    for (kind, text), code in found.items():
        codes[kind][text] = code
    goals = [code for code in codes[LabelKind.GOAL].values() if code is not None]
    resolving, idle = await _meaning_of_goals(batch, goals)
    return Numbers(codes, visitors, resolving, idle)


async def _meaning_of_goals(batch: Batch, goals: Sequence[int]) -> tuple[frozenset[int], frozenset[int]]:
    """The goals that resolve, and those that do not convert; without a definition a goal converts only."""
    if not goals:
        return frozenset(), frozenset()
    rows = await batch.writer.driver.fetch(
        "select goal, resolves, is_conversion from goal_definition where workspace_id = $1 and goal = any($2)",
        batch.writer.workspace_id,
        goals,
    )
    return frozenset(row[0] for row in rows if row[1]), frozenset(row[0] for row in rows if not row[2])


async def _number_threads(batch: Batch, names: Names) -> None:
    if not names.threads:
        return
    wanted = list(names.threads)
    driver, workspace_id = batch.writer.driver, batch.writer.workspace_id
    columns = ([chatbot_id for chatbot_id, _ in wanted], [reference for _, reference in wanted])
    rows = await driver.fetch(
        "select t.* from unnest($2::int[], $3::text[]) as n(chatbot_id, ref) cross join lateral (select t.chatbot_id, "
        "t.thread_ref, t.thread_id from thread t where t.workspace_id = $1 and t.chatbot_id = n.chatbot_id "
        "and t.thread_ref = n.ref offset 0) t",
        workspace_id,
        *columns,
    )
    batch.threads = {(row[0], row[1]): row[2] for row in rows}
    new = [name for name in wanted if name not in batch.threads]
    if new:
        numbers = list(await take(batch, Counter.THREAD, len(new)))
        await driver.execute(
            "insert into thread (workspace_id, thread_id, chatbot_id, thread_ref) "
            "select $1, * from unnest($2::bigint[], $3::int[], $4::text[])",
            workspace_id,
            numbers,
            [chatbot_id for chatbot_id, _ in new],
            [reference for _, reference in new],
        )
        batch.threads |= dict(zip(new, numbers, strict=True))


async def _store(batch: Batch, arrivals: Sequence[Arrival]) -> None:
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
    """Folds what came in order onto the facts; the rest joins what is late."""
    await _know_identifies(batch, placed.groups)
    late, rows = placed.late, batch.rows
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
        place.changed = True
        rows += records
        if delta.costs:
            batch.added_costs += delta.costs
        if delta.runs:
            batch.added_runs += delta.runs


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
    keys: list[KeyRow] = []
    seen: dict[int, set[Report]] = {}

    def meanwhile() -> None:
        keys.extend(batch.key_rows())
        seen.update(reports_of(arrivals, batch.speakers))

    await batch.flush(meanwhile)
    await write_visitors(batch)
    captured = [arrival.record for arrival in arrivals if isinstance(arrival.record, LeadRecord)]
    leads = await write_leads(batch, captured)
    await batch.write_keys(keys)
    await note_reports(batch.writer, batch.speakers, seen)
    await announce(batch, arrivals, leads)


def _results(arrivals: Sequence[Arrival], parcels: Sequence[Parcel]) -> list[list[EventResult]]:
    results: list[list[EventResult]] = []
    start = 0
    for parcel in parcels:
        results.append([arrival.result for arrival in arrivals[start : start + len(parcel.events)]])
        start += len(parcel.events)
    return results
