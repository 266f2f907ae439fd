"""A queue of our own in a plain table: claims by SKIP LOCKED, a lease by the database's clock, a fresh token per claim.

Whoever lost the lease can write nothing more, because every write names the token. Attempts count from the claim, so
that a job which kills its worker comes to an end too.
"""

import random
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from uuid import UUID, uuid4

from sqlalchemy import RowMapping, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.engine import Database, connected
from persistence.jobs_queries import CLAIM, COMPLETE, EXTEND, FAIL, HOLD, REAP, RELEASE, RESCHEDULE, REVIVE, SWEEP
from persistence.tables.jobs import JobRow
from persistence.tenancy import Reader, Writer, reading
from persistence.vault import Place, Vault

CHANNEL = "parlance_job"
_MOST_ERROR_CHARACTERS = 200
_MOST_LISTED = 100


class JobState(IntEnum):
    """Codes of `job.state`."""

    WAITING = 1
    RUNNING = 2
    DONE = 3
    BURIED = 4


class LeaseLost(Exception):
    """The job belongs to somebody else by now, or is over: nothing may be written in its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """`unique_key`: while a job of this kind and key waits, another one is not added. One that runs already may have
    read before this cause, so it does not stand in the way; two of a key may run at the same time."""

    kind: str
    payload: bytes = b""
    unique_key: str | None = None
    priority: int = 0
    delay: timedelta = timedelta(0)
    due_at: datetime | None = None
    most_attempts: int = 10


@dataclass(frozen=True, slots=True)
class Claim:
    """A job in the hands of one worker. `attempt` counts from 1."""

    job_id: UUID
    kind: str
    workspace_id: UUID | None
    token: UUID
    attempt: int
    most_attempts: int
    sealed: bytes
    age_s: float
    """Since its cause, or that of the job whose work it took over, by the database's clock."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Doubles from `first` to `longest`, each shortened by chance so that failures do not come back together."""

    first: timedelta = timedelta(seconds=2)
    longest: timedelta = timedelta(hours=1)

    def delay_after(self, attempt: int) -> timedelta:
        full: timedelta = min(self.longest, self.first * 2 ** min(attempt - 1, 30))
        return full * random.uniform(0.5, 1.0)


async def enqueue(writer: Writer, vault: Vault, new: NewJob) -> UUID | None:
    """In the writer's transaction, so the job exists exactly if its cause does. None: there is one of this key."""
    job_id = uuid4()
    payload = b""
    if new.payload:
        payload = (await vault.safe_for_sealing(writer)).seal(_place(job_id), new.payload)
    return await _add(writer.connection, job_id, new, writer.workspace_id, payload)


async def enqueue_notice(writer: Writer, new: NewJob) -> UUID | None:
    """A job of the writer's workspace that carries no payload: that there is work is all it says."""
    if new.payload:
        raise ValueError("a notice carries no payload")
    return await _add(writer.connection, uuid4(), new, writer.workspace_id, b"")


async def enqueue_upkeep(connection: AsyncConnection, new: NewJob) -> UUID | None:
    """A job of no workspace; it carries no payload."""
    if new.payload:
        raise ValueError("a job of no workspace has no key to seal a payload with")
    return await _add(connection, uuid4(), new, None, b"")


async def ensure_upkeep(database: Database, new: NewJob) -> None:
    """Adds a recurring job unless one of its key waits or runs."""
    async with connected(database) as connection:
        key = JobRow.__table__.c
        alive = select(key.job_id).where(
            key.kind == new.kind,
            key.unique_key == _scoped_key(None, new.unique_key),
            key.state.in_((int(JobState.WAITING), int(JobState.RUNNING))),
        )
        if (await connection.execute(alive.limit(1))).first() is None:
            await enqueue_upkeep(connection, new)


async def claim_jobs(database: Database, kinds: Collection[str], *, count: int, lease: timedelta) -> list[Claim]:
    """Takes up to `count` due jobs, the most urgent first, after giving back those whose lease ran out."""
    async with connected(database) as connection:
        await connection.execute(text(REAP), {"delay": RetryPolicy().delay_after(1)})
        rows = await connection.execute(text(CLAIM), {"kinds": list(kinds), "count": count, "lease": lease})
        return [_claim(row) for row in rows.mappings()]


async def open_payload(database: Database, vault: Vault, claim: Claim) -> bytes:
    if not claim.sealed or claim.workspace_id is None:
        return b""
    async with reading(database, claim.workspace_id) as reader:
        return await vault.open(reader, _place(claim.job_id), claim.sealed)


async def hold(connection: AsyncConnection, claim: Claim) -> None:
    """Fences a transaction: until it ends nobody can take the job over. Call it before writing an effect."""
    await _fenced(connection, HOLD, claim)


async def complete(connection: AsyncConnection, claim: Claim) -> None:
    """In the transaction of the effects, so that both stand or neither."""
    await _fenced(connection, COMPLETE, claim)


async def reschedule(connection: AsyncConnection, claim: Claim, after: timedelta) -> None:
    """Done for now, due again later; attempts count anew."""
    await _fenced(connection, RESCHEDULE, claim, delay=after)


