"""What a series over a cycle says of its cells: how much at each occurrence of a cell, and which cell is highest."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from domain.cycles import Cells
from domain.queries.table import Series, Value

Level = int | float | Decimal

_ONCE: Final = 1.0


@dataclass(frozen=True, slots=True)
class Peak:
    cell: int
    level: Level


def per_occurrence(line: Series, cells: Cells) -> list[Level | None] | None:
    """None for what does not add up: shares, means and people are not divided by how often the cell occurred."""
    if not line.metric.is_additive:
        return None
    return [_divided(reading.value, times) for reading, times in zip(line.now, cells.occurrences, strict=True)]


def _divided(value: Value | None, times: float) -> Level | None:
    if not times or value is None or isinstance(value, tuple):
        return None
    if isinstance(value, Decimal):
        return (value / Decimal(repr(times))).quantize(value)
    return value / times


def peak(line: Series, cells: Cells) -> Peak | None:
    """The highest cell, the first of several. Cells that were not there at least once as a whole count only if none
    was: a few minutes of an hour tell little of it."""
    levels: Sequence[object] = per_occurrence(line, cells) or [reading.value for reading in line.now]
    known = {
        index: level
        for index, level in enumerate(levels)
        if isinstance(level, int | float | Decimal) and cells.occurrences[index]
    }
    whole = {index: level for index, level in known.items() if cells.occurrences[index] >= _ONCE} or known
    if not any(whole.values()):
        return None
    highest = max(whole, key=lambda index: (whole[index], -index))
    return Peak(highest, whole[highest])
