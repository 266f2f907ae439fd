"""Short dialogues as wire events, by minutes after noon, and what both implementations make of them."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from domain.facts import SessionFact
from domain.outcomes import is_provisional
from tests.domain.comparison import recounted, told
from tests.domain.histories import written
from tests.domain.memory import Memory
from tests.naive.placing import Wire
from tests.naive.recount import NaiveSession, recount
from tests.naive.world import World

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MINUTE_MS = 60_000
DAY = 24 * 60
NEXT_WEEK = 7 * DAY
_numbers = count(1)


def event(kind: str, minutes: float = 0, **fields: Any) -> Wire:
    """In session "s" of chatbot "shop" unless it says otherwise; None leaves a field out."""
    placed = "threadId" in fields or "visitorId" in fields or "sessionId" in fields
    defaults = {
        "type": kind,
        "eventId": str(UUID(int=next(_numbers))),
        "occurredAt": written(NOON + timedelta(minutes=minutes)),
        "chatbotId": "shop",
        "sessionId": None if placed else "s",
    }
    return {name: value for name, value in (defaults | fields).items() if value is not None}


def user(minutes: float = 0, **fields: Any) -> Wire:
    return event("message", minutes, role="USER", **_in_session(fields))


def bot(minutes: float = 0, answer: dict[str, Any] | None = None, **fields: Any) -> Wire:
    return event("message", minutes, role="BOT", answer=answer, **_in_session(fields))


def _in_session(fields: dict[str, Any]) -> dict[str, Any]:
    return fields if "threadId" in fields else {"sessionId": "s"} | fields


def ended(minutes: float = 0, actor: str = "USER", **fields: Any) -> Wire:
    return event("session_ended", minutes, actor=actor, **fields)


def feedback(minutes: float, instrument: str, score: int, **fields: Any) -> Wire:
    return event("feedback", minutes, instrument=instrument, score=score, **fields)


def ms(minutes: float) -> int:
    return round((NOON + timedelta(minutes=minutes)).timestamp() * 1000)


class Reading:
    """What the fold holds after the events, in the order given; the recount must say the same."""

    def __init__(self, *events: Wire, world: World | None = None, as_of: float = NEXT_WEEK) -> None:
        self.as_of_ms = ms(as_of)
        self.memory = Memory(world)
        for one in events:
            self.memory.append([one])
        self.naive: list[NaiveSession] = recount(events, world)
        self.told = told(self.memory, self.as_of_ms)
        assert self.told == recounted(self.naive, self.as_of_ms)

    @property
    def outcomes(self) -> list[str]:
        return [session["outcome"] for session in self.told]

    @property
    def outcome(self) -> str:
        return self.outcomes[0]

    @property
    def fact(self) -> SessionFact:
        (fact,) = self.memory.sessions
        return fact

    @property
    def figures(self) -> dict[str, Any]:
        figures: dict[str, Any] = self.told[0]["figures"]
        return figures

    @property
    def is_provisional(self) -> bool:
        return is_provisional(self.fact, self.as_of_ms)

    @property
    def visitors(self) -> list[str | None]:
        return [session["visitor"] for session in self.told]

    def answers(self) -> list[tuple[bool | None, bool | None]]:
        """Fallback and unanswered of each answer."""
        messages = sorted(
            (message for message in self.memory.messages.values() if message.is_answer),
            key=lambda message: (message.occurred_at_ms, message.event_id),
        )
        flags = [(message.fallback, message.unanswered) for message in messages]
        assert flags == [(one.fallback, one.unanswered) for one in self.naive[0].answers]
        return flags
