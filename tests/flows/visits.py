"""A random year of visits to three chatbots, described plainly, told as events, and counted plainly.

Its sessions differ in everything that figures are split by: people, places, intents, models, versions, plans.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

FIRST = datetime(2025, 1, 1, tzinfo=UTC)
PLAN_CHANGE = datetime(2025, 7, 1, tzinfo=UTC)
BOTS = {"shop": "TEXT", "phone": "VOICE", "guide": "AVATAR_3D"}
INTENTS = ("order", "refund", "hours", None)
TOPICS = ("delivery", "returns", None)
MODELS = ("small-1", "large-2", None)
VERSIONS = ("v1", "v2", None)
STEPS = ("ask", "choose", "confirm")
CALLS = {"INTEGRATION": ("crm", "billing"), "TOOL": ("booking", "payment"), "API": ("weather",)}
PLACES = (("DE", "Bavaria", "Munich"), ("DE", "Berlin", "Berlin"), ("IN", "Goa", "Panaji"), (None, None, None))
LIMIT = 0.7  # answers below it are fallbacks
Event = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A question and its answer `wait_ms` later."""

    intent: str | None
    topic: str | None
    model: str | None
    prompt: str | None
    knowledge: str | None
    source: str | None
    confidence: float | None
    wait_ms: int
    cost_nano: int | None

    @property
    def fallback(self) -> bool | None:
        return None if self.confidence is None else self.confidence < LIMIT


@dataclass(frozen=True, kw_only=True)
class Call:
    kind: str
    name: str
    status: str
    attempt: int
    fault: str | None
    took_ms: int | None

    @property
    def failed(self) -> bool:
        return self.status != "OK"


@dataclass(kw_only=True)
class Visit:
    """One session with at least one answered question."""

    name: str
    bot: str
    at: datetime
    visitor: str
    channel: str | None
    language: str | None
    device: str | None
    place: tuple[str | None, str | None, str | None]
    user_type: str | None
    authenticated: bool | None
    turns: list[Turn]
    calls: list[Call] = field(default_factory=list)
    lookups: list[tuple[bool | None, bool]] = field(default_factory=list)  # found something, ended in an error
    path: tuple[str, ...] = ()
    completed: bool = False
    solved: int | None = None
    rating: int | None = None
    lead: bool = False
    handed_over: bool = False

    @property
    def plan(self) -> str:
        """As of the start of the session."""
        shop = "FREE" if self.at < PLAN_CHANGE else "PRO"
        return {"shop": shop, "phone": "BUSINESS", "guide": "PREMIUM"}[self.bot]

    @property
    def outcome(self) -> str:
        if self.handed_over:
            return "ESCALATED"
        signal = self.solved if self.solved is not None or not self.completed else 1
        if self.rating is not None and self.rating != 3:
            signal = int(self.rating > 3)
        if signal is not None:
            return "RESOLVED_CONFIRMED" if signal else "UNRESOLVED"
        return "ABANDONED" if self.turns[-1].fallback else "RESOLVED_ASSUMED"

    @property
    def resolved(self) -> bool:
        return self.outcome.startswith("RESOLVED")

    @property
    def cost_nano(self) -> int | None:
        """Every visit has answers: those without any price cost an unknown amount."""
        known = [turn.cost_nano for turn in self.turns if turn.cost_nano is not None]
        return sum(known) if known else None


@dataclass(frozen=True, kw_only=True)
class Probe:
    bot: str
    at: datetime
    component: str
    up: bool


def draw_probes(seed: int, size: int) -> list[Probe]:
    random = Random(seed)
    return [
        Probe(
            bot=random.choice(list(BOTS)),
            at=FIRST + timedelta(hours=20 * number),
            component=random.choice(("core", "search", "billing")),
            up=random.random() < 0.9,
        )
        for number in range(size)
    ]


def tell_probes(probes: list[Probe]) -> Iterator[Event]:
    for number, probe in enumerate(probes):
        yield {
            "type": "probe",
            "eventId": f"probe-{number}",
            "occurredAt": probe.at.isoformat(),
            "chatbotId": probe.bot,
            "component": probe.component,
            "up": probe.up,
        }


def draw_visits(seed: int, size: int) -> list[Visit]:
    """About one in a day and a half, so that nobody is back within 24 hours."""
    random = Random(seed)
    return [_draw(random, number) for number in range(size)]


def _draw(random: Random, number: int) -> Visit:
    visit = Visit(
        name=f"visit-{number}",
        bot=random.choice(list(BOTS)),
        at=FIRST + timedelta(hours=30 * number, minutes=random.randrange(300)),
        visitor=f"visitor-{random.randrange(120)}",
        channel=random.choice(("WEBSITE", "WHATSAPP", "VOICE", None)),
        language=random.choice(("de", "en", None)),
        device=random.choice(("DESKTOP", "MOBILE", None)),
        place=random.choice(PLACES),
        user_type=random.choice(("customer", "employee", None)),
        authenticated=random.choice((True, False, None)),
        turns=[_draw_turn(random) for _ in range(random.randrange(1, 4))],
        calls=[_draw_call(random) for _ in range(random.randrange(3))],
        lookups=[(random.choice((True, False, None)), random.random() < 0.2) for _ in range(random.randrange(3))],
    )
    if random.random() < 0.4:
        visit.path = STEPS[: random.randrange(1, 4)]
        visit.completed = len(visit.path) == len(STEPS) and random.random() < 0.7
    visit.solved = random.choice((None, None, 0, 1))
    visit.rating = random.choice((None, None, 1, 3, 4, 5))
    visit.lead = random.random() < 0.3
    visit.handed_over = random.random() < 0.2
    return visit


