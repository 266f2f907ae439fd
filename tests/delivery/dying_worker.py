"""A worker process for the kill tests: `python -m tests.delivery.dying_worker <url> <key file> <point>`.

At the named point one of the first jobs kills the whole process with SIGKILL; ends by itself when no job is left.
"""

import asyncio
import os
import random
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import persistence.jobs
from delivery.worker import Handling, Job, Worker, WorkerSettings
from persistence.engine import Database, connected, open_database
from persistence.jobs import JobState, RetryPolicy, complete, count_jobs
from persistence.tenancy import writing
from persistence.vault import Vault

_ROUNDS_BEFORE_DEATH = 8


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class _Fate:
    """Dies at one point, after some jobs went well."""

    def __init__(self, point: str) -> None:
        self.point = point
        self.left = _ROUNDS_BEFORE_DEATH

    def reach(self, point: str) -> None:
        if point == self.point:
            self.left -= 1
            if self.left <= 0:
                _die()


async def _greet(job: Job, fate: _Fate) -> None:
    workspace_id = job.claim.workspace_id
    assert workspace_id is not None
    fate.reach("payload opened")
    number = int(job.payload)
    async with writing(job.database, workspace_id) as writer:
        # `thread` stands for any effect that a repetition would double: nothing in it is unique by job
        await writer.driver.execute(
            "insert into thread (workspace_id, thread_id, chatbot_id, thread_ref) "
            "values ($1, $2, $3, gen_random_uuid()::text)",
            workspace_id,
            random.getrandbits(60),
            number,
        )
        fate.reach("effect written")
        await complete(writer.connection, job.claim)
        fate.reach("completed")
    fate.reach("committed")


def _dying_at_claim(fate: _Fate) -> Any:
    original = persistence.jobs.claim_jobs

    async def claim_jobs(*given: Any, **named: Any) -> Any:
        claims = await original(*given, **named)
        for _ in claims:
            fate.reach("claimed")
        return claims

    return claim_jobs


async def _over(database: Database) -> bool:
    counts = await count_jobs(database)
    return set(counts) == {("greet", JobState.DONE)}


async def main(url: str, key_file: str, point: str) -> None:
    fate = _Fate(point)
    database = open_database(url, connect_timeout_s=10, acquire_timeout_s=10)
    sys.modules["delivery.worker"].__dict__["claim_jobs"] = _dying_at_claim(fate)

    async def greet(job: Job) -> None:
        await _greet(job, fate)
        fate.reach("half done")
        if point == "any moment":
            await asyncio.sleep(0.1)

    handling = Handling(greet, retry=RetryPolicy(first=timedelta(0)))
    settings = WorkerSettings(lease=timedelta(seconds=1), poll=timedelta(milliseconds=50))
    worker = Worker(
        database, Vault(Path(key_file)), {"greet": handling}, clock=lambda: datetime.now(UTC), settings=settings
    )
    running = asyncio.create_task(worker.run())
    if point == "any moment":
        asyncio.get_running_loop().call_later(random.uniform(0.05, 0.6), _die)
    while not await _over(database):
        await _hurry(database)
        await asyncio.sleep(0.05)
    worker.stop.set()
    await running
    await database.close()


async def _hurry(database: Database) -> None:
    """Given-back jobs are due at once, so that the test is short."""
    async with connected(database) as connection:
        await connection.exec_driver_sql(
            "update job set due_at = clock_timestamp() where state = 1 and due_at > clock_timestamp()"
        )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
