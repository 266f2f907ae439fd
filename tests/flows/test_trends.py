"""Ranges, series, comparisons and shares over HTTP: equal to a plain count of the described visits."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.flows.asking import LAST, ask, totals, within
from tests.flows.serving_process import Installation
from tests.flows.visits import FIRST, Visit

Visits = list[Visit]
NOW = datetime(2025, 9, 10, 15, 20, tzinfo=UTC)
AS_OF = f'asOf: "{NOW.isoformat()}" timeZone: "UTC"'
BUCKETS = "buckets { start end label complete }"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def per_bucket(visits: Visits, buckets: list[dict[str, Any]]) -> list[list[Visit]]:
    return [within(visits, moment(bucket["start"]), moment(bucket["end"])) for bucket in buckets]


def ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


@pytest.mark.spec(23, 29, 207)
def test_series_count_zero_and_rate_null_where_nothing_happened(visited: Installation, visits: Visits) -> None:
    selection = f"series {{ {BUCKETS} sessions {{ values }} resolutionRate {{ values statuses }} }}"
    series = ask(visited, selection, 'grain: DAY timeZone: "UTC"')["series"]
    inside = per_bucket(visits, series["buckets"])
    assert len(inside) == 400
    assert series["sessions"]["values"] == [len(some) for some in inside]
    assert series["resolutionRate"]["values"] == [
        ratio(sum(visit.resolved for visit in some), len(some)) for some in inside
    ]
    assert series["resolutionRate"]["statuses"] == ["OK" if some else "NO_DATA" for some in inside]
    assert 0 in series["sessions"]["values"]


def check_rolling(visited: Installation, visits: Visits, name: str, start: datetime, grain: str) -> None:
    selection = f"grain range {{ from to }} totals {{ sessions {{ value }} }} series {{ {BUCKETS} }}"
    found = ask(visited, selection, AS_OF, range=f"{{rolling: {name}}}")
    assert (moment(found["range"]["from"]), moment(found["range"]["to"])) == (start, NOW)
    assert found["grain"] == grain
    assert found["totals"]["sessions"]["value"] == len(within(visits, start, NOW))
    buckets = found["series"]["buckets"]
    edges = [moment(bucket["start"]) for bucket in buckets] + [moment(buckets[-1]["end"])]
    assert (edges[0], edges[-1]) == (start, NOW)
    assert [bucket["complete"] for bucket in buckets] == [False] + [True] * (len(buckets) - 2) + [False]


@pytest.mark.spec(24, 25)
@pytest.mark.parametrize(("name", "days", "grain"), [("LAST_24H", 1, "HOUR"), ("LAST_7D", 7, "DAY")])
def test_last_day_and_week(visited: Installation, visits: Visits, name: str, days: int, grain: str) -> None:
    check_rolling(visited, visits, name, NOW - timedelta(days=days), grain)


@pytest.mark.spec(26, 27)
@pytest.mark.parametrize(
    ("name", "start", "grain"),
    [
        ("LAST_30D", NOW - timedelta(days=30), "DAY"),
        ("LAST_12M", NOW.replace(year=2024), "MONTH"),
    ],
)
def test_last_month_and_year(visited: Installation, visits: Visits, name: str, start: datetime, grain: str) -> None:
    check_rolling(visited, visits, name, start, grain)


@pytest.mark.spec(28)
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"])
def test_local_days_run_from_midnight_to_midnight(visited: Installation, visits: Visits, zone: str) -> None:
    local = ZoneInfo(zone)
    start, end = datetime(2025, 3, 9, tzinfo=local), datetime(2025, 4, 7, tzinfo=local)
    selection = "range { from to } totals { sessions { value } }"
    found = ask(visited, selection, f'timeZone: "{zone}"', range='{dates: {first: "2025-03-09", last: "2025-04-06"}}')
    assert (moment(found["range"]["from"]), moment(found["range"]["to"])) == (start, end)
    assert found["totals"]["sessions"]["value"] == len(within(visits, start, end))


@pytest.mark.spec(30, 208)
def test_bars_of_groups_beside_those_of_the_period_before(visited: Installation, visits: Visits) -> None:
    start, middle, end = FIRST + timedelta(days=100), FIRST + timedelta(days=200), FIRST + timedelta(days=300)
    period = f'{{custom: {{from: "{middle.isoformat()}", to: "{end.isoformat()}"}}}}'
    found = ask(
        visited,
        "groups { key { value } metrics { sessions { value previous change changeRatio } } }",
        'groupBy: [CHATBOT] compare: PREVIOUS_PERIOD timeZone: "UTC"',
        range=period,
    )
    now = Counter(visit.bot for visit in within(visits, middle, end))
    before = Counter(visit.bot for visit in within(visits, start, middle))
    assert {group["key"][0]["value"]: group["metrics"]["sessions"] for group in found["groups"]} == {
        bot: {
            "value": now[bot],
            "previous": before[bot],
            "change": now[bot] - before[bot],
            "changeRatio": pytest.approx((now[bot] - before[bot]) / before[bot]),
        }
        for bot in now
    }


@pytest.mark.spec(31, 209)
def test_slices_and_the_rest_sum_to_the_total(visited: Installation, visits: Visits) -> None:
    selection = "totals { sessions { value } } groups { other metrics { sessions { value share } } }"
    found = ask(visited, selection, "groupBy: [CITY] limit: 2")
    slices = [group["metrics"]["sessions"] for group in found["groups"]]
    ordered = sorted(Counter(visit.place[2] for visit in visits).values(), reverse=True)
    assert [one["value"] for one in slices] == [*ordered[:2], sum(ordered[2:])]
    assert [group["other"] for group in found["groups"]] == [False, False, True]
    assert sum(one["value"] for one in slices) == found["totals"]["sessions"]["value"] == len(visits)
    assert sum(one["share"] for one in slices) == pytest.approx(1)


@pytest.mark.spec(103, 105)
def test_month_to_date_against_the_same_days_of_the_month_before(visited: Installation, visits: Visits) -> None:
    """On 31 March, February has no such day: its last one stands in, at the same time of day."""
    at = datetime(2025, 3, 31, 18, tzinfo=UTC)
    found = ask(
        visited,
        "range { from to } previousRange { from to } totals { sessions { value previous changeRatio } }",
        f'compare: PREVIOUS_PERIOD asOf: "{at.isoformat()}" timeZone: "UTC"',
        range="{calendar: THIS_MONTH}",
    )
    march, february = datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC)
    assert (moment(found["range"]["from"]), moment(found["range"]["to"])) == (march, at)
    clamped = at.replace(month=2, day=28)
    assert (moment(found["previousRange"]["from"]), moment(found["previousRange"]["to"])) == (february, clamped)
    now, before = len(within(visits, march, at)), len(within(visits, february, clamped))
    assert found["totals"]["sessions"] == {
        "value": now,
        "previous": before,
        "changeRatio": pytest.approx((now - before) / before),
    }


@pytest.mark.spec(106)
def test_a_month_against_the_same_of_last_year(visited: Installation, visits: Visits) -> None:
    """Both Januaries; and where nothing was before, there is no ratio."""
    this, last = datetime(2026, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)
    found = ask(
        visited,
        "previousRange { from } totals { sessions { value previous } }",
        'compare: SAME_PERIOD_LAST_YEAR timeZone: "UTC"',
        range='{dates: {first: "2026-01-01", last: "2026-01-31"}}',
    )
    assert moment(found["previousRange"]["from"]) == last
    assert found["totals"]["sessions"] == {
        "value": len(within(visits, this, this + timedelta(days=31))),
        "previous": len(within(visits, last, last + timedelta(days=31))),
    }
    earlier = ask(
        visited,
        "totals { sessions { previous changeRatio } }",
        'compare: SAME_PERIOD_LAST_YEAR timeZone: "UTC"',
        range='{dates: {first: "2025-02-01", last: "2025-02-28"}}',
    )
    assert earlier["totals"]["sessions"] == {"previous": 0, "changeRatio": None}


@pytest.mark.spec(109, 110, 111)
def test_executive_view_of_use_and_outcome(visited: Installation, visits: Visits) -> None:
    found = totals(
        visited,
        "sessions { value } resolutionRate { numerator denominator } escalationRate { numerator denominator }",
    )
    assert found == {
        "sessions": {"value": len(visits)},
        "resolutionRate": {"numerator": sum(visit.resolved for visit in visits), "denominator": len(visits)},
        "escalationRate": {"numerator": sum(visit.handed_over for visit in visits), "denominator": len(visits)},
    }


@pytest.mark.spec(112, 113, 114)
def test_executive_view_of_satisfaction_cost_and_business(visited: Installation, visits: Visits) -> None:
    found = totals(
        visited,
        "satisfaction { numerator denominator } costPerResolvedConversation { value } leads { value }",
    )
    ratings = [visit.rating for visit in visits if visit.rating is not None]
    solved = [visit.solved for visit in visits if visit.solved is not None]
    assert len(ratings) > len(solved)  # the instrument most used is the primary one where none is named
    assert found["satisfaction"] == {"numerator": sum(r >= 4 for r in ratings), "denominator": len(ratings)}
    priced = [visit for visit in visits if visit.cost_nano is not None]
    spent = sum(visit.cost_nano or 0 for visit in priced)
    each = Decimal(spent) / sum(visit.resolved for visit in priced) / 10**9
    assert abs(Decimal(found["costPerResolvedConversation"]["value"]) - each) < Decimal("1e-9")
    assert found["leads"]["value"] == sum(visit.lead for visit in visits)


@pytest.mark.parametrize("percent", [50, 90, 95, 99])
@pytest.mark.parametrize("days", [3, 90, 400])
def test_percentiles_are_nearest_rank_over_the_raw_waits(
    visited: Installation, visits: Visits, percent: int, days: int
) -> None:
    """Pitfall 9: over any range, never a mean of the percentiles of its days."""
    end = FIRST + timedelta(days=days)
    waits = sorted(
        turn.wait_ms
        for visit in visits
        for number, turn in enumerate(visit.turns)
        if visit.at + timedelta(milliseconds=1_000 + 20_000 * number + turn.wait_ms) < end
    )
    rank = ceil(Fraction(percent * len(waits), 100))
    period = f'{{custom: {{from: "{FIRST.isoformat()}", to: "{end.isoformat()}"}}}}'
    found = ask(visited, f"totals {{ responseTimeP{percent} {{ value n }} }}", range=period)["totals"]
    assert found[f"responseTimeP{percent}"] == {"value": waits[rank - 1] / 1000, "n": len(waits)}


def test_the_last_visit_is_inside() -> None:
    assert FIRST + timedelta(hours=30 * 300) < LAST


def test_a_leap_day_is_held_against_the_28th(visited: Installation) -> None:
    """Pitfall 21: the year before has no 29 February."""
    found = ask(
        visited,
        "previousRange { from to }",
        'compare: SAME_PERIOD_LAST_YEAR timeZone: "Europe/Berlin"',
        range='{dates: {first: "2024-02-29", last: "2024-02-29"}}',
    )
    berlin = ZoneInfo("Europe/Berlin")
    assert moment(found["previousRange"]["from"]) == datetime(2023, 2, 28, tzinfo=berlin)
    assert moment(found["previousRange"]["to"]) == datetime(2023, 3, 1, tzinfo=berlin)


def test_people_of_the_days_do_not_sum_to_the_people_of_the_range(visited: Installation, visits: Visits) -> None:
    """Pitfall 4: and the catalogue says so, for whoever would sum them."""
    found = ask(visited, "totals { uniqueVisitors { value } } series { uniqueVisitors { values } }", "grain: MONTH")
    per_month: dict[str, set[str]] = {}
    for visit in visits:
        per_month.setdefault(f"{visit.at:%Y-%m}", set()).add(visit.visitor)
    assert found["totals"]["uniqueVisitors"]["value"] == len({visit.visitor for visit in visits})
    assert sum(found["series"]["uniqueVisitors"]["values"]) == sum(map(len, per_month.values()))
    assert sum(map(len, per_month.values())) > len({visit.visitor for visit in visits})
    told = visited.graphql("{ metricDefinitions(names: [UNIQUE_VISITORS, SESSIONS]) { metric additive } }")
    assert told["metricDefinitions"] == [
        {"metric": "SESSIONS", "additive": True},
        {"metric": "UNIQUE_VISITORS", "additive": False},
    ]
