"""Many writers at once, in one process and in several: nothing lost, nothing counted twice, facts as recounted."""

import asyncio
from dataclasses import replace
from random import Random
from typing import Any
from uuid import UUID

from persistence.engine import Database, open_database
from persistence.ingest.hot import HotSessions
from tests.build import a_bot_message, a_user_message, an_event
from tests.domain.comparison import FIGURES, recounted
from tests.ingest.sending import send
from tests.ingest.state import Stored
from tests.naive.recount import recount

AS_OF_MS = 1_780_000_000_000


def a_history(sessions: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number in range(sessions):
        place = {"sessionId": f"s-{number}", "visitorId": f"v-{number % 5}"}
        minutes = number * 7
        found += [
            a_user_message(minutes=minutes, intent="order", **place),
            a_bot_message(minutes=minutes + 1, answer={"confidence": (number % 10) / 10}, **place),
            a_user_message(minutes=minutes + 2, **place),
            an_event("feedback", instrument="THUMBS", score=number % 2, minutes=minutes + 3, **place),
        ]
    return found


async def test_eight_writers_with_overlapping_events(
    database: Database, workspace_id: UUID, stored: Stored, app_url: str
) -> None:
    """Half of them through another pool, as another process has it."""
    history = a_history(40)
    other = another_process(app_url)
    try:
        await asyncio.gather(
            *(write(database if writer % 2 else other, workspace_id, history, writer) for writer in range(8))
        )
    finally:
        await other.close()
    rows = await stored.rows("select count(*) from event_key where workspace_id = $1 and body_hash is not null")
    assert rows[0][0] == len(history)
    assert await stored.sessions(AS_OF_MS, FIGURES) == recounted(recount(history), AS_OF_MS)


def another_process(app_url: str) -> Database:
    """What a process keeps in memory it keeps by the database's address."""
    return replace(open_database(app_url, pool_size=4, acquire_timeout_s=10), url="of another process")


async def write(database: Database, workspace_id: UUID, history: list[dict[str, Any]], writer: int) -> None:
    random = Random(writer)
    mine = random.sample(history, len(history) * 3 // 4) if writer else history
    random.shuffle(mine)
    for start in range(0, len(mine), 11):
        await send(database, workspace_id, mine[start : start + 11])


async def test_what_another_process_wrote_is_not_overwritten_from_memory(
    database: Database, workspace_id: UUID, stored: Stored, app_url: str
) -> None:
    other = another_process(app_url)
    try:
        for minutes in range(0, 12, 3):
            await send(database, workspace_id, [a_user_message(minutes=minutes)])
            await send(other, workspace_id, [a_user_message(minutes=minutes + 1)])
            await send(database, workspace_id, [a_bot_message(minutes=minutes + 2)])
    finally:
        await other.close()
    (row,) = await stored.rows("select user_messages, bot_messages from session where workspace_id = $1")
    assert tuple(row) == (8, 4)


def test_memory_is_dropped_when_a_generation_is_missing() -> None:
    hot = HotSessions()
    hot.follow(1)
    hot.keep(1, [])
    hot.follow(3)
    assert hot.take_by_ref((1, "s-1")) is None
