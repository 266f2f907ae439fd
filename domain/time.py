"""When does a question look?

Ranges are half-open, in milliseconds since the epoch; boundaries are local to a zone and computed here,
never by a database (R10, R32.12).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

SECOND_MS: Final = 1_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Grain(StrEnum):
    """Width of a bucket."""

    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"

    @property
    def least_ms(self) -> int:
        """No bucket of this grain that is whole lasts less, so it bounds how many a range can hold."""
        return _LEAST_MS[self]


_LEAST_MS: Final = {
    Grain.HOUR: HOUR_MS,
    Grain.DAY: 23 * HOUR_MS,
    Grain.WEEK: 7 * DAY_MS - HOUR_MS,
    Grain.MONTH: 28 * DAY_MS - HOUR_MS,
    Grain.QUARTER: 90 * DAY_MS - HOUR_MS,
    Grain.YEAR: 365 * DAY_MS,
}


class Rolling(StrEnum):
    """The last so-and-so long, up to the moment of asking."""

    LAST_HOUR = "LAST_HOUR"
    LAST_24H = "LAST_24H"
    LAST_7D = "LAST_7D"
    LAST_30D = "LAST_30D"
    LAST_90D = "LAST_90D"
    LAST_12M = "LAST_12M"


class Calendar(StrEnum):
    """A local calendar period: THIS_... is the period to date, LAST_... the whole one before."""

    TODAY = "TODAY"
    YESTERDAY = "YESTERDAY"
    THIS_WEEK = "THIS_WEEK"
    LAST_WEEK = "LAST_WEEK"
    THIS_MONTH = "THIS_MONTH"
    LAST_MONTH = "LAST_MONTH"
    THIS_QUARTER = "THIS_QUARTER"
    LAST_QUARTER = "LAST_QUARTER"
    THIS_YEAR = "THIS_YEAR"
    LAST_YEAR = "LAST_YEAR"


@dataclass(frozen=True, slots=True)
class Moments:
    """From one moment up to, and without, another."""

    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class Dates:
    """Whole local days, both named days included."""

    first: date
    last: date


TimeRange = Rolling | Calendar | Moments | Dates


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone and the day that its weeks begin with (1 = Monday ... 7 = Sunday)."""

    name: str
    week_start: int = 1

    @property
    def info(self) -> tzinfo:
        return ZoneInfo(self.name)


@dataclass(frozen=True, slots=True)
class Window:
    """A resolved range: [from_ms, to_ms)."""

    from_ms: int
    to_ms: int

    @property
    def span_ms(self) -> int:
        return self.to_ms - self.from_ms


_ROLLING_MS: Final = {
    Rolling.LAST_HOUR: HOUR_MS,
    Rolling.LAST_24H: DAY_MS,
    Rolling.LAST_7D: 7 * DAY_MS,
    Rolling.LAST_30D: 30 * DAY_MS,
    Rolling.LAST_90D: 90 * DAY_MS,
}
_ROLLING_MONTHS: Final = {Rolling.LAST_12M: 12}
_PERIOD: Final = {
    Calendar.TODAY: (Grain.DAY, 0),
    Calendar.YESTERDAY: (Grain.DAY, 1),
    Calendar.THIS_WEEK: (Grain.WEEK, 0),
    Calendar.LAST_WEEK: (Grain.WEEK, 1),
    Calendar.THIS_MONTH: (Grain.MONTH, 0),
    Calendar.LAST_MONTH: (Grain.MONTH, 1),
    Calendar.THIS_QUARTER: (Grain.QUARTER, 0),
    Calendar.LAST_QUARTER: (Grain.QUARTER, 1),
    Calendar.THIS_YEAR: (Grain.YEAR, 0),
    Calendar.LAST_YEAR: (Grain.YEAR, 1),
}
_STEP_MONTHS: Final = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}
_STEP_DAYS: Final = {Grain.DAY: 1, Grain.WEEK: 7}


def resolve(spec: TimeRange, as_of_ms: int, zone: Zone) -> Window:
    """The moments that a range means when asked at `as_of_ms`."""
    match spec:
        case Rolling():
            # Whole seconds, so that equal questions within a second are equal (R28).
            end = as_of_ms // SECOND_MS * SECOND_MS
            return Window(_rolling_start(spec, end, zone), end)
        case Calendar():
            grain, back = _PERIOD[spec]
            start = shifted_wall(floor_local(local(as_of_ms, zone), grain, zone), grain, -back)
            end_wall = shifted_wall(start, grain, 1)
            end = instant(end_wall, zone)
            return Window(instant(start, zone), min(end, as_of_ms) if back == 0 else end)
        case Dates(first=first, last=last):
            return Window(midnight(first, zone), midnight(last + timedelta(days=1), zone))
        case Moments(from_ms=from_ms, to_ms=to_ms):
            return Window(from_ms, to_ms)


def preceding(spec: TimeRange, window: Window, as_of_ms: int, zone: Zone) -> Window:
    """The period before: calendar periods by the calendar to the same local time, whole local days by days,
    everything else by elapsed time (R32.17)."""
    match spec:
        case Rolling():
            return Window(_rolling_start(spec, window.from_ms, zone), window.from_ms)
        case Calendar():
            grain, _ = _PERIOD[spec]
            return _shifted(window, grain, zone)
        case Dates() | Moments():
            return _preceding_custom(window, zone)


