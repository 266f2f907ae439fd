"""Message events for the ingest benchmark, encoded beforehand: the client must not cost what the server should get."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

from msgspec import json

from benchmarks.skew import Zipf
from server.traffic.identity import make_event_id

_WORDS = ("where", "is", "my", "order", "please", "change", "the", "address", "of", "that", "invoice", "thanks")


@dataclass(frozen=True, kw_only=True)
class Shape:
    """`live` sessions talk at the same time, each message of another one; 1 sends whole sessions one by one."""

    messages: int
    live: int
    version: int  # of the UUIDs: 7 or 4
    seed: int
    start_ms: int
    messages_per_session: int = 8


def draw_events(shape: Shape) -> Iterator[dict[str, Any]]:
    random, intents = Random(shape.seed), Zipf(300)
    places: list[tuple[int, int, int]] = []
    opened = 0
    for _ in range(shape.messages):
        if len(places) < shape.live:
            opened += 1
            heapq.heappush(places, (shape.start_ms + opened * 7, opened, 0))
        at_ms, session, said = heapq.heappop(places)
        yield _draw_message(random, intents, shape, at_ms, session, said)
        if said + 1 < shape.messages_per_session:
            heapq.heappush(places, (at_ms + random.randrange(1_000, 20_000), session, said + 1))


def encode_bodies(shape: Shape, batch: int) -> list[bytes]:
    bodies, rows = [], list[bytes]()
    for event in draw_events(shape):
        rows.append(json.encode(event))
        if len(rows) == batch:
            bodies.append(b"\n".join(rows))
            rows = []
    return [*bodies, b"\n".join(rows)] if rows else bodies


def _draw_message(random: Random, intents: Zipf, shape: Shape, at_ms: int, session: int, said: int) -> dict[str, Any]:
    by_user = said % 2 == 0
    event: dict[str, Any] = {
        "type": "message",
        "eventId": make_event_id(random, at_ms) if shape.version == 7 else _draw_uuid4(random),
        "occurredAt": datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds"),
        "chatbotId": f"bot-{session % 20:02d}",
        "sessionId": f"s{shape.seed}-{session}",
        "visitorId": f"v{shape.seed}-{session % 50_000}",
        "role": "USER" if by_user else "BOT",
        "text": " ".join(random.choices(_WORDS, k=9 if by_user else 16)),
    }
    if by_user:
        event["intent"] = f"intent-{intents.draw(random):03d}"
    else:
        event["answer"] = _draw_answer(random)
    if said == 0:
        event["context"] = {"channel": "WEBSITE", "country": random.choice(("DE", "US", "IN")), "device": "MOBILE"}
    return event


def _draw_answer(random: Random) -> dict[str, Any]:
    return {
        "action": f"utter-{random.randrange(40)}",
        "source": "RAG",
        "confidence": round(random.random(), 3),
        "model": "model-a",
        "inputTokens": random.randrange(200, 4_000),
        "outputTokens": random.randrange(20, 400),
        "cost": {"amount": f"0.00{random.randrange(10_000):04d}", "currency": "USD"},
    }


def _draw_uuid4(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))
