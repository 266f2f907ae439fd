"""Which kinds of jobs there are, and how each is done."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from delivery.languages import detect_languages
from delivery.worker import Again, Clock, Handling, Job, Worker, WorkerSettings
from persistence.changes import trim_changes
from persistence.engine import Database, connected
from persistence.feeds import Feed, number_entries
from persistence.jobs import NewJob, sweep_finished
from persistence.languages import DETECT_LANGUAGES
from persistence.partitions import ensure_months
from persistence.tenancy import writing
from persistence.vault import Vault
from persistence.workspaces import workspace_ids

UPKEEP = "upkeep"
UPKEEP_EVERY = timedelta(hours=1)
MONTHS_AHEAD = 2
DONE_KEPT_FOR = timedelta(days=1)
BURIED_KEPT_FOR = timedelta(days=90)


async def keep_up(job: Job) -> Again:
    """1. partitions ahead of time, 2. old entries of change logs, 3. feeds nobody reads, 4. finished jobs."""
    await ensure_months(job.database, _months_around(job.clock()))
    for workspace_id in await workspace_ids(job.database):
        async with writing(job.database, workspace_id) as writer:
            await trim_changes(writer)
            for feed in Feed:
                await number_entries(writer, feed)
    async with connected(job.database) as connection:
        await sweep_finished(connection, done_for=DONE_KEPT_FOR, buried_for=BURIED_KEPT_FOR)
    return Again(after=UPKEEP_EVERY)


HANDLINGS: Mapping[str, Handling] = {
    UPKEEP: Handling(keep_up, deadline=timedelta(minutes=30)),
    DETECT_LANGUAGES: Handling(detect_languages, deadline=timedelta(hours=6)),
}
BEHIND_INGEST = (DETECT_LANGUAGES,)
"""What follows a batch after its commit: its lag is shown at /metrics."""
RECURRING = (NewJob(kind=UPKEEP, unique_key=UPKEEP, priority=-1),)


def make_worker(
    database: Database,
    vault: Vault,
    *,
    clock: Clock,
    settings: WorkerSettings | None = None,
    detect_languages: bool = True,
) -> Worker:
    """A worker that knows every kind of job. What is switched off ends at once, else it would wait for ever."""
    off = {} if detect_languages else {DETECT_LANGUAGES: Handling(_leave)}
    return Worker(database, vault, {**HANDLINGS, **off}, clock=clock, settings=settings, recurring=RECURRING)


async def _leave(job: Job) -> None:
    """What came meanwhile is still in the change log, or in the facts, when it is switched on again."""


def _months_around(now: datetime) -> range:
    """The month before, for events that come late, to those ahead."""
    this_month = now.year * 12 + now.month - 1
    return range(this_month - 1, this_month + MONTHS_AHEAD + 1)
