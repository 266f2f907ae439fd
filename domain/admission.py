"""What an event must satisfy beyond the types of its fields: one small check per kind."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct, to_builtins

from domain.events import (
    Answer,
    AnswerDetails,
    AnyEvent,
    CostCorrection,
    Event,
    Exposure,
    Feedback,
    Goal,
    Handoff,
    Identify,
    Lead,
    Message,
    Money,
    Retrieval,
    SessionEnded,
    SessionStarted,
    Ticket,
    WorkflowStep,
)

EARLIEST_MS: Final = 946_684_800_000  # 2000-01-01
MOST_AHEAD_MS: Final = 600_000
MOST_FIRST_BYTE_LEAD: Final = timedelta(hours=24)
MOST_FIRST_BYTE_LAG: Final = timedelta(minutes=10)
MOST_AMOUNT: Final = Decimal(9_000_000_000)
MOST_DECIMALS: Final = 9
MOST_TRAITS: Final = 50
LONGEST_TRAIT: Final = 512
LARGEST_TRAIT: Final = 2**53


class Objection(Struct, frozen=True):
    """Why an event is refused: the field as its sender knows it, what is wrong, what would be right."""

    code: str
    field: str
    message: str
    allowed: tuple[str, ...] = ()


Objections = Iterable[Objection]


def objections(event: AnyEvent, occurred_at_ms: int, now_ms: int, *, suspicious: bool) -> list[Objection]:
    """All that is wrong with the event."""
    check = _CHECKS.get(event.__class__)
    found = general_objections(event, occurred_at_ms, now_ms, suspicious=suspicious)
    if check is not None:
        found += check(event)
    return found


def general_objections(event: AnyEvent, occurred_at_ms: int, now_ms: int, *, suspicious: bool) -> list[Objection]:
    """What does not depend on the kind of event."""
    found: list[Objection] = []
    if not EARLIEST_MS <= occurred_at_ms <= now_ms + MOST_AHEAD_MS:
        found.append(_out_of_time(now_ms))
    if event.session_id is not None and event.thread_id is not None:
        found.append(_BOTH_POINTERS)
    if suspicious:
        found += _unstorable(event)
    return found


def _out_of_time(now_ms: int) -> Objection:
    latest = datetime.fromtimestamp((now_ms + MOST_AHEAD_MS) // 1000, tz=UTC).isoformat().replace("+00:00", "Z")
    return Objection(
        code="OUT_OF_RANGE",
        field="occurredAt",
        message=f"occurredAt lies outside of what can be true: it takes 2000-01-01T00:00:00Z to {latest} "
        "(ten minutes from now).",
        allowed=("2000-01-01T00:00:00Z", latest),
    )


_BOTH_POINTERS: Final = Objection(
    code="INVALID",
    field="threadId",
    message="sessionId and threadId exclude each other: give sessionId when the bot knows its sessions, threadId when "
    "they are to be cut out of an endless thread.",
    allowed=("sessionId", "threadId"),
)


def _needs(event: Event, *names: str) -> Objections:
    """At least one of the pointers."""
    if any(getattr(event, _ATTRIBUTES[name]) is not None for name in names):
        return ()
    missing = Objection(
        code="MISSING",
        field=names[0],
        message=f"This event needs {' or '.join(names)}, so that it can be found where it belongs.",
        allowed=names,
    )
    return (missing,)


_ATTRIBUTES: Final = {
    "sessionId": "session_id",
    "threadId": "thread_id",
    "visitorId": "visitor_id",
    "messageId": "message_id",
    "leadId": "lead_id",
}


def _needs_session(event: SessionStarted | SessionEnded) -> Objections:
    return _needs(event, "sessionId", "threadId")


def _needs_place(event: Handoff | WorkflowStep | Exposure) -> Objections:
    return _needs(event, "sessionId", "threadId", "visitorId")


def _message(event: Message) -> Objections:
    """Of most events: what is asked of all of them must be quick."""
    answer, is_bot = event.answer, event.role == "BOT"
    if event.session_id is None and event.thread_id is None:
        return _odd_message(event)
    if event.corrects is None and event.first_byte_at is None:
        if not is_bot and answer is None and not event.proactive:
            return ()
        if is_bot:
            return () if answer is None or answer.cost is None else _money(answer.cost, "answer.cost")
    return _odd_message(event)


def _odd_message(event: Message) -> Objections:
    if event.session_id is None and event.thread_id is None:
        yield from _needs(event, "sessionId", "threadId")
    if event.corrects is not None and event.role != "USER":
        yield _misplaced("corrects", "only a USER message can correct an answer")
    if event.role != "BOT":
        yield from _only_of_bots(event)
        return
    if event.first_byte_at is not None:
        ahead = event.occurred_at - event.first_byte_at
        if ahead > MOST_FIRST_BYTE_LEAD or -ahead > MOST_FIRST_BYTE_LAG:
            yield _FAR_FIRST_BYTE
    if event.answer is not None:
        yield from _answer_cost(event.answer)


_FAR_FIRST_BYTE: Final = Objection(
    code="OUT_OF_RANGE",
    field="firstByteAt",
    message="firstByteAt lies too far from occurredAt: at most 24 hours before it and 10 minutes after it.",
    allowed=("occurredAt - 24 h", "occurredAt + 10 min"),
)


def _only_of_bots(event: Message) -> Objections:
    if event.answer is not None:
        yield _misplaced("answer", "only a BOT message answers")
    if event.first_byte_at is not None:
        yield _misplaced("firstByteAt", "only a BOT message has a first byte")
    if event.proactive:
        yield _misplaced("proactive", "only a BOT message can be proactive")


def _misplaced(field: str, reason: str) -> Objection:
    return Objection(code="INVALID", field=field, message=f"{field} does not belong here: {reason}.")


def _answer_cost(answer: AnswerDetails) -> Objections:
    return () if answer.cost is None else _money(answer.cost, "answer.cost")


def _money(money: Money, field: str) -> Objections:
    amount = money.amount
    if amount.is_finite() and 0 <= amount <= MOST_AMOUNT and _decimals(amount) <= MOST_DECIMALS:
        return ()
    out_of_range = Objection(
        code="OUT_OF_RANGE",
        field=f"{field}.amount",
        message=f"{field}.amount takes a decimal number from 0 to {MOST_AMOUNT:,} with at most 9 decimals.",
        allowed=(f"0..{MOST_AMOUNT}", "at most 9 decimals"),
    )
    return (out_of_range,)


def _decimals(amount: Decimal) -> int:
    """Without trailing zeros, and without rounding, which `normalize` would do past 28 digits."""
    _, digits, exponent = amount.as_tuple()
    if not isinstance(exponent, int) or exponent >= -MOST_DECIMALS or not amount:
        return 0
    zeros = next(place for place, digit in enumerate(reversed(digits)) if digit)
    return -(exponent + zeros)


def _answer(event: Answer) -> Objections:
    return _answer_cost(event.answer)


def _retrieval(event: Retrieval) -> Objections:
    return _needs(event, "messageId", "sessionId", "threadId", "visitorId")


_HIGHEST: Final = {"THUMBS": 1, "SOLVED": 1, "RATING_1_5": 5}


def _feedback(event: Feedback) -> Objections:
    if event.scale is not None and event.instrument != "SURVEY":
        yield _misplaced("scale", "only a SURVEY has a scale of its own")
    lowest = 0 if event.instrument in ("THUMBS", "SOLVED") else 1
    highest = _HIGHEST.get(event.instrument, event.scale or 5)
    if not lowest <= event.score <= highest:
        yield Objection(
            code="OUT_OF_RANGE",
            field="score",
            message=f"score is {event.score}; with {event.instrument} it takes {lowest} to {highest}.",
            allowed=(f"{lowest}..{highest}",),
        )
    yield from _needs(event, "messageId", "sessionId", "threadId", "visitorId")


def _ticket(event: Ticket) -> Objections:
    return _needs_place(event) if event.state == "OPENED" else ()  # type: ignore[arg-type]


def _goal(event: Goal) -> Objections:
    yield from _needs(event, "sessionId", "threadId", "visitorId")
    if event.value is not None:
        yield from _money(event.value, "value")


def _lead(event: Lead) -> Objections:
    return _needs(event, "sessionId", "threadId", "visitorId", "leadId")


def _cost_correction(event: CostCorrection) -> Objections:
    return _money(event.cost, "cost")


def _identify(event: Identify) -> Objections:
    yield from _needs(event, "visitorId")
    traits = event.traits or {}
    if len(traits) > MOST_TRAITS:
        yield _trait("traits", f"{len(traits)} traits are too many")
        return
    for name, value in traits.items():
        if not _is_trait(name, value):
            yield _trait(f"traits.{name[:64]}", "this trait cannot be kept")


def _is_trait(name: str, value: object) -> bool:
    if not 1 <= len(name) <= 64:
        return False
    match value:
        case str():
            return len(value) <= LONGEST_TRAIT
        case bool() | None:
            return True
        case int() | float():
            return abs(value) <= LARGEST_TRAIT
        case _:
            return False


def _trait(field: str, reason: str) -> Objection:
    return Objection(
        code="INVALID",
        field=field,
        message=f"{field}: {reason}. At most {MOST_TRAITS} traits, with names of 1 to 64 characters, each a text of up "
        f"to {LONGEST_TRAIT} characters, a number up to 2^53, true, false or null.",
        allowed=("text", "number", "true", "false", "null"),
    )


def _unstorable(event: AnyEvent) -> Objections:
    for field in dict.fromkeys(_with_nul(to_builtins(event), "")):
        yield Objection(
            code="INVALID", field=field, message=f"{field} holds a NUL character (U+0000), which cannot be stored."
        )


def _with_nul(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, str) and "\0" in value:
        yield path
    elif isinstance(value, dict):
        for name, part in value.items():
            if "\0" in name:
                yield path or "event"
            yield from _with_nul(part, f"{path}.{name}" if path else name)


_CHECKS: Final[dict[type[Event], Callable[[Any], Objections]]] = {
    SessionStarted: _needs_session,
    SessionEnded: _needs_session,
    Message: _message,
    Answer: _answer,
    Retrieval: _retrieval,
    WorkflowStep: _needs_place,
    Feedback: _feedback,
    Handoff: _needs_place,
    Ticket: _ticket,
    Goal: _goal,
    Lead: _lead,
    Exposure: _needs_place,
    CostCorrection: _cost_correction,
    Identify: _identify,
}
"""Operations, releases and probes need no session: a dependency may fail outside of any."""
