"""Ranges and buckets: exact tiling in any zone, both switches of the clock, the periods they are compared with."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.buckets import buckets, default_grain
from domain.time import (
    DAY_MS,
    HOUR_MS,
    Calendar,
    Dates,
    Grain,
    Moments,
    Rolling,
    Window,
    Zone,
    local,
    preceding,
    resolve,
    same_last_year,
)

ZONES = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("posix", "right", "Etc")))
MOMENTS = st.integers(
    int(datetime(1995, 1, 1, tzinfo=UTC).timestamp()) * 1000, int(datetime(2035, 1, 1, tzinfo=UTC).timestamp()) * 1000
)


def at(text: str, zone: str = "UTC") -> int:
    """Milliseconds of a wall clock reading."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def walls(window: Window, zone: str) -> tuple[str, str]:
    return tuple(  # type: ignore[return-value]
        local(moment, Zone(zone)).replace(tzinfo=None).isoformat(timespec="minutes")
        for moment in (window.from_ms, window.to_ms)
    )


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(ZONES), MOMENTS, st.integers(1, 40 * 24 * 60), st.sampled_from(list(Grain)))
def test_buckets_tile_the_range_exactly(zone: str, start: int, minutes: int, grain: Grain) -> None:
    window = Window(start, start + minutes * 60_000)
    found = buckets(window, grain, Zone(zone), window.to_ms)
    assert found[0].from_ms == window.from_ms
    assert found[-1].to_ms == window.to_ms
    assert all(one.to_ms == after.from_ms for one, after in pairwise(found))
    assert all(one.from_ms < one.to_ms for one in found)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(ZONES), MOMENTS, st.sampled_from([Grain.DAY, Grain.MONTH, Grain.YEAR]))
def test_a_moment_lies_in_the_bucket_of_its_local_day(zone: str, moment: int, grain: Grain) -> None:
    window = Window(moment - 3 * DAY_MS, moment + 3 * DAY_MS)
    found = next(one for one in buckets(window, grain, Zone(zone), moment) if one.from_ms <= moment < one.to_ms)
    day = local(moment, Zone(zone)).date().isoformat()
    assert day.startswith(found.label)


@pytest.mark.parametrize(
    ("zone", "day", "hours", "buckets_of_the_day"),
    [
        ("America/New_York", date(2026, 11, 1), 25, 25),
        ("America/New_York", date(2026, 3, 8), 23, 23),
        ("Europe/London", date(2026, 10, 25), 25, 25),
        ("Europe/London", date(2026, 3, 29), 23, 23),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5, 24),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5, 24),
        ("Asia/Kolkata", date(2026, 3, 29), 24, 24),
        ("Asia/Kathmandu", date(2026, 3, 29), 24, 24),
        ("America/Havana", date(2026, 11, 1), 25, 25),
        ("Africa/Cairo", date(2026, 4, 24), 23, 23),
    ],
)
def test_days_of_both_switches(zone: str, day: date, hours: float, buckets_of_the_day: int) -> None:
    window = resolve(Dates(day, day), 0, Zone(zone))
    assert window.span_ms == hours * HOUR_MS
    assert len(buckets(window, Grain.HOUR, Zone(zone), window.to_ms)) == buckets_of_the_day
    (whole,) = buckets(window, Grain.DAY, Zone(zone), window.to_ms)
    assert whole.duration_seconds == hours * 3600


def test_a_repeated_hour_is_two_buckets() -> None:
    window = Window(at("2026-11-01T00:00", "America/New_York"), at("2026-11-01T03:00", "America/New_York"))
    found = buckets(window, Grain.HOUR, Zone("America/New_York"), window.to_ms)
    assert [one.label for one in found] == [
        "2026-11-01T00:00-04:00",
        "2026-11-01T01:00-04:00",
        "2026-11-01T01:00-05:00",
        "2026-11-01T02:00-05:00",
    ]


def test_a_skipped_hour_is_none() -> None:
    window = Window(at("2026-03-08T00:00", "America/New_York"), at("2026-03-08T04:00", "America/New_York"))
    found = buckets(window, Grain.HOUR, Zone("America/New_York"), window.to_ms)
    assert [one.label[11:13] for one in found] == ["00", "01", "03"]


def test_a_day_without_midnight_begins_after_it() -> None:
    window = resolve(Dates(date(2026, 4, 24), date(2026, 4, 24)), 0, Zone("Africa/Cairo"))
    assert walls(window, "Africa/Cairo") == ("2026-04-24T01:00", "2026-04-25T00:00")


def test_cut_buckets_are_incomplete() -> None:
    window = Window(at("2026-03-10T06:00"), at("2026-03-13T00:00"))
    found = buckets(window, Grain.DAY, Zone("UTC"), as_of_ms=at("2026-03-12T18:00"))
    assert [(one.label, one.complete) for one in found] == [
        ("2026-03-10", False),
        ("2026-03-11", True),
        ("2026-03-12", False),
    ]


