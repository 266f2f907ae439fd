"""A running server, a second workspace, keys for the usual needs, and a test-only schema with odd fields."""

import asyncio
import json
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
import strawberry
from sqlalchemy import make_url
from strawberry.schema.config import StrawberryConfig

from domain.accounts import ROLES, SYSTEM, ApiKey, NewKey, Role, Scope
from domain.problems import InvalidInput, Refused
from persistence.engine import Database, open_database
from persistence.keys import create_key
from persistence.tenancy import writing
from persistence.workspaces import create_workspace
from resolvers.roots import Mutation, Query, build_schema
from schema.permissions import requires
from schema.problems import PROBLEM_TYPES, RefusalHandler
from schema.scalars import SCALARS, BigInt
from server.app import build_app, now
from server.logs import configure_logs
from tests.build import a_workspace
from tests.conftest import TestCluster
from tests.serving import RunningServer, serving

TOKEN_SECRET = b"a secret of this test installation"


@dataclass(frozen=True)
class IssuedKey:
    key: ApiKey
    text: str

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.text}"}


async def issue_key(database: Database, workspace_id: UUID, **given: Any) -> IssuedKey:
    """An administrator's key unless told otherwise."""
    new = NewKey(**{"name": "test", "scopes": ROLES[Role.ADMINISTRATOR], **given})
    async with writing(database, workspace_id) as writer:
        return IssuedKey(*await create_key(writer, new, actor=SYSTEM, now=datetime.now(UTC)))


@pytest.fixture(scope="session", autouse=True)
def _logs() -> None:
    configure_logs(level="warning")


@pytest.fixture
async def admin_key(database: Database, workspace_id: UUID) -> IssuedKey:
    return await issue_key(database, workspace_id)


@pytest.fixture
async def viewer_key(database: Database, workspace_id: UUID) -> IssuedKey:
    return await issue_key(database, workspace_id, scopes=frozenset({Scope.METRICS_READ}))


@pytest.fixture
async def other_admin_key(database: Database) -> IssuedKey:
    """Of another workspace."""
    identity = uuid4()
    async with writing(database, identity) as writer:
        await create_workspace(writer, a_workspace())
    return await issue_key(database, identity)


@pytest.fixture
async def server(database: Database) -> AsyncIterator[RunningServer]:
    app = build_app(database, schema=build_schema(), clock=now, token_secret=TOKEN_SECRET)
    async with serving(app) as running:
        yield running


@strawberry.type
class _Query(Query):
    @strawberry.field(extensions=[requires()])
    def hello(self) -> str:
        return "world"

    @strawberry.field(extensions=[requires()])
    def big(self, value: BigInt) -> BigInt:
        return value

    @strawberry.field(extensions=[requires()])
    async def slow(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "late"

    @strawberry.field(extensions=[requires()])
    def broken(self) -> str | None:
        raise RuntimeError("password of the database: hunter2")

    @strawberry.field(extensions=[requires()])
    def refused(self) -> str | None:
        raise Refused(
            InvalidInput(message="name is empty.", path=("input", "name"), allowed=("1..120 characters",)),
            InvalidInput(message="age is -1.", path=("input", "age")),
        )

    @strawberry.field(extensions=[requires()])
    def personal(self) -> "_Person":
        return _Person(name="Ada", email="ada@example.org")


@strawberry.type
class _Person:
    name: str
    email: str | None = strawberry.field(extensions=[requires(Scope.PERSONAL_READ)])


@strawberry.type
class _Subscription:
    @strawberry.subscription(extensions=[requires()])
    async def count(self, to: int = 3, seconds: float = 0.0) -> AsyncGenerator[int, None]:
        for number in range(1, to + 1):
            yield number
            await asyncio.sleep(seconds)

    @strawberry.subscription(extensions=[requires(Scope.ADMIN)])
    async def for_administrators(self) -> AsyncGenerator[int, None]:
        yield 1


def schema_with_extras() -> strawberry.Schema:
    """The real schema, with fields that are slow, broken or endless."""
    return strawberry.Schema(
        _Query,
        Mutation,
        _Subscription,
        types=PROBLEM_TYPES,
        config=StrawberryConfig(scalar_map=SCALARS),
        exception_handlers=[RefusalHandler()],
    )


@pytest.fixture
async def odd_server(database: Database) -> AsyncIterator[RunningServer]:
    """Serves `schema_with_extras`."""
    app = build_app(database, schema=schema_with_extras(), clock=now, token_secret=TOKEN_SECRET)
    async with serving(app) as running:
        yield running


@dataclass(frozen=True)
class Shared:
    """One server for all tests that change nothing; such a module sets `pytestmark = SHARED`."""

    server: RunningServer
    admin: IssuedKey
    viewer: IssuedKey
    client: httpx.AsyncClient

    async def post(self, body: Any, *, key: IssuedKey | None = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = json.dumps(body) if isinstance(body, dict) else body
        credentials = (key or self.admin).headers
        return await self.client.post(
            self.server.graphql, content=content, headers={"content-type": "application/json", **credentials, **named}
        )

    async def ask(self, query: str, key: IssuedKey | None = None, **parts: Any) -> dict[str, Any]:
        body: dict[str, Any] = (await self.post({"query": query, **parts}, key=key)).json()
        return body


SHARED = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="session")
def shared_app_url(cluster: TestCluster) -> Iterator[str]:
    name = f"test_{os.getpid()}_shared_server"
    cluster.run(f'create database {name} template parlance_template owner "{make_url(cluster.owner).username}"')
    yield cluster.address("app", name)
    cluster.run(f"drop database {name} with (force)")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared(shared_app_url: str) -> AsyncIterator[Shared]:
    database = open_database(shared_app_url, pool_size=4, acquire_timeout_s=10, connect_timeout_s=10)
    workspace_id = uuid4()
    async with writing(database, workspace_id) as writer:
        await create_workspace(writer, a_workspace())
    admin = await issue_key(database, workspace_id)
    viewer = await issue_key(database, workspace_id, scopes=frozenset({Scope.METRICS_READ}))
    app = build_app(database, schema=schema_with_extras(), clock=now, token_secret=TOKEN_SECRET)
    async with serving(app) as server, httpx.AsyncClient(timeout=15) as client:
        yield Shared(server, admin, viewer, client)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=15) as opened:
        yield opened


async def ask(
    client: httpx.AsyncClient, server: RunningServer, key: IssuedKey, query: str, **parts: Any
) -> dict[str, Any]:
    """The response map of a POST."""
    response = await client.post(server.graphql, json={"query": query, **parts}, headers=key.headers)
    body: dict[str, Any] = response.json()
    return body


def code_of(body: dict[str, Any]) -> str:
    """The code of the first error."""
    code: str = body["errors"][0]["extensions"]["code"]
    return code
