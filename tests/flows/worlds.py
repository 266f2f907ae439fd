"""A random world of sessions, described plainly, told as events, and counted plainly.

The counting reads the description, never the events, and shares nothing with the product but the definitions.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

START = datetime(2026, 3, 10, 6, tzinfo=UTC)
END = datetime(2026, 3, 12, tzinfo=UTC)
LIMIT = 0.70  # answers below it are low in confidence
CHANNELS = ("WEBSITE", "APP", "VOICE", None)
PAGES = ("/", "/help", "/pricing", None)
COUNTRIES = ("DE", "IN", "US", None)
DEVICES = ("DESKTOP", "MOBILE", None)
CLASSES = ("MODEL", "API", "WEBHOOK", "TOOL")
WORKFLOWS = ("order lookup", "password reset")
Event = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the bot tells of one answer; None is what it does not tell."""

    confidence: float | None
    failure: bool | None
    tokens: tuple[int, int, int] | None  # in, out, cached
    cost: Decimal | None

    @property
    def fallback(self) -> bool | None:
        parts = (self.failure, None if self.confidence is None else self.confidence < LIMIT)
        return True if True in parts else (False if False in parts else None)


@dataclass(kw_only=True)
class Chat:
    """One session: `engaged` ones have a user message before each reply."""

    name: str
    at: datetime
    channel: str | None
    page: str | None
    country: str | None
    device: str | None
    replies: list[Reply] = field(default_factory=list)
    engaged: bool = True
    unanswered_question: bool = False  # the user asked once more and got nothing
    operations: list[tuple[str, str]] = field(default_factory=list)  # class, status
    runs: list[tuple[str, str]] = field(default_factory=list)  # workflow, how it ended ("" = it did not)
    handoff: str | None = None  # REQUESTED only, or PERFORMED after it
    handoff_reason: str = "USER_REQUEST"
    vote: int | None = None
    rating: int | None = None
    solved: int | None = None
    goals: int = 0
    leads: int = 0
    ended: bool = False

    @property
    def outcome(self) -> str:
        """The rows of the outcome table, from the top. Nobody comes back in this world."""
        if not self.engaged:
            return "NOT_ENGAGED"
        if self.handoff == "PERFORMED":
            return "ESCALATED"
        signal = self._signal()
        if signal is not None:
            return "RESOLVED_CONFIRMED" if signal else "UNRESOLVED"
        if not self.ended and (self.unanswered_question or any(not end for _, end in self.runs)):
            return "TIMED_OUT"
        last_good = bool(self.replies) and self.replies[-1].fallback is not True and not self.unanswered_question
        return "RESOLVED_ASSUMED" if last_good else "ABANDONED"

    def _signal(self) -> bool | None:
        """The latest, in the order in which `tell` tells them."""
        told: list[bool] = [end == "COMPLETED" for _, end in self.runs if end]
        if self.vote is not None:
            told.append(self.vote == 1)
        if self.rating is not None and self.rating != 3:
            told.append(self.rating >= 4)
        if self.solved is not None:
            told.append(self.solved == 1)
        if self.handoff == "REQUESTED":
            told.append(False)
        return told[-1] if told else None

    @property
    def cost(self) -> Decimal | None:
        """No answers cost nothing; answers of which none has a price cost an unknown amount."""
        known = [reply.cost for reply in self.replies if reply.cost is not None]
        return sum(known, Decimal(0)) if known or not self.replies else None

    def tokens(self, part: int) -> int | None:
        known = [reply.tokens[part] for reply in self.replies if reply.tokens is not None]
        return sum(known) if known or not self.replies else None


def draw_world(seed: int, size: int) -> list[Chat]:
    random = Random(seed)
    return [_draw_chat(random, number) for number in range(size)]


def _draw_chat(random: Random, number: int) -> Chat:
    chat = Chat(
        name=f"chat-{number}",
        at=START + timedelta(minutes=7 * number),
        channel=random.choice(CHANNELS),
        page=random.choice(PAGES),
        country=random.choice(COUNTRIES),
        device=random.choice(DEVICES),
        engaged=random.random() < 0.9,
        ended=random.random() < 0.5,
    )
    if not chat.engaged:
        return chat
    chat.replies = [_draw_reply(random) for _ in range(random.randrange(0, 4))]
    chat.unanswered_question = not chat.replies or random.random() < 0.1
    chat.operations = [_draw_operation(random) for _ in range(random.randrange(0, 3))]
    _draw_evidence(random, chat)
    return chat