@pytest.mark.parametrize(("week_start", "first_day"), [(1, "2026-03-09"), (7, "2026-03-08")])
def test_weeks_begin_as_the_workspace_says(week_start: int, first_day: str) -> None:
    now = at("2026-03-11T10:00")
    window = resolve(Calendar.THIS_WEEK, now, Zone("UTC", week_start))
    assert walls(window, "UTC")[0] == f"{first_day}T00:00"
    assert buckets(window, Grain.WEEK, Zone("UTC", week_start), now)[0].label == first_day


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (Rolling.LAST_24H, ("2026-05-14T10:30", "2026-05-15T10:30")),
        (Rolling.LAST_7D, ("2026-05-08T10:30", "2026-05-15T10:30")),
        (Rolling.LAST_30D, ("2026-04-15T10:30", "2026-05-15T10:30")),
        (Rolling.LAST_12M, ("2025-05-15T10:30", "2026-05-15T10:30")),
        (Calendar.TODAY, ("2026-05-15T00:00", "2026-05-15T10:30")),
        (Calendar.YESTERDAY, ("2026-05-14T00:00", "2026-05-15T00:00")),
        (Calendar.LAST_WEEK, ("2026-05-04T00:00", "2026-05-11T00:00")),
        (Calendar.THIS_MONTH, ("2026-05-01T00:00", "2026-05-15T10:30")),
        (Calendar.LAST_MONTH, ("2026-04-01T00:00", "2026-05-01T00:00")),
        (Calendar.THIS_QUARTER, ("2026-04-01T00:00", "2026-05-15T10:30")),
        (Calendar.THIS_YEAR, ("2026-01-01T00:00", "2026-05-15T10:30")),
        (Calendar.LAST_YEAR, ("2025-01-01T00:00", "2026-01-01T00:00")),
        (Dates(date(2026, 5, 1), date(2026, 5, 3)), ("2026-05-01T00:00", "2026-05-04T00:00")),
    ],
    ids=str,
)
def test_ranges_in_berlin(spec: Rolling | Calendar | Dates, expected: tuple[str, str]) -> None:
    now = at("2026-05-15T10:30", "Europe/Berlin")
    assert walls(resolve(spec, now, Zone("Europe/Berlin")), "Europe/Berlin") == expected


@pytest.mark.parametrize(
    ("spec", "now", "expected"),
    [
        (Calendar.THIS_MONTH, "2026-03-31T10:00", ("2026-02-01T00:00", "2026-02-28T10:00")),
        (Calendar.THIS_MONTH, "2026-03-15T10:00", ("2026-02-01T00:00", "2026-02-15T10:00")),
        (Calendar.LAST_MONTH, "2026-04-15T10:00", ("2026-02-01T00:00", "2026-03-01T00:00")),
        (Calendar.TODAY, "2026-03-10T10:00", ("2026-03-09T00:00", "2026-03-09T10:00")),
        (Calendar.THIS_WEEK, "2026-03-11T10:00", ("2026-03-02T00:00", "2026-03-04T10:00")),
        (Calendar.THIS_YEAR, "2024-02-29T10:00", ("2023-01-01T00:00", "2023-02-28T10:00")),
        (Rolling.LAST_7D, "2026-03-11T10:00", ("2026-02-25T10:00", "2026-03-04T10:00")),
        (Rolling.LAST_12M, "2026-03-11T10:00", ("2024-03-11T10:00", "2025-03-11T10:00")),
        (Dates(date(2026, 3, 28), date(2026, 3, 30)), "2026-04-11T10:00", ("2026-03-25T00:00", "2026-03-28T00:00")),
    ],
    ids=str,
)
def test_the_period_before(spec: Rolling | Calendar | Dates, now: str, expected: tuple[str, str]) -> None:
    zone = Zone("Europe/Berlin")
    moment = at(now, zone.name)
    window = resolve(spec, moment, zone)
    assert walls(preceding(spec, window, moment, zone), zone.name) == expected


def test_moments_go_back_by_elapsed_time() -> None:
    window = Window(at("2026-03-28T12:00", "Europe/Berlin"), at("2026-03-29T12:00", "Europe/Berlin"))
    before = preceding(Moments(window.from_ms, window.to_ms), window, window.to_ms, Zone("Europe/Berlin"))
    assert before == Window(window.from_ms - 23 * HOUR_MS, window.from_ms)


def test_local_midnights_go_back_by_days() -> None:
    window = Window(at("2026-03-29T00:00", "Europe/Berlin"), at("2026-03-30T00:00", "Europe/Berlin"))
    before = preceding(Moments(window.from_ms, window.to_ms), window, window.to_ms, Zone("Europe/Berlin"))
    assert walls(before, "Europe/Berlin") == ("2026-03-28T00:00", "2026-03-29T00:00")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2024-02-29T00:00", "2024-03-01T00:00", ("2023-02-28T00:00", "2023-03-01T00:00")),
        ("2024-02-28T00:00", "2024-02-29T00:00", ("2023-02-28T00:00", "2023-03-01T00:00")),
        ("2024-02-01T00:00", "2024-03-01T00:00", ("2023-02-01T00:00", "2023-03-01T00:00")),
        ("2024-02-29T08:00", "2024-02-29T09:00", ("2023-02-28T08:00", "2023-02-28T09:00")),
        ("2025-03-01T00:00", "2025-03-31T10:00", ("2024-03-01T00:00", "2024-03-31T10:00")),
    ],
)
def test_the_same_period_last_year(start: str, end: str, expected: tuple[str, str]) -> None:
    zone = Zone("Europe/Berlin")
    found = same_last_year(Window(at(start, zone.name), at(end, zone.name)), zone)
    assert walls(found, zone.name) == expected


@pytest.mark.parametrize(
    ("span", "grain"),
    [
        (timedelta(hours=24), Grain.HOUR),
        (timedelta(days=7), Grain.DAY),
        (timedelta(days=30), Grain.DAY),
        (timedelta(days=120), Grain.WEEK),
        (timedelta(days=365), Grain.MONTH),
    ],
    ids=str,
)
def test_a_grain_is_chosen_by_the_span(span: timedelta, grain: Grain) -> None:
    assert default_grain(Window(0, int(span.total_seconds()) * 1000)) is grain
