"""Whatever the split, order and repetition of its events, a history ends in the same facts: those of a recount that
knows neither fold nor database (P1 to P4)."""

import asyncio
from typing import Any
from unittest.mock import patch

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persistence.engine import Database, open_database
from persistence.ingest.staging import Staging
from tests.domain.comparison import FIGURES, recounted
from tests.domain.histories import START, WORLDS, batches, histories
from tests.ingest.sending import a_world, send
from tests.ingest.state import Stored
from tests.naive.placing import Wire
from tests.naive.recount import recount
from tests.naive.world import World

AT_A_TIME = st.sampled_from((1, 3, 1_000))
AS_OF_MS = int(START.timestamp() * 1000) + 86_400_000
PACE = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)


async def held(
    app_url: str, admin_url: str, world: World, arrivals: list[list[Wire]], at_a_time: int
) -> list[dict[str, Any]]:
    """`at_a_time`: how many rows the database gets while the rest is still folded."""
    database: Database = open_database(app_url, pool_size=2, acquire_timeout_s=10, connect_timeout_s=10)
    connection = await asyncpg.connect(admin_url)
    try:
        workspace_id = await a_world(database, world)
        with patch.object(Staging, "rows_at_a_time", at_a_time), patch.object(Staging, "look_every_s", 0.0):
            for batch in arrivals:
                await send(database, workspace_id, batch)
        return await Stored(connection, workspace_id).sessions(AS_OF_MS, FIGURES)
    finally:
        await connection.close()
        await database.close()


@PACE
@given(st.data(), WORLDS, histories())
def test_any_arrival_equals_the_recount(
    app_url: str, admin_url: str, data: st.DataObject, world: World, history: list[Wire]
) -> None:
    arrivals = data.draw(batches(history))

    found = asyncio.run(held(app_url, admin_url, world, arrivals, data.draw(AT_A_TIME)))

    assert found == recounted(recount(history, world), AS_OF_MS)


@PACE
@given(st.data(), WORLDS, histories())
def test_arrival_in_order_equals_the_recount(
    app_url: str, admin_url: str, data: st.DataObject, world: World, history: list[Wire]
) -> None:
    arrivals = data.draw(batches(history, ordered=True))

    found = asyncio.run(held(app_url, admin_url, world, arrivals, data.draw(AT_A_TIME)))

    assert found == recounted(recount(history, world), AS_OF_MS)
