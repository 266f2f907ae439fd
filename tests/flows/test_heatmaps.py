"""When is the bot busy, and where do people come from? Over HTTP, equal to a plain count of the described visits."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.flows.asking import ask, within
from tests.flows.serving_process import Installation
from tests.flows.visits import Visit, asked_ms

Visits = list[Visit]
START, END = datetime(2025, 3, 3, 6, 20, tzinfo=UTC), datetime(2025, 11, 20, 17, 45, tzinfo=UTC)
ZONES = ("UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe")


def heatmap(service: Installation, selection: str, rest: str = "") -> dict[str, Any]:
    period = f'{{custom: {{from: "{START.isoformat()}", to: "{END.isoformat()}"}}}}'
    found: dict[str, Any] = service.graphql(f"{{ heatmap(range: {period} {rest}) {{ {selection} }} }}")["heatmap"]
    return found


def occurrences(zone: str) -> dict[tuple[int, int], float]:
    """Walks through the local hours by the clock: five minutes at a time, each its share of the hour it lies in. An
    hour that the clock shows twice from its start is two."""
    step = timedelta(minutes=5)
    inside: Counter[tuple[Any, ...]] = Counter()
    length: Counter[tuple[Any, ...]] = Counter()
    at, begun = START - timedelta(hours=2), 0
    while at < END + timedelta(hours=2):
        wall = at.astimezone(ZoneInfo(zone))
        begun += wall.minute == 0
        hour = (wall.isoweekday(), wall.hour, begun)
        length[hour] += 1
        inside[hour] += START <= at < END
        at += step
    found: dict[tuple[int, int], float] = {}
    for hour, count in inside.items():
        found[hour[:2]] = found.get(hour[:2], 0) + count / length[hour]
    return found


@pytest.mark.spec(9, 32, 124)
@pytest.mark.parametrize("zone", ZONES)
def test_sessions_per_occurrence_of_weekday_and_hour(visited: Installation, visits: Visits, zone: str) -> None:
    selection = (
        "cells { weekdays hours occurrences } "
        "metrics { sessions { values perOccurrence peak { index weekday hour level } } }"
    )
    found = heatmap(visited, selection, f'timeZone: "{zone}"')
    cells = list(zip(found["cells"]["weekdays"], found["cells"]["hours"], strict=True))
    assert cells == [(weekday, hour) for weekday in range(1, 8) for hour in range(24)]
    times = occurrences(zone)
    assert found["cells"]["occurrences"] == pytest.approx([times[cell] for cell in cells])
    local = [visit.at.astimezone(ZoneInfo(zone)) for visit in within(visits, START, END)]
    counts = Counter((wall.isoweekday(), wall.hour) for wall in local)
    sessions = found["metrics"]["sessions"]
    assert sessions["values"] == [counts[cell] for cell in cells]
    per = [counts[cell] / times[cell] for cell in cells]
    assert sessions["perOccurrence"] == pytest.approx(per)
    busiest = max(range(168), key=lambda index: (round(per[index], 9), -index))
    assert (sessions["peak"]["weekday"], sessions["peak"]["hour"]) == cells[busiest]
    assert sessions["peak"]["index"] == busiest
    assert sessions["peak"]["level"] == pytest.approx(per[busiest])


@pytest.mark.spec(9, 210)
def test_people_and_percentiles_are_of_the_whole_cell(visited: Installation, visits: Visits) -> None:
    """Out of all rows of the cell, not summed or averaged over its occurrences; filters hold."""
    selection = "cells { hours } metrics { uniqueVisitors { values perOccurrence } responseTimeP95 { values n } }"
    found = heatmap(visited, selection, "cycle: DAY_OF_WEEK filter: {chatbotType: {in: [TEXT]}}")
    assert found["cells"]["hours"] is None
    mine = [visit for visit in within(visits, START, END) if visit.bot == "shop"]
    by_day = [[visit for visit in mine if visit.at.isoweekday() == weekday] for weekday in range(1, 8)]
    assert found["metrics"]["uniqueVisitors"] == {
        "values": [len({visit.visitor for visit in some}) for some in by_day],
        "perOccurrence": None,
    }
    everything = [visit for visit in visits if visit.bot == "shop"]
    times: dict[int, list[int]] = {weekday: [] for weekday in range(1, 8)}
    for visit in everything:
        for at, turn in answers(visit):
            if START <= at < END:
                times[at.isoweekday()].append(turn)
    assert found["metrics"]["responseTimeP95"]["n"] == [len(times[weekday]) for weekday in range(1, 8)]
    assert found["metrics"]["responseTimeP95"]["values"] == pytest.approx(
        [sorted(some)[ceil(0.95 * len(some)) - 1] / 1000 for some in times.values()]
    )


def answers(visit: Visit) -> list[tuple[datetime, int]]:
    """When each answer came and how long it was waited for, in ms."""
    return [
        (visit.at + timedelta(milliseconds=asked_ms(number) + turn.wait_ms), turn.wait_ms)
        for number, turn in enumerate(visit.turns)
    ]


@pytest.mark.spec(125, 210)
def test_the_map_keeps_what_has_no_place(visited: Installation, visits: Visits) -> None:
    """Sessions by country with their share, the unknown ones as a row of their own."""
    document = "groups { key { value label } other metrics { sessions { value share } } }"
    found = ask(visited, document, "groupBy: [COUNTRY] limit: 250")["groups"]
    counts = Counter(visit.place[0] for visit in visits)
    told = {group["key"][0]["value"]: group["metrics"]["sessions"] for group in found}
    assert {place: one["value"] for place, one in told.items()} == counts
    assert {place: one["share"] for place, one in told.items()} == pytest.approx(
        {place: count / len(visits) for place, count in counts.items()}
    )
    assert {group["key"][0]["label"] for group in found if group["key"][0]["value"] is None} == {"Unknown"}


def test_a_range_of_too_many_hours_is_refused_with_what_is_allowed(visited: Installation) -> None:
    document = (
        '{ heatmap(range: {dates: {first: "2018-01-01", last: "2025-01-01"}}) { metrics { sessions { values } } } }'
    )
    (error,) = visited.post("/graphql", json={"query": document}).json()["errors"]
    assert "it takes up to 50000" in error["message"]
    assert error["extensions"]["allowed"] == ["1..2083 days"]
