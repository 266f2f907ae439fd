"""Where a computed amount stands: the window, the bucket and the group it belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.metrics.algebra import Measure

Money = Mapping[tuple[str, int], int]
"""Nano-units by currency and day; the day is -1 where no rate is needed."""
Amount = int | Money | None
Cell = Mapping[Measure, Amount]
Codes = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CellKey:
    """`bucket` counts from 0; None = the whole window. `codes` None = all groups together."""

    window: int
    bucket: int | None = None
    codes: Codes | None = None


Cells = Mapping[CellKey, Cell]
