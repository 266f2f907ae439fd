"""The cells of the time axis: into which buckets does a question cut its range?

Buckets are half-open like ranges and lie between local boundaries of a zone (R10).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final

from domain.time import (
    DAY_MS,
    HOUR_MS,
    SECOND_MS,
    Grain,
    Window,
    Zone,
    floor_local,
    in_ms,
    instant,
    local,
    milliseconds,
    shifted_wall,
)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One cell of the time axis, cut to the range. Incomplete: the range or the present cuts it short."""

    from_ms: int
    to_ms: int
    label: str
    complete: bool

    @property
    def duration_seconds(self) -> float:
        return (self.to_ms - self.from_ms) / SECOND_MS


def buckets(window: Window, grain: Grain, zone: Zone, as_of_ms: int) -> tuple[Bucket, ...]:
    """Consecutive buckets that tile the window exactly; the first and last are cut to it."""
    if window.to_ms <= window.from_ms:
        return ()
    edges = edges_around(window, grain, zone)
    limit = min(window.to_ms, as_of_ms)
    return tuple(
        Bucket(
            from_ms=max(start, window.from_ms),
            to_ms=min(end, window.to_ms),
            label=_label(start, grain, zone),
            complete=start >= window.from_ms and end <= limit,
        )
        for start, end in pairwise(edges)
    )


def default_grain(window: Window) -> Grain:
    """Hours up to two days, days up to a quarter, weeks up to half a year, then months."""
    span = window.span_ms
    if span <= 2 * DAY_MS + HOUR_MS:
        return Grain.HOUR
    if span <= 93 * DAY_MS:
        return Grain.DAY
    if span <= 186 * DAY_MS:
        return Grain.WEEK
    return Grain.MONTH


def edges_within(window: Window, grain: Grain, zone: Zone) -> tuple[int, ...]:
    """The same as the buckets: where each begins within the window, and the end of the last."""
    if window.to_ms <= window.from_ms:
        return ()
    return (window.from_ms, *edges_around(window, grain, zone)[1:-1], window.to_ms)


def edges_around(window: Window, grain: Grain, zone: Zone) -> tuple[int, ...]:
    """Boundaries from the last at or before the window's start to the first at or after its end.

    Clocks are some whole number of quarters apart, so a window that moves with the present shares them for a while."""
    begun = window.from_ms // _QUARTER_MS * _QUARTER_MS
    return _edges(Window(begun, -(-window.to_ms // _QUARTER_MS) * _QUARTER_MS), grain, zone)


_QUARTER_MS: Final = HOUR_MS // 4


@lru_cache(maxsize=64)
def _edges(window: Window, grain: Grain, zone: Zone) -> tuple[int, ...]:
    edges = sorted(set(_boundaries(window, grain, zone)))
    first = max(index for index, edge in enumerate(edges) if edge <= window.from_ms)
    last = min(index for index, edge in enumerate(edges) if edge >= window.to_ms)
    return tuple(edges[first : last + 1])


def _boundaries(window: Window, grain: Grain, zone: Zone) -> Iterator[int]:
    """Every local boundary from before the window until after it; a repeated hour begins twice."""
    wall = floor_local(local(window.from_ms, zone), grain, zone) - timedelta(hours=26 if grain is Grain.HOUR else 0)
    while True:
        moment = instant(wall, zone)
        yield moment
        if grain is Grain.HOUR:
            yield _repeated(wall, zone)
        if moment >= window.to_ms:
            return
        wall = wall + timedelta(hours=1) if grain is Grain.HOUR else shifted_wall(wall, grain, 1)


def _repeated(wall: datetime, zone: Zone) -> int:
    """The second moment at which the clock shows `wall`, else the first."""
    again = wall.replace(tzinfo=zone.info, fold=1)
    offset = again.utcoffset()
    assert offset is not None
    second = milliseconds(wall.replace(tzinfo=UTC)) - in_ms(offset)
    first = instant(wall, zone)
    return second if second > first else first


@lru_cache(maxsize=8_192)
def _label(start_ms: int, grain: Grain, zone: Zone) -> str:
    """How people name the bucket: 2026-03-29T01:00+02:00, 2026-03-29, 2026-03, 2026-Q1, 2026."""
    wall = local(start_ms, zone)
    match grain:
        case Grain.HOUR:
            return wall.isoformat(timespec="minutes")
        case Grain.DAY | Grain.WEEK:
            return wall.date().isoformat()
        case Grain.MONTH:
            return f"{wall.year:04d}-{wall.month:02d}"
        case Grain.QUARTER:
            return f"{wall.year:04d}-Q{(wall.month - 1) // 3 + 1}"
        case Grain.YEAR:
            return f"{wall.year:04d}"
