"""Random records of the types of a schema, some of them wrong, and random documents that select from them."""

import asyncio
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

from schema.permissions import object_fields

INTEGERS = (0, 1, -7, 2**31 - 1, 2**31, 2**53 - 1, 2**53, True, 3.0, "12")
FLOATS = (0.0, -0.0, 0.25, 1e300, 7, 2**60, float("nan"), float("inf"), "x")
TEXTS = ("", "a", "ü\N{GRINNING FACE}", 5, b"bytes")
MOMENTS = (
    datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 30, 0, 250, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    datetime(2026, 3, 29, tzinfo=UTC).replace(tzinfo=None),
)
GIVEN: dict[str, tuple[Any, ...]] = {
    "Int": INTEGERS,
    "BigInt": INTEGERS,
    "Float": FLOATS,
    "String": TEXTS,
    "ID": TEXTS,
    "TimeZone": ("UTC", "Asia/Kathmandu", 5),
    "Boolean": (True, False, 1, "yes"),
    "DateTime": MOMENTS,
    "Date": (date(2026, 2, 28), MOMENTS[0], "2026-01-01"),
    "Money": (Decimal("12.5"), 3, Decimal("0.000000001"), "4.20", "money"),
}
ODD_CHANCE = 0.004
CONDITIONS = (
    *[""] * 12,
    "@skip(if: $no)",
    "@skip(if: $yes)",
    "@include(if: $yes)",
    "@include(if: $maybe)",
    "@skip(if: true)",
    "@include(if: false)",
)


@dataclass
class Later:
    """A value that has to be waited for, as often as wanted."""

    value: Any

    def __await__(self) -> Generator[Any, None, Any]:
        yield from asyncio.sleep(0).__await__()
        return self.value


def root_of_lists(schema: GraphQLSchema) -> GraphQLSchema:
    """A schema that lists every object type and every interface there is."""
    roots = {schema.query_type, schema.mutation_type, schema.subscription_type}
    kinds: list[Any] = [*{kind.name: kind for kind, _, _ in object_fields(schema) if kind not in roots}.values()]
    kinds += [kind for kind in schema.type_map.values() if is_abstract_type(kind)]
    fields = {kind.name: GraphQLField(GraphQLList(kind)) for kind in kinds}
    return GraphQLSchema(GraphQLObjectType("Lists", fields), types=list(schema.type_map.values()))


class Records:
    """Some lists are spoilt: a value of them may then be of the wrong kind, null, an exception or awaitable."""

    def __init__(self, schema: GraphQLSchema, random: Random) -> None:
        self._schema = schema
        self._random = random
        self._spoilt = False

    def list_of(self, kind: Any) -> Any:
        self._spoilt = self._random.random() < 0.3
        return [self.value(kind, 3) for _ in range(self._random.choice((0, 1, 2, 5, 20)))]

    def value(self, kind: Any, depth: int) -> Any:
        random = self._random
        if self._spoilt and random.random() < ODD_CHANCE:
            return random.choice((None, ValueError("broken"), Later(None), Later("late"), object(), "text", []))
        if is_non_null_type(kind):
            return self._present(kind.of_type, depth)
        return None if random.random() < 0.2 else self._present(kind, depth)

    def _present(self, kind: Any, depth: int) -> Any:
        random = self._random
        if is_list_type(kind):
            found = [self.value(kind.of_type, depth) for _ in range(random.choice((0, 1, 4)))]
            return tuple(found) if random.random() < 0.3 else found
        if isinstance(kind, GraphQLEnumType):
            return random.choice([member.value for member in kind.values.values()] if self._spoilt else _members(kind))
        if is_leaf_type(kind):
            given = GIVEN[kind.name]
            return random.choice(given) if self._spoilt and random.random() < 0.02 else given[0]
        if is_abstract_type(kind):
            kind = random.choice(self._schema.get_possible_types(kind))
        return self._record(kind, depth)

    def _record(self, kind: GraphQLObjectType, depth: int) -> Any:
        record = object.__new__(kind.extensions["strawberry-definition"].origin)
        for field in kind.fields.values():
            definition = field.extensions["strawberry-definition"]
            if definition.base_resolver is None and (depth > 0 or is_leaf_type(_innermost(field.type))):
                setattr(record, definition.python_name, self.value(field.type, depth - 1))
        return record


def _members(kind: GraphQLEnumType) -> list[Any]:
    return list(getattr(kind, "wrapped_cls", ()))


def _waits(field: GraphQLField) -> bool:
    """For its resolver, which would read the database."""
    return bool(getattr(field.extensions.get("strawberry-definition"), "is_async", False))


def _innermost(kind: Any) -> Any:
    while hasattr(kind, "of_type"):
        kind = kind.of_type
    return kind


class Documents:
    """Documents with aliases, fragments, conditions and fields that are asked for twice."""

    def __init__(self, schema: GraphQLSchema, random: Random) -> None:
        self._schema = schema
        self._random = random
        self._fragments: list[str] = []

    def about(self, name: str) -> str:
        self._fragments = []
        asked = f"{name} {self._selection(self._schema.type_map[name], 3)}"
        more = f"{name} {{ __typename }}" if self._random.random() < 0.2 else ""
        variables = "$yes: Boolean!, $no: Boolean!, $maybe: Boolean = true"
        used = "one: __typename @include(if: $yes) @skip(if: $no) two: __typename @skip(if: $maybe)"
        return f"query ({variables}) {{ {used} {asked} {more} }} {' '.join(self._fragments)}"

    def _selection(self, kind: Any, depth: int) -> str:
        parts = [self._condition("__typename")] if self._random.random() < 0.3 else []
        fields = list(getattr(kind, "fields", {}).items())
        for name, field in self._random.sample(fields, min(len(fields), self._random.choice((1, 3, 20)))):
            if not field.args and not _waits(field) and (depth > 0 or is_leaf_type(_innermost(field.type))):
                parts += self._asked(name, _innermost(field.type), depth)
        if is_abstract_type(kind):
            parts += [f"... on {one.name} {{ __typename }}" for one in self._schema.get_possible_types(kind)[:2]]
        text = f"{{ {' '.join(parts) or '__typename'} }}"
        return self._as_fragment(kind.name, text) if self._random.random() < 0.15 else text

    def _asked(self, name: str, inner: Any, depth: int) -> list[str]:
        own = name if is_leaf_type(inner) else f"{name} {self._selection(inner, depth - 1)}"
        # The alias is the field's own, so that no two selections of one name differ in what they mean.
        text = self._condition(f"{name}_: {own}" if self._random.random() < 0.2 else own)
        if self._random.random() < 0.1:
            text = f"{self._condition('...')} {{ {text} }}"
        return [text] * self._random.choice((1, 1, 1, 2))

    def _as_fragment(self, name: str, text: str) -> str:
        own = f"Part{len(self._fragments)}"
        self._fragments.append(f"fragment {own} on {name} {text}")
        return f"{{ {self._condition(f'...{own}')} ...{own} }}"

    def _condition(self, text: str) -> str:
        """A directive before the selection set, where there is one."""
        head, brace, rest = text.partition(" {")
        return f"{head} {self._random.choice(CONDITIONS)}{brace}{rest}"
