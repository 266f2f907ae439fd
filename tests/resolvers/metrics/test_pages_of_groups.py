"""Pages of groups over HTTP: together they are the whole list, and what follows a page is one group, exactly."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from domain.accounts import Scope
from domain.vocabulary import LabelKind
from tests.persistence.metrics.facts import NOON_MS, Facts, a_session
from tests.resolvers.metrics.conftest import AskForFigures, key_for

COUNTRIES = ("AT", "BE", "CH", "DE", "ES", "FR", "GB", "IT", "JP", "NL", "PT", "SE")
ORDERS: dict[str, tuple[str, Callable[[str | None, int], Any]]] = {
    "most first": ("{metric: SESSIONS}", lambda one, size: (-size, one is None, one or "")),
    "fewest first": ("{metric: SESSIONS, direction: ASCENDING}", lambda one, size: (size, one is None, one or "")),
    "by label": ("{direction: ASCENDING}", lambda one, size: (one is None, one or "")),
}
Json = dict[str, Any]


async def draw(facts: Facts, seed: int, size: int = 60) -> list[Json]:
    """Sessions by country, many countries with as many sessions as others; some unknown."""
    dice = random.Random(seed)
    codes = await facts.labels(LabelKind.COUNTRY, *COUNTRIES)
    sessions = [
        a_session(country=codes.get(dice.choice((*COUNTRIES, None)) or ""), visitor_id=dice.randint(1, 20))
        for _ in range(size)
    ]
    await facts.visitors(dict.fromkeys(range(1, 21), NOON_MS))
    await facts.sessions(*sessions)
    names = {code: text for text, code in codes.items()}
    return [one | {"name": names.get(one["country"])} for one in sessions]


async def pages_of(figures: AskForFigures, **arguments: str) -> list[list[Json]]:
    selection = """groups { other cursor key { value } metrics { sessions { value } uniqueVisitors { value } } }
        totals { sessions { value } }"""
    found: list[list[Json]] = []
    after: dict[str, str] = {}
    while True:
        table = await figures(selection, groupBy="[COUNTRY]", **arguments, **after)
        found.append(table["groups"])
        if not table["groups"] or not table["groups"][-1]["other"]:
            return found
        after = {"after": f'"{table["groups"][-2]["cursor"]}"'}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("limit", [1, 3, 5])
async def test_all_pages_are_the_whole_list(facts: Facts, figures: AskForFigures, limit: int, order: str) -> None:
    sessions = await draw(facts, seed=limit)
    pages = await pages_of(figures, limit=str(limit), orderBy=ORDERS[order][0])
    sizes = Counter(one["name"] for one in sessions)
    expected = sorted(sizes, key=lambda name: ORDERS[order][1](name, sizes[name]))
    told = [group["key"][0]["value"] for page in pages for group in page if not group["other"]]
    assert told == expected
    for number, page in enumerate(pages, start=1):
        rest = [one for one in sessions if one["name"] in expected[number * limit :]]
        other = page[-1] if page[-1]["other"] else None
        assert (other is not None) == bool(rest)
        if other is not None:
            assert other["cursor"] is None
            assert other["metrics"]["sessions"]["value"] == len(rest)
            assert other["metrics"]["uniqueVisitors"]["value"] == len({one["visitor_id"] for one in rest})


async def test_a_group_that_grew_meanwhile_is_not_told_twice(facts: Facts, figures: AskForFigures) -> None:
    sessions = await draw(facts, seed=8)
    arguments = {"groupBy": "[COUNTRY]", "limit": "4", "orderBy": "{metric: SESSIONS, direction: ASCENDING}"}
    selection = "groups { other cursor key { value } metrics { sessions { value } } }"
    first = (await figures(selection, **arguments))["groups"]
    last = first[-2]
    grown = next(one for one in sessions if one["name"] == last["key"][0]["value"])
    await facts.sessions(*(a_session(country=grown["country"]) for _ in range(50)))
    second = (await figures(selection, **arguments, after=f'"{last["cursor"]}"'))["groups"]
    told = [group["key"][0]["value"] for group in (*first[:-1], *second[:-1])]
    sizes = Counter(one["name"] for one in sessions)
    assert told == sorted(sizes, key=lambda name: (sizes[name], name is None, name or ""))[:8]


async def test_metrics_as_data_have_pages_too(facts: Facts, post: AskForFigures) -> None:
    sessions = await draw(facts, seed=2)
    document = """query ($after: String) { figures(after: $after, query: {metrics: [SESSIONS], groupBy: [COUNTRY],
        limit: 100, range: {dates: {first: "2026-03-09", last: "2026-03-11"}}}) {
        groups { cursor figures { value } } groupCount } }"""
    whole = (await post(document))["data"]["figures"]
    rest = (await post(document, after=whole["groups"][4]["cursor"]))["data"]["figures"]
    assert rest["groups"] == whole["groups"][5:]
    assert rest["groupCount"] == whole["groupCount"] == len({one["name"] for one in sessions})


async def test_a_cursor_fits_its_own_list_alone(facts: Facts, figures: AskForFigures, post: AskForFigures) -> None:
    await draw(facts, seed=3)
    table = await figures("groups { cursor metrics { sessions { value } } }", groupBy="[COUNTRY]", limit="2")
    cursor = table["groups"][0]["cursor"]
    ranged = 'range: {dates: {first: "2026-03-09", last: "2026-03-11"}}'
    for arguments, words in (
        (f'groupBy: [CHANNEL], after: "{cursor}"', "after is a cursor of another split or order."),
        (f'groupBy: [COUNTRY], orderBy: {{}}, after: "{cursor}"', "after is a cursor of another split or order."),
        ('groupBy: [COUNTRY], after: "abc"', "after is no cursor of this list of MetricGroup."),
    ):
        document = f"{{ metrics({ranged}, {arguments}) {{ groups {{ metrics {{ sessions {{ value }} }} }} }} }}"
        (error,) = (await post(document))["errors"]
        assert words in str(error)


async def test_pages_do_not_tell_what_is_hidden(facts: Facts, post: AskForFigures) -> None:
    """A key of some chatbots pages by label; what no page tells cannot be told from all of them together."""
    codes = await facts.labels(LabelKind.COUNTRY, *COUNTRIES[:4])
    for name, size in (("AT", 30), ("BE", 2), ("CH", 9), ("DE", 40)):
        await facts.sessions(*(a_session(country=codes[name]) for _ in range(size)))
    limited = await key_for(facts, chatbot_ids=frozenset({1}), scopes=frozenset({Scope.METRICS_READ}))
    asked = 'groupBy: [COUNTRY], limit: 1, range: {dates: {first: "2026-03-09", last: "2026-03-11"}}'
    selection = "groups { other cursor key { value } metrics { sessions { value status } } }"
    told: dict[str, Any] = {}
    after = ""
    for _ in range(4):
        ordered = f"{asked}, orderBy: {{direction: ASCENDING}} {after}"
        body = await post(f"{{ metrics({ordered}) {{ {selection} }} }}", limited)
        group = body["data"]["metrics"]["groups"][0]
        told[group["key"][0]["value"]] = group["metrics"]["sessions"]["value"]
        after = f', after: "{group["cursor"]}"'
    assert told == {"AT": 30, "BE": None, "CH": None, "DE": 40}
    by_value = await post(f"{{ metrics({asked}) {{ {selection} }} }}", limited)
    cursor = by_value["data"]["metrics"]["groups"][0]["cursor"]
    (error,) = (await post(f'{{ metrics({asked}, after: "{cursor}") {{ {selection} }} }}', limited))["errors"]
    assert "Keys that see only some chatbots page through groups by label." in str(error)
