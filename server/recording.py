"""Events from a client's bytes to durable rows: one way for /v1/events and the `recordEvents` mutation."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from domain.accounts import Actor, Viewer
from domain.events import SessionContext
from domain.origin import Origin
from domain.reporting import MOST_EVENTS, Rejected, Reported, each_event
from persistence.audit import record
from persistence.engine import Database
from persistence.ingest.append import store_events
from persistence.ingest.arrivals import REJECTED, EventProblem, EventResult, Parcel
from persistence.tenancy import writing
from schema.context import Clock
from server.enrichment import Enrichment
from server.intake import Intake, IntakeLimits

_SMALL_BODY_BYTES: Final = 16_384
_EVENTS_AT_A_TIME: Final = 25
"""Between which others get their turn, and the database its next statement."""
_CONTEXTS_AT_A_TIME: Final = 200
"""Between which others get their turn: a user agent never seen before takes a while to read."""


class Recorder:
    """One per process. `await recorder.record(viewer, body, ...)`: one result for each event, in order."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        enrichment: Enrichment | None = None,
        limits: IntakeLimits | None = None,
    ) -> None:
        async def store(
            workspace_id: UUID, parcels: Sequence[Parcel], at_leisure: Callable[[], None]
        ) -> list[list[EventResult]]:
            return await store_events(database, workspace_id, parcels, at_leisure=at_leisure)

        self.intake = Intake(store, limits=limits)
        self._database = database
        self._clock = clock
        self._enrichment = enrichment or Enrichment()
        self._reading = asyncio.Lock()
        self._noted: dict[UUID, datetime] = {}

    async def record(
        self, viewer: Viewer, body: bytes, *, content_type: str = "application/json", country: str | None = None
    ) -> list[EventResult]:
        """Raises `Refused` for an unreadable body, `IntakeFull`, `DatabaseUnavailable`."""
        now = self._clock()
        now_ms = int(now.timestamp() * 1000)
        told = await self._read(
            viewer.workspace_id,
            each_event(body, content_type=content_type, now_ms=now_ms, most_events=MOST_EVENTS),
            at_once=len(body) <= _SMALL_BODY_BYTES,
        )
        reported = [one for one in told if isinstance(one, Reported)]
        parcel = Parcel(
            events=reported,
            received_at_ms=now_ms,
            origins=await self._origins(reported, country),
            among=viewer.chatbot_ids,
        )
        stored = await self.intake.submit(viewer.workspace_id, parcel, size=len(body))
        await self._note(viewer, now)
        if len(stored) == len(told):
            return stored
        return sorted([*stored, *map(_refused, told_wrong(told))], key=lambda result: result.index)

    async def _read(
        self, workspace_id: UUID, events: Iterable[Reported | Rejected], *, at_once: bool
    ) -> list[Reported | Rejected]:
        """Larger bodies one after another, and best while the database is at work: then it waits for nobody here."""
        if at_once:
            return list(events)
        await self.intake.leisure(workspace_id)
        async with self._reading:
            return await _a_few_at_a_time(events)

    async def close(self) -> None:
        await self.intake.close()
        self._enrichment.close()

    async def _origins(self, reported: Sequence[Reported], country: str | None) -> Mapping[int, Origin]:
        origins: dict[int, Origin] = {}
        for place, one in enumerate(reported):
            context: SessionContext | None = getattr(one.event, "context", None)
            if context is not None:
                origins[place] = self._enrichment.origin(context, country)
                if len(origins) % _CONTEXTS_AT_A_TIME == 0:
                    await asyncio.sleep(0)
        return origins

    async def _note(self, viewer: Viewer, now: datetime) -> None:
        """Sending events is on record once per key and hour, not per call."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        if viewer.key_id is None or self._noted.get(viewer.key_id) == hour:
            return
        self._noted[viewer.key_id] = hour
        actor = Actor(kind=viewer.kind, key_id=viewer.key_id)
        async with writing(self._database, viewer.workspace_id) as writer:
            await record(
                writer, actor=actor, action="events.record", target=None, detail={"hour": hour.isoformat()}, now=now
            )


async def _a_few_at_a_time(events: Iterable[Reported | Rejected]) -> list[Reported | Rejected]:
    told: list[Reported | Rejected] = []
    for event in events:
        told.append(event)
        if len(told) % _EVENTS_AT_A_TIME == 0:
            await asyncio.sleep(0)
    return told


def told_wrong(told: Sequence[Reported | Rejected]) -> list[Rejected]:
    return [one for one in told if isinstance(one, Rejected)]


def _refused(wrong: Rejected) -> EventResult:
    return EventResult(
        wrong.index,
        REJECTED,
        code=wrong.code,
        field=wrong.field or None,
        message=wrong.message,
        allowed=wrong.allowed,
        suggestion=wrong.suggestion,
        problems=tuple(
            EventProblem(one.code, one.field or None, one.message, one.allowed, one.suggestion)
            for one in wrong.problems
        ),
    )
