"""One schema, served twice: by Parlance with key, limits and figures, and by Strawberry as it comes.

    python -m benchmarks.graphql_served parlance 8001    # DATABASE_URL tells where the keys are

Types are the real ones; what the roots give is made beforehand, so that only answering is measured.
"""

import os
import sys
from datetime import UTC, datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import strawberry
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.schema.config import StrawberryConfig

from domain.accounts import Scope
from domain.buckets import Bucket
from domain.metrics.catalogue import METRICS
from domain.metrics.metric import Unit
from domain.queries.table import Reading, Series
from domain.time import DAY_MS, milliseconds
from domain.vocabulary import Channel, ChatbotType, Device, Outcome, Source
from persistence.engine import open_database
from schema.permissions import requires
from schema.scalars import SCALARS
from schema.types.metrics import Lines, MetricSeries
from schema.types.sessions import Session, SessionConfidence
from server.app import build_app, now
from server.commands.serve import keep_for_good
from server.limits import Limits
from server.logs import configure_logs

METRIC_NAMES = ("sessions", "messages", "uniqueVisitors", "engagementRate", "resolutionRate", "averageResponseTime")
DAYS, SESSIONS = 365, 100
START = datetime(2025, 1, 1, tzinfo=UTC)


@cache
def daily_lines() -> Lines:
    buckets = tuple(_bucket(START + timedelta(days=place)) for place in range(DAYS))
    lines = {name: _line(name) for name in METRIC_NAMES}
    return Lines(lines, cast(Any, SimpleNamespace(currency="EUR", buckets=buckets, previous_buckets=())))


def _bucket(day: datetime) -> Bucket:
    start_ms = milliseconds(day)
    return Bucket(start_ms, start_ms + DAY_MS, f"{day:%Y-%m-%d}", True)


def _line(name: str) -> Series:
    metric = METRICS[name]
    whole = metric.unit is Unit.COUNT
    return Series(metric, tuple(Reading(metric, place if whole else place / 400 + 0.125) for place in range(DAYS)))


@cache
def sessions() -> list[Session]:
    return [_session(number) for number in range(SESSIONS)]


def _session(number: int) -> Session:
    at = START + timedelta(minutes=number)
    told: dict[str, Any] = dict.fromkeys(field.name for field in Session.__dataclass_fields__.values())
    told |= {
        "id": strawberry.ID(f"session{number}"),
        "session_id": f"visit-{number}",
        "chatbot_id": strawberry.ID("chatbot"),
        "chatbot_type": list(ChatbotType)[number % 3],
        "started_at": at,
        "last_activity_at": at + timedelta(minutes=3),
        "duration_seconds": 180.0,
        "outcome": list(Outcome)[number % 7],
        "source": Source.LIVE,
        "channel": next(iter(Channel)),
        "device": list(Device)[number % 2] if number % 5 else None,
        "browser": "Firefox",
        "country": "DE",
        "language": "de",
        "primary_intent": f"intent {number % 30}",
        "user_messages": number % 9,
        "bot_messages": number % 9 + 1,
        "message_count": number % 9 * 2 + 1,
        "answers": number % 9,
        "average_response_seconds": number / 64,
        "thumbs_up": 1,
        "leads": 0,
        "confidence": SessionConfidence(lowest=0.5, mean=0.75, last=None, answers=3),
    }
    return Session(**told)


@strawberry.type
class Query:
    @strawberry.field(extensions=[requires()])  # type: ignore[untyped-decorator]
    async def series(self) -> MetricSeries:  # type: ignore[valid-type]
        return daily_lines()

    @strawberry.field(extensions=[requires()])  # type: ignore[untyped-decorator]
    async def sessions(self) -> list[Session]:
        return sessions()


def schema() -> strawberry.Schema:
    return strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))


class StockGraphQL(GraphQL[Any, Any]):
    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Any:
        return SimpleNamespace(viewer=SimpleNamespace(scopes=frozenset(Scope)))


def application(kind: str) -> Any:
    if kind == "default":
        return StockGraphQL(schema())
    plenty = 100_000_000
    limits = Limits(
        key_points=plenty, key_points_per_second=plenty, workspace_points=plenty, workspace_points_per_second=plenty
    )
    keep_for_good()  # as `serve` does
    database = open_database(os.environ["DATABASE_URL"], pool_size=4)
    return build_app(database, schema=schema(), clock=now, token_secret=UUID(int=7).bytes, limits=limits)


if __name__ == "__main__":
    configure_logs(level="warning")
    uvicorn.run(
        application(sys.argv[1]), port=int(sys.argv[2]), http="httptools", access_log=False, log_level="warning"
    )
