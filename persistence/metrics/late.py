"""Sums by slot of the time axis first; its few rows then find their buckets, and millions need not be joined."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, Select, case, cast, func, literal, null, select

from domain.metrics.algebra import Count, Measure, depends_on_window, is_additive
from domain.queries.branches import Branch, Cut
from persistence.metrics import moving
from persistence.metrics.compile import EXACT, Number
from persistence.metrics.legs import Leg, slots_of


def can_be_late(branch: Branch) -> bool:
    """Whether the sums of its slots are all that its buckets need."""
    additive = all(is_additive(measure) and not depends_on_window(measure) for measure in branch.measures)
    return additive and Cut.BUCKET in branch.is_cut_by and not branch.by_session


def in_buckets(leg: Leg, rows: FromClause, told: tuple[Sequence[Number], Sequence[Number]]) -> Select[Any]:
    """A row per slot and group, with its bucket. `told`: numbers and long numbers as aggregates of `rows`."""
    names = [f"d{number}" for number in range(len(leg.plan.query.group_by)) if f"d{number}" in rows.c]
    keys = [rows.c.slot, *(rows.c[name] for name in (*names, *(("currency", "day") if leg.branch.of_money else ())))]
    numbers, long_numbers = told
    sums = select(*keys, *named(numbers, "m"), *named(long_numbers, "x")).group_by(*keys).subquery("slots")
    slots = slots_of(moving.buckets_of(leg.branch.window_index))
    kept = [column for column in sums.c if column.name != "slot"]
    return select(slots.c.bucket, *kept).select_from(sums.join(slots, slots.c.slot == sums.c.slot))


def summed(measures: Sequence[Measure], rows: FromClause, prefix: str) -> list[Number]:
    """Out of the sums of slots; where there is no row at all, a count is none and a sum is unknown."""
    found: list[Number] = []
    for place, measure in enumerate(measures):
        part = rows.c[f"{prefix}{place}"]
        total = cast(func.sum(part), part.type)
        none = literal(0, BigInteger)
        found.append(case((total.is_(None), none), else_=total) if isinstance(measure, Count) else total)
    return found


def named(told: Sequence[Number], prefix: str, width: int = 0) -> list[ColumnElement[Any]]:
    """As m0.. or x0.., filled up with unknown ones."""
    kind = EXACT if prefix == "x" else BigInteger()
    missing = [cast(null(), kind) for _ in range(width - len(told))]
    return [value.label(f"{prefix}{number}") for number, value in enumerate([*told, *missing])]