async def extend_lease(database: Database, claim: Claim, lease: timedelta) -> None:
    """The heartbeat: at least three in the length of a lease."""
    async with connected(database) as connection:
        await _fenced(connection, EXTEND, claim, lease=lease)


async def release(database: Database, claim: Claim) -> None:
    """Gives an unfinished job back at once, as if it had not been tried: the worker is going down."""
    async with connected(database) as connection:
        await _fenced(connection, RELEASE, claim)


async def fail(
    database: Database, claim: Claim, reason: str, *, retry: RetryPolicy, permanent: bool = False
) -> JobState:
    """Due again after the policy's delay, or buried when attempts are used up or another try is of no use."""
    buried = permanent or claim.attempt >= claim.most_attempts
    values = {"buried": buried, "delay": retry.delay_after(claim.attempt), "reason": reason[:_MOST_ERROR_CHARACTERS]}
    async with connected(database) as connection:
        return JobState(await _fenced(connection, FAIL, claim, **values))


async def revive(writer: Writer, job_id: UUID) -> bool:
    """A buried job of the workspace starts over. False: there is none, or one of its key waits already."""
    values = {"job_id": job_id, "workspace_id": writer.workspace_id}
    revived = (await writer.connection.execute(text(REVIVE), values)).rowcount == 1
    if revived:
        await _wake(writer.connection)
    return revived


async def buried_jobs(reader: Reader, *, limit: int = _MOST_LISTED) -> list[RowMapping]:
    """What was given up in this workspace, latest first: id, kind, attempts, why and when."""
    table = JobRow.__table__.c
    statement = (
        select(table.job_id, table.kind, table.attempts, table.last_error, table.created_at, table.finished_at)
        .where(table.workspace_id == reader.workspace_id, table.state == int(JobState.BURIED))
        .order_by(table.finished_at.desc())
        .limit(min(limit, _MOST_LISTED))
    )
    return list((await reader.connection.execute(statement)).mappings())


async def count_jobs(database: Database) -> dict[tuple[str, JobState], int]:
    """How many jobs of each kind are in which state, over all workspaces: for `/metrics` and the doctor."""
    statement = select(JobRow.kind, JobRow.state, func.count()).group_by(JobRow.kind, JobRow.state)
    async with connected(database) as connection:
        return {(kind, JobState(state)): count for kind, state, count in await connection.execute(statement)}


async def seconds_behind(database: Database) -> dict[str, float]:
    """For each kind of job of workspaces: how long the oldest one that is not done waits or runs."""
    row = JobRow
    age = func.extract("epoch", func.clock_timestamp() - func.min(row.created_at))
    statement = (
        select(row.kind, age)
        .where(row.state.in_((int(JobState.WAITING), int(JobState.RUNNING))), row.workspace_id.is_not(None))
        .group_by(row.kind)
    )
    async with connected(database) as connection:
        return {kind: float(seconds) for kind, seconds in await connection.execute(statement)}


async def sweep_finished(connection: AsyncConnection, *, done_for: timedelta, buried_for: timedelta) -> int:
    """Removes what is over for long enough; a bounded number at a time."""
    values = {"done_for": done_for, "buried_for": buried_for}
    return (await connection.execute(text(SWEEP), values)).rowcount


def _place(job_id: UUID) -> Place:
    return Place("job", "payload", str(job_id))


def _claim(row: RowMapping) -> Claim:
    return Claim(
        job_id=row["job_id"],
        kind=row["kind"],
        workspace_id=row["workspace_id"],
        token=row["token"],
        attempt=row["attempts"],
        most_attempts=row["most_attempts"],
        sealed=row["payload"],
        age_s=row["age_s"],
    )


async def _add(
    connection: AsyncConnection, job_id: UUID, new: NewJob, workspace_id: UUID | None, payload: bytes
) -> UUID | None:
    key = JobRow.__table__.c
    statement = (
        insert(JobRow)
        .values(
            job_id=job_id,
            kind=new.kind,
            workspace_id=workspace_id,
            unique_key=_scoped_key(workspace_id, new.unique_key),
            priority=new.priority,
            most_attempts=new.most_attempts,
            due_at=new.due_at or func.clock_timestamp() + new.delay,
            payload=payload,
        )
        .on_conflict_do_nothing(
            index_elements=[key.kind, key.unique_key],
            index_where=text("unique_key is not null and state = 1"),
        )
        .returning(key.job_id)
    )
    added: UUID | None = (await connection.execute(statement)).scalar_one_or_none()
    if added:
        await _wake(connection)
    return added


def _scoped_key(workspace_id: UUID | None, unique_key: str | None) -> str | None:
    """Two workspaces may use the same key."""
    return None if unique_key is None else f"{workspace_id or ''}:{unique_key}"


async def _wake(connection: AsyncConnection) -> None:
    await connection.execute(select(func.pg_notify(CHANNEL, "")))


async def _fenced(connection: AsyncConnection, statement: str, claim: Claim, **values: object) -> int:
    """What the statement returns; nothing means that the job is not this claim's any more."""
    result = await connection.execute(text(statement), {"job_id": claim.job_id, "token": claim.token, **values})
    returned: int | None = result.scalar_one_or_none()
    if returned is None:
        raise LeaseLost(f"the job {claim.job_id} is no longer held by this claim")
    return returned
