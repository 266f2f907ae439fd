"""Two workspaces whose ids are all equal: generated questions to one never bring a byte of the other (P5)."""

import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import httpx
import pytest
from graphql import build_schema as parse_schema
from sqlalchemy import event

from benchmarks.stage import open_workspace
from domain.reporting import Reported, read_events
from persistence.engine import Database
from persistence.ingest.append import store_events
from persistence.ingest.arrivals import Parcel
from resolvers.roots import build_schema
from server.app import build_app, now
from tests.flows.operations import Drawer
from tests.serving import RunningServer, serving

CANARIES = ("canaryalpha", "canarybeta")
DAY = "2026-03-10T12"
SESSIONS = 12
_FILTER = re.compile(r"(?:[\w\"]+\.)?workspace_id = (\$\d+(?:::UUID)?)", re.IGNORECASE)


@dataclass(frozen=True)
class Tenant:
    workspace_id: UUID
    key: str
    own: str
    foreign: str


@pytest.fixture
async def tenants(database: Database) -> tuple[Tenant, Tenant]:
    first, second = CANARIES
    return (await _settle(database, first, second), await _settle(database, second, first))


@pytest.fixture
async def server(database: Database) -> AsyncIterator[RunningServer]:
    app = build_app(database, schema=build_schema(), clock=now, token_secret=b"secret of the tenants' test")
    async with serving(app) as running:
        yield running


async def ask_much(server: RunningServer, tenants: tuple[Tenant, Tenant], operations: int, seed: int) -> "Harvest":
    """As the first of them, with the ids of both."""
    tenant, harvest = tenants[0], Harvest()
    ids = [name for each in tenants for name in await _read_ids(server, each)]
    drawer = Drawer(parse_schema(str(build_schema())), Random(seed), POOLS | {"ID": ids})
    async with _client_of(tenant) as client:
        for _ in range(operations):
            document = drawer.draw_query()
            answer = await client.post(server.graphql, json={"query": document})
            assert tenant.foreign not in answer.text.lower(), document
            harvest.note(document, answer, tenant)
    return harvest


async def _read_ids(server: RunningServer, tenant: Tenant) -> list[str]:
    document = "{ sessions(first: 50) { nodes { id } } chatbots { nodes { id } } goals { nodes { id } } }"
    async with _client_of(tenant) as client:
        data = (await client.post(server.graphql, json={"query": document})).json()["data"]
    return [json.dumps(node["id"]) for connection in data.values() for node in connection["nodes"]]


def _client_of(tenant: Tenant) -> httpx.AsyncClient:
    return httpx.AsyncClient(headers={"Authorization": f"Bearer {tenant.key}"}, timeout=30)


@dataclass
class Harvest:
    """What the questions brought: without answers that hold the own canary, the test would prove nothing."""

    answered: int = 0
    refused: int = 0
    with_own_texts: int = 0

    @property
    def proves_something(self) -> bool:
        return self.answered > self.refused and self.with_own_texts * 10 > self.answered

    def note(self, document: str, answer: httpx.Response, tenant: Tenant) -> None:
        content = answer.json()
        assert "GRAPHQL_VALIDATION_FAILED" not in answer.text, (document, answer.text)
        self.answered += content.get("data") is not None
        self.refused += content.get("data") is None
        self.with_own_texts += tenant.own in answer.text.lower()


AMOUNTS = [
    pytest.param(60, id="60 operations"),
    pytest.param(500, id="500 operations", marks=[pytest.mark.slow, pytest.mark.promise(number=5)]),
]


