"""Seen before? Identity of events and names of messages, in one look-up (R16)."""

from collections.abc import Collection, Iterable
from typing import Final

from domain.events import Message
from persistence.ingest.arrivals import CONFLICT, DUPLICATE, Arrival
from persistence.ingest.batch import Batch, Key, Loose
from persistence.ingest.rows import MESSAGES

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
        "where workspace_id = $1 and event_id = any($2::uuid[])",
        batch.writer.workspace_id,
        wanted,
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
    if message_ids:
        for loose in await read_loose(batch, "message_key = any($2::uuid[])", list(message_ids)):
            waiting.setdefault(loose.message_key or "", []).append(loose)
    return waiting


_LOOSE_SELECTION: Final = ", ".join(
    f"{name}::text" if name in ("event_id", "message_key") else name for name in Loose._fields
)


async def read_loose(batch: Batch, condition: str, *arguments: object) -> list[Loose]:
    rows = await batch.writer.driver.fetch(
        f"select {_LOOSE_SELECTION} from loose_event where workspace_id = $1 and {condition}",
        batch.writer.workspace_id,
        *arguments,
    )
    return [Loose(*row) for row in rows]


def is_placeholder(loose: Loose) -> bool:
    return loose.kind == MESSAGES.kind
