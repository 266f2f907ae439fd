"""Where does a number come from? Its sessions over HTTP, equal to those that a plain look at the visits finds."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.flows.asking import within
from tests.flows.serving_process import Installation
from tests.flows.visits import FIRST, Visit

Json = dict[str, Any]
MIDDLE = FIRST + timedelta(days=120)
PERIOD = f'range: {{custom: {{from: "{FIRST.isoformat()}", to: "{MIDDLE.isoformat()}"}}}}'
CASES = """sessionCount figure { value numerator denominator n status }
    sessions { nodes { numerator denominator session { sessionId outcome } } pageInfo { hasNextPage endCursor } }"""


def explained(service: Installation, rest: str, selection: str = CASES) -> Json:
    found: Json = service.graphql(f"{{ explainMetric({PERIOD} {rest}) {{ {selection} }} }}")["explainMetric"]
    return found


def every_page(service: Installation, rest: str) -> tuple[list[Json], Json]:
    """All sessions, 20 at a time, and the first page."""
    first = explained(service, f"{rest} first: 20")
    nodes, page = list(first["sessions"]["nodes"]), first["sessions"]["pageInfo"]
    while page["hasNextPage"]:
        more = explained(service, f'{rest} first: 20 after: "{page["endCursor"]}"')["sessions"]
        nodes, page = nodes + more["nodes"], more["pageInfo"]
    return nodes, first


def newest_first(visits: list[Visit]) -> list[Visit]:
    return sorted(visits, key=lambda visit: visit.at, reverse=True)


def test_resolution_rate_is_told_session_by_session(visited: Installation, visits: list[Visit]) -> None:
    mine = newest_first(within(visits, FIRST, MIDDLE))
    nodes, first = every_page(visited, "metric: RESOLUTION_RATE")
    assert [(node["session"]["sessionId"], node["session"]["outcome"]) for node in nodes] == [
        (visit.name, visit.outcome) for visit in mine
    ]
    assert [(node["numerator"], node["denominator"]) for node in nodes] == [(visit.resolved, 1) for visit in mine]
    resolved = [visit for visit in mine if visit.resolved]
    assert first["sessionCount"] == first["figure"]["denominator"] == len(mine)
    assert (first["figure"]["numerator"], first["figure"]["value"]) == (len(resolved), len(resolved) / len(mine))
    for part, expected in (("NUMERATOR", resolved), ("REST", [visit for visit in mine if not visit.resolved])):
        found, page = every_page(visited, f"metric: RESOLUTION_RATE part: {part}")
        assert [node["session"]["sessionId"] for node in found] == [visit.name for visit in expected]
        assert page["sessionCount"] == len(expected)


def test_fallback_rate_counts_the_answers_of_each_session(visited: Installation, visits: list[Visit]) -> None:
    """Filtered, and by a fact of the turns: sessions without any answer of which it is known are not among them."""
    judged = {
        visit.name: [turn.fallback for turn in visit.turns if turn.fallback is not None]
        for visit in newest_first(within(visits, FIRST, MIDDLE))
        if visit.channel == "WHATSAPP"
    }
    expected = [(name, sum(flags), len(flags)) for name, flags in judged.items() if flags]
    nodes, first = every_page(visited, "metric: FALLBACK_RATE filter: {channel: {in: [WHATSAPP]}}")
    assert [(one["session"]["sessionId"], one["numerator"], one["denominator"]) for one in nodes] == expected
    assert first["figure"]["numerator"] == sum(count for _, count, _ in expected)
    assert first["figure"]["denominator"] == sum(count for _, _, count in expected)


def test_percentiles_show_the_slowest_answer_of_each_session(visited: Installation, visits: list[Visit]) -> None:
    nodes, first = every_page(visited, "metric: RESPONSE_TIME_P95")
    expected = {
        visit.name: max(turn.wait_ms for turn in visit.turns) / 1000 for visit in within(visits, FIRST, MIDDLE)
    }
    assert {node["session"]["sessionId"]: node["numerator"] for node in nodes} == expected
    assert first["figure"]["value"] <= max(expected.values())
    assert nodes[0]["denominator"] is None


def test_uniques_and_money(visited: Installation, visits: list[Visit]) -> None:
    """A unique visitor stands behind several sessions; what a session cost is told by the session, in its currency."""
    mine = within(visits, FIRST, MIDDLE)
    nodes, first = every_page(visited, "metric: UNIQUE_VISITORS")
    assert {node["numerator"] for node in nodes} == {1}
    assert (len(nodes), first["figure"]["value"]) == (len(mine), len({visit.visitor for visit in mine}))
    selection = "sessionCount sessions { nodes { numerator session { sessionId cost { currency } } } }"
    costs = explained(visited, "metric: TOTAL_COST first: 100", selection)
    priced = {visit.name for visit in mine if visit.cost_nano is not None}
    assert {node["session"]["sessionId"] for node in costs["sessions"]["nodes"]} <= priced
    assert costs["sessionCount"] == len(priced)
    assert {(node["numerator"], node["session"]["cost"]["currency"]) for node in costs["sessions"]["nodes"]} == {
        (None, "USD")
    }


def test_keys_see_their_own_sessions_only(visited: Installation, visits: list[Visit]) -> None:
    """A key limited to a chatbot finds its sessions alone, whatever it filters by; without the scope there are none."""
    ids = {
        one["slug"]: one["id"]
        for one in visited.graphql("{ chatbots { nodes { id slug } } }")["chatbots"]["nodes"]
    }
    make = """mutation ($name: String!, $ids: [ID!], $scopes: [Scope!]!) { createApiKey(input: {
        name: $name, chatbotIds: $ids, scopes: $scopes }) { ... on CreatedApiKey { key } } }"""
    given: Json = {"name": "Partner", "ids": [ids["shop"]], "scopes": ["METRICS_READ", "CONVERSATIONS_READ"]}
    partner = replace(visited, key=visited.graphql(make, given)["createApiKey"]["key"])
    own = newest_first([visit for visit in within(visits, FIRST, MIDDLE) if visit.bot == "shop"])
    nodes, first = every_page(partner, "metric: SESSIONS")
    assert [node["session"]["sessionId"] for node in nodes] == [visit.name for visit in own]
    assert first["sessionCount"] == first["figure"]["value"] == len(own)
    foreign = explained(partner, 'metric: SESSIONS filter: {chatbot: {in: ["phone"]}}')
    assert (foreign["sessionCount"], foreign["sessions"]["nodes"]) == (0, [])
    given = {"name": "Board", "ids": None, "scopes": ["METRICS_READ"]}
    board = replace(visited, key=visited.graphql(make, given)["createApiKey"]["key"])
    document = f"{{ explainMetric({PERIOD} metric: SESSIONS) {{ sessionCount }} }}"
    (error,) = board.post("/graphql", json={"query": document}).json()["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ("metric: AVAILABILITY", "No sessions stand behind availability."),
        ("metric: SESSIONS part: REST", "one part only"),
        ("metric: SESSIONS first: 101", "it takes 1 to 100"),
        ('metric: SESSIONS after: "nonsense"', "no cursor of this list"),
    ],
)
def test_what_cannot_be_explained_is_refused(visited: Installation, rest: str, words: str) -> None:
    document = f"{{ explainMetric({PERIOD} {rest}) {{ sessionCount }} }}"
    (error,) = visited.post("/graphql", json={"query": document}).json()["errors"]
    assert words in error["message"]
