"""docs/events.md, made from the event types: every kind of event, its fields, what each takes."""

import ast
import inspect as source
from collections.abc import Iterator
from typing import Any, Final, get_args

from msgspec import inspect

from domain import events
from domain.events import AnyEvent

_HEAD: Final = """# Events

What `POST /v1/events` and the `recordEvents` mutation take. How to send them, and what is answered:
[ingest.md](ingest.md). This page is made from `domain/events.py` by `python3 dev.py run schema --write`.

Unknown fields are refused by name. A time is RFC 3339 with its offset. An absent field means "not known", never zero or
false.
"""

_COMMON: Final = ("eventId", "occurredAt", "chatbotId", "sessionId", "threadId", "visitorId")


def events_page() -> str:
    kinds = [kind for kind in inspect.multi_type_info(get_args(AnyEvent)) if isinstance(kind, inspect.StructType)]
    parts = [_HEAD, _section("Every event", events.Event, _fields(kinds[0], common=True))]
    parts += [_section(f"`{kind.tag}`", kind.cls, _fields(kind, common=False)) for kind in kinds]
    parts.append("# Values inside events\n")
    for name, part in (("context", events.SessionContext), ("answer", events.AnswerDetails), ("money", events.Money)):
        found = inspect.type_info(part)
        if isinstance(found, inspect.StructType):
            parts.append(_section(f"The value `{name}`", part, _fields(found, common=False)))
    return "\n".join(parts)


def _section(title: str, kind: type[Any], rows: Iterator[str]) -> str:
    described = _own_words(kind)
    table = "\n".join(rows)
    head = "| field | takes | |\n| --- | --- | --- |\n"
    return f"## {title}\n\n" + (f"{described}\n\n" if described else "") + (f"{head}{table}\n" if table else "")


def _own_words(kind: type[Any]) -> str:
    """The docstring as it is written; msgspec gives every class one of its own otherwise."""
    tree = ast.parse(source.getsource(kind))
    written = ast.get_docstring(tree.body[0]) if isinstance(tree.body[0], ast.ClassDef) else None
    return " ".join((written or "").split())


def _fields(kind: inspect.StructType, *, common: bool) -> Iterator[str]:
    for field in kind.fields:
        if (field.encode_name in _COMMON) == common:
            needed = "required" if field.required else ""
            yield f"| `{field.encode_name}` | {_takes(field.type)} | {needed} |"


def _takes(kind: inspect.Type) -> str:
    match kind:
        case inspect.UnionType():
            return " or ".join(_takes(part) for part in kind.types if not isinstance(part, inspect.NoneType))
        case inspect.LiteralType():
            return ", ".join(f"`{value}`" for value in kind.values)
        case inspect.StrType(pattern=str() as pattern):
            return f"text like `{pattern}`".replace("|", "\\|")
        case inspect.StrType():
            return f"text, {kind.min_length or 0} to {kind.max_length} characters"
        case inspect.IntType():
            return f"whole number, {kind.ge:,} to {kind.le:,}"
        case inspect.FloatType():
            return f"number, {kind.ge:g} to {kind.le:g}"
        case inspect.BoolType():
            return "true or false"
        case inspect.DateTimeType():
            return "time"
        case inspect.DecimalType():
            return 'decimal in a text, such as `"0.0021"`'
        case inspect.StructType():
            return {
                "SessionContext": "[context](#the-value-context)",
                "AnswerDetails": "[answer](#the-value-answer)",
            }.get(kind.cls.__name__, "[money](#the-value-money)")
        case _:
            return "object of texts, numbers, true, false, null"
