"""The jobs that keep the house in order."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from delivery.handlers import HANDLINGS, MONTHS_AHEAD, RECURRING, UPKEEP, make_worker
from persistence.changes import record_changes
from persistence.engine import Database, connected
from persistence.feeds import Feed, append_to_feed
from persistence.jobs import JobState, count_jobs
from persistence.partitions import MONTHLY_TABLES
from persistence.tenancy import reading, writing
from persistence.vault import Vault
from tests.build import NOON, month_of


@pytest.fixture
async def kept_up(database: Database, workspace_id: UUID, admin_url: str, tmp_path: Path) -> Database:
    """After two rounds of upkeep over a workspace with a fresh and an old change and an unread feed."""
    async with writing(database, workspace_id) as writer:
        for entity in (1, 2):
            await record_changes(writer, {month_of(NOON): [entity]})
            await append_to_feed(writer, Feed.LEAD, [(7, entity)])
    connection = await asyncpg.connect(admin_url)
    await connection.execute("update fact_change set changed_at = now() - interval '25 hours' where ids = '{1}'")
    await connection.close()
    worker = make_worker(database, Vault(tmp_path / "master"), clock=lambda: NOON)
    assert await worker.run_due() == 1
    async with connected(database) as app:
        await app.exec_driver_sql("update job set due_at = clock_timestamp()")
    assert await worker.run_due() == 1
    return database


async def test_partitions_are_made_ahead_of_time(kept_up: Database, admin_url: str) -> None:
    connection = await asyncpg.connect(admin_url)
    partitions = await connection.fetchval("select count(*) from pg_class where relispartition and relkind = 'r'")
    await connection.close()
    assert partitions == len(MONTHLY_TABLES) * (MONTHS_AHEAD + 2)


async def test_old_changes_go_and_fresh_ones_stay(kept_up: Database, workspace_id: UUID) -> None:
    async with reading(kept_up, workspace_id) as reader:
        assert (await reader.connection.execute(text("select ids from fact_change"))).scalars().all() == [[2]]


async def test_a_feed_that_nobody_reads_stays_small(kept_up: Database, workspace_id: UUID) -> None:
    async with reading(kept_up, workspace_id) as reader:
        found = await reader.connection.execute(text("select entity_id, version, position is null from feed_entry"))
        assert [tuple(row) for row in found] == [(7, 2, False)]


async def test_upkeep_comes_again(kept_up: Database) -> None:
    assert await count_jobs(kept_up) == {(UPKEEP, JobState.WAITING): 1}


async def test_upkeep_that_was_given_up_is_added_again(kept_up: Database, tmp_path: Path) -> None:
    async with connected(kept_up) as connection:
        await connection.exec_driver_sql("update job set state = 4")
    worker = make_worker(kept_up, Vault(tmp_path / "master"), clock=lambda: NOON)
    assert await worker.run_due() == 1


def test_every_recurring_job_can_be_done() -> None:
    assert {new.kind for new in RECURRING} <= set(HANDLINGS)
    assert all(handling.deadline > timedelta(0) for handling in HANDLINGS.values())
