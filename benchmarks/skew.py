"""One week of skewed, correlated traffic as wire events: the pattern from which the large world is copied.

Intents, referrers, countries and chatbots follow Zipf's law; facts are missing where real bots leave them out; the
channel decides device and latency; one visitor is a machine that never tires.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import accumulate
from random import Random
from typing import Any

from domain.events import (
    AnswerDetails,
    AnyEvent,
    Feedback,
    Handoff,
    Message,
    Money,
    Operation,
    SessionContext,
    SessionEnded,
    SessionStarted,
)
from server.traffic.identity import make_event_id

WEEK_MS = 7 * 86_400_000
HEAVY_VISITOR = "heavy-visitor"
HEAVY_SESSIONS_A_WEEK = 97  # 52 weeks of them are 5,000
_COUNTRIES = (
    *("US", "GB", "DE", "IN", "BR", "FR", "ES", "CA", "AU", "JP", "NL", "PL", "SE", "MX", "ZA"),
    *("IT", "NG", "KE", "AR", "CL", "CO", "PE", "PT", "BE", "AT", "CH", "DK", "NO", "FI", "IE"),
)
_CHANNELS = ("WEBSITE", "APP", "WHATSAPP", "VOICE", "HELP_DESK", "SLACK")
_WORDS = (
    *("where", "is", "my", "order", "how", "can", "I", "change", "the", "address", "please"),
    *("help", "me", "with", "this", "invoice", "and", "refund", "thanks"),
)


class Zipf:
    """Places 0 to `count` - 1, the k-th with weight 1 / k^exponent."""

    def __init__(self, count: int, exponent: float = 1.07) -> None:
        self.places = range(count)
        self.weights = list(accumulate(1 / (place + 1) ** exponent for place in self.places))

    def draw(self, random: Random) -> int:
        return random.choices(self.places, cum_weights=self.weights)[0]


@dataclass(kw_only=True)
class Pattern:
    """`sessions` of one week that begins at `start_ms`."""

    random: Random
    start_ms: int
    sessions: int
    intents: Zipf = field(default_factory=lambda: Zipf(300))
    referrers: Zipf = field(default_factory=lambda: Zipf(10_000, 0.9))
    countries: Zipf = field(default_factory=lambda: Zipf(len(_COUNTRIES), 1.2))
    chatbots: Zipf = field(default_factory=lambda: Zipf(20, 0.8))

    def draw_sessions(self) -> Iterator[list[AnyEvent]]:
        pool = max(self.sessions // 3, 1)
        for number in range(self.sessions):
            heavy = number < HEAVY_SESSIONS_A_WEEK
            visitor = HEAVY_VISITOR if heavy else f"visitor-{int(pool * self.random.random() ** 1.6)}"
            yield self._draw_session(f"pattern-{number}", visitor, number)

    def _draw_session(self, reference: str, visitor: str, number: int) -> list[AnyEvent]:
        random = self.random
        teller = _Teller(
            random=random,
            at_ms=self.start_ms + self._draw_start(),
            frame={
                "chatbot_id": f"bot-{self.chatbots.draw(random):02d}",
                "session_id": reference,
                "visitor_id": None if random.random() < 0.04 and visitor != HEAVY_VISITOR else visitor,
            },
        )
        channel = random.choices(_CHANNELS, (50, 20, 12, 8, 6, 4))[0]
        teller.tell(SessionStarted, 0, context=self._draw_context(channel, number))
        exchanges = min(int(random.expovariate(1 / 3.54)) + (random.random() < 0.93), 60)
        intent = self.intents.draw(random)
        for _ in range(exchanges):
            self._draw_exchange(teller, channel, intent)
            intent = intent if random.random() < 0.8 else self.intents.draw(random)
        self._draw_end(teller, exchanges)
        return teller.events

    def _draw_start(self) -> int:
        """More by day than by night, more on working days."""
        day = self.random.choices(range(7), (14, 15, 15, 14, 13, 8, 7))[0]
        hour = min(max(self.random.gauss(14, 4.5), 0), 23.99)
        return int((day * 24 + hour) * 3_600_000)

    def _draw_context(self, channel: str, number: int) -> SessionContext:
        random = self.random
        web = channel in ("WEBSITE", "HELP_DESK")
        # The first sessions walk through the rarest referrers, so that all 10,000 of them are there.
        referrer = number if number < 10_000 else self.referrers.draw(random)
        device = random.choices(("DESKTOP", "MOBILE", "TABLET"), (55, 40, 5) if web else (2, 95, 3))[0]
        return SessionContext(
            source="LIVE" if random.random() < 0.985 else "PLAYGROUND",
            is_bot=True if web and random.random() < 0.02 else None,
            channel=channel,
            referrer=f"https://site-{referrer}.example/" if web or number < 10_000 else None,
            entry_point=f"/page/{min(int(random.expovariate(0.05)), 400)}" if web else None,
            device=device if random.random() < 0.9 and channel != "VOICE" else None,  # type: ignore[arg-type]
            country=_COUNTRIES[self.countries.draw(random)] if random.random() < 0.93 else None,
            language=random.choices(("en", "de", "es", "pt", "fr"), (60, 12, 12, 8, 8))[0],
            user_type=random.choices(("guest", "customer", "employee"), (60, 35, 5))[0],
        )

    def _draw_exchange(self, teller: "_Teller", channel: str, intent: int) -> None:
        random = self.random
        classified = random.random() < 0.85
        teller.tell(
            Message,
            random.uniform(3, 50),
            role="USER",
            text=" ".join(random.choices(_WORDS, k=random.randrange(3, 14))),
            intent=f"intent-{intent:03d}" if classified else None,
            intent_confidence=round(random.betavariate(8, 2), 3) if classified else None,
        )
        if random.random() < 0.12:
            teller.tell(
                Operation,
                0.2,
                operation_class=random.choice(("API", "TOOL", "MODEL")),
                name=f"operation-{intent % 12}",
                status="OK" if random.random() < 0.95 else "ERROR",
                duration_ms=int(random.lognormvariate(5, 1)),
            )
        slow = 2.4 if channel == "VOICE" else 1.0
        text = " ".join(random.choices(_WORDS, k=random.randrange(6, 30)))
        seconds = random.lognormvariate(0.3, 0.7) * slow
        teller.tell(Message, seconds, role="BOT", text=text, answer=self._draw_answer(intent))

    def _draw_answer(self, intent: int) -> AnswerDetails:
        random = self.random
        weak = random.random() < 0.05 + 0.2 * (intent % 17 == 0)
        known = random.random()
        facts: dict[str, Any] = {"generic_failure": weak and random.random() < 0.5} if known < 0.9 else {}
        if known < 0.8:
            facts["confidence"] = round(random.betavariate(4, 4) if weak else random.betavariate(11, 2), 3)
        if known < 0.7:
            facts |= {"input_tokens": random.randrange(200, 4_000), "output_tokens": random.randrange(20, 400)}
            amount = f"{facts['input_tokens'] * 25 // 10 + facts['output_tokens'] * 10:d}"
            facts["cost"] = Money(amount=Decimal(amount).scaleb(-6), currency="USD")
        return AnswerDetails(
            action=f"utter-{intent % 40}", source="RAG", model=f"model-{random.choices('abc', (6, 3, 1))[0]}", **facts
        )

    def _draw_end(self, teller: "_Teller", exchanges: int) -> None:
        random = self.random
        if exchanges and random.random() < 0.11:
            teller.tell(Feedback, 4, instrument="THUMBS", score=int(random.random() < 0.72))
        if exchanges and random.random() < 0.09:
            teller.tell(Handoff, 5, state="REQUESTED", target="AGENT", reason="USER_REQUEST")
            teller.tell(Handoff, 60, state="PERFORMED", target="AGENT", reason="USER_REQUEST")
        if random.random() < 0.4:
            teller.tell(SessionEnded, 5, actor="USER")


@dataclass(kw_only=True)
class _Teller:
    random: Random
    at_ms: int
    frame: dict[str, Any]
    events: list[AnyEvent] = field(default_factory=list)

    def tell(self, kind: type[Any], after_seconds: float, **facts: Any) -> None:
        self.at_ms += 1 + int(after_seconds * 1000)
        self.events.append(
            kind(
                event_id=make_event_id(self.random, self.at_ms),
                occurred_at=datetime.fromtimestamp(self.at_ms / 1000, UTC),
                **self.frame,
                **facts,
            )
        )
