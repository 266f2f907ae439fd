"""The job that tells languages behind ingest: sessions of which no bot told one, by what their visitors wrote.

It waits until ingest is quiet, as both need the same cores, but not for ever.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from functools import cache
from time import monotonic
from typing import Final
from uuid import UUID

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from delivery.worker import Again, Job, JobFailed
from domain.languages import believed, evidence
from persistence.engine import Database
from persistence.ingest.activity import ingest_at_work
from persistence.jobs import complete
from persistence.languages import (
    Place,
    Untold,
    Waiting,
    note_read_through,
    read_untold,
    untold_after,
    waiting_sessions,
    write_languages,
)
from persistence.tenancy import reading, writing

_AT_A_TIME: Final = 200
"""Sessions: ingest waits for no more than these to be written."""
_STATEMENT_TIMEOUT_MS: Final = 60_000
_LOOKS_BUSY: Final = 2
_LOOKS_QUIET: Final = 3
"""Whichever comes first: a batch now and then does not count, a flood of them does."""
_BETWEEN_LOOKS_S: Final = 0.2
_LOOK_AGAIN: Final = timedelta(seconds=2)
LONGEST_WAIT_S: Final = 300.0
"""From then on it goes on beside ingest."""
_RESTS_TIMES: Final = 3
"""As long as it worked, where it does not wait any longer."""
_LONGEST_REST_S: Final = 2.0


async def detect_languages(job: Job) -> Again | None:
    """How far the log was read and the job's end stand in one transaction: whoever takes over begins there again, and
    so does the job itself after it gave way."""
    workspace_id, waits = _workspace_of(job), job.claim.age_s < LONGEST_WAIT_S
    if waits and await _ingest_is_busy(job.database):
        return Again(after=_LOOK_AGAIN)
    async with reading(job.database, workspace_id, snapshot=True) as reader:
        waiting = await waiting_sessions(reader)
    async for places in _portions(job, waiting):
        started = monotonic()
        await _judge(job, places)
        if not waits:
            await asyncio.sleep(min(_RESTS_TIMES * (monotonic() - started), _LONGEST_REST_S))
        elif await _ingest_is_busy(job.database, glance=True):
            return Again(after=_LOOK_AGAIN)
    async with writing(job.database, workspace_id) as writer:
        await note_read_through(writer, waiting.read_through)
        await complete(writer.connection, job.claim)
    return None


async def _ingest_is_busy(database: Database, *, glance: bool = False) -> bool:
    """In whichever process and workspace. With `glance`, nobody at work at the first look is quiet enough."""
    busy = quiet = 0
    while True:
        if await ingest_at_work(database):
            busy += 1
        else:
            quiet += 1
        if busy == _LOOKS_BUSY or quiet == _LOOKS_QUIET or (glance and not busy):
            return busy == _LOOKS_BUSY
        await asyncio.sleep(_BETWEEN_LOOKS_S)


def _workspace_of(job: Job) -> UUID:
    if job.claim.workspace_id is None:
        raise JobFailed("languages are told for a workspace", permanent=True)
    return job.claim.workspace_id


async def _portions(job: Job, waiting: Waiting) -> AsyncIterator[Sequence[Place]]:
    if waiting.places is not None:
        for start in range(0, len(waiting.places), _AT_A_TIME):
            yield waiting.places[start : start + _AT_A_TIME]
        return
    after = 0
    while True:
        async with reading(job.database, _workspace_of(job), statement_timeout_ms=_STATEMENT_TIMEOUT_MS) as reader:
            places = await untold_after(reader, after, limit=_AT_A_TIME)
        if not places:
            return
        yield places
        after = places[-1].session_id


async def _judge(job: Job, places: Sequence[Place]) -> None:
    workspace_id = _workspace_of(job)
    async with reading(job.database, workspace_id, snapshot=True) as reader:
        untold = await read_untold(reader, places)
    found = await asyncio.to_thread(_languages_of, untold)
    if found:
        async with writing(job.database, workspace_id) as writer:
            await write_languages(writer, found)


def _languages_of(sessions: Sequence[Untold]) -> list[tuple[Untold, str | None]]:
    return [(session, language_of(session.texts)) for session in sessions]


def language_of(texts: Sequence[str]) -> str | None:
    """None where nothing sure can be told."""
    words = evidence(texts)
    return None if words is None else believed(*_identifier().classify(words))


@cache
def _identifier() -> LanguageIdentifier:
    """About two seconds to load, once a process, and only where there is something to judge."""
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