def _draw_turn(random: Random) -> Turn:
    return Turn(
        intent=random.choice(INTENTS),
        topic=random.choice(TOPICS),
        model=random.choice(MODELS),
        prompt=random.choice(VERSIONS),
        knowledge=random.choice(VERSIONS),
        source=random.choice(("RAG", "QA", "GUARDRAIL", None)),
        confidence=random.choice((None, 0.7, round(random.random(), 3), round(random.random(), 3))),
        wait_ms=random.randrange(100, 9_000),
        cost_nano=random.choice((None, random.randrange(10**7))),
    )


def _draw_call(random: Random) -> Call:
    kind = random.choice(list(CALLS))
    status = random.choice(("OK", "OK", "ERROR", "TIMEOUT"))
    return Call(
        kind=kind,
        name=random.choice(CALLS[kind]),
        status=status,
        attempt=random.choice((1, 1, 2)),
        fault=None if status == "OK" else random.choice(("USER", "SYSTEM", None)),
        took_ms=random.choice((None, random.randrange(3_000))),
    )


def tell_visits(visits: list[Visit]) -> Iterator[Event]:
    for visit in visits:
        yield from _Teller(visit).tell()


def asked_ms(number: int) -> int:
    """When a visit's question is asked, after its start."""
    return 1_000 + 20_000 * number


class _Teller:
    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.number = 0

    def tell(self) -> Iterator[Event]:
        visit = self.visit
        country, region, city = visit.place
        context = {
            "channel": visit.channel,
            "language": visit.language,
            "device": visit.device,
            "country": country,
            "region": region,
            "city": city,
            "userType": visit.user_type,
            "authenticated": visit.authenticated,
        }
        yield self._event("session_started", 0, context=_known(context))
        for number, turn in enumerate(visit.turns):
            yield from self._turn(number, turn)
        yield from self._evidence()
        yield self._event("session_ended", 120_000, actor="USER")

    def _turn(self, number: int, turn: Turn) -> Iterator[Event]:
        asked = asked_ms(number)
        question = _known({"intent": turn.intent, "topic": turn.topic})
        yield self._event("message", asked, role="USER", text=f"question {number}", **question)
        answer: Event = {
            "model": turn.model,
            "promptVersion": turn.prompt,
            "knowledgeBaseVersion": turn.knowledge,
            "source": turn.source,
            "confidence": turn.confidence,
        }
        if turn.cost_nano is not None:
            answer["cost"] = {"amount": f"0.{turn.cost_nano:09}", "currency": "USD"}
        yield self._event("message", asked + turn.wait_ms, role="BOT", text="answer", answer=_known(answer))

    def _evidence(self) -> Iterator[Event]:
        visit = self.visit
        for call in visit.calls:
            told = _known({"fault": call.fault, "durationMs": call.took_ms})
            yield self._event(
                "operation",
                70_000,
                operationClass=call.kind,
                name=call.name,
                status=call.status,
                attempt=call.attempt,
                **told,
            )
        for found, error in visit.lookups:
            hits = {} if found is None else {"hits": int(found)}
            yield self._event("retrieval", 71_000, error=error, **hits)
        run = {"workflow": "booking", "runId": f"run of {visit.name}"}
        for number, step in enumerate(visit.path):
            yield self._event("workflow_step", 75_000 + number, **run, state="REACHED", step=step)
        if visit.completed:
            yield self._event("workflow_step", 76_000, **run, state="COMPLETED")
        if visit.solved is not None:
            yield self._event("feedback", 80_000, instrument="SOLVED", score=visit.solved)
        if visit.rating is not None:
            yield self._event("feedback", 81_000, instrument="RATING_1_5", score=visit.rating)
        if visit.lead:
            yield self._event("lead", 90_000, leadId=f"lead of {visit.name}", email=f"{visit.name}@example.com")
        if visit.handed_over:
            yield self._event("handoff", 91_000, state="PERFORMED", target="AGENT", reason="USER_REQUEST")

    def _event(self, kind: str, after_ms: int, **facts: Any) -> Event:
        self.number += 1
        return {
            "type": kind,
            "eventId": f"{self.visit.name}-{self.number}",
            "occurredAt": (self.visit.at + timedelta(milliseconds=after_ms)).isoformat(),
            "chatbotId": self.visit.bot,
            "sessionId": self.visit.name,
            "visitorId": self.visit.visitor,
            **facts,
        }


def _known(facts: Event) -> Event:
    return {name: value for name, value in facts.items() if value is not None}