def _draw_reply(random: Random) -> Reply:
    return Reply(
        # 0.70 itself is not low
        confidence=random.choice((None, 0.7, 0.699999, round(random.random(), 3), round(random.random(), 3))),
        failure=random.choice((None, False, False, True)),
        tokens=random.choice((None, (random.randrange(900), random.randrange(200), random.randrange(100)))),
        cost=random.choice((None, Decimal(random.randrange(10**9)) / 10**9)),
    )


def _draw_operation(random: Random) -> tuple[str, str]:
    return random.choice(CLASSES), random.choice(("OK", "OK", "ERROR", "TIMEOUT"))


def _draw_evidence(random: Random, chat: Chat) -> None:
    if random.random() < 0.25:
        chat.runs = [(random.choice(WORKFLOWS), random.choice(("COMPLETED", "FAILED", "")))]
    if random.random() < 0.2 and chat.replies and not chat.unanswered_question:
        chat.vote = random.randrange(2)
    if random.random() < 0.15:
        chat.rating = random.randrange(1, 6)
    if random.random() < 0.15:
        chat.solved = random.randrange(2)
    if random.random() < 0.2:
        chat.handoff = random.choice(("REQUESTED", "PERFORMED"))
        chat.handoff_reason = random.choice(("USER_REQUEST", "LOW_CONFIDENCE", "USAGE_LIMIT"))
    chat.goals = random.choice((0, 0, 0, 1, 2))
    chat.leads = random.choice((0, 0, 0, 0, 1))


def tell_world(chats: list[Chat]) -> Iterator[Event]:
    for chat in chats:
        yield from _Teller(chat).tell()


@dataclass
class _Teller:
    chat: Chat
    second: int = 0

    def tell(self) -> Iterator[Event]:
        chat = self.chat
        context = {"channel": chat.channel, "entryPoint": chat.page, "country": chat.country, "device": chat.device}
        yield self._event("session_started", context={k: v for k, v in context.items() if v is not None})
        for number, reply in enumerate(chat.replies):
            yield self._event("message", role="USER", text=f"question {number}")
            yield self._event(
                "message", role="BOT", text="answer", messageId=f"{chat.name}-answer-{number}", **_answer(reply)
            )
        if chat.unanswered_question:
            yield self._event("message", role="USER", text="anybody there?")
        yield from self._tell_operations()
        yield from self._tell_evidence()
        if chat.ended:
            yield self._event("session_ended", actor="USER")

    def _tell_operations(self) -> Iterator[Event]:
        for kind, status in self.chat.operations:
            yield self._event("operation", operationClass=kind, name=f"{kind.lower()} call", status=status)
        for number, (workflow, end) in enumerate(self.chat.runs):
            run = {"workflow": workflow, "runId": f"{self.chat.name}-run-{number}"}
            yield self._event("workflow_step", **run, state="STARTED")
            if end:
                yield self._event("workflow_step", **run, state=end)

    def _tell_evidence(self) -> Iterator[Event]:
        chat = self.chat
        if chat.vote is not None:
            last = f"{chat.name}-answer-{len(chat.replies) - 1}"
            yield self._event("feedback", instrument="THUMBS", score=chat.vote, messageId=last)
        if chat.rating is not None:
            yield self._event("feedback", instrument="RATING_1_5", score=chat.rating)
        if chat.solved is not None:
            yield self._event("feedback", instrument="SOLVED", score=chat.solved)
        for number in range(chat.goals):
            yield self._event("goal", goal=f"goal {number}")
        for number in range(chat.leads):
            yield self._event("lead", leadId=f"{chat.name}-lead-{number}", email=f"{chat.name}@example.com")
        if chat.handoff is not None:
            about = {"target": "AGENT", "reason": chat.handoff_reason}
            yield self._event("handoff", state="REQUESTED", **about)
            if chat.handoff == "PERFORMED":
                yield self._event("handoff", state="PERFORMED", **about)

    def _event(self, kind: str, **facts: Any) -> Event:
        self.second += 1
        return {
            "type": kind,
            "eventId": f"{self.chat.name}-{self.second}",
            "occurredAt": (self.chat.at + timedelta(seconds=self.second)).isoformat(),
            "chatbotId": "world",
            "sessionId": self.chat.name,
            "visitorId": f"visitor of {self.chat.name}",
            **facts,
        }


def _answer(reply: Reply) -> Event:
    told: Event = {"confidence": reply.confidence, "genericFailure": reply.failure}
    if reply.tokens is not None:
        told |= dict(zip(("inputTokens", "outputTokens", "cachedTokens"), reply.tokens, strict=True))
    if reply.cost is not None:
        told["cost"] = {"amount": f"{reply.cost:.9f}", "currency": "USD"}
    return {"answer": {name: value for name, value in told.items() if value is not None}}
