"""Finds the sessions that a batch speaks of, and makes those that are new."""

from collections.abc import Collection, Iterable
from typing import Final

import asyncpg

from domain.facts import IdentifyRecord, SessionFact
from domain.sessions import new_session
from persistence.ingest.batch import Batch
from persistence.ingest.rows import fact_of, stored_of
from persistence.ingest.state import Place, standing_of
from persistence.ingest.tables import FACT_FIELDS, FACT_SELECTION, TABLE_OF, selection_of
from persistence.workspaces import Counter

_AFTER_FACT: Final = len(FACT_FIELDS)


_TAKE: Final = {
    counter: f"update workspace_counter set {counter.value} = {counter.value} + $2 where workspace_id = $1 "
    f"returning {counter.value}"
    for counter in Counter
}
# "offset 0" keeps the planner from turning a look-up around: it then runs once per row on the left, by index.
_BY_REFS: Final = (
    f"select {FACT_SELECTION}, s.month, s.thread_id from unnest($2::int[], $3::text[]) as r(chatbot_id, ref) "
    "cross join lateral (select k.session_id, k.month from session_key k where k.workspace_id = $1 "
    "and k.chatbot_id = r.chatbot_id and k.session_ref = r.ref offset 0) k "
    "cross join lateral (select * from session s where s.workspace_id = $1 and s.session_id = k.session_id "
    "and s.month = k.month offset 0) s"
)
_BY_IDS: Final = (
    f"select {FACT_SELECTION}, s.month, s.thread_id from session s "
    "where s.workspace_id = $1 and s.session_id = any($2) and s.month = any($3)"
)
_IDENTIFICATIONS: Final = TABLE_OF[IdentifyRecord]
_IDENTIFIES: Final = (
    f"select i.month, {selection_of(_IDENTIFICATIONS, 'i')} from visitor v cross join lateral ("
    "select * from identification i where i.workspace_id = $1 and i.visitor_id = v.visitor_id offset 0) i "
    "where v.workspace_id = $1 and v.visitor_id = any($2) and v.identified"
)


async def take(batch: Batch, counter: Counter, count: int) -> range:
    """The next numbers, as `persistence.workspaces.take_numbers` gives them, without its overhead."""
    after = await batch.writer.driver.fetchval(_TAKE[counter], batch.writer.workspace_id, count)
    return range(after - count, after)


async def find_by_refs(batch: Batch, refs: Iterable[tuple[int, str]]) -> None:
    """Named sessions that are known, with their facts."""
    missing: list[tuple[int, str]] = []
    hot = batch.hot
    for ref in refs:
        if ref in batch.by_ref:
            continue
        place = None if hot is None else hot.take_by_ref(ref)
        if place is None:
            missing.append(ref)
        else:
            batch.places[place.fact.session_id] = place
            batch.by_ref[ref] = place.fact.session_id
    if missing:
        chatbots, names = zip(*missing, strict=True)
        rows = await batch.writer.driver.fetch(_BY_REFS, batch.writer.workspace_id, list(chatbots), list(names))
        for row in rows:
            await _know(batch, _add(batch, row))


async def _know(batch: Batch, place: Place) -> None:
    """A name of a session that merged away means the one it merged into."""
    key, fact = (place.fact.chatbot_id, place.fact.session_ref), place.fact
    while fact.merged_into is not None:
        into = fact.merged_into
        month = await batch.writer.driver.fetchval(
            "select month from session_key where workspace_id = $1 and session_id = $2", batch.writer.workspace_id, into
        )
        await find_by_ids(batch, [(into, month)])
        fact = batch.places[into].fact
    batch.by_ref[key] = fact.session_id


async def find_by_ids(batch: Batch, wanted: Iterable[tuple[int, int]]) -> None:
    """Sessions by number and month, where not known already."""
    missing: dict[int, int] = {}
    for session_id, month in wanted:
        if session_id in batch.places:
            continue
        place = None if batch.hot is None else batch.hot.take(session_id)
        if place is None:
            missing[session_id] = month
        else:
            batch.places[session_id] = place
    if missing:
        months = list(set(missing.values()))
        for row in await batch.writer.driver.fetch(_BY_IDS, batch.writer.workspace_id, list(missing), months):
            _add(batch, row)


def _add(batch: Batch, row: asyncpg.Record) -> Place:
    fact = fact_of(row)
    known = batch.places.get(fact.session_id)
    if known is not None:
        return known
    place = Place(fact, row[_AFTER_FACT], row[_AFTER_FACT + 1], stored=True, before=standing_of(fact))
    batch.places[fact.session_id] = place
    return place


def open_place(
    batch: Batch,
    session_id: int,
    *,
    chatbot_id: int,
    session_ref: str,
    month: int,
    thread: tuple[int, str] | None = None,
) -> Place:
    fact = new_session(
        session_id,
        chatbot_id=chatbot_id,
        session_ref=session_ref,
        settings=batch.settings_of(chatbot_id),
        thread_ref=None if thread is None else thread[1],
    )
    place = Place(fact, month, None if thread is None else thread[0], stored=False, before=None)
    batch.places[session_id] = place
    batch.by_ref[chatbot_id, session_ref] = session_id
    return place


def belongs(fact: SessionFact, chatbot_id: int) -> bool:
    """A message's name must not lead into the session of another chatbot."""
    return fact.chatbot_id == chatbot_id


async def find_identifies(batch: Batch, visitor_ids: Collection[int]) -> None:
    """All identifies that begin at the visitors, and on from whom those were identified as."""
    wanted, asked = set(visitor_ids), set[int]()
    while wanted:
        rows = await batch.writer.driver.fetch(
            _IDENTIFIES,
            batch.writer.workspace_id,
            list(wanted),
        )
        asked |= wanted
        wanted = set()
        for row in rows:
            identify = stored_of(_IDENTIFICATIONS, row).record
            if isinstance(identify, IdentifyRecord):
                add_identify(batch, identify)
                wanted.add(identify.known_visitor_id)
        wanted -= asked


def add_identify(batch: Batch, identify: IdentifyRecord) -> None:
    known = batch.identifies.setdefault(identify.visitor_id, [])
    if all(other.event_id != identify.event_id for other in known):
        known.append(identify)
