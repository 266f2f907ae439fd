"""A query that exists is valid; what is wrong with one is told all at once."""

from datetime import date
from typing import Any

import pytest

from domain.problems import Problem, Refused
from domain.queries.filters import AllOf, AnyOf, In, NotThis
from domain.queries.query import MetricQuery, NewTo, Order, Part
from domain.time import DAY_MS, Dates, Grain, Moments, Rolling
from domain.vocabulary import Source

DAY = Moments(DAY_MS * 20_000, DAY_MS * 20_001)


def problems_of(**given: Any) -> tuple[Problem, ...]:
    with pytest.raises(Refused) as refused:
        MetricQuery(**{"metrics": ("sessions",), "range": DAY, **given})
    return refused.value.problems


def deep(levels: int) -> Any:
    tree: Any = In("channel", ("APP",))
    for _ in range(levels):
        tree = NotThis(tree)
    return tree


@pytest.mark.parametrize(
    ("given", "path", "words"),
    [
        ({"metrics": ("sesions",)}, ("metrics",), "Nearest: sessions"),
        ({"group_by": ("chanel",)}, ("groupBy",), "Nearest: channel"),
        ({"group_by": ("channel", "channel")}, ("groupBy",), "up to 3 different"),
        ({"group_by": ("channel", "plan", "device", "source")}, ("groupBy",), "up to 3 different"),
        ({"where": In("channel", ("FAX",))}, ("filter", "channel"), "no channel value named 'FAX'"),
        ({"where": In("weather", ("rain",))}, ("filter",), "no dimension named 'weather'"),
        ({"where": In("country", ())}, ("filter", "country"), "names 0 values"),
        ({"where": In("country", ("a\0",))}, ("filter", "country"), "NUL"),
        ({"where": AllOf(tuple(In("country", ("DE",)) for _ in range(101)))}, ("filter",), "101 conditions"),
        ({"where": deep(12)}, ("filter",), "nested deeper than 10"),
        ({"range": Moments(5 * DAY_MS, 5 * DAY_MS)}, ("range",), "ends before it begins"),
        ({"range": Moments(8_000 * DAY_MS, 8_000 * DAY_MS + 3_650_000 * DAY_MS)}, ("range",), "spans 3650000 days"),
        ({"range": Dates(date(2026, 3, 2), date(2026, 3, 1))}, ("range",), "ends before it begins"),
        ({"range": Dates(date(1850, 1, 1), date(1850, 1, 2))}, ("range",), "must lie between"),
        ({"compare": Moments(5, 4)}, ("compare",), "ends before it begins"),
        ({"time_zone": "Mars/Olympus"}, ("timeZone",), "no time zone"),
        ({"time_zone": "../../etc/passwd"}, ("timeZone",), "no time zone"),
        ({"limit": 0}, ("limit",), "takes 1 to 1000"),
        ({"limit": 1001}, ("limit",), "takes 1 to 1000"),
        ({"as_of_ms": 10**18}, ("asOf",), "must lie between"),
        ({"sources": frozenset()}, ("sources",), "names none"),
        ({"parts": frozenset({Part.GROUPS})}, ("groupBy",), "need a dimension"),
        ({"order": Order("sesions")}, ("orderBy",), "Nearest: sessions"),
        ({"order": Order("confidenceHistogram")}, ("orderBy",), "has no order"),
        ({"metrics": ("errorRate",), "group_by": ("model",)}, ("groupBy", "model"), "It can by: chatbot"),
        ({"metrics": ("errorRate",), "where": In("intent", ("x",))}, ("filter", "intent"), "It can by: chatbot"),
        ({"metrics": ("newVisitors",), "new_to": NewTo.CHATBOT}, ("newTo",), "needs one chatbot"),
        ({"metrics": ("newVisitors",), "among": frozenset({1, 2})}, ("newTo",), "needs one chatbot"),
    ],
)
def test_what_is_refused(given: dict[str, Any], path: tuple[str, ...], words: str) -> None:
    (problem,) = problems_of(**given)
    assert problem.path == path
    assert words in problem.message


@pytest.mark.parametrize(
    "given",
    [
        {"range": Moments(8_000 * DAY_MS, 15_000 * DAY_MS), "grain": Grain.HOUR, "parts": frozenset({Part.SERIES})},
        {"range": Rolling.LAST_12M, "limit": 1000, "grain": Grain.DAY, "parts": frozenset({Part.GROUP_SERIES}),
         "group_by": ("city",)},
    ],
    ids=["too many buckets", "too many cells"],
)  # fmt: skip
def test_too_much_is_refused_before_any_work(given: dict[str, Any]) -> None:
    (problem,) = problems_of(**given)
    assert problem.allowed


def test_all_problems_are_told_at_once() -> None:
    found = problems_of(metrics=("sesions", "resolutionrate"), limit=0, time_zone="Nowhere", group_by=("chanel",))
    assert [problem.path for problem in found] == [("metrics",), ("metrics",), ("groupBy",), ("timeZone",), ("limit",)]


@pytest.mark.parametrize(
    "given",
    [
        {"new_to": NewTo.CHATBOT, "group_by": ("chatbot",)},
        {"new_to": NewTo.CHATBOT, "where": AllOf((In("chatbot", ("a",)), In("channel", ("APP",))))},
        {"among": frozenset({4})},
    ],
)
def test_new_to_a_chatbot_with_one_chatbot(given: dict[str, Any]) -> None:
    assert MetricQuery(metrics=("newVisitors",), range=DAY, **given).effective_new_to is NewTo.CHATBOT


def test_either_of_two_chatbots_is_not_one() -> None:
    either = AnyOf((In("chatbot", ("a",)), In("chatbot", ("b",))))
    assert problems_of(metrics=("newVisitors",), new_to=NewTo.CHATBOT, where=either)


def test_live_sessions_unless_sources_are_spoken_of() -> None:
    assert MetricQuery(metrics=(), range=DAY).wanted_sources == {Source.LIVE}
    assert MetricQuery(metrics=(), range=DAY, group_by=("source",)).wanted_sources == set(Source)
    assert MetricQuery(metrics=(), range=DAY, where=In("source", ("EVAL",))).wanted_sources == set(Source)
    assert MetricQuery(metrics=(), range=DAY, sources=frozenset({Source.EVAL})).wanted_sources == {Source.EVAL}


def test_equal_questions_are_equal_values() -> None:
    first, second = (MetricQuery(metrics=("sessions",), range=Rolling.LAST_7D) for _ in range(2))
    assert first == second
    assert hash(first) == hash(second)
