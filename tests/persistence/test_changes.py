"""A reader of the change log misses nothing, in whatever order transactions commit (R14)."""

import asyncio
import random
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from persistence.changes import Changes, Subject, changes_since, record_changes, trim_changes
from persistence.engine import Database, open_database
from persistence.tenancy import Reader, reading, writing

MONTH = 2026 * 12


async def _changes(database: Database, workspace_id: UUID, read_through: int | None) -> Changes:
    async with reading(database, workspace_id, snapshot=True) as reader:
        return await changes_since(reader, read_through)


async def _record(database: Database, workspace_id: UUID, *ids: int, subject: Subject = Subject.SESSION) -> None:
    async with writing(database, workspace_id) as writer:
        await record_changes(writer, {MONTH: ids}, subject=subject)


async def test_the_first_look_asks_for_everything(database: Database, workspace_id: UUID) -> None:
    assert (await _changes(database, workspace_id, None)).everything


async def test_a_later_look_names_what_changed_since(database: Database, workspace_id: UUID) -> None:
    start = (await _changes(database, workspace_id, None)).read_through
    await _record(database, workspace_id, 3, 1)
    await _record(database, workspace_id, 1, 4)
    await _record(database, workspace_id, 9, subject=Subject.PROBE)
    seen = await _changes(database, workspace_id, start)
    assert not seen.everything
    assert seen.ids == {(Subject.SESSION, MONTH): {1, 3, 4}, (Subject.PROBE, MONTH): {9}}
    assert (await _changes(database, workspace_id, seen.read_through)).ids == {}


async def test_a_transaction_that_commits_late_is_not_skipped(database: Database, workspace_id: UUID) -> None:
    start = (await _changes(database, workspace_id, None)).read_through
    async with writing(database, workspace_id) as slow:
        await record_changes(slow, {MONTH: [1]})
        await _record(database, workspace_id, 2)
        between = await _changes(database, workspace_id, start)
        assert between.ids == {(Subject.SESSION, MONTH): {2}}
    after = await _changes(database, workspace_id, between.read_through)
    assert after.ids == {(Subject.SESSION, MONTH): {1, 2}}


async def test_other_workspaces_are_not_seen(database: Database, workspace_id: UUID) -> None:
    start = (await _changes(database, workspace_id, None)).read_through
    await _record(database, uuid4(), 1)
    assert (await _changes(database, workspace_id, start)).ids == {}


async def test_whoever_slept_through_a_trim_starts_afresh(database: Database, workspace_id: UUID) -> None:
    start = (await _changes(database, workspace_id, None)).read_through
    await _record(database, workspace_id, 1)
    async with writing(database, workspace_id) as writer:
        assert await trim_changes(writer) == 0
    assert not (await _changes(database, workspace_id, start)).everything
    async with writing(database, workspace_id) as writer:
        assert await trim_changes(writer, kept_for=timedelta(0)) == 1
    afresh = await _changes(database, workspace_id, start)
    assert afresh.everything
    await _record(database, workspace_id, 2)
    assert (await _changes(database, workspace_id, afresh.read_through)).ids == {(Subject.SESSION, MONTH): {2}}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_copy_kept_by_the_log_equals_the_truth_in_every_snapshot(
    app_url: str, workspace_id: UUID, seed: int
) -> None:
    """Writers of random length commit out of order; `visitor` stands for the facts."""
    database = open_database(app_url, pool_size=9, acquire_timeout_s=30, connect_timeout_s=10)
    chance = random.Random(seed)
    writers = [_write(database, workspace_id, random.Random(chance.random())) for _ in range(8)]
    try:
        writing_all = asyncio.gather(*writers)
        copy: dict[int, str] = {}
        read_through: int | None = None
        rounds = 0
        while not writing_all.done() or rounds < 3:
            read_through = await _refresh(database, workspace_id, copy, read_through)
            rounds += 1
            await asyncio.sleep(chance.uniform(0, 0.01))
        await writing_all
        await _refresh(database, workspace_id, copy, read_through)
        assert len(copy) > 20
    finally:
        await database.close()


async def _write(database: Database, workspace_id: UUID, chance: random.Random) -> None:
    for _ in range(25):
        async with writing(database, workspace_id) as writer:
            visitor_id = chance.randrange(60)
            await writer.driver.execute("select pg_current_xact_id()")  # an early number, a late commit
            await asyncio.sleep(chance.uniform(0, 0.02))
            await writer.driver.execute(
                "insert into visitor (workspace_id, visitor_id, key) values ($1, $2, $3) "
                "on conflict (workspace_id, visitor_id) do update set key = excluded.key",
                workspace_id,
                visitor_id,
                str(uuid4()),
            )
            await record_changes(writer, {MONTH: [visitor_id]})
            await asyncio.sleep(chance.uniform(0, 0.005))


async def _refresh(database: Database, workspace_id: UUID, copy: dict[int, str], read_through: int | None) -> int:
    async with reading(database, workspace_id, snapshot=True) as reader:
        changes = await changes_since(reader, read_through)
        truth = await _visitors(reader)
    if changes.everything:
        copy.clear()
        copy.update(truth)
    for visitor_id in changes.ids.get((Subject.SESSION, MONTH), ()):
        copy[visitor_id] = truth[visitor_id]
    assert copy == truth
    return changes.read_through


async def _visitors(reader: Reader) -> dict[int, str]:
    rows = await reader.connection.execute(text("select visitor_id, key from visitor"))
    return {row.visitor_id: row.key for row in rows}
