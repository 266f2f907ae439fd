"""Hours and weekdays that come again: into which of them a moment falls, and how often each of them occurred."""

from dataclasses import dataclass
from enum import StrEnum, unique
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from domain.buckets import edges_around
from domain.time import Grain, Window, Zone, local

_HOURS: Final = 24
_WEEKDAYS: Final = 7


@unique
class Cycle(StrEnum):
    """By local clock and calendar of the request's zone. Cells are in order of time, weeks from Monday."""

    HOUR_OF_WEEK = "HOUR_OF_WEEK"
    HOUR_OF_DAY = "HOUR_OF_DAY"
    DAY_OF_WEEK = "DAY_OF_WEEK"

    @property
    def grain(self) -> Grain:
        """The buckets that make up its cells."""
        return Grain.DAY if self is Cycle.DAY_OF_WEEK else Grain.HOUR

    @property
    def cells(self) -> tuple["CycleCell", ...]:
        return _CELLS[self]


class CycleCell(NamedTuple):
    """`weekday`: 1 = Monday to 7. None where the cycle does not tell it apart."""

    weekday: int | None
    hour: int | None


_CELLS: Final = {
    Cycle.HOUR_OF_WEEK: tuple(
        CycleCell(weekday, hour) for weekday in range(1, _WEEKDAYS + 1) for hour in range(_HOURS)
    ),
    Cycle.HOUR_OF_DAY: tuple(CycleCell(None, hour) for hour in range(_HOURS)),
    Cycle.DAY_OF_WEEK: tuple(CycleCell(weekday, None) for weekday in range(1, _WEEKDAYS + 1)),
}


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a range. `occurrences`: how often each one's hour or day was there, where it was cut off by the
    range or the present by the share of its length (R32.12)."""

    cycle: Cycle
    occurrences: tuple[float, ...]


@lru_cache(maxsize=64)
def cells_of(edges: tuple[int, ...], cycle: Cycle, zone: Zone) -> tuple[int, ...]:
    """The place among the cells, from 0, of each hour or day between two edges."""
    return tuple(_place(start, cycle, zone) for start in edges[:-1])


def _place(moment_ms: int, cycle: Cycle, zone: Zone) -> int:
    wall = local(moment_ms, zone)
    match cycle:
        case Cycle.HOUR_OF_WEEK:
            return wall.weekday() * _HOURS + wall.hour
        case Cycle.HOUR_OF_DAY:
            return wall.hour
        case Cycle.DAY_OF_WEEK:
            return wall.weekday()


def count_occurrences(window: Window, cycle: Cycle, zone: Zone, as_of_ms: int) -> Cells:
    found = [0.0] * len(cycle.cells)
    end_ms = min(window.to_ms, as_of_ms)
    if window.from_ms < end_ms:
        edges = edges_around(window, cycle.grain, zone)
        for place, (start, end) in zip(cells_of(edges, cycle, zone), pairwise(edges), strict=True):
            inside = min(end, end_ms) - max(start, window.from_ms)
            if inside > 0:
                found[place] += inside / (end - start)
    return Cells(cycle, tuple(found))
