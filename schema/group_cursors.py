"""Cursors of groups: opaque places in the order of a split, good for questions with the same split and order."""

from collections.abc import Sequence
from math import isfinite

from domain.problems import InvalidInput, Refused
from domain.queries import table as domain
from domain.queries.query import GroupPlace, Order
from domain.queries.table import number_of
from schema.paging import decode_cursor, encode_cursor

_KIND = "MetricGroup"
_LETTERS_OF_LABEL = 30
"""Enough to go on among groups of one value; a group that is still there is found by its codes."""
_BETWEEN = "\x1f"


def cursor_of(group: domain.Group, order: Order | None) -> str | None:
    """None for the rest, after which nothing comes."""
    if group.is_other or order is None:
        return None
    value = number_of(group.figures[order.metric].now.value) if order.metric else None
    key = (
        _named(order, [part.dimension.name for part in group.key]),
        "" if value is None else repr(value),
        _BETWEEN.join(str(code) for code in group.codes),
        _BETWEEN.join(part.label.replace(_BETWEEN, " ")[:_LETTERS_OF_LABEL] for part in group.key),
    )
    return encode_cursor(_KIND, key)


def place_of(after: str | None, order: Order | None, group_by: Sequence[str]) -> GroupPlace | None:
    if after is None:
        return None
    named, value, codes, labels = decode_cursor(_KIND, after, (str, str, str, str))
    if order is None or named != _named(order, group_by):
        raise Refused(InvalidInput(message="after is a cursor of another split or order.", path=("after",)))
    try:
        found = GroupPlace(
            value=float(value) if value else None,
            codes=tuple(int(code) for code in codes.split(_BETWEEN)),
            labels=tuple(labels.split(_BETWEEN)),
        )
    except ValueError:
        found = None
    if found is None or not isfinite(found.value or 0.0):
        raise Refused(InvalidInput(message="after is no cursor of these groups.", path=("after",)))
    return found


def _named(order: Order, group_by: Sequence[str]) -> str:
    return f"{','.join(group_by)} by {order.metric or 'label'}{' down' if order.descending else ''}"
