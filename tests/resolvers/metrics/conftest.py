"""A running server over facts of known times, and a way to ask it for figures as a client would."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from domain.accounts import ROLES, SYSTEM, NewKey, Role
from persistence.engine import Database
from persistence.keys import create_key
from persistence.tenancy import writing
from resolvers.roots import build_schema
from server.app import build_app
from tests.build import NOON
from tests.persistence.metrics.facts import Facts
from tests.serving import RunningServer, serving

Answer = dict[str, Any]
AskForFigures = Callable[..., Awaitable[Answer]]

ASKED_AT = NOON + timedelta(days=30)
"""What the server takes for the present."""


@pytest.fixture
async def facts(database: Database, workspace_id: UUID) -> Facts:
    found = Facts(database, workspace_id)
    await found.chatbot()
    return found


@pytest.fixture
async def server(database: Database) -> AsyncIterator[RunningServer]:
    app = build_app(database, schema=build_schema(), clock=lambda: ASKED_AT, token_secret=b"of this test")
    async with serving(app) as running:
        yield running


async def key_for(facts: Facts, **given: Any) -> str:
    new = NewKey(**{"name": "test", "scopes": ROLES[Role.ADMINISTRATOR], **given})
    async with writing(facts.database, facts.workspace_id) as writer:
        _, text = await create_key(writer, new, actor=SYSTEM, now=datetime.now(UTC))
    return text


@pytest.fixture
async def post(server: RunningServer, facts: Facts) -> AsyncIterator[AskForFigures]:
    """Posts a document and gives the whole response map; `key` limits what may be seen."""
    usual = await key_for(facts)
    async with httpx.AsyncClient(timeout=15) as client:

        async def posted(document: str, key: str = usual, **variables: Any) -> Answer:
            response = await client.post(
                server.graphql,
                json={"query": document, "variables": variables},
                headers={"Authorization": f"Bearer {key}"},
            )
            body: Answer = response.json()
            return body

        yield posted


@pytest.fixture
def figures(post: AskForFigures) -> AskForFigures:
    """`figures("totals { sessions { value } }", range="{rolling: LAST_7D}")`: the table, which must be there."""

    async def asked(selection: str, **arguments: str) -> Answer:
        given = {"range": '{dates: {first: "2026-03-09", last: "2026-03-11"}}', **arguments}
        told = ", ".join(f"{name}: {value}" for name, value in given.items())
        body = await post(f"{{ metrics({told}) {{ {selection} }} }}")
        assert "errors" not in body, body
        table: Answer = body["data"]["metrics"]
        return table

    return asked
