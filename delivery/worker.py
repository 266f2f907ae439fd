"""Runs jobs: claims as many as it has hands for, keeps their leases, and lets go of everything on shutdown.

A handler's effect and the job's end may stand in one transaction: `await complete(writer.connection, job.claim)`.
A handler that returns without that is completed afterwards, so its effects must bear being repeated.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from persistence.engine import Database, DatabaseUnavailable, connected
from persistence.jobs import (
    CHANNEL,
    Claim,
    LeaseLost,
    NewJob,
    RetryPolicy,
    claim_jobs,
    complete,
    ensure_upkeep,
    extend_lease,
    fail,
    open_payload,
    release,
    reschedule,
)
from persistence.notices import hear
from persistence.vault import CannotOpen, Vault

_log = structlog.get_logger(__name__)
_LONGEST_PAUSE_SECONDS = 5.0
_ENSURE_SECONDS = 600.0

Clock = Callable[[], datetime]


class JobFailed(Exception):
    """A failure that a handler expects. `reason` is stored: it must hold no personal data."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class Job:
    """What a handler gets."""

    claim: Claim
    payload: bytes
    database: Database
    vault: Vault
    clock: Clock


@dataclass(frozen=True, slots=True)
class Again:
    """A handler's answer when the same job is to come back later."""

    after: timedelta


@dataclass(frozen=True, slots=True)
class Handling:
    """How a kind of job is done. `run` has `deadline` for one attempt."""

    run: Callable[[Job], Awaitable[Again | None]]
    deadline: timedelta = timedelta(minutes=10)
    retry: RetryPolicy = field(default_factory=RetryPolicy)


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """`poll`: how often to look where no notice came; `grace`: how long running jobs may go on after `stop`."""

    hands: int = 4
    lease: timedelta = timedelta(seconds=30)
    poll: timedelta = timedelta(seconds=1)
    grace: timedelta = timedelta(seconds=8)


class Worker:
    """One per process. `run` ends after `stop` is set and the last job is finished or given back."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        handlings: Mapping[str, Handling],
        *,
        clock: Clock,
        settings: WorkerSettings | None = None,
        recurring: Sequence[NewJob] = (),
    ) -> None:
        """`recurring`: jobs of no workspace that must always be there; a lost or buried one is added again."""
        self.database = database
        self.vault = vault
        self.handlings = handlings
        self.clock = clock
        self.settings = settings or WorkerSettings()
        self.recurring = recurring
        self.stop = asyncio.Event()
        self.wake = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._ensure_at = 0.0

    async def run(self, *, listen: bool = True) -> None:
        """`listen=False` where the process hears notices already and sets `wake` itself."""
        listening = asyncio.create_task(self._listen()) if listen else None
        try:
            await self._claim_until_stopped()
            await self._let_finish()
        finally:
            if listening:
                listening.cancel()
                with suppress(asyncio.CancelledError):
                    await listening

    async def run_due(self) -> int:
        """Does what is due now, one round, and waits for it: for tests and commands. Says how many."""
        claims = await self._claim()
        await asyncio.gather(*(self._do(claim) for claim in claims))
        return len(claims)

    async def _listen(self) -> None:
        await hear(self.database.url, {CHANNEL: lambda _: self.wake.set()}, missed=self.wake.set, stop=self.stop)

    async def _claim_until_stopped(self) -> None:
        pause = self.settings.poll.total_seconds()
        while not self.stop.is_set():
            self.wake.clear()
            try:
                claims = await self._claim()
                pause = self.settings.poll.total_seconds()
            except DatabaseUnavailable as error:
                _log.warning("cannot claim jobs", error=str(error))
                claims = []
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            for claim in claims:
                task = asyncio.create_task(self._do(claim))
                self._running.add(task)
                task.add_done_callback(self._done)
            if not claims or len(self._running) >= self.settings.hands:
                await self._rest(pause)

    async def _claim(self) -> list[Claim]:
        await self._ensure_recurring()
        free = self.settings.hands - len(self._running)
        if free <= 0:
            return []
        return await claim_jobs(self.database, self.handlings.keys(), count=free, lease=self.settings.lease)

    async def _ensure_recurring(self) -> None:
        now = asyncio.get_running_loop().time()
        if self.recurring and now >= self._ensure_at:
            for new in self.recurring:
                await ensure_upkeep(self.database, new)
            self._ensure_at = now + _ENSURE_SECONDS

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self.wake.set()

    async def _rest(self, seconds: float) -> None:
        waits = {asyncio.create_task(self.wake.wait()), asyncio.create_task(self.stop.wait())}
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _let_finish(self) -> None:
        if not self._running:
            return
        _, late = await asyncio.wait(self._running, timeout=self.settings.grace.total_seconds())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _do(self, claim: Claim) -> None:
        """Never raises: what goes wrong with one job is that job's matter."""
        handling = self.handlings[claim.kind]
        try:
            await self._run_with_lease(claim, handling)
        except asyncio.CancelledError:
            with suppress(LeaseLost, DatabaseUnavailable):
                await asyncio.shield(release(self.database, claim))
            raise
        except LeaseLost:
            _log.warning("lost the lease of a job", job=str(claim.job_id), kind=claim.kind)
        except JobFailed as failure:
            await self._fail(claim, handling, failure.reason, permanent=failure.permanent)
        except CannotOpen:
            await self._fail(claim, handling, "the payload cannot be opened", permanent=True)
        except TimeoutError:
            await self._fail(claim, handling, "took longer than its deadline")
        except Exception as error:  # the stored reason names the kind only: messages may quote data
            _log.exception("a job failed", job=str(claim.job_id), kind=claim.kind)
            await self._fail(claim, handling, type(error).__name__)

    async def _run_with_lease(self, claim: Claim, handling: Handling) -> None:
        payload = await open_payload(self.database, self.vault, claim)
        job = Job(claim, payload, self.database, self.vault, self.clock)
        running = asyncio.ensure_future(handling.run(job))
        beating = asyncio.create_task(self._keep_lease(claim))
        try:
            async with asyncio.timeout(handling.deadline.total_seconds()):
                await asyncio.wait({running, beating}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                beating.result()  # the lease is lost: raises
            again = running.result()
        finally:
            for task in (running, beating):
                task.cancel()
            await asyncio.gather(running, beating, return_exceptions=True)
        await self._conclude(claim, again)

    async def _keep_lease(self, claim: Claim) -> None:
        """Ends only by losing the lease: by being told so, or by not reaching the database for a whole lease."""
        loop = asyncio.get_running_loop()
        lease = self.settings.lease.total_seconds()
        held_until = loop.time() + lease
        while loop.time() < held_until:
            await asyncio.sleep(lease / 4)
            started = loop.time()
            with suppress(DatabaseUnavailable):
                await extend_lease(self.database, claim, self.settings.lease)
                held_until = started + lease
        raise LeaseLost(f"the lease of {claim.job_id} could not be kept")

    async def _conclude(self, claim: Claim, again: Again | None) -> None:
        async with connected(self.database) as connection:
            if again is not None:
                await reschedule(connection, claim, again.after)
                return
            with suppress(LeaseLost):  # completed by the handler, together with its effects
                await complete(connection, claim)

    async def _fail(self, claim: Claim, handling: Handling, reason: str, *, permanent: bool = False) -> None:
        try:
            state = await fail(self.database, claim, reason, retry=handling.retry, permanent=permanent)
        except (LeaseLost, DatabaseUnavailable):
            return  # the lease runs out and the job is given back
        _log.warning("a job did not succeed", job=str(claim.job_id), kind=claim.kind, state=state.name, reason=reason)
