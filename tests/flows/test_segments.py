"""Splits, filters and cohorts over HTTP: equal to a plain count of the described visits."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest

from tests.flows.asking import LAST, ask, counts, groups, shares, totals, within
from tests.flows.serving_process import Installation
from tests.flows.visits import FIRST, PLAN_CHANGE, Turn, Visit

Visits = list[Visit]
Of = Callable[[Visit], Any]


def by(visits: Iterable[Visit], of: Of) -> Counter[Any]:
    return Counter(of(visit) for visit in visits)


def by_turn(visits: Visits, of: Callable[[Turn], Any]) -> Counter[Any]:
    """Sessions by the values of their turns: each session once per value."""
    return Counter(value for visit in visits for value in {of(turn) for turn in visit.turns})


def fallbacks(visits: Visits, of: Callable[[Turn], Any]) -> dict[Any, tuple[int, int]]:
    told: dict[Any, list[bool]] = defaultdict(list)
    for turn in (turn for visit in visits for turn in visit.turns):
        if turn.fallback is not None:
            told[of(turn)].append(turn.fallback)
    return {value: (sum(flags), len(flags)) for value, flags in told.items()}


@pytest.mark.spec(285, 15)
def test_intents_and_topics_by_distinct_sessions(visited: Installation, visits: Visits) -> None:
    assert counts(visited, "INTENT") == by_turn(visits, lambda turn: turn.intent)
    assert counts(visited, "TOPIC") == by_turn(visits, lambda turn: turn.topic)
    found = ask(visited, "overlap groups { metrics { sessions { value } } }", "groupBy: [TOPIC]")
    assert found["overlap"] is True


@pytest.mark.spec(131)
def test_fallback_rate_by_intent(visited: Installation, visits: Visits) -> None:
    assert shares(visited, "INTENT", "fallbackRate") == fallbacks(visits, lambda turn: turn.intent)


@pytest.mark.spec(286, 287, 288)
@pytest.mark.parametrize(
    ("dimension", "of"),
    [
        ("USER_TYPE", lambda visit: visit.user_type),
        ("CHANNEL", lambda visit: visit.channel),
        ("LANGUAGE", lambda visit: visit.language),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_segments_of_sessions(visited: Installation, visits: Visits, dimension: str, of: Of) -> None:
    assert counts(visited, dimension) == by(visits, of)
    resolved = by((visit for visit in visits if visit.resolved), of)
    assert shares(visited, dimension, "resolutionRate") == {
        value: (resolved[value], count) for value, count in by(visits, of).items()
    }


@pytest.mark.spec(289, 126)
def test_devices(visited: Installation, visits: Visits) -> None:
    assert counts(visited, "DEVICE") == by(visits, lambda visit: visit.device)
    assert sum(counts(visited, "DEVICE").values()) == len(visits)


@pytest.mark.spec(290, 291)
@pytest.mark.parametrize(
    ("dimension", "of"),
    [
        ("MODEL", lambda turn: turn.model),
        ("PROMPT_VERSION", lambda turn: turn.prompt),
        ("KNOWLEDGE_BASE_VERSION", lambda turn: turn.knowledge),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_versions_are_those_of_the_turn(
    visited: Installation, visits: Visits, dimension: str, of: Callable[[Turn], Any]
) -> None:
    """A session can span two versions: it counts in each, its answers in their own."""
    assert counts(visited, dimension, "answers") == Counter(of(turn) for visit in visits for turn in visit.turns)
    assert counts(visited, dimension) == by_turn(visits, of)
    assert shares(visited, dimension, "fallbackRate") == fallbacks(visits, of)


@pytest.mark.spec(292)
def test_first_and_later_visits(visited: Installation, visits: Visits) -> None:
    first: dict[str, Any] = {}
    for visit in visits:
        first.setdefault(visit.visitor, visit.at)
    assert counts(visited, "VISITOR_KIND") == by(
        visits, lambda visit: "FIRST" if visit.at == first[visit.visitor] else "LATER"
    )


@pytest.mark.spec(293)
def test_signed_in_and_anonymous(visited: Installation, visits: Visits) -> None:
    names = {True: "YES", False: "NO", None: None}
    assert counts(visited, "AUTHENTICATED") == by(visits, lambda visit: names[visit.authenticated])


FILTERS: list[tuple[str, str, Of]] = [
    ("chatbot", '{chatbot: {in: ["shop"]}}', lambda visit: visit.bot == "shop"),
    ("type", "{chatbotType: {in: [VOICE, AVATAR_3D]}}", lambda visit: visit.bot in ("phone", "guide")),
    ("plan", "{plan: {in: [FREE]}}", lambda visit: visit.plan == "FREE"),
    ("country", '{country: {in: ["DE"]}, city: {notIn: ["Berlin"]}}', lambda visit: visit.place[2] == "Munich"),
    (
        "all three connectives",
        '{or: [{channel: {in: [VOICE]}}, {and: [{language: {in: ["de"]}}, {not: {device: {in: [MOBILE]}}}]}]}',
        lambda visit: visit.channel == "VOICE" or (visit.language == "de" and visit.device != "MOBILE"),
    ),
]


def check_filter(visited: Installation, visits: Visits, name: str) -> None:
    condition, holds = next((condition, holds) for known, condition, holds in FILTERS if known == name)
    found = totals(visited, "sessions { value } leadCaptureRate { numerator denominator }", f"filter: {condition}")
    kept = [visit for visit in visits if holds(visit)]
    assert 0 < len(kept) < len(visits)
    assert found == {
        "sessions": {"value": len(kept)},
        "leadCaptureRate": {"numerator": sum(visit.lead for visit in kept), "denominator": len(kept)},
    }


@pytest.mark.spec(33, 34)
@pytest.mark.parametrize("name", ["chatbot", "type"])
def test_filters_by_chatbot_and_type(visited: Installation, visits: Visits, name: str) -> None:
    check_filter(visited, visits, name)


@pytest.mark.spec(35, 37)
@pytest.mark.parametrize("name", ["plan", "country", "all three connectives"])
def test_filters_by_plan_and_geography(visited: Installation, visits: Visits, name: str) -> None:
    check_filter(visited, visits, name)


@pytest.mark.spec(36)
def test_filter_by_date_range(visited: Installation, visits: Visits) -> None:
    start, end = FIRST + timedelta(days=31), FIRST + timedelta(days=59)
    dates = '{dates: {first: "2025-02-01", last: "2025-02-28"}}'
    found = ask(visited, "totals { sessions { value } }", 'timeZone: "UTC"', range=dates)
    assert found["totals"]["sessions"]["value"] == len(within(visits, start, end)) > 0


@pytest.mark.spec(108)
def test_figures_by_plan_as_of_the_start(visited: Installation, visits: Visits) -> None:
    """The shop was FREE and became PRO: its older sessions stay FREE."""
    selection = """sessions { value } resolutionRate { numerator denominator } escalationRate { numerator }
        customerSatisfaction { numerator denominator } leads { value }"""
    found = groups(visited, "PLAN", selection)
    assert set(found) == {"FREE", "PRO", "BUSINESS", "PREMIUM"}
    for plan, metrics in found.items():
        mine = [visit for visit in visits if visit.plan == plan]
        ratings = [visit.rating for visit in mine if visit.rating is not None]
        assert metrics == {
            "sessions": {"value": len(mine)},
            "resolutionRate": {"numerator": sum(visit.resolved for visit in mine), "denominator": len(mine)},
            "escalationRate": {"numerator": sum(visit.handed_over for visit in mine)},
            "customerSatisfaction": {"numerator": sum(r >= 4 for r in ratings), "denominator": len(ratings)},
            "leads": {"value": sum(visit.lead for visit in mine)},
        }
    assert found["FREE"]["sessions"]["value"] == len(
        [visit for visit in within(visits, FIRST, PLAN_CHANGE) if visit.bot == "shop"]
    )


@pytest.mark.spec(276)
def test_lead_capture_by_channel(visited: Installation, visits: Visits) -> None:
    captured = by((visit for visit in visits if visit.lead), lambda visit: visit.channel)
    assert shares(visited, "CHANNEL", "leadCaptureRate") == {
        channel: (captured[channel], count) for channel, count in by(visits, lambda visit: visit.channel).items()
    }


def test_unique_visitors_do_not_sum(visited: Installation, visits: Visits) -> None:
    """Pitfall 4: daily uniques are no addends, and the definition says so."""
    found = ask(visited, "totals { uniqueVisitors { value } } series { uniqueVisitors { values } }", "grain: MONTH")
    assert found["totals"]["uniqueVisitors"]["value"] == len({visit.visitor for visit in within(visits, FIRST, LAST)})
    months = defaultdict(set)
    for visit in visits:
        months[visit.at.year, visit.at.month].add(visit.visitor)
    assert found["series"]["uniqueVisitors"]["values"] == [
        len(months[year, month]) for year, month in sorted([*months, *_empty_months(months)])
    ]
    assert sum(found["series"]["uniqueVisitors"]["values"]) > found["totals"]["uniqueVisitors"]["value"]
    definitions = visited.graphql("{ metricDefinitions { field additive } }")["metricDefinitions"]
    additive = {definition["field"]: definition["additive"] for definition in definitions}
    assert (additive["uniqueVisitors"], additive["sessions"]) == (False, True)


def _empty_months(known: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    spanned = {((FIRST + timedelta(days=day)).year, (FIRST + timedelta(days=day)).month) for day in range(400)}
    return spanned - set(known)
