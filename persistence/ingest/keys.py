"""Seen before? Identity of events and names of messages, in one look-up (R16)."""

from collections.abc import Collection, Iterable
from typing import Final

import asyncpg

from domain.events import Message
from persistence.ingest.arrivals import CONFLICT, DUPLICATE, Arrival
from persistence.ingest.batch import Batch
from persistence.ingest.state import Key, Loose
from persistence.ingest.tables import MESSAGES, array_text

_TURNED: Final = str.maketrans("0123456789abcdef", "fedcba9876543210")


def name_key(message_id: str) -> str:
    """Under which key a message with a name of its own is found: its id with every bit turned, so that it cannot
    meet the id of an event that happens to be equal."""
    return message_id.translate(_TURNED)


async def find_keys(batch: Batch, arrivals: Iterable[Arrival], *, careful: bool) -> None:
    wanted: list[str] = []
    for arrival in arrivals:
        wanted.append(arrival.event_id)
        named = arrival.named
        if named is None or (named == arrival.event_id and not careful):
            continue
        wanted.append(name_key(named))
        if careful or arrival.event.__class__ is not Message:
            wanted.append(named)
    rows = await batch.writer.driver.fetch(
        "select event_id::text, body_hash, month, session_id from event_key "
        "where workspace_id = $1 and event_id = any($2::text::uuid[])",
        batch.writer.workspace_id,
        array_text(wanted),
    )
    batch.keys = {row[0]: Key(row[1], row[2], row[3]) for row in rows}


def without_repeated(batch: Batch, arrivals: Iterable[Arrival]) -> list[Arrival]:
    """Tells duplicates and conflicts, against what is stored and within the batch; the first one counts."""
    seen: dict[str, bytes] = {}
    fresh: list[Arrival] = []
    for arrival in arrivals:
        key = batch.keys.get(arrival.event_id) if batch.keys else None
        known = seen.get(arrival.event_id) if key is None or key.body_hash is None else key.body_hash
        if known is None:
            seen[arrival.event_id] = arrival.body_hash
            fresh.append(arrival)
        elif known == arrival.body_hash:
            arrival.result.status = DUPLICATE
        else:
            tell_conflict(arrival, "an event of this id with another content came before; the first one was kept.")
    return fresh


def tell_conflict(arrival: Arrival, message: str) -> None:
    result = arrival.result
    result.status, result.message = CONFLICT, message


def where_is(batch: Batch, message_id: str) -> Key | None:
    """Of a stored message: by its own name, else by the id of its event. Not of what only an answer event told."""
    for key in (batch.keys.get(name_key(message_id)), batch.keys.get(message_id)):
        if key is not None and key.body_hash is not None:
            return key
    return None


async def find_waiting(batch: Batch, message_ids: Collection[str]) -> dict[str, list[Loose]]:
    """What came before the messages that it names, by message."""
    waiting: dict[str, list[Loose]] = {}
    found = await batch.writer.driver.fetchrow(_ANYTHING_LOOSE, batch.writer.workspace_id)
    has_waiting, batch.has_timed = (False, False) if found is None else (found[0], found[1])
    if message_ids and has_waiting:
        rows = await batch.writer.driver.fetch(_WAITING, batch.writer.workspace_id, array_text(message_ids))
        for loose in (Loose(*row) for row in rows):
            waiting.setdefault(loose.message_key or "", []).append(loose)
    return waiting


_LOOSE_SELECTION: Final = ", ".join(
    f"l.{name}::text" if name in ("event_id", "message_key") else f"l.{name}" for name in Loose._fields
)


_ANYTHING_LOOSE: Final = (
    "select exists (select from loose_event l where l.workspace_id = $1 and l.message_key is not null), "
    "exists (select from loose_event l where l.workspace_id = $1 and l.visitor_id is not null)"
)
_WAITING: Final = (
    f"select {_LOOSE_SELECTION} from loose_event l where l.workspace_id = $1 and l.message_key = any($2::text::uuid[])"
)
_LOOSE_BY_VISITOR: Final = (
    f"select {_LOOSE_SELECTION} from unnest($2::int[], $3::bigint[]) as p(chatbot_id, visitor_id) cross join lateral ("
    "select * from loose_event l where l.workspace_id = $1 and l.chatbot_id = p.chatbot_id "
    "and l.visitor_id = p.visitor_id offset 0) l"
)
_LOOSE_BY_THREAD: Final = (
    f"select {_LOOSE_SELECTION} from loose_event l where l.workspace_id = $1 and l.thread_id = any($2) "
    "and l.session_id is null"
)


async def placed_by_visitor(batch: Batch, event_ids: Collection[str]) -> frozenset[str]:
    """Which of the events lie where they do by their visitor and time."""
    rows = await batch.writer.driver.fetch(_BY_VISITOR, batch.writer.workspace_id, array_text(event_ids))
    return frozenset(row[0] for row in rows)


_BY_VISITOR: Final = (
    "select l.event_id::text from loose_event l where l.workspace_id = $1 and l.event_id = any($2::text::uuid[]) "
    "and l.visitor_id is not null"
)


async def find_unsettled(batch: Batch, pairs: Collection[tuple[int, int]], threads: Collection[int]) -> list[Loose]:
    """What is placed by the time of these visitors' sessions, and what waits for an earlier message of a thread."""
    driver, workspace_id = batch.writer.driver, batch.writer.workspace_id
    rows: list[asyncpg.Record] = []
    if pairs:
        chatbots, visitors = zip(*pairs, strict=True)
        rows += await driver.fetch(_LOOSE_BY_VISITOR, workspace_id, list(chatbots), list(visitors))
    if threads:
        rows += await driver.fetch(_LOOSE_BY_THREAD, workspace_id, list(threads))
    return [Loose(*row) for row in rows]


def is_placeholder(loose: Loose) -> bool:
    return loose.kind == MESSAGES.kind