def same_last_year(window: Window, zone: Zone) -> Window:
    """The same local days and times a year earlier; 29 February becomes the 28th."""
    return _shifted(window, Grain.YEAR, zone)


def local(moment_ms: int, zone: Zone) -> datetime:
    """The wall clock at a moment, with its fold."""
    return (_EPOCH + timedelta(milliseconds=moment_ms)).astimezone(zone.info)


def milliseconds(moment: datetime) -> int:
    """Milliseconds since the epoch of an aware moment, rounded down."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def midnight(day: date, zone: Zone) -> int:
    """The moment at which a local day begins; where midnight is skipped, the first moment after."""
    return instant(datetime(day.year, day.month, day.day), zone)  # noqa: DTZ001 - a wall clock reading on purpose


def floor_local(wall: datetime, grain: Grain, zone: Zone) -> datetime:
    """The wall clock reading at which the bucket of `wall` begins."""
    day = wall.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None, fold=0)
    match grain:
        case Grain.HOUR:
            return wall.replace(minute=0, second=0, microsecond=0, tzinfo=None, fold=0)
        case Grain.DAY:
            return day
        case Grain.WEEK:
            return day - timedelta(days=(day.isoweekday() - zone.week_start) % 7)
        case Grain.MONTH:
            return day.replace(day=1)
        case Grain.QUARTER:
            return day.replace(day=1, month=(day.month - 1) // 3 * 3 + 1)
        case Grain.YEAR:
            return day.replace(day=1, month=1)


def instant(wall: datetime, zone: Zone) -> int:
    """The first moment at which the local clock shows `wall` or, if that reading is skipped, more than it."""
    info = zone.info
    before = wall.replace(tzinfo=info, fold=0)
    after = wall.replace(tzinfo=info, fold=1)
    offset_before, offset_after = before.utcoffset(), after.utcoffset()
    assert offset_before is not None
    assert offset_after is not None
    naive_ms = milliseconds(wall.replace(tzinfo=UTC))
    early = naive_ms - in_ms(offset_before)
    if offset_before >= offset_after:
        return early
    return _transition(naive_ms - in_ms(offset_after), early, zone)


def add_months(wall: datetime, months: int) -> datetime:
    """The same day of another month, or that month's last day."""
    index = wall.year * 12 + wall.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return wall.replace(year=year, month=month, day=min(wall.day, _days_in(year, month)))


def _days_in(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - timedelta(days=1)).day


def _transition(low_ms: int, high_ms: int, zone: Zone) -> int:
    """The first moment after `low_ms` with the offset of `high_ms`: where a skipped reading would have been."""
    target = local(high_ms, zone).utcoffset()
    while high_ms - low_ms > 1:
        middle = (low_ms + high_ms) // 2
        if local(middle, zone).utcoffset() == target:
            high_ms = middle
        else:
            low_ms = middle
    return high_ms


def in_ms(offset: timedelta) -> int:
    """Whole milliseconds of a length of time."""
    return offset // timedelta(milliseconds=1)


def _rolling_start(spec: Rolling, end_ms: int, zone: Zone) -> int:
    if spec in _ROLLING_MONTHS:
        return instant(add_months(local(end_ms, zone).replace(tzinfo=None, fold=0), -_ROLLING_MONTHS[spec]), zone)
    return end_ms - _ROLLING_MS[spec]


def shifted_wall(wall: datetime, grain: Grain, steps: int) -> datetime:
    """So many days, weeks, months, quarters or years later by the wall clock; hours have none."""
    if grain in _STEP_MONTHS:
        return add_months(wall, steps * _STEP_MONTHS[grain])
    return wall + timedelta(days=steps * _STEP_DAYS[grain])


def _shifted(window: Window, grain: Grain, zone: Zone) -> Window:
    """One period earlier by the wall clock. An end at midnight belongs to the day before it, so that shifting
    the last day keeps it: February's days before 29 February stay whole days."""
    start = shifted_wall(_wall(window.from_ms, zone), grain, -1)
    end = _wall(window.to_ms, zone)
    if _is_midnight(window.to_ms, zone):
        last = shifted_wall(end - timedelta(days=1), grain, -1)
        shifted_end = last + timedelta(days=1)
    else:
        shifted_end = shifted_wall(end, grain, -1)
    return Window(instant(start, zone), instant(shifted_end, zone))


def _preceding_custom(window: Window, zone: Zone) -> Window:
    if _is_midnight(window.from_ms, zone) and _is_midnight(window.to_ms, zone):
        first, end = _wall(window.from_ms, zone).date(), _wall(window.to_ms, zone).date()
        return Window(midnight(first - (end - first), zone), window.from_ms)
    return Window(window.from_ms - window.span_ms, window.from_ms)


def _wall(moment_ms: int, zone: Zone) -> datetime:
    return local(moment_ms, zone).replace(tzinfo=None, fold=0)


def _is_midnight(moment_ms: int, zone: Zone) -> bool:
    return midnight(local(moment_ms, zone).date(), zone) == moment_ms