@pytest.mark.parametrize("amount", AMOUNTS)
async def test_answers_hold_no_foreign_byte(server: RunningServer, tenants: tuple[Tenant, Tenant], amount: int) -> None:
    for seed, pair in enumerate((tenants, tenants[::-1])):
        harvest = await ask_much(server, pair, operations=amount // 2, seed=seed)
        assert harvest.proves_something, harvest


@pytest.mark.parametrize("amount", AMOUNTS)
async def test_nor_without_the_filter_of_the_queries(
    server: RunningServer, database: Database, tenants: tuple[Tenant, Tenant], amount: int
) -> None:
    taken_out = _take_filters_out(database)
    for seed, pair in enumerate((tenants, tenants[::-1]), start=10):
        harvest = await ask_much(server, pair, operations=amount // 2, seed=seed)
        assert harvest.proves_something, harvest
    assert taken_out() > amount


def _take_filters_out(database: Database) -> Callable[[], int]:
    """From every statement of the pool: what is left between the tenants is the policy of the tables alone."""
    count = 0

    @event.listens_for(database.engine.sync_engine, "before_cursor_execute", retval=True)
    def rewrite(
        connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> tuple[str, Any]:
        nonlocal count
        changed, times = _FILTER.subn(r"\1::uuid is not null", statement)
        count += times if statement.lstrip().lower().startswith(("select", "with")) else 0
        return (changed if statement.lstrip().lower().startswith(("select", "with")) else statement), parameters

    return lambda: count


async def _settle(database: Database, own: str, foreign: str) -> Tenant:
    workspace_id, key = await open_workspace(database, name=own)
    read = read_events(json.dumps(a_world(own)).encode(), now_ms=int(datetime.now(UTC).timestamp() * 1000))
    good = [told for told in read if isinstance(told, Reported)]
    assert len(good) == len(read), [told for told in read if not isinstance(told, Reported)][:1]
    await store_events(database, workspace_id, [Parcel(events=good, received_at_ms=good[-1].occurred_at_ms)])
    return Tenant(workspace_id, key, own, foreign)


def a_world(canary: str) -> list[dict[str, Any]]:
    """The same ids in every world; the canary in every free text."""
    return [part for number in range(SESSIONS) for part in _a_session(canary, number)]


def _a_session(canary: str, number: int) -> list[dict[str, Any]]:
    name = f"{canary} {number % 3}"
    frame = {"chatbotId": f"bot-{number % 2}", "sessionId": f"s-{number}", "visitorId": f"v-{number % 5}"}
    context = {
        "channel": name, "entryPoint": f"/{canary}", "referrer": f"https://{canary}.example/", "campaign": name,
        "country": "DE", "region": name, "city": name, "language": "de", "userType": name,
    }  # fmt: skip
    answer = {
        "action": name, "source": "RAG", "intent": name, "confidence": 0.5, "model": name, "promptVersion": name,
        "knowledgeBaseVersion": name, "inputTokens": 10, "outputTokens": 5,
        "cost": {"amount": "0.5", "currency": "USD"},
    }  # fmt: skip
    lead = {"leadId": f"l-{number}", "name": name, "email": f"{canary}@example.com", "company": name, "interest": name}
    kinds: list[dict[str, Any]] = [
        {"type": "session_started", "context": context},
        {"type": "message", "role": "USER", "text": f"hello {canary}", "intent": name, "topic": name},
        {"type": "message", "role": "BOT", "text": f"good day {canary}", "answer": answer},
        {"type": "operation", "operationClass": "API", "name": name, "status": "ERROR"},
        {"type": "workflow_step", "workflow": name, "runId": f"r-{number}", "state": "STARTED", "step": name},
        {"type": "feedback", "instrument": "THUMBS", "score": 1, "comment": name},
        {"type": "goal", "goal": name, "value": {"amount": "3", "currency": "USD"}},
        {"type": "lead", **lead},
        {"type": "handoff", "state": "REQUESTED", "queue": name},
        {"type": "exposure", "experiment": name, "variant": name},
    ]
    return [
        {**kind, **frame, "eventId": _id(number, place), "occurredAt": f"{DAY}:{number:02d}:{place:02d}Z"}
        for place, kind in enumerate(kinds)
    ]


def _id(number: int, place: int) -> str:
    return f"019cd7a0-0000-7000-8000-{number:06d}{place:06d}"


POOLS: dict[str, list[str]] = {
    "String": ['"s-1"', '"bot-0"', '"v-1"', '"DE"', '"de"', '"https://example.com/"', '""'],
    "String after": ["null"],
    "Int first": ["1", "20", "100"],
    "Int limit": ["5", "50"],
    "Int": ["1", "20"],
    "BigInt": ["1", "1000"],
    "Float": ["0.5"],
    "Boolean": ["true", "false"],
    "TimeZone": ['"UTC"', '"Europe/Berlin"'],
    "DateTime": ['"2026-03-10T00:00:00Z"', '"2026-03-11T00:00:00Z"'],
    "DateTime from": ['"2026-03-10T00:00:00Z"'],
    "DateTime to": ['"2026-03-11T00:00:00Z"'],
    "Date": ['"2026-03-10"'],
    "Money": ['"1"'],
}
