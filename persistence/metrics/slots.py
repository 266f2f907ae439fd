"""Bucket edges as an even grid: how the columnar copy joins a moment to its bucket (R10).

Local days, weeks and months begin at moments that are some whole number of hours or quarters apart, whatever the zone
and its clock changes. So a moment's place on that grid is one division, and the bucket of each place is a small table.
"""

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import gcd
from typing import Final

MOST_SLOTS: Final = 200_000
"""A grid of minutes over a third of a year; the longest series allowed has 10,000 buckets."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Slot `i` begins at `base_ms + i * slot_ms` and lies in bucket `buckets[i]`, counted from 1."""

    base_ms: int
    slot_ms: int
    buckets: tuple[int, ...]
    starts: tuple[int, ...]
    """Where the bucket of each slot begins."""


@lru_cache(maxsize=256)
def grid_of(edges: tuple[int, ...]) -> Grid | None:
    """None if it would be larger than is worth it. The first and the last edge may lie inside a slot: what is before
    or behind them is left out by the range itself."""
    inner = edges[1:-1]
    slot_ms = _slot_width(edges, inner)
    before = -(-(inner[0] - edges[0]) // slot_ms) if inner else 0
    base_ms = inner[0] - before * slot_ms if inner else edges[0]
    count = -(-(edges[-1] - base_ms) // slot_ms)
    if count > MOST_SLOTS:
        return None
    places = [bisect_right(inner, base_ms + slot * slot_ms) for slot in range(max(1, count))]
    return Grid(base_ms, slot_ms, tuple(place + 1 for place in places), tuple(edges[place] for place in places))


def _slot_width(edges: tuple[int, ...], inner: tuple[int, ...]) -> int:
    apart = [after - before for before, after in pairwise(inner)]
    return gcd(*apart) if apart else max(1, edges[-1] - edges[0])
