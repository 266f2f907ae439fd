"""From the bytes a bot sends to events, each accepted or refused by itself, in words (D1, R16)."""

from collections.abc import Callable, Iterator
from datetime import UTC
from hashlib import blake2b
from typing import Any, Final

from msgspec import DecodeError, Raw, Struct, ValidationError
from msgspec import json as wire
from msgspec.structs import replace

from domain.admission import objections
from domain.events import AnyEvent, Message, Money
from domain.identifiers import body_key, event_key
from domain.mending import Patience, refusal, refused
from domain.problems import InvalidInput, LimitReached, Refused
from domain.quantities import moment_ms
from domain.rejections import Rejected

__all__ = ["Rejected", "Reported", "read_events"]

MOST_EVENTS: Final = 10_000
_LINES: Final = frozenset(
    {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}
)

_read_event: Final[Callable[[bytes | Raw], AnyEvent]] = wire.Decoder(AnyEvent).decode
_read_array: Final = wire.Decoder(list[Raw]).decode
_encode: Final = wire.Encoder(order="deterministic").encode


class _Envelope(Struct, forbid_unknown_fields=True):
    events: list[Raw]


_read_envelope: Final = wire.Decoder(_Envelope).decode


class Reported(Struct, frozen=True, gc=False):
    """An event that may be stored. `body_hash` is over the typed value: a retry may write the same thing otherwise
    (order of fields, defaults, zone of a time, trailing zeros of an amount) and is a duplicate still."""

    index: int
    event: AnyEvent
    event_id: str
    body_hash: bytes
    occurred_at_ms: int


def read_events(
    body: bytes, *, content_type: str = "application/json", now_ms: int, most_events: int = MOST_EVENTS
) -> list[Reported | Rejected]:
    """One answer per event, in order. `Refused` when the body as a whole cannot be read or holds too many."""
    return list(each_event(body, content_type=content_type, now_ms=now_ms, most_events=most_events))


def each_event(
    body: bytes, *, content_type: str = "application/json", now_ms: int, most_events: int = MOST_EVENTS
) -> Iterator[Reported | Rejected]:
    """The same one by one, for who has other things to do in between; `Refused` before the first one."""
    items = _split(body, content_type)
    if len(items) > most_events:
        raise Refused(
            LimitReached(
                message=f"The body holds {len(items)} events; send at most {most_events} at once.",
                path=("events",),
                allowed=(f"1..{most_events} events",),
            )
        )
    suspicious, patience = b"\\u0000" in body, Patience()
    for index, item in enumerate(items):
        yield read_event(item, index, now_ms=now_ms, suspicious=suspicious, patience=patience)


def read_event(
    item: bytes | Raw, index: int, *, now_ms: int, suspicious: bool, patience: Patience
) -> Reported | Rejected:
    """`suspicious`: the text may hold NUL characters, which Postgres cannot store."""
    try:
        event = _read_event(item)
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        return refusal(error, bytes(item), index, now_ms, patience)
    occurred_at_ms = moment_ms(event.occurred_at)
    found = objections(event, occurred_at_ms, now_ms, suspicious=suspicious)
    if found:
        return refused(found, index)
    event_id = event.event_id
    if event_id is not None:
        event_id = event_key(event_id)
    digest = blake2b(_encode(_canonical(event, event_id)), digest_size=16).digest()
    return Reported(index, event, event_id or body_key(occurred_at_ms, digest), digest, occurred_at_ms)


def _canonical(event: AnyEvent, event_id: str | None) -> AnyEvent:
    """The same event as every careful sender would write it; mostly the very same object."""
    changes: dict[str, Any] = {}
    given = event.event_id
    if given != event_id and given is not None and given.lower() == event_id:
        changes["event_id"] = event_id
    if event.occurred_at.tzinfo is not UTC:
        changes["occurred_at"] = event.occurred_at.astimezone(UTC)
    if isinstance(event, Message):
        if event.first_byte_at is not None and event.first_byte_at.tzinfo is not UTC:
            changes["first_byte_at"] = event.first_byte_at.astimezone(UTC)
        answer = event.answer
    else:
        answer = getattr(event, "answer", None)
        _tidy_money(event, changes)
    if answer is not None and answer.cost is not None and _is_untidy(answer.cost):
        changes["answer"] = replace(answer, cost=_tidied(answer.cost))
    return replace(event, **changes) if changes else event


def _tidy_money(event: AnyEvent, changes: dict[str, Any]) -> None:
    for name in ("cost", "value"):
        money = getattr(event, name, None)
        if isinstance(money, Money) and _is_untidy(money):
            changes[name] = _tidied(money)


def _is_untidy(money: Money) -> bool:
    written = str(money.amount)
    return "E" in written or (written[-1] == "0" and "." in written) or written[0] == "-"


def _tidied(money: Money) -> Money:
    """Without exponent, trailing zeros and the sign of zero."""
    plain = money.amount.normalize()
    return replace(money, amount=abs(plain.quantize(1)) if plain == plain.to_integral_value() else plain)


def _split(body: bytes, content_type: str) -> list[Any]:
    if content_type.partition(";")[0].strip().lower() in _LINES:
        return list(_lines(body))
    start = body[:64].lstrip()[:1]
    try:
        if start == b"[":
            return _read_array(body)
        if start == b"{":
            return _read_object(body)
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        place = str(error).removeprefix("JSON is malformed: ")
        raise Refused(InvalidInput(message=f"The body is not readable JSON: {place}.", allowed=_FORMS)) from None
    raise Refused(InvalidInput(message="The body is not a JSON array of events, nor an object.", allowed=_FORMS))


_FORMS: Final = (
    "a JSON array of events",
    'an object {"events": [...]}',
    "one event",
    "one event a line (application/x-ndjson)",
)


def _read_object(body: bytes) -> list[Any]:
    try:
        return _read_envelope(body).events
    except ValidationError:
        return [body]


def _lines(body: bytes) -> Iterator[bytes]:
    return (line for line in body.split(b"\n") if line.strip())
