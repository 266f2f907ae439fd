"""A job is neither lost nor in two hands with effect (P18)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from persistence.engine import Database, connected
from persistence.jobs import (
    Claim,
    JobState,
    LeaseLost,
    NewJob,
    RetryPolicy,
    buried_jobs,
    claim_jobs,
    complete,
    count_jobs,
    enqueue,
    enqueue_upkeep,
    extend_lease,
    fail,
    open_payload,
    release,
    reschedule,
    revive,
    sweep_finished,
)
from persistence.tenancy import reading, writing
from persistence.vault import Vault
from persistence.workspaces import create_workspace
from tests.build import a_workspace

LEASE = timedelta(seconds=30)
AT_ONCE = RetryPolicy(first=timedelta(0))


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "master")


async def _add(database: Database, vault: Vault, workspace_id: UUID, **given: object) -> UUID | None:
    async with writing(database, workspace_id) as writer:
        return await enqueue(writer, vault, NewJob(**{"kind": "greet", **given}))  # type: ignore[arg-type]


async def _claim(database: Database, *, count: int = 10, lease: timedelta = LEASE) -> list[Claim]:
    return await claim_jobs(database, ["greet"], count=count, lease=lease)


async def _finish(database: Database, claim: Claim) -> None:
    async with connected(database) as connection:
        await complete(connection, claim)


async def test_a_job_is_claimed_once(database: Database, vault: Vault, workspace_id: UUID) -> None:
    job_id = await _add(database, vault, workspace_id, payload=b"hello")
    (claim,) = await _claim(database)
    assert (claim.job_id, claim.workspace_id, claim.attempt) == (job_id, workspace_id, 1)
    assert await open_payload(database, vault, claim) == b"hello"
    assert await _claim(database) == []
    await _finish(database, claim)
    assert await count_jobs(database) == {("greet", JobState.DONE): 1}


async def test_many_workers_share_the_jobs_out(database: Database, vault: Vault, workspace_id: UUID) -> None:
    added = {await _add(database, vault, workspace_id) for _ in range(40)}
    rounds = await asyncio.gather(*(_claim(database, count=7) for _ in range(8)))
    claimed = [claim.job_id for claims in rounds for claim in claims]
    assert len(claimed) == len(set(claimed))
    claimed += [claim.job_id for claim in await _claim(database, count=40)]
    assert set(claimed) == added


async def test_a_job_exists_exactly_if_its_cause_does(database: Database, vault: Vault, workspace_id: UUID) -> None:
    async def change_of_mind() -> None:
        async with writing(database, workspace_id) as writer:
            await enqueue(writer, vault, NewJob(kind="greet"))
            raise RuntimeError("change of mind")

    with pytest.raises(RuntimeError, match="change of mind"):
        await change_of_mind()
    assert await _claim(database) == []


async def test_the_payload_is_unreadable_at_rest(
    database: Database, vault: Vault, workspace_id: UUID, admin_url: str
) -> None:
    await _add(database, vault, workspace_id, payload=b"canary@example.org")
    connection = await asyncpg.connect(admin_url)
    dump = await connection.fetchval(
        "select string_agg(job::text, '') || string_agg(encode(payload, 'escape'), '') from job"
    )
    await connection.close()
    assert "canary" not in dump


async def test_a_lost_lease_is_fenced_off(database: Database, vault: Vault, workspace_id: UUID) -> None:
    await _add(database, vault, workspace_id)
    (stale,) = await _claim(database, lease=timedelta(0))
    assert await _claim(database) == []  # gives it back, due after a pause
    await _make_due(database)
    (fresh,) = await _claim(database)
    assert fresh.attempt == 2
    for write in (
        lambda: _finish(database, stale),
        lambda: extend_lease(database, stale, LEASE),
        lambda: release(database, stale),
        lambda: fail(database, stale, "late", retry=AT_ONCE),
    ):
        with pytest.raises(LeaseLost):
            await write()
    await _finish(database, fresh)


async def test_a_heartbeat_keeps_the_job(database: Database, vault: Vault, workspace_id: UUID) -> None:
    await _add(database, vault, workspace_id)
    (claim,) = await _claim(database, lease=timedelta(milliseconds=300))
    for _ in range(4):
        await asyncio.sleep(0.1)
        await extend_lease(database, claim, timedelta(milliseconds=300))
        assert await _claim(database) == []
    await _finish(database, claim)


async def test_effects_and_completion_stand_or_fall_together(
    database: Database, vault: Vault, workspace_id: UUID
) -> None:
    await _add(database, vault, workspace_id)
    (claim,) = await _claim(database, lease=timedelta(0))
    other = uuid4()

    async def write_effect_too_late() -> None:
        async with writing(database, other) as writer:
            await create_workspace(writer, a_workspace())
            await complete(writer.connection, claim)

    await _claim(database)  # takes the lease away
    with pytest.raises(LeaseLost):
        await write_effect_too_late()
    async with reading(database, other) as reader:
        assert (await reader.connection.exec_driver_sql("select 1 from workspace")).first() is None


async def test_a_job_that_kills_its_worker_comes_to_an_end(
    database: Database, vault: Vault, workspace_id: UUID
) -> None:
    job_id = await _add(database, vault, workspace_id, most_attempts=3)
    for _ in range(3):
        (claim,) = await _claim(database, lease=timedelta(0))
        assert claim.job_id == job_id
        assert await _claim(database) == []  # notices that the lease ran out
        await _make_due(database)
    assert await count_jobs(database) == {("greet", JobState.BURIED): 1}
    async with reading(database, workspace_id) as reader:
        (buried,) = await buried_jobs(reader)
    assert (buried["job_id"], buried["attempts"]) == (job_id, 3)
    assert buried["last_error"] == "the worker died or lost its lease"


async def test_failures_are_retried_then_buried_then_revived(
    database: Database, vault: Vault, workspace_id: UUID
) -> None:
    job_id = await _add(database, vault, workspace_id, most_attempts=2)
    for expected in (JobState.WAITING, JobState.BURIED):
        (claim,) = await _claim(database)
        assert await fail(database, claim, "ConnectionError", retry=AT_ONCE) is expected
    assert job_id is not None
    async with writing(database, workspace_id) as writer:
        assert await revive(writer, job_id)
        assert not await revive(writer, job_id)
    (claim,) = await _claim(database)
    assert claim.attempt == 1


async def test_a_foreign_job_is_neither_seen_nor_revived(database: Database, vault: Vault, workspace_id: UUID) -> None:
    job_id = await _add(database, vault, workspace_id)
    (claim,) = await _claim(database)
    await fail(database, claim, "broken", retry=AT_ONCE, permanent=True)
    assert job_id is not None
    async with writing(database, uuid4()) as writer:
        assert not await revive(writer, job_id)
        assert await buried_jobs(writer) == []


async def test_of_one_key_one_job_waits(database: Database, vault: Vault, workspace_id: UUID) -> None:
    assert await _add(database, vault, workspace_id, unique_key="daily")
    assert await _add(database, vault, workspace_id, unique_key="daily") is None
    await _claim(database)
    assert await _add(database, vault, workspace_id, unique_key="daily")
    assert await _add(database, vault, workspace_id, unique_key="daily") is None


async def _reschedule(database: Database, claim: Claim) -> None:
    async with connected(database) as connection:
        await reschedule(connection, claim, timedelta(0))


async def _fail(database: Database, claim: Claim) -> None:
    await fail(database, claim, "x", retry=AT_ONCE)


@pytest.mark.parametrize("go_back", [release, _reschedule, _fail])
async def test_a_job_that_goes_back_ends_if_another_of_its_key_waits(
    database: Database, vault: Vault, workspace_id: UUID, go_back: Callable[[Database, Claim], Awaitable[None]]
) -> None:
    await _add(database, vault, workspace_id, unique_key="daily")
    (claim,) = await _claim(database)
    newer = await _add(database, vault, workspace_id, unique_key="daily")
    await go_back(database, claim)
    assert await count_jobs(database) == {("greet", JobState.DONE): 1, ("greet", JobState.WAITING): 1}
    assert [claim.job_id for claim in await _claim(database)] == [newer]


async def test_who_takes_over_is_as_old_as_what_it_took_over(
    database: Database, vault: Vault, workspace_id: UUID
) -> None:
    await _add(database, vault, workspace_id, unique_key="daily")
    async with connected(database) as connection:
        await connection.exec_driver_sql("update job set created_at = clock_timestamp() - interval '90 seconds'")
    (claim,) = await _claim(database)
    assert 90 <= claim.age_s < 120
    newer = await _add(database, vault, workspace_id, unique_key="daily")
    await _reschedule(database, claim)
    (heir,) = await _claim(database)
    assert heir.job_id == newer
    assert claim.age_s < heir.age_s < 120


async def test_lost_jobs_of_one_key_end_in_one(database: Database, vault: Vault, workspace_id: UUID) -> None:
    for _ in range(3):
        await _add(database, vault, workspace_id, unique_key="daily")
        await claim_jobs(database, ["greet"], count=1, lease=timedelta(seconds=2))
    async with connected(database) as connection:
        await connection.exec_driver_sql("update job set lease_until = clock_timestamp() where state = 2")
    for _ in range(4):
        assert await _claim(database) == []
    assert await count_jobs(database) == {("greet", JobState.DONE): 2, ("greet", JobState.WAITING): 1}


async def test_two_workspaces_may_use_the_same_key(database: Database, vault: Vault, workspace_id: UUID) -> None:
    other = uuid4()
    async with writing(database, other) as writer:
        await create_workspace(writer, a_workspace())
    assert await _add(database, vault, workspace_id, unique_key="daily")
    assert await _add(database, vault, other, unique_key="daily")


async def test_urgent_jobs_go_first_and_later_ones_wait(database: Database, vault: Vault, workspace_id: UUID) -> None:
    plain = await _add(database, vault, workspace_id)
    urgent = await _add(database, vault, workspace_id, priority=5)
    await _add(database, vault, workspace_id, priority=9, delay=timedelta(hours=1))
    assert [(await _claim(database, count=1))[0].job_id for _ in range(2)] == [urgent, plain]
    assert await _claim(database) == []


async def test_giving_back_costs_no_attempt(database: Database, vault: Vault, workspace_id: UUID) -> None:
    await _add(database, vault, workspace_id, most_attempts=1)
    for _ in range(3):
        (claim,) = await _claim(database)
        assert claim.attempt == 1
        await release(database, claim)


async def test_a_recurring_job_starts_counting_anew(database: Database) -> None:
    async with connected(database) as connection:
        assert await enqueue_upkeep(connection, NewJob(kind="greet", unique_key="hourly"))
        assert await enqueue_upkeep(connection, NewJob(kind="greet", unique_key="hourly")) is None
    for _ in range(3):
        (claim,) = await _claim(database)
        assert claim.attempt == 1
        async with connected(database) as connection:
            await reschedule(connection, claim, timedelta(0))


async def test_unknown_kinds_are_left_to_others(database: Database, vault: Vault, workspace_id: UUID) -> None:
    await _add(database, vault, workspace_id, kind="of a later version")
    assert await _claim(database) == []


async def test_what_is_over_is_swept_after_its_time(database: Database, vault: Vault, workspace_id: UUID) -> None:
    for permanent in (True, False):
        await _add(database, vault, workspace_id)
        (claim,) = await _claim(database)
        await (fail(database, claim, "x", retry=AT_ONCE, permanent=True) if permanent else _finish(database, claim))
    async with connected(database) as connection:
        assert await sweep_finished(connection, done_for=timedelta(days=1), buried_for=timedelta(days=1)) == 0
        assert await sweep_finished(connection, done_for=timedelta(0), buried_for=timedelta(days=1)) == 1
    assert await count_jobs(database) == {("greet", JobState.BURIED): 1}


def test_retries_back_off_to_a_limit_and_apart() -> None:
    policy = RetryPolicy(first=timedelta(seconds=2), longest=timedelta(minutes=1))
    delays = [[policy.delay_after(attempt).total_seconds() for _ in range(50)] for attempt in (1, 2, 3, 40)]
    for full, drawn in zip((2, 4, 8, 60), delays, strict=True):
        assert full / 2 <= min(drawn) <= max(drawn) <= full
        assert len(set(drawn)) > 40


async def _make_due(database: Database) -> None:
    async with connected(database) as connection:
        await connection.exec_driver_sql("update job set due_at = clock_timestamp() where state = 1")
