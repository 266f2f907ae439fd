"""kill -9 of the server and of Postgres while a client that tries again sends events: what is there afterwards?"""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
from msgspec import json

from benchmarks.load import Shape, draw_events
from benchmarks.stage import Stage, open_patient_database, open_stage, open_workspace
from persistence.engine import Database
from persistence.tenancy import reading

BATCH = 100
WORKERS = 6
SECONDS_WITHOUT_PROGRESS = 120.0
Event = dict[str, Any]


@dataclass
class Storm:
    """What happened. `acknowledged` holds every event that a 200 has answered for."""

    acknowledged: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    tries: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    doubled: int = 0
    wrong_sessions: int = 0

    def describe(self) -> str:
        kills = ", ".join(f"{name} killed {count} times" for name, count in self.kills.items())
        return (
            f"{len(self.acknowledged):,} events acknowledged, {kills}, {self.tries:,} requests of which"
            f" {self.answers['failed']:,} failed and were repeated ({self.answers['duplicate']:,} events answered as"
            f" duplicates): {self.lost} lost, {self.doubled} doubled, {self.wrong_sessions} sessions counted wrongly"
        )


async def raise_storm(*, events: int, kills_of_each: int) -> Storm:
    async with open_stage() as stage:
        database = open_patient_database(stage.app_url())
        workspace_id, key = await open_workspace(database, name="Storm")
        start_ms = int(datetime.now(UTC).timestamp() * 1000) - 3_600_000
        sent = list(draw_events(Shape(messages=events, live=50, version=7, seed=1, start_ms=start_ms)))
        storm = Storm()
        async with asyncio.TaskGroup() as group:
            group.create_task(_send_all(stage, key, sent, storm))
            group.create_task(_kill_again_and_again(stage, storm, events, kills_of_each))
        await asyncio.to_thread(stage.wait_until_ready)
        await database.engine.dispose()
        await _compare(database, workspace_id, sent, storm)
        await database.close()
        return storm


async def _send_all(stage: Stage, key: str, events: Sequence[Event], storm: Storm) -> None:
    batches = [events[start : start + BATCH] for start in range(0, len(events), BATCH)]
    waiting = iter(batches)

    async def work(client: httpx.AsyncClient) -> None:
        for batch in waiting:
            await _send_until_taken(client, stage, batch, storm)

    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
    async with httpx.AsyncClient(headers=headers, timeout=20) as client, asyncio.TaskGroup() as group:
        for _ in range(WORKERS):
            group.create_task(work(client))


async def _send_until_taken(client: httpx.AsyncClient, stage: Stage, batch: Sequence[Event], storm: Storm) -> None:
    body = b"\n".join(json.encode(event) for event in batch)
    async with asyncio.timeout(SECONDS_WITHOUT_PROGRESS):
        while True:
            storm.tries += 1
            try:
                answer = await client.post(f"{stage.url}/v1/events", content=body)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code == 200:
                break
            storm.answers["failed"] += 1
            await asyncio.sleep(0.1)
    for event, result in zip(batch, answer.json()["results"], strict=True):
        storm.answers[result["status"]] += 1
        assert result["status"] in ("accepted", "duplicate"), result
        storm.acknowledged.add(event["eventId"])


async def _kill_again_and_again(stage: Stage, storm: Storm, events: int, kills_of_each: int) -> None:
    """Spread over the whole run, the two in turn."""
    for number in range(2 * kills_of_each):
        due = events * (number + 1) // (2 * kills_of_each + 1)
        while len(storm.acknowledged) < due:  # noqa: ASYNC110 - a count is waited for, not an event
            await asyncio.sleep(0.01)
        if number % 2:
            os.kill(stage.postgres_process(), signal.SIGKILL)
            storm.kills["Postgres"] += 1
        else:
            await asyncio.to_thread(stage.kill)
            stage.start()
            storm.kills["server"] += 1
        await asyncio.to_thread(stage.wait_until_ready)


async def _compare(database: Database, workspace_id: UUID, sent: Sequence[Event], storm: Storm) -> None:
    stored = Counter(await _column(database, workspace_id, "select event_id::text from message"))
    storm.lost = len(storm.acknowledged - stored.keys())
    storm.doubled = stored.total() - len(stored)
    counted = Counter(event["sessionId"] for event in sent)
    told = await _column(
        database, workspace_id, "select session_ref || ' ' || (user_messages + bot_messages) from session where opened"
    )
    storm.wrong_sessions = len(Counter(told) - Counter(f"{name} {count}" for name, count in counted.items()))


async def _column(database: Database, workspace_id: UUID, question: str) -> list[str]:
    async with reading(database, workspace_id) as reader:
        return [row[0] for row in await reader.connection.exec_driver_sql(question)]
