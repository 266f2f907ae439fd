"""Who comes back? Over HTTP, equal to a plain count of the described visits."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.flows.serving_process import Installation
from tests.flows.visits import Visit

Visits = list[Visit]
PERIODS = 4
ZONE = "America/New_York"
START, END = datetime(2025, 3, 12, 6, 20, tzinfo=UTC), datetime(2025, 6, 20, 17, 45, tzinfo=UTC)


def retention(service: Installation, selection: str, rest: str) -> dict[str, Any]:
    period = f'{{custom: {{from: "{START.isoformat()}", to: "{END.isoformat()}"}}}}'
    document = f'{{ retention(range: {period} timeZone: "{ZONE}" periods: {PERIODS} {rest}) {{ {selection} }} }}'
    found: dict[str, Any] = service.graphql(document)["retention"]
    return found


def local_day(moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(ZONE)).date()


def week_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def month_of(day: date) -> date:
    return day.replace(day=1)


def following(first: date, period_of: Callable[[date], date]) -> date:
    """Somewhere in the next period, then its first day."""
    return period_of(first + timedelta(days=7 if period_of is week_of else 32))


@pytest.mark.spec(8, 248)
@pytest.mark.parametrize(("grain", "period_of"), [("WEEK", week_of), ("MONTH", month_of)], ids=["weeks", "months"])
@pytest.mark.parametrize("channel", [None, "WEBSITE"])
def test_new_visitors_and_who_of_them_is_there_later(
    visited: Installation, visits: Visits, grain: str, period_of: Callable[[date], date], channel: str | None
) -> None:
    """The range is taken as the whole periods that it touches; the first visit of all decides, whatever is filtered."""
    cohorts: list[date] = [period_of(local_day(START))]
    while following(cohorts[-1], period_of) <= period_of(local_day(END)):
        cohorts.append(following(cohorts[-1], period_of))
    first: dict[str, date] = {}
    there: dict[str, set[date]] = {}
    for visit in sorted(visits, key=lambda one: one.at):
        first.setdefault(visit.visitor, period_of(local_day(visit.at)))
        if channel in (None, visit.channel):
            there.setdefault(visit.visitor, set()).add(period_of(local_day(visit.at)))
    expected = []
    for cohort in cohorts:
        members = [visitor for visitor, periods in there.items() if first[visitor] == cohort and cohort in periods]
        row, period = [], cohort
        for _ in range(PERIODS + 1):
            row.append(sum(period in there[visitor] for visitor in members))
            period = following(period, period_of)
        expected.append(row)
    rest = f"grain: {grain}" + (f" filter: {{channel: {{in: [{channel}]}}}}" if channel else "")
    selection = (
        "range { from to } cohorts { period { start } visitors returned shares complete } "
        "together { visitors returned shares lower upper }"
    )
    found = retention(visited, selection, rest)
    assert [local_day(datetime.fromisoformat(one["period"]["start"])) for one in found["cohorts"]] == cohorts
    assert local_day(datetime.fromisoformat(found["range"]["to"])) == following(cohorts[-1], period_of)
    assert [one["returned"] for one in found["cohorts"]] == expected
    assert [one["visitors"] for one in found["cohorts"]] == [row[0] for row in expected]
    assert [one["shares"] for one in found["cohorts"]] == [
        [count / row[0] if row[0] else None for count in row] for row in expected
    ]
    assert all(all(one["complete"]) for one in found["cohorts"])
    sums = [sum(row[later] for row in expected) for later in range(PERIODS + 1)]
    together = found["together"]
    assert (together["visitors"], together["returned"]) == ([sums[0]] * (PERIODS + 1), sums)
    assert together["shares"] == [count / sums[0] for count in sums]
    for share, lower, upper in zip(together["shares"], together["lower"], together["upper"], strict=True):
        assert 0 <= lower <= share <= upper <= 1
    assert sum(sums[1:]) or channel, "nobody came back, so nothing is shown"


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ("grain: HOUR", "Cohorts are days or longer."),
        ("periods: 54", "it takes 1 to 53"),
        ("filter: {outcome: {in: [OPEN]}} newTo: CHATBOT", "needs one chatbot"),
    ],
)
def test_what_has_no_cohorts_is_refused(visited: Installation, rest: str, words: str) -> None:
    document = f"{{ retention(range: {{rolling: LAST_90D}} {rest}) {{ grain }} }}"
    (error,) = visited.post("/graphql", json={"query": document}).json()["errors"]
    assert words in error["message"]
