"""The worker does each job to its end, through failures, shutdowns and kill -9 (P18, P32)."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from delivery.worker import Again, Handling, Job, JobFailed, Worker, WorkerSettings
from persistence.engine import Database
from persistence.jobs import JobState, NewJob, RetryPolicy, buried_jobs, complete, count_jobs, enqueue
from persistence.tenancy import reading, writing
from persistence.vault import Vault
from tests.build import NOON

AT_ONCE = RetryPolicy(first=timedelta(0))
ROOT = Path(__file__).resolve().parents[2]
Run = Callable[[Job], Awaitable[Again | None]]


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "master")


def _worker(database: Database, vault: Vault, run: Run, **settings: timedelta) -> Worker:
    handling = Handling(run, retry=AT_ONCE, deadline=settings.pop("deadline", timedelta(seconds=30)))
    return Worker(database, vault, {"greet": handling}, clock=lambda: NOON, settings=WorkerSettings(**settings))  # type: ignore[arg-type]


async def _add(database: Database, vault: Vault, workspace_id: UUID, count: int = 1, **given: object) -> None:
    for number in range(count):
        async with writing(database, workspace_id) as writer:
            new = NewJob(**{"kind": "greet", "payload": str(number).encode(), **given})  # type: ignore[arg-type]
            await enqueue(writer, vault, new)


async def _run_until(worker: Worker, over: Callable[[], Awaitable[bool]]) -> None:
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(30):
        while not await over():  # noqa: ASYNC110  another process may do the work
            await asyncio.sleep(0.02)
    worker.stop.set()
    await running


async def test_every_job_is_done_once(database: Database, vault: Vault, workspace_id: UUID) -> None:
    done: list[bytes] = []

    async def greet(job: Job) -> None:
        done.append(job.payload)

    async def over() -> bool:
        return await count_jobs(database) == {("greet", JobState.DONE): 20}

    await _add(database, vault, workspace_id, count=20)
    await _run_until(_worker(database, vault, greet), over)
    assert sorted(done, key=int) == [str(number).encode() for number in range(20)]


async def test_a_new_job_wakes_the_worker(database: Database, vault: Vault, workspace_id: UUID) -> None:
    """Long before it would look by itself."""
    done = asyncio.Event()

    async def greet(job: Job) -> None:
        done.set()

    worker = _worker(database, vault, greet, poll=timedelta(minutes=5))
    running = asyncio.create_task(worker.run())
    await asyncio.sleep(0.5)
    await _add(database, vault, workspace_id)
    async with asyncio.timeout(10):
        await done.wait()
    worker.stop.set()
    await running


@pytest.mark.parametrize(
    ("error", "reason", "attempts"),
    [
        (ValueError("canary@example.org"), "ValueError", 3),
        (JobFailed("the receiver said 503"), "the receiver said 503", 3),
        (JobFailed("no such address", permanent=True), "no such address", 1),
    ],
    ids=["unexpected", "expected", "permanent"],
)
async def test_a_failing_job_is_buried_with_its_reason(
    database: Database, vault: Vault, workspace_id: UUID, error: Exception, reason: str, attempts: int
) -> None:
    async def greet(job: Job) -> None:
        raise error

    await _add(database, vault, workspace_id, most_attempts=3)
    worker = _worker(database, vault, greet)
    while await worker.run_due():
        pass
    async with reading(database, workspace_id) as reader:
        (buried,) = await buried_jobs(reader)
    assert (buried["last_error"], buried["attempts"]) == (reason, attempts)


async def test_an_attempt_has_a_deadline(database: Database, vault: Vault, workspace_id: UUID) -> None:
    async def greet(job: Job) -> None:
        await asyncio.sleep(60)

    await _add(database, vault, workspace_id, most_attempts=1)
    await _worker(database, vault, greet, deadline=timedelta(milliseconds=100)).run_due()
    async with reading(database, workspace_id) as reader:
        (buried,) = await buried_jobs(reader)
    assert buried["last_error"] == "took longer than its deadline"


async def test_a_long_job_keeps_its_lease(database: Database, vault: Vault, workspace_id: UUID) -> None:
    started: list[int] = []

    async def greet(job: Job) -> None:
        started.append(job.claim.attempt)
        await asyncio.sleep(1.5)

    await _add(database, vault, workspace_id)
    workers = [_worker(database, vault, greet, lease=timedelta(milliseconds=500)) for _ in range(2)]
    first = asyncio.create_task(workers[0].run_due())
    async with asyncio.timeout(20):
        while not first.done():
            await workers[1].run_due()
            await asyncio.sleep(0.05)
    assert started == [1]


async def test_a_job_whose_lease_is_taken_is_cancelled(database: Database, vault: Vault, workspace_id: UUID) -> None:
    ended: list[str] = []

    async def greet(job: Job) -> None:
        async with writing(job.database, workspace_id) as writer:
            await writer.connection.exec_driver_sql("update job set token = gen_random_uuid()")
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    await _add(database, vault, workspace_id)
    await _worker(database, vault, greet, lease=timedelta(milliseconds=400)).run_due()
    assert ended == ["cancelled"]


async def test_a_job_may_come_again(database: Database, vault: Vault, workspace_id: UUID) -> None:
    async def greet(job: Job) -> Again:
        return Again(after=timedelta(0))

    await _add(database, vault, workspace_id)
    worker = _worker(database, vault, greet)
    assert [await worker.run_due() for _ in range(3)] == [1, 1, 1]
    assert await count_jobs(database) == {("greet", JobState.WAITING): 1}


async def test_shutdown_gives_unfinished_jobs_back(database: Database, vault: Vault, workspace_id: UUID) -> None:
    begun = asyncio.Event()

    async def greet(job: Job) -> None:
        begun.set()
        await asyncio.sleep(60)

    await _add(database, vault, workspace_id)
    worker = _worker(database, vault, greet, grace=timedelta(milliseconds=100))
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(10):
        await begun.wait()
        worker.stop.set()
        await running
    assert await count_jobs(database) == {("greet", JobState.WAITING): 1}


async def test_shutdown_lets_running_jobs_finish(database: Database, vault: Vault, workspace_id: UUID) -> None:
    begun = asyncio.Event()

    async def greet(job: Job) -> None:
        begun.set()
        await asyncio.sleep(0.3)
        async with writing(job.database, workspace_id) as writer:
            await complete(writer.connection, job.claim)

    await _add(database, vault, workspace_id)
    worker = _worker(database, vault, greet)
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(10):
        await begun.wait()
        worker.stop.set()
        await running
    assert await count_jobs(database) == {("greet", JobState.DONE): 1}


async def _killed_process(app_url: str, key_file: Path, point: str) -> int:
    """A worker process that kills itself with SIGKILL when it comes to the point."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.delivery.dying_worker", app_url, str(key_file), point, cwd=ROOT
    )
    async with asyncio.timeout(60):
        return await process.wait()


@pytest.mark.parametrize(
    "point",
    [
        "claimed",
        "completed",
        "any moment",
        *(
            pytest.param(p, marks=pytest.mark.slow)
            for p in ("payload opened", "effect written", "committed", "half done")
        ),
    ],
)
async def test_a_killed_worker_loses_and_doubles_nothing(
    database: Database, vault: Vault, workspace_id: UUID, app_url: str, point: str
) -> None:
    await _add(database, vault, workspace_id, count=30)
    kills = 0
    while await _killed_process(app_url, vault.key_file, point) == -signal.SIGKILL:
        kills += 1
        assert kills < 200
    async with reading(database, workspace_id) as reader:
        greeted = (await reader.connection.exec_driver_sql("select chatbot_id from thread order by 1")).scalars().all()
    assert greeted == list(range(30))
    assert await count_jobs(database) == {("greet", JobState.DONE): 30}
    assert kills >= (1 if point == "any moment" else 3)
