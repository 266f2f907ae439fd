"""Public feeds that a client can follow from a cursor, through late commits, restarts and restores (R15).

A writer adds an entry without a position. One sequencer per workspace and feed then numbers the entries of
transactions that are certainly over: nothing can appear behind a number that was given out. A feed tells the latest
state of each entity once, so reading from the start gives everything.
"""

import base64
import binascii
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID

from sqlalchemy import RowMapping, text

from domain.problems import CursorExpired, InvalidInput, Refused
from persistence.engine import Database
from persistence.feeds_queries import LAG, NUMBER, OPEN, READ, RENEW, REPLACED, STATE, TRY_LOCK
from persistence.tenancy import Reader, Writer, lock_key, reading, writing

CHANNEL = "parlance_feed"
MOST_ENTRIES = 1_000
_CURSOR = struct.Struct(">16sQ")
_MOST_NUMBERED = 10_000


class Feed(IntEnum):
    """Codes of `feed.feed`."""

    LEAD = 1
    SESSION_CHANGE = 2


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """`entity_id` stands at `version`; whoever reads fetches its latest state."""

    position: int
    entity_id: int
    version: int


@dataclass(frozen=True, slots=True)
class FeedPage:
    """`cursor` is where to go on. `lag_seconds`: how long the oldest entry waits to be numbered, and
    `blocking_seconds`: the age of the oldest transaction that may be the cause."""

    entries: tuple[FeedEntry, ...]
    cursor: str
    has_more: bool
    lag_seconds: float
    blocking_seconds: float


async def append_to_feed(writer: Writer, feed: Feed, versions: Iterable[tuple[int, int]]) -> None:
    """(entity, version) pairs, in the transaction of their cause. Never waits for another writer."""
    rows = [(writer.workspace_id, int(feed), entity_id, version) for entity_id, version in versions]
    if rows:
        await writer.driver.executemany(
            "insert into feed_entry (workspace_id, feed, entity_id, version) values ($1, $2, $3, $4)", rows
        )
        await writer.driver.execute("select pg_notify($1, $2)", CHANNEL, f"{writer.workspace_id}:{int(feed)}")


async def read_feed(
    database: Database, workspace_id: UUID, feed: Feed, *, cursor: str | None, limit: int = 100
) -> FeedPage:
    """Numbers what can be numbered, then reads. Raises Refused(CursorExpired) for a cursor of another time."""
    async with writing(database, workspace_id) as writer:
        await number_entries(writer, feed)
    async with reading(database, workspace_id, snapshot=True) as reader:
        return await _page(reader, feed, cursor=cursor, limit=max(1, min(limit, MOST_ENTRIES)))


async def number_entries(writer: Writer, feed: Feed) -> int:
    """Gives positions to entries of transactions that are over, in their order; what a newer entry of the same entity
    replaces goes. Does nothing where another process is at it. Says how many it numbered."""
    values = {"workspace_id": writer.workspace_id, "feed": int(feed), "most": _MOST_NUMBERED}
    key = lock_key(writer.workspace_id, f"feed {int(feed)}")
    await writer.connection.execute(text(OPEN), values)
    if not await writer.connection.scalar(text(TRY_LOCK), {"key": key}):
        return 0
    await writer.connection.execute(text(RENEW), values)
    numbered: int = (await writer.connection.execute(text(NUMBER), values)).scalar_one()
    if numbered:
        await writer.connection.execute(text(REPLACED), values | {"numbered": numbered})
    return numbered


async def renew_epoch(writer: Writer, feed: Feed) -> None:
    """After an older backup was restored: every cursor given out until now expires."""
    await writer.connection.execute(
        text("update feed set epoch = gen_random_uuid() where workspace_id = :workspace_id and feed = :feed"),
        {"workspace_id": writer.workspace_id, "feed": int(feed)},
    )


def encode_cursor(epoch: UUID, position: int) -> str:
    return base64.urlsafe_b64encode(_CURSOR.pack(epoch.bytes, position)).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[UUID, int]:
    """Raises Refused(InvalidInput) for what never was a cursor of ours."""
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        epoch, position = _CURSOR.unpack(packed)
    except (binascii.Error, ValueError, struct.error):
        problem = InvalidInput(message="This is no cursor of a feed.", path=("after",))
        raise Refused(problem) from None
    return UUID(bytes=epoch), position


async def _page(reader: Reader, feed: Feed, *, cursor: str | None, limit: int) -> FeedPage:
    values = {"workspace_id": reader.workspace_id, "feed": int(feed)}
    state = (await reader.connection.execute(text(STATE), values)).mappings().one()
    after = _position_of(cursor, state)
    found = await reader.connection.execute(text(READ), values | {"after": after, "limit": limit + 1})
    entries = [FeedEntry(row.position, row.entity_id, row.version) for row in found]
    has_more, entries = len(entries) > limit, entries[:limit]
    # with nothing left, go on from the end: numbers that were replaced need not be looked through again
    end = entries[-1].position if has_more else state["last_position"]
    lag = (await reader.connection.execute(text(LAG), values)).one()
    return FeedPage(
        entries=tuple(entries),
        cursor=encode_cursor(state["epoch"], end),
        has_more=has_more,
        lag_seconds=float(lag.lag_seconds),
        blocking_seconds=float(lag.blocking_seconds),
    )


def _position_of(cursor: str | None, state: RowMapping) -> int:
    if cursor is None:
        return 0
    epoch, position = decode_cursor(cursor)
    if epoch != state["epoch"] or not state["removed_through"] <= position <= state["last_position"]:
        raise Refused(
            CursorExpired(
                message="This cursor belongs to another time of the feed. Start again without one: "
                "that gives the latest state of everything.",
                path=("after",),
            )
        )
    return position
