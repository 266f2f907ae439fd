"""`recordEvents`: the same events as /v1/events takes, for clients that speak GraphQL only."""

import strawberry
from msgspec import json as wire
from strawberry.scalars import JSON

from domain.accounts import Scope
from domain.problems import Refused, Unavailable
from resolvers.request import Info
from schema.permissions import requires
from schema.types.events import RecordedEvents


@strawberry.type
class EventMutation:
    @strawberry.mutation(
        description="Stores events, each as /v1/events takes it (docs/ingest.md). Answered when they are durable; "
        "sending them again is safe. At most 10,000 at once, within the limit of a request's body.",
        extensions=[requires(Scope.EVENTS_WRITE)],
    )
    async def record_events(self, info: Info, events: list[JSON]) -> RecordedEvents:
        context = info.context
        recorder = context.settings.recorder
        if recorder is None:
            raise Refused(Unavailable(message="This server takes no events."))
        return RecordedEvents.from_domain(await recorder.record(context.viewer, wire.encode(events)))
