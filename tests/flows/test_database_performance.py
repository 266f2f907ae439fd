"""How well the database serves a workspace, over HTTP: against a transaction that was really held up, Postgres' own
statistics, and what else the server tells."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg
import pytest
from sqlalchemy import make_url

from tests.conftest import TestCluster
from tests.flows.serving_process import Installation

_DOCUMENT = """{ databasePerformance {
    poolSize poolBusy windowSeconds transactions poolWaitP95Seconds transactionP95Seconds slowTransactions
    slowAfterSeconds cacheHitShare replicas replicationLagSeconds columnarCopy { bytes lagSeconds } } }"""
_HELD_SECONDS = 1.4


def told(service: Installation) -> dict[str, Any]:
    found: dict[str, Any] = service.graphql(_DOCUMENT)["databasePerformance"]
    return found


async def _held_up(url: str, ask: Any) -> None:
    """Somebody else keeps the goals while the server wants to read them."""
    connection = await asyncpg.connect(url)
    loop = asyncio.get_running_loop()
    try:
        async with connection.transaction():
            await connection.execute("lock table goal_definition in access exclusive mode")
            with ThreadPoolExecutor(max_workers=1) as pool:
                asking = loop.run_in_executor(pool, ask)
                await asyncio.sleep(_HELD_SECONDS)
                await connection.execute("rollback; begin")
                await asking
    finally:
        await connection.close()


async def _hits(url: str) -> tuple[int, int]:
    connection = await asyncpg.connect(url)
    try:
        row = await connection.fetchrow(
            "select blks_hit, blks_read from pg_stat_database where datname = current_database()"
        )
        assert row is not None
        return row[0], row[1]
    finally:
        await connection.close()


@pytest.mark.spec(118)
def test_a_transaction_that_was_held_up_is_slow(service: Installation, cluster: TestCluster) -> None:
    before = told(service)
    assert (before["slowTransactions"], before["slowAfterSeconds"]) == (0, 1.0)
    owner = cluster.address("owner", str(make_url(service.database_url).database))
    asyncio.run(_held_up(owner, lambda: service.graphql("{ goals { nodes { name } } }")))
    after = told(service)
    assert after["slowTransactions"] == 1
    assert after["transactions"] >= before["transactions"] + 2
    for _ in range(30):
        told(service)
    settled = told(service)
    assert settled["transactionP95Seconds"] < 1.0 <= _HELD_SECONDS
    assert settled["transactions"] >= after["transactions"] + 31
    assert 0 <= settled["poolWaitP95Seconds"] < 60


@pytest.mark.spec(118)
def test_pool_cache_and_replicas(service: Installation, cluster: TestCluster) -> None:
    found = told(service)
    assert (found["replicas"], found["replicationLagSeconds"], found["columnarCopy"]) == (0, None, None)
    assert 1 <= found["poolBusy"] <= found["poolSize"]
    metrics = service.run("settings").stdout
    assert str(found["poolSize"]) in next(line for line in metrics.splitlines() if "POOL_SIZE" in line)
    owner = cluster.address("owner", str(make_url(service.database_url).database))
    hits, reads = asyncio.run(_hits(owner))
    assert found["cacheHitShare"] == pytest.approx(hits / (hits + reads), abs=0.02)


def test_only_who_manages_is_told(service: Installation) -> None:
    made = service.graphql(
        'mutation { createApiKey(input: {name: "reads", role: VIEWER}) { ... on CreatedApiKey { key } } }'
    )["createApiKey"]
    viewer = {"Authorization": f"Bearer {made['key']}"}
    answer = service.post("/graphql", json={"query": "{ databasePerformance { poolSize } }"}, headers=viewer).json()
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
