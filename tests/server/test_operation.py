"""What whoever runs the server relies on: health, figures, logs, pages, the database going and coming back."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import psutil
import pytest

from persistence.embedded import EmbeddedPostgres, start_throwaway
from persistence.engine import Database, open_database
from persistence.migrate import migrate
from persistence.tenancy import writing
from persistence.workspaces import create_workspace
from server.app import build_app, now
from tests.build import a_workspace
from tests.conftest import run_statements
from tests.server.conftest import SHARED, TOKEN_SECRET, IssuedKey, Shared, code_of, issue_key, schema_with_extras
from tests.serving import serving

QUERY = {"query": "{ workspace { name } }"}


@SHARED
async def test_a_ready_server_says_so(shared: Shared) -> None:
    live = await shared.client.get(f"{shared.server.url}/health/live")
    ready = await shared.client.get(f"{shared.server.url}/health/ready")
    assert (live.status_code, live.json()) == (200, {"status": "live"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})


async def test_a_database_behind_or_unsafe_gets_no_traffic(
    client: httpx.AsyncClient, database: Database, owner_url: str
) -> None:
    app = build_app(database, schema=schema_with_extras(), clock=now, token_secret=TOKEN_SECRET)
    async with serving(app) as server:
        await run_statements(owner_url, "update alembic_version set version_num = '0000'")
        response = await client.get(f"{server.url}/health/ready")
    assert (response.status_code, response.headers["retry-after"]) == (503, "2")
    assert "run migrate" in response.json()["problems"]["database"]


@SHARED
async def test_prometheus_reads_requests_by_operation_and_status(shared: Shared) -> None:
    await shared.ask("{ viewer { kind } }")
    await shared.ask("{ nothing }")
    text = (await shared.client.get(f"{shared.server.url}/metrics")).text
    assert 'parlance_requests_total{operation="query:viewer",path="/graphql",status="200"}' in text
    assert 'parlance_request_seconds_bucket{le="0.1",path="/graphql"}' in text
    assert "parlance_pool_wait_seconds_count" in text
    assert "parlance_open_sockets 0.0" in text


@SHARED
async def test_unknown_paths_cannot_swell_the_figures(shared: Shared) -> None:
    for number in range(3):
        await shared.client.get(f"{shared.server.url}/some/path/{number}")
    text = (await shared.client.get(f"{shared.server.url}/metrics")).text
    assert "/some/path" not in text
    assert 'path="other",status="404"' in text


async def test_logs_hold_no_key_no_token_and_nothing_typed(
    client: httpx.AsyncClient, database: Database, admin_key: IssuedKey, capfd: pytest.CaptureFixture[str]
) -> None:
    from server.logs import configure_logs

    configure_logs(level="info")
    app = build_app(database, schema=schema_with_extras(), clock=now, token_secret=TOKEN_SECRET)
    async with serving(app) as server:
        typed = {"query": "query ($s: String) { apiKeys(after: $s) { nodes { id } } }", "variables": {"s": "Ada Byron"}}
        await client.post(server.graphql, json=typed, headers={**admin_key.headers, "x-request-id": "from-test"})
        await client.get(server.graphql, params={"query": "{ broken }"}, headers=admin_key.headers)
    configure_logs(level="warning")
    written = capfd.readouterr().err
    assert '"request_id": "from-test"' in written
    assert '"event": "operation failed"' in written
    for secret in (admin_key.text, admin_key.text[-20:], "Ada Byron", "query=", TOKEN_SECRET.decode()):
        assert secret not in written


async def test_pages_carry_a_policy_and_files_are_kept_for_ever(
    client: httpx.AsyncClient, database: Database, tmp_path: Path
) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Dashboard</title>")
    (tmp_path / "graphiql.html").write_text("<!doctype html><title>GraphiQL</title>")
    (tmp_path / "assets" / "app-abc.js").write_text("1")
    (tmp_path / "secret.txt").write_text("no")
    app = build_app(database, schema=schema_with_extras(), clock=now, token_secret=TOKEN_SECRET, pages=tmp_path)
    async with serving(app) as server:
        dashboard = await client.get(f"{server.url}/")
        graphiql = await client.get(f"{server.url}/graphiql")
        script = await client.get(f"{server.url}/assets/app-abc.js")
        outside = await client.get(f"{server.url}/assets/..%2Fsecret.txt")
    assert ("Dashboard" in dashboard.text, "GraphiQL" in graphiql.text) == (True, True)
    policy = dashboard.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "http" not in policy
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert outside.status_code == 404


async def test_pages_that_are_not_built_say_how(client: httpx.AsyncClient, database: Database, tmp_path: Path) -> None:
    app = build_app(database, schema=schema_with_extras(), clock=now, token_secret=TOKEN_SECRET, pages=tmp_path)
    async with serving(app) as server:
        response = await client.get(f"{server.url}/")
    assert response.status_code == 503
    assert "dev.py" in response.text


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[EmbeddedPostgres]:
    """One that may be stopped without harm to other tests."""
    with start_throwaway() as embedded:
        asyncio.run(migrate(embedded.owner_url))
        yield embedded


@pytest.fixture
async def own_database(own_postgres: EmbeddedPostgres) -> AsyncIterator[Database]:
    database = open_database(own_postgres.app_url, pool_size=4)
    yield database
    await database.close()


@pytest.mark.promise(33)
async def test_a_database_that_does_not_answer_is_a_503_and_comes_back_by_itself(
    client: httpx.AsyncClient, own_postgres: EmbeddedPostgres, own_database: Database
) -> None:
    workspace_id = uuid4()
    async with writing(own_database, workspace_id) as writer:
        await create_workspace(writer, a_workspace())
    key = await issue_key(own_database, workspace_id)
    processes = await processes_of(own_postgres)
    app = build_app(own_database, schema=schema_with_extras(), clock=now, token_secret=TOKEN_SECRET)
    async with serving(app) as server:
        assert (await client.post(server.graphql, json=QUERY, headers=key.headers)).status_code == 200
        with stopped(processes):
            answers = [await timed(client, "POST", server.graphql, json=QUERY, headers=key.headers) for _ in range(2)]
            ready = await client.get(f"{server.url}/health/ready")
            live = await client.get(f"{server.url}/health/live")
        back = await answered_within(5, client, server.graphql, key)
    for response, seconds in answers:
        assert (response.status_code, response.headers["retry-after"], code_of(response.json())) == (
            503, "2", "UNAVAILABLE",
        )  # fmt: skip
        assert seconds < 2.5
    assert (ready.status_code, live.status_code) == (503, 200)
    assert back


async def timed(client: httpx.AsyncClient, method: str, url: str, **given: Any) -> tuple[httpx.Response, float]:
    began = time.monotonic()
    response = await client.request(method, url, **given)
    return response, time.monotonic() - began


async def answered_within(seconds: float, client: httpx.AsyncClient, url: str, key: IssuedKey) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if (await client.post(url, json=QUERY, headers=key.headers)).status_code == 200:
            return True
        await asyncio.sleep(0.1)
    return False


async def processes_of(postgres: EmbeddedPostgres) -> list[psutil.Process]:
    """The first process and those it may start from now on are stopped together by stopping all there are."""
    connection = await asyncpg.connect(postgres.admin_url)
    try:
        first = psutil.Process(await connection.fetchval("select pg_backend_pid()")).parent()
    finally:
        await connection.close()
    assert first is not None
    return [first]


@contextmanager
def stopped(firsts: list[psutil.Process]) -> Iterator[None]:
    processes = [*firsts, *(child for first in firsts for child in first.children(recursive=True))]
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGCONT)
