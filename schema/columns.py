"""What the values of one field become on the wire, for many records at once.

A column gives for each value what graphql-core would give. Where it cannot be sure, it raises `NotPlain`, and the list
is completed the usual way, value by value, which also finds the words and the path of an error.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from itertools import repeat
from math import isfinite
from operator import attrgetter
from types import NoneType
from typing import Any, Final, TypeAlias

from graphql import GRAPHQL_MAX_INT, GRAPHQL_MIN_INT, GraphQLEnumType, GraphQLLeafType, GraphQLScalarType

from schema.scalars import LARGEST_SAFE_INTEGER

Column: TypeAlias = Callable[[Sequence[Any]], Sequence[Any]]
Convert: TypeAlias = Callable[[Any], Any]

_SAME: Final[dict[str, type]] = {"String": str, "ID": str, "TimeZone": str, "Boolean": bool}
"""Scalars whose values of exactly this type leave as they are."""

_WHOLE: Final = {
    "Int": (GRAPHQL_MIN_INT, GRAPHQL_MAX_INT),
    "BigInt": (-LARGEST_SAFE_INTEGER, LARGEST_SAFE_INTEGER),
}
_CONVERTED: Final[dict[str, frozenset[type]]] = {
    "DateTime": frozenset({datetime}),
    "Date": frozenset({date}),
    "Money": frozenset({Decimal, int}),
}
"""Scalars whose values of exactly these types are written by the scalar itself."""

_LISTS: Final = frozenset({list, tuple})


class NotPlain(Exception):
    """Only the usual way can tell what this becomes."""


def leaf_column(kind: GraphQLLeafType, *, nullable: bool) -> Column:
    if isinstance(kind, GraphQLEnumType):
        return _enum_column(kind, nullable=nullable)
    assert isinstance(kind, GraphQLScalarType)
    if kind.name in _SAME:
        return _same(_exactly(_SAME[kind.name], nullable=nullable))
    if kind.name in _WHOLE:
        return _whole(_exactly(int, nullable=nullable), *_WHOLE[kind.name])
    if kind.name == "Float":
        return _float(_exactly(float, nullable=nullable), kind.coerce_output_value)
    if kind.name in _CONVERTED:
        allowed = _exactly(*_CONVERTED[kind.name], nullable=nullable)
        return _converted(allowed, kind.coerce_output_value)
    raise NotPlain


def _exactly(*kinds: type, nullable: bool) -> frozenset[type]:
    return frozenset({*kinds, NoneType} if nullable else kinds)


def _same(allowed: frozenset[type]) -> Column:
    def complete(values: Sequence[Any]) -> Sequence[Any]:
        if not allowed.issuperset(map(type, values)):
            raise NotPlain
        return values

    return complete


def _whole(allowed: frozenset[type], least: int, most: int) -> Column:
    def complete(values: Sequence[Any]) -> Sequence[Any]:
        # `filter(None, ...)` drops nulls and zeros, which no bound refuses.
        if not allowed.issuperset(map(type, values)) or (
            max(filter(None, values), default=0) > most or min(filter(None, values), default=0) < least
        ):
            raise NotPlain
        return values

    return complete


def _float(allowed: frozenset[type], convert: Convert) -> Column:
    converted = _converted(allowed | {int}, convert)

    def complete(values: Sequence[Any]) -> Sequence[Any]:
        if allowed.issuperset(map(type, values)) and all(map(isfinite, filter(None, values))):
            return values
        return converted(values)

    return complete


def _converted(allowed: frozenset[type], convert: Convert) -> Column:
    def complete(values: Sequence[Any]) -> Sequence[Any]:
        if not allowed.issuperset(map(type, values)):
            raise NotPlain
        return [None if value is None else convert(value) for value in values]

    return complete


def _enum_column(kind: GraphQLEnumType, *, nullable: bool) -> Column:
    members = getattr(kind, "wrapped_cls", None)
    if not (isinstance(members, type) and issubclass(members, Enum)):
        raise NotPlain
    names: dict[Any, str | None] = {member: kind.coerce_output_value(member) for member in members}
    allowed = _exactly(members, nullable=nullable)
    names |= {None: None}

    def complete(values: Sequence[Any]) -> Sequence[Any]:
        if not allowed.issuperset(map(type, values)):
            raise NotPlain
        return [names[value] for value in values]

    return complete


def list_column(items: Column) -> Column:
    def complete(values: Sequence[Any]) -> Sequence[Any]:
        if not _LISTS.issuperset(map(type, values)):
            raise NotPlain
        return [list(items(value)) for value in values]

    return complete


def record_column(classes: frozenset[type], fields: Sequence[tuple[str, str, Column]]) -> Column:
    """Of records of exactly these classes. `fields`: name in the answer, attribute, column."""
    names = [name for name, _, _ in fields]
    columns = [(attrgetter(attribute), column) for _, attribute, column in fields]

    def complete(values: Sequence[Any]) -> Sequence[Any]:
        if not classes.issuperset(map(type, values)):
            raise NotPlain
        if not columns:
            return [{} for _ in values]
        completed = [column(list(map(get, values))) for get, column in columns]
        return [dict(zip(names, row, strict=True)) for row in zip(*completed, strict=True)]

    return complete


def constant_column(text: str) -> Column:
    return lambda values: list(repeat(text, len(values)))


def with_nulls(column: Column) -> Column:
    """Nulls stay nulls; the column sees the rest."""

    def complete(values: Sequence[Any]) -> Sequence[Any]:
        present = [value for value in values if value is not None]
        if len(present) == len(values):
            return column(values)
        completed = iter(column(present))
        return [None if value is None else next(completed) for value in values]

    return complete
