"""The type of `info` in every resolver: `schema.context.Context` with the database and the loaders filled in."""

from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import strawberry

from domain.accounts import Viewer
from persistence.engine import Database
from persistence.ingest.arrivals import EventResult
from resolvers.loaders import Loaders
from schema.context import Context


class EventRecorder(Protocol):
    """The way in for events that /v1/events has too."""

    async def record(self, viewer: Viewer, body: bytes) -> list[EventResult]: ...


@dataclass(frozen=True, slots=True)
class ResolverSettings:
    """The few settings that resolvers look at."""

    token_secret: bytes = field(repr=False)
    """Signs browser tokens; known to this installation only."""
    recorder: EventRecorder | None = None


RequestContext: TypeAlias = Context[Database, Loaders, ResolverSettings]
Info: TypeAlias = strawberry.Info[RequestContext, None]
