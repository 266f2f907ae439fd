"""A refused event, in words its sender understands: the decoder's errors with our names and what is allowed."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, get_args

from msgspec import DecodeError, Struct, ValidationError, inspect
from msgspec import json as wire

from domain.events import AnyEvent
from domain.problems import nearest

_KINDS: Final[dict[str, inspect.StructType]] = {
    str(kind.tag): kind for kind in inspect.multi_type_info(get_args(AnyEvent)) if isinstance(kind, inspect.StructType)
}
_PLACE: Final = re.compile(r" - at `\$\.?([^`]*)`$")
_NAME: Final = re.compile(r"[`']([^`']*)[`']")
_LONGEST_SHOWN: Final = 64
_KNOWN_PATTERNS: Final = {
    "^[A-Z]{3}$": "three capital letters (ISO 4217), such as EUR",
    "^[A-Z]{2}$": "two capital letters (ISO 3166), such as DE",
    "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$": "a language tag (BCP 47), such as en or pt-BR",
}


class Rejected(Struct, frozen=True, kw_only=True):
    """Why the event at `index` was not taken: the first thing, and `others`. `code`: MALFORMED (no JSON),
    MISSING, UNKNOWN (a field or value that does not exist), OUT_OF_RANGE, INVALID."""

    index: int
    code: str
    field: str
    message: str
    allowed: tuple[str, ...] = ()
    suggestion: str | None = None
    others: "tuple[Rejected, ...]" = ()

    @property
    def problems(self) -> "tuple[Rejected, ...]":
        """All that is wrong, the first included."""
        return (self, *self.others)


class _Tag(Struct):
    type: Any = None


_read_tag: Final = wire.Decoder(_Tag).decode


def explain(error: Exception, item: bytes, index: int) -> Rejected:
    if isinstance(error, RecursionError):
        return Rejected(index=index, code="MALFORMED", field="", message="The event is nested too deeply.")
    if not isinstance(error, ValidationError):
        return _malformed(error, index)
    text = str(error)
    found = _PLACE.search(text)
    path = found.group(1) if found else ""
    said = text[: found.start()] if found else text
    kind = kind_of(item)
    if kind is None:
        return _no_kind(item, said, index)
    return _explain_field(said, path, kind, index)


def _malformed(error: Exception, index: int) -> Rejected:
    if isinstance(error, DecodeError):
        reason = str(error).removeprefix("JSON is malformed: ")
    else:
        reason = "it holds bytes that are not UTF-8"
    return Rejected(index=index, code="MALFORMED", field="", message=f"The event is not readable JSON: {reason}.")


def kind_of(item: bytes) -> inspect.StructType | None:
    try:
        tag = _read_tag(item).type
    except (DecodeError, RecursionError):
        return None
    return _KINDS.get(tag) if isinstance(tag, str) else None


def _no_kind(item: bytes, said: str, index: int) -> Rejected:
    try:
        tag = _read_tag(item).type
    except (DecodeError, RecursionError):
        message = 'An event is an object with a type, such as {"type": "message", ...}.'
        return Rejected(index=index, code="INVALID", field="", message=message, allowed=("object",))
    if tag is None:
        message = f"type is missing; it says which kind of event this is: {_list(_KINDS)}."
        return Rejected(index=index, code="MISSING", field="type", message=message, allowed=tuple(_KINDS))
    return _unknown(index, "type", str(tag), _KINDS, "is no kind of event")


def _explain_field(said: str, path: str, kind: inspect.StructType, index: int) -> Rejected:
    named = _NAME.search(said)
    name = named.group(1) if named else ""
    if said.startswith("Object missing required field"):
        field = _join(path, name)
        needed_type = type_at(kind, field)
        needed = _describe(needed_type)
        message = f"{field} is missing; it takes {needed}."
        return Rejected(index=index, code="MISSING", field=field, message=message, allowed=_allowed(needed_type))
    if said.startswith("Object contains unknown field"):
        fields = [field.encode_name for field in fields_of(type_at(kind, path))]
        if not path:
            fields.append("type")
        return _unknown(index, _join(path, name), name, fields, "is no field of this event")
    expected = type_at(kind, path)
    if said.startswith("Invalid enum value"):
        return _unknown(index, path, name, _choices(expected), f"is not a value of {path}")
    code = "OUT_OF_RANGE" if re.search(r"<=|>=|out of range|too big", said) else "INVALID"
    needed = _describe(expected)
    message = f"{path or 'The event'} takes {needed}{_instead(said)}."
    return Rejected(index=index, code=code, field=path, message=message, allowed=_allowed(expected))


def _unknown(index: int, field: str, name: str, known: Iterable[str], reason: str) -> Rejected:
    names = tuple(known)
    near = nearest(name, names)
    hint = f"Did you mean {near}?" if near else f"There are: {_list(names)}."
    message = f"{_shown(name)} {reason}. {hint}"
    return Rejected(index=index, code="UNKNOWN", field=field, message=message, allowed=names, suggestion=near)


def _instead(said: str) -> str:
    got = re.search(r"got `(\w+)`", said)
    return f", not {_WORDS.get(got.group(1), got.group(1))}" if got else ""


_WORDS: Final = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}


def type_at(kind: inspect.Type, path: str) -> inspect.Type:
    """The type of the field at a dotted path; the last one that is known if the path leaves the declared fields."""
    found: inspect.Type = kind
    for name in path.split(".") if path else ():
        step = next((field for field in fields_of(found) if field.encode_name == name), None)
        if step is None:
            return found
        found = some_of(step.type)
    return found


def some_of(kind: inspect.Type) -> inspect.Type:
    """Without "or null"."""
    if isinstance(kind, inspect.UnionType):
        return next(part for part in kind.types if not isinstance(part, inspect.NoneType))
    return kind


def fields_of(kind: inspect.Type) -> Iterator[inspect.Field]:
    return iter(kind.fields) if isinstance(kind, inspect.StructType) else iter(())


def _choices(kind: inspect.Type) -> tuple[str, ...]:
    return tuple(str(value) for value in kind.values) if isinstance(kind, inspect.LiteralType) else ()


def _allowed(kind: inspect.Type) -> tuple[str, ...]:
    return _choices(kind) or (_describe(kind),)


def _describe(kind: inspect.Type) -> str:
    match kind:
        case inspect.LiteralType():
            return f"one of {_list(_choices(kind))}"
        case inspect.StrType(pattern=str() as pattern):
            return _KNOWN_PATTERNS.get(pattern, f"a text that matches {pattern}")
        case inspect.StrType():
            return f"a text of {kind.min_length or 0} to {kind.max_length} characters"
        case inspect.IntType():
            return f"a whole number from {kind.ge} to {kind.le}"
        case inspect.FloatType():
            return f"a number from {kind.ge:g} to {kind.le:g}"
        case inspect.BoolType():
            return "true or false"
        case inspect.DateTimeType():
            return "a time with its offset from UTC (RFC 3339), such as 2026-01-31T09:30:00Z"
        case inspect.DecimalType():
            return 'a decimal number, such as "12.50"'
        case _:
            return "an object"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)


def _shown(name: str) -> str:
    return repr(name if len(name) <= _LONGEST_SHOWN else name[:_LONGEST_SHOWN] + "…")
