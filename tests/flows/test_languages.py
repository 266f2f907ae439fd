"""Languages through the running server with its worker: what was told stays, what was not is told behind ingest."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from persistence.engine import Database
from persistence.vault import Vault
from resolvers.roots import build_schema
from server.app import build_app
from server.background import job_background
from tests.build import NOON, a_bot_message, a_user_message
from tests.server.conftest import IssuedKey, admin_key
from tests.serving import RunningServer, serving

__all__ = ["admin_key"]

ASKED = """{
  sessions { nodes { sessionId language languageDetected } }
  metrics(range: {custom: {from: "2026-03-01T00:00:00Z", to: "2026-04-01T00:00:00Z"}}, groupBy: [LANGUAGE]) {
    groups { key { value } metrics { sessions { value } } }
  }
}"""
SPOKEN = (
    ("en", "Where is the parcel that I ordered last week?"),
    ("de", "Wo bleibt das Paket, das ich letzte Woche bestellt habe?"),
    ("es", "¿Dónde está el paquete que pedí la semana pasada?"),
)


@pytest.fixture
async def server(database: Database, tmp_path: Path) -> AsyncIterator[RunningServer]:
    worker = job_background(database, Vault(tmp_path / "master"), clock=lambda: datetime.now(UTC))
    app = build_app(
        database, schema=build_schema(), clock=lambda: NOON, token_secret=b"of this test", background=(worker,)
    )
    async with serving(app) as running:
        yield running


def a_day() -> list[dict[str, Any]]:
    events = []
    for number in range(20):
        text = SPOKEN[number % 3][1]
        given: dict[str, Any] = {"sessionId": f"s-{number}", "minutes": -300 + number}
        if number % 5 == 0:
            given["language"] = "pt-BR"
        elif number % 7 == 0:
            text = "ok"
        events.append(a_user_message(text=text, **given))
        events.append(a_bot_message(text=SPOKEN[0][1], sessionId=given["sessionId"], minutes=given["minutes"] + 0.1))
    return events


def expected() -> dict[str, tuple[str | None, bool]]:
    """Who wrote what is known here: nothing of the detector is asked."""
    found: dict[str, tuple[str | None, bool]] = {}
    for number in range(20):
        if number % 5 == 0:
            found[f"s-{number}"] = ("pt-BR", False)
        elif number % 7 == 0:
            found[f"s-{number}"] = (None, False)
        else:
            found[f"s-{number}"] = (SPOKEN[number % 3][0], True)
    return found


async def behind(client: httpx.AsyncClient, server: RunningServer) -> float:
    lines = (await client.get(f"{server.url}/metrics")).text.splitlines()
    (line,) = (line for line in lines if line.startswith('parlance_behind_ingest_seconds{kind="detect_languages"}'))
    return float(line.split()[-1])


@pytest.mark.spec(288)
async def test_sessions_by_language_where_no_bot_told_it(server: RunningServer, admin_key: IssuedKey) -> None:
    async with httpx.AsyncClient(timeout=30, headers=admin_key.headers) as client:
        assert await behind(client, server) == 0
        sent = await client.post(f"{server.url}/v1/events", json=a_day())
        assert sent.json()["accepted"] == 40
        assert await behind(client, server) > 0
        async with asyncio.timeout(60):
            while await behind(client, server) > 0:  # noqa: ASYNC110  the worker tells nobody
                await asyncio.sleep(0.1)
        answer = (await client.post(server.graphql, json={"query": ASKED})).json()
    sessions = answer["data"]["sessions"]["nodes"]
    shown = {node["sessionId"]: (node["language"], node["languageDetected"]) for node in sessions}
    assert shown == expected()
    groups = answer["data"]["metrics"]["groups"]
    counted = {group["key"][0]["value"]: group["metrics"]["sessions"]["value"] for group in groups}
    assert counted == Counter(tag for tag, _ in expected().values())


PENDING = """query ($other: String!) {
  all: metrics(range: {dates: {first: "2026-03-09", last: "2026-03-10"}}, grain: HOUR, compare: PREVIOUS_PERIOD,
    filter: {language: {in: ["en", $other]}}) { totals { sessions { value status previousStatus reason } }
    series { buckets { start end } sessions { statuses } } }
  groups: metrics(range: {dates: {first: "2026-03-09", last: "2026-03-10"}}, groupBy: [LANGUAGE]) {
    groups { key { value } metrics { sessions { status } resolutionRate { status } } } }
  plain: metrics(range: {dates: {first: "2026-03-09", last: "2026-03-10"}}) { totals { sessions { status } } }
}"""


@asynccontextmanager
async def a_server(database: Database, *background: Any) -> AsyncIterator[RunningServer]:
    app = build_app(
        database, schema=build_schema(), clock=lambda: NOON, token_secret=b"of this test", background=background
    )
    async with serving(app) as running:
        yield running


async def test_figures_by_language_are_pending_while_languages_are_told(
    database: Database, admin_key: IssuedKey, tmp_path: Path
) -> None:
    """Nobody tells languages at first. Then everything is known within moments, also what stays unknown."""
    events = a_day()
    waiting = {sent["sessionId"] for sent in events if sent.get("language")} ^ {sent["sessionId"] for sent in events}
    asked = {"query": PENDING, "variables": {"other": "pt-BR"}}
    async with httpx.AsyncClient(timeout=30, headers=admin_key.headers) as client:
        async with a_server(database) as alone:
            assert (await client.post(f"{alone.url}/v1/events", json=events)).json()["accepted"] == 40
            before = (await client.post(alone.graphql, json=asked)).json()["data"]
        worker = job_background(database, Vault(tmp_path / "master"), clock=lambda: datetime.now(UTC))
        async with a_server(database, worker) as server, asyncio.timeout(60):
            while await behind(client, server) > 0:  # noqa: ASYNC110  the worker tells nobody
                await asyncio.sleep(0.1)
            after = (await client.post(server.graphql, json=asked)).json()["data"]
    total = before["all"]["totals"]["sessions"]
    assert (total["status"], total["previousStatus"]) == ("PENDING", "OK")
    assert total["value"] == 4  # those that the bot told
    assert total["reason"] == "The language of some of its sessions is still being told."
    times: dict[str, list[datetime]] = {}
    for sent in events:
        if sent["sessionId"] in waiting:
            times.setdefault(sent["sessionId"], []).append(datetime.fromisoformat(sent["occurredAt"]))
    series = before["all"]["series"]
    for bucket, status in zip(series["buckets"], series["sessions"]["statuses"], strict=True):
        start, end = (datetime.fromisoformat(bucket[name]) for name in ("start", "end"))
        there = any(min(one) < end and max(one) >= start for one in times.values())
        assert status == ("PENDING" if there else "OK"), bucket
    assert {"PENDING", "OK"} == set(series["sessions"]["statuses"])
    assert {metric["status"] for group in before["groups"]["groups"] for metric in group["metrics"].values()} == {
        "PENDING"
    }
    assert before["plain"]["totals"]["sessions"]["status"] == "OK"
    assert after["all"]["totals"]["sessions"]["status"] == "OK"
    assert after["all"]["totals"]["sessions"]["value"] == sum(tag in ("en", "pt-BR") for tag, _ in expected().values())
    assert set(after["all"]["series"]["sessions"]["statuses"]) == {"OK"}
