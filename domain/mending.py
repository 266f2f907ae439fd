"""All that is wrong with an event, not only the first thing: each is set right in a copy, and the copy read again.

What is optional or unknown is taken out of the copy, what is needed gets a value that would do. What the checks of
`admission` say of the copy is told only as far as it does not rest on what was put there.
"""

from typing import Any, Final

from msgspec import DecodeError, ValidationError, inspect
from msgspec import json as wire
from msgspec.structs import replace

from domain.admission import Objection, general_objections, objections
from domain.events import AnyEvent
from domain.quantities import moment_ms
from domain.rejections import Rejected, explain, fields_of, kind_of, some_of, type_at

MOST_PROBLEMS: Final = 20
"""Of one event."""
MOST_READINGS: Final = 2_000
"""Of one request, beyond the first of each event: telling what is wrong must not keep the good ones waiting."""
LARGEST_MENDED: Final = 65_536
"""Bytes; of a larger event only the first problem is told."""
_APART: Final = frozenset({"eventId", "chatbotId", "occurredAt"})
"""On these no check of a kind rests but that of firstByteAt."""

_read: Final = wire.Decoder(AnyEvent).decode


class Patience:
    """How many more times a request's events may be read."""

    def __init__(self, readings: int = MOST_READINGS) -> None:
        self._left = readings

    def spend(self) -> bool:
        self._left -= 1
        return self._left >= 0


def refusal(error: Exception, item: bytes, index: int, now_ms: int, patience: Patience) -> Rejected:
    """Of an event that could not be read: all that is wrong with it, the first of it in front."""
    found = [explain(error, item, index)]
    kind = None if found[0].field in ("", "type") or len(item) > LARGEST_MENDED else kind_of(item)
    if kind is not None:
        _find_others(found, kind, wire.decode(item), now_ms, patience)
    return gathered(found[:MOST_PROBLEMS])


def refused(wrong: list[Objection], index: int) -> Rejected:
    """Of an event that could be read and may not be stored."""
    return gathered([_told(one, index) for one in wrong[:MOST_PROBLEMS]])


def gathered(found: list[Rejected]) -> Rejected:
    return replace(found[0], others=tuple(found[1:]))


def _find_others(
    found: list[Rejected], kind: inspect.StructType, copy: Any, now_ms: int, patience: Patience
) -> None:
    doubtful: set[str] = set()
    while len(found) < MOST_PROBLEMS and patience.spend() and _set_right(copy, kind, found[-1].field):
        doubtful.add(_top(found[-1].field))
        mended = wire.encode(copy)
        try:
            event = _read(mended)
        except (ValidationError, DecodeError) as error:
            found.append(explain(error, mended, found[0].index))
            continue
        names = {field.encode_name for field in kind.fields}
        found += [_told(one, found[0].index) for one in _sure(event, doubtful & names, now_ms)]
        return


def _set_right(copy: Any, kind: inspect.StructType, path: str) -> bool:
    """False: it is not clear how."""
    *way, name = path.split(".")
    for step in way:
        copy = copy.get(step) if isinstance(copy, dict) else None
    if not isinstance(copy, dict):
        return False
    field = next((field for field in fields_of(type_at(kind, ".".join(way))) if field.encode_name == name), None)
    if field is not None and field.required:
        copy[name] = _that_would_do(field.type)
        return True
    return copy.pop(name, copy) is not copy


def _sure(event: AnyEvent, doubtful: set[str], now_ms: int) -> list[Objection]:
    """What is wrong whatever stands in the doubtful fields."""
    check = objections if doubtful <= _APART else general_objections
    found = check(event, moment_ms(event.occurred_at), now_ms, suspicious=True)
    if "occurredAt" in doubtful:
        doubtful = doubtful | {"firstByteAt"}
    return [one for one in found if _top(one.field) not in doubtful]


def _told(one: Objection, index: int) -> Rejected:
    return Rejected(index=index, code=one.code, field=one.field, message=one.message, allowed=one.allowed)


def _top(field: str) -> str:
    return field.partition(".")[0]


_EXAMPLES: Final = {"^[A-Z]{3}$": "EUR", "^[A-Z]{2}$": "DE"}


def _that_would_do(kind: inspect.Type) -> Any:
    match some_of(kind):
        case inspect.LiteralType(values=values):
            return values[0]
        case inspect.StrType(pattern=pattern):
            return _EXAMPLES.get(pattern or "", "en")
        case inspect.IntType(ge=least) | inspect.FloatType(ge=least):
            return least or 0
        case inspect.BoolType():
            return False
        case inspect.DateTimeType():
            return "2026-01-01T00:00:00Z"
        case inspect.DecimalType():
            return "0"
        case inspect.StructType(fields=fields):
            return {field.encode_name: _that_would_do(field.type) for field in fields if field.required}
        case _:
            return {}
