"""How much one client may ask: bytes of a body, points of cost per second, operations at a time.

Buckets live in this process. They are charged one point before a document is looked at, and its cost afterwards.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from starlette.requests import Request

from domain.accounts import ApiKey, KeyKind
from schema.cost import CostLimits
from server.refusals import bad_request, too_large, too_many_requests

_THROWN_AWAY_BYTES: Final = 4 * 1024 * 1024

KeyT = TypeVar("KeyT", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits of the API; settings fill them."""

    graphql_body_bytes: int = 256 * 1024
    ingest_body_bytes: int = 8 * 1024 * 1024
    operation_seconds: float = 10.0
    database_wait_seconds: float = 1.5
    """For the first word from the database; a request then fails with 503 instead of hanging."""
    key_points: int = 100_000
    key_points_per_second: float = 10_000.0
    workspace_points: int = 200_000
    workspace_points_per_second: float = 20_000.0
    public_key_requests_per_minute: int = 600
    workspace_operations: int = 8
    workspace_waiting: int = 64
    sockets_per_workspace: int = 1_000
    document: CostLimits = field(default_factory=CostLimits)


@dataclass(slots=True)
class TokenBucket:
    """Holds up to `capacity` points and refills evenly."""

    capacity: float
    per_second: float
    points: float
    at: float

    def refill(self, now: float) -> None:
        self.points = min(self.capacity, self.points + (now - self.at) * self.per_second)
        self.at = now

    def seconds_until(self, points: float) -> float:
        """Zero if the points are there now."""
        return max(0.0, (min(points, self.capacity) - self.points) / self.per_second)


class BucketTable(Generic[KeyT]):
    """Buckets by key, least recently used ones forgotten; a forgotten bucket comes back full."""

    def __init__(self, *, monotonic: Callable[[], float], most: int = 50_000) -> None:
        self._buckets: OrderedDict[KeyT, TokenBucket] = OrderedDict()
        self._monotonic = monotonic
        self._most = most

    def of(self, key: KeyT, *, capacity: float, per_second: float) -> TokenBucket:
        now = self._monotonic()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = TokenBucket(capacity, per_second, capacity, now)
            self._buckets[key] = bucket
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
            bucket.refill(now)
        return bucket


@dataclass(slots=True)
class Budget:
    """What one key of one workspace may still spend, and the account of one operation."""

    key: TokenBucket
    workspace: TokenBucket
    now: datetime

    def charge(self, points: int) -> None:
        """Takes points from both buckets, or refuses with 429 and leaves both as they were."""
        wait = max(self.key.seconds_until(points), self.workspace.seconds_until(points))
        if wait > 0:
            seconds = max(1, math.ceil(wait))
            raise too_many_requests(
                f"The limit of cost points is reached; {points} will be free again in {seconds} s.",
                retry_after_seconds=seconds,
                cost=self.account(requested=points, actual=0),
            )
        self.key.points -= points
        self.workspace.points -= points

    def give_back(self, points: int) -> None:
        for bucket in (self.key, self.workspace):
            bucket.points = min(bucket.capacity, bucket.points + max(0, points))

    def account(self, *, requested: int, actual: int) -> dict[str, Any]:
        """`extensions.cost`."""
        nearest = min(self.key, self.workspace, key=lambda bucket: bucket.points)
        missing = (nearest.capacity - nearest.points) / nearest.per_second
        reset_at = datetime.fromtimestamp(self.now.timestamp() + missing, UTC)
        return {
            "requested": requested,
            "actual": actual,
            "remaining": max(0, int(nearest.points)),
            "resetAt": reset_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        }


class RequestRates:
    """Requests a minute of keys that have a limit of their own, and of all public keys."""

    def __init__(self, *, monotonic: Callable[[], float], public_per_minute: int) -> None:
        self._buckets: BucketTable[UUID] = BucketTable(monotonic=monotonic)
        self._public_per_minute = public_per_minute

    def charge(self, key: ApiKey) -> None:
        per_minute = key.rate_per_minute
        if per_minute is None and key.kind is KeyKind.PUBLIC_INGEST:
            per_minute = self._public_per_minute
        if per_minute is None:
            return
        bucket = self._buckets.of(key.key_id, capacity=per_minute, per_second=per_minute / 60)
        wait = bucket.seconds_until(1)
        if wait > 0:
            raise too_many_requests(
                f"This key may send {per_minute} requests a minute.", retry_after_seconds=math.ceil(wait)
            )
        bucket.points -= 1


class WorkspaceGate:
    """Lets a bounded number of operations of one workspace run at once; a bounded number waits."""

    def __init__(self, *, running: int, waiting: int, wait_seconds: float) -> None:
        self._running = running
        self._waiting = waiting
        self._wait_seconds = wait_seconds
        self._places: dict[Hashable, asyncio.Semaphore] = {}
        self._inside: dict[Hashable, int] = {}

    @asynccontextmanager
    async def entered(self, workspace: Hashable) -> AsyncIterator[None]:
        inside = self._inside.get(workspace, 0)
        if inside >= self._running + self._waiting:
            raise too_many_requests("Too many operations of this workspace wait already.", retry_after_seconds=1)
        self._inside[workspace] = inside + 1
        places = self._places.setdefault(workspace, asyncio.Semaphore(self._running))
        try:
            await self._enter(places)
            try:
                yield
            finally:
                places.release()
        finally:
            self._inside[workspace] -= 1
            if not self._inside[workspace]:
                del self._inside[workspace], self._places[workspace]

    async def _enter(self, places: asyncio.Semaphore) -> None:
        try:
            async with asyncio.timeout(self._wait_seconds):
                await places.acquire()
        except TimeoutError:
            raise too_many_requests(
                "Other operations of this workspace take all places.", retry_after_seconds=1
            ) from None


async def read_body(request: Request, most_bytes: int) -> bytes:
    """The whole body, or a refusal when it is announced or counted to be larger than allowed.

    A little more is read and thrown away: many clients read no answer before they have sent everything.
    """
    announced = request.headers.get("content-length")
    if announced is not None and (not announced.isdigit() or len(announced) > 15):
        raise bad_request("Content-Length is no number.")
    parts: list[bytes] = []
    size = 0
    refused = announced is not None and int(announced) > most_bytes
    async for part in request.stream():
        size += len(part)
        refused = refused or size > most_bytes
        if refused and size > most_bytes + _THROWN_AWAY_BYTES:
            break
        if not refused:
            parts.append(part)
    if refused:
        raise too_large(most_bytes)
    return b"".join(parts)
