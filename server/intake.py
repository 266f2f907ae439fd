"""The waiting room of ingest: requests of one workspace that wait together become one transaction.

Bounded by events and bytes, fair among workspaces (one transaction of each in turn), one transaction of a workspace
at a time. A request is answered only after the commit that holds its events. While this process works on a
transaction, later requests of its workspace are not read yet: they are read while the database works on it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import structlog

from domain.problems import LimitReached, Refused
from persistence.engine import DatabaseUnavailable
from persistence.ingest.arrivals import EventResult, Parcel

Store = Callable[[UUID, Sequence[Parcel], Callable[[], None]], Awaitable[list[list[EventResult]]]]
"""Stores parcels of one workspace in one transaction; one list of results for each. Calls the function once what is
left is mostly the database's work."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeLimits:
    waiting_events: int = 200_000
    waiting_bytes: int = 256 * 1024 * 1024
    events_together: int = 4_000
    """Most events of one transaction, unless a single request brings more."""
    transactions: int = 4
    """Transactions at a time, of different workspaces."""
    seconds: float = 30.0
    """Longest time one transaction may take."""
    longest_hold: float = 0.5
    """Seconds that a request is held before it is read."""


class IntakeFull(Refused):
    """Nothing of the request was taken; try again after `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        message = f"Too many events wait to be stored; nothing was taken. Try again in {retry_after} s."
        super().__init__(LimitReached(message=message))
        self.retry_after = retry_after


@dataclass(slots=True, eq=False)
class _Request:
    parcel: Parcel
    size: int
    answer: "asyncio.Future[list[EventResult]]"

    @property
    def events(self) -> int:
        return len(self.parcel.events)


@dataclass(slots=True, eq=False)
class _Queue:
    requests: "deque[_Request]" = field(default_factory=deque)
    task: "asyncio.Task[None] | None" = None
    at_leisure: asyncio.Event = field(default_factory=asyncio.Event)
    """Not set while this process is busy with a transaction of the workspace."""


class Intake:
    """`await intake.submit(workspace_id, parcel, size=bytes)` returns when the events are durable. Raises IntakeFull,
    or DatabaseUnavailable, after which sending them again is safe."""

    def __init__(self, store: Store, *, limits: IntakeLimits | None = None) -> None:
        self._store_parcels = store
        self._limits = limits or IntakeLimits()
        self._queues: dict[UUID, _Queue] = {}
        self._turns = asyncio.Semaphore(self._limits.transactions)
        self._closing = False
        self.waiting_events = 0
        self.waiting_bytes = 0

    async def leisure(self, workspace_id: UUID) -> None:
        """Before a request is read: returns at once, or when the database is at work on the transaction before."""
        queue = self._queues.get(workspace_id)
        if queue is not None and not queue.at_leisure.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(queue.at_leisure.wait(), self._limits.longest_hold)

    async def submit(self, workspace_id: UUID, parcel: Parcel, *, size: int) -> list[EventResult]:
        if not parcel.events:
            return []
        self._refuse_when_full(len(parcel.events), size)
        request = _Request(parcel, size, asyncio.get_running_loop().create_future())
        self._enter(workspace_id, request)
        return await request.answer

    async def close(self) -> None:
        """Lets what was taken be stored; takes nothing more."""
        self._closing = True
        tasks = [queue.task for queue in self._queues.values() if queue.task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    def _refuse_when_full(self, events: int, size: int) -> None:
        limits = self._limits
        if self._closing:
            raise IntakeFull(retry_after=_RETRY_SECONDS)
        if self.waiting_events == 0:
            return  # a single request within its own limit always finds room
        if self.waiting_events + events > limits.waiting_events or self.waiting_bytes + size > limits.waiting_bytes:
            raise IntakeFull(retry_after=_RETRY_SECONDS)

    def _enter(self, workspace_id: UUID, request: _Request) -> None:
        self.waiting_events += request.events
        self.waiting_bytes += request.size
        queue = self._queues.setdefault(workspace_id, _Queue())
        queue.requests.append(request)
        if queue.task is None:
            queue.task = asyncio.create_task(self._drain(workspace_id, queue))

    async def _drain(self, workspace_id: UUID, queue: _Queue) -> None:
        """Ends when nothing waits; the semaphore is first come, first served, so workspaces take turns."""
        try:
            while queue.requests:
                queue.at_leisure.set()
                async with self._turns:
                    queue.at_leisure.clear()
                    await self._store(workspace_id, self._take(queue), queue.at_leisure)
        finally:
            queue.at_leisure.set()
            while queue.requests:  # only when something unforeseen ended the loop
                self._settle(queue.requests.popleft(), DatabaseUnavailable("the server is stopping"))
            queue.task = None
            del self._queues[workspace_id]

    def _take(self, queue: _Queue) -> list[_Request]:
        together = [queue.requests.popleft()]
        room = self._limits.events_together - together[0].events
        while queue.requests and queue.requests[0].events <= room:
            together.append(queue.requests.popleft())
            room -= together[-1].events
        return together

    async def _store(self, workspace_id: UUID, together: list[_Request], at_leisure: asyncio.Event) -> None:
        parcels = [request.parcel for request in together]
        try:
            async with asyncio.timeout(self._limits.seconds):
                outcome = await self._store_parcels(workspace_id, parcels, at_leisure.set)
        except Exception as failure:
            at_leisure.set()
            await self._store_apart(workspace_id, together, failure, at_leisure)
            return
        except BaseException:
            for request in together:
                self._settle(request, DatabaseUnavailable("the server is stopping"))
            raise
        for request, results in zip(together, outcome, strict=True):
            self._settle(request, results)

    async def _store_apart(
        self, workspace_id: UUID, together: list[_Request], failure: Exception, at_leisure: asyncio.Event
    ) -> None:
        """One request must not make its neighbours fail; a database that is gone makes all fail at once."""
        if isinstance(failure, TimeoutError):
            failure = DatabaseUnavailable("the transaction took too long")
        if isinstance(failure, DatabaseUnavailable) or len(together) == 1:
            for request in together:
                self._settle(request, failure)
            return
        _log.warning("requests are stored one by one", requests=len(together), error=type(failure).__name__)
        for request in together:
            await self._store(workspace_id, [request], at_leisure)

    def _settle(self, request: _Request, outcome: list[EventResult] | Exception) -> None:
        self.waiting_events -= request.events
        self.waiting_bytes -= request.size
        if request.answer.done():  # its client has gone
            return
        if isinstance(outcome, Exception):
            request.answer.set_exception(outcome)
        else:
            request.answer.set_result(outcome)


_RETRY_SECONDS: Final = 1
