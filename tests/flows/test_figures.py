"""Metrics as data: every metric in one shape tells what its typed field tells, with definitions to show it by."""

from collections import Counter
from typing import Any

import pytest

from domain.metrics.catalogue import METRICS
from domain.metrics.metric import Unit
from tests.flows.asking import LAST, ask, within
from tests.flows.serving_process import Installation
from tests.flows.visits import FIRST, Visit

Json = dict[str, Any]
MOST = 50
RANGE = f'range: {{custom: {{from: "{FIRST.isoformat()}", to: "{LAST.isoformat()}"}}}}'
FIGURE = (
    "metric unit value amount bins { lower upper count } status reason n coverage numerator denominator "
    "previous previousStatus change changeRatio share interval { lower upper }"
)
SHARED = "status reason n coverage previousStatus changeRatio"
TYPED = {
    Unit.COUNT: f"value previous change share {SHARED}",
    Unit.SHARE: f"value previous change numerator denominator interval {{ lower upper }} {SHARED}",
    Unit.NUMBER: f"value previous change numerator denominator {SHARED}",
    Unit.SECONDS: f"value previous change numerator denominator {SHARED}",
    Unit.MONEY: f"value previous change numerator denominator {SHARED}",
    Unit.BINS: f"bins {{ lower upper count }} {SHARED}",
}
AMOUNTS = ("value", "previous", "change", "numerator")
COMPARED = f'compare: CUSTOM compareTo: {{dates: {{first: "{FIRST:%Y-%m-%d}", last: "2025-06-30"}}}}'


def figures(service: Installation, query: str, selection: str) -> Json:
    found: Json = service.graphql(f"{{ figures(query: {{{RANGE} {query}}}) {{ {selection} }} }}")["figures"]
    return found


def batches() -> list[list[str]]:
    names = list(METRICS)
    return [names[start : start + MOST] for start in range(0, len(names), MOST)]


def listed(names: list[str]) -> str:
    return f"metrics: [{' '.join(METRICS[name].enum_name for name in names)}]"


def check(name: str, found: Json, typed: Json) -> None:
    assert found["metric"] == METRICS[name].enum_name
    assert found["unit"] == METRICS[name].unit
    for field, expected in typed.items():
        told = found[field]
        is_amount = METRICS[name].unit is Unit.MONEY and field in AMOUNTS and expected is not None
        assert told == (float(expected) if is_amount else expected), (name, field)
    assert found["amount"] == (typed["value"] if METRICS[name].unit is Unit.MONEY else None)


@pytest.mark.parametrize("names", batches(), ids=lambda names: names[0])
def test_every_metric_tells_what_its_typed_field_tells(visited: Installation, names: list[str]) -> None:
    found = figures(visited, f"{listed(names)} {COMPARED}", f"totals {{ {FIGURE} }} definitions {{ field }}")
    typed = " ".join(f"{name} {{ {TYPED[METRICS[name].unit]} }}" for name in names)
    expected = ask(visited, f"totals {{ {typed} }}", COMPARED)["totals"]
    assert [one["field"] for one in found["definitions"]] == names
    for name, figure in zip(names, found["totals"], strict=True):
        check(name, figure, expected[name])


def test_groups_and_lines_come_in_the_order_asked_for(visited: Installation, visits: list[Visit]) -> None:
    """By the first metric, the rest as OTHER; the lines of groups sum to the whole."""
    selection = (
        "groupCount series { buckets { label } lines { metric values } } "
        "groups { key { value } other figures { metric value share } series { lines { metric values } } }"
    )
    query = 'metrics: [SESSIONS RESOLUTION_RATE] groupBy: [COUNTRY] limit: 2 grain: MONTH timeZone: "UTC"'
    found = figures(visited, query, selection)
    counts = Counter(visit.place[0] for visit in within(visits, FIRST, LAST))
    places: list[str | None] = [place for place, _ in counts.most_common(2)]
    assert [group["key"][0]["value"] for group in found["groups"]] == [*places, None]
    assert [group["figures"][0]["value"] for group in found["groups"]] == [
        *(counts[place] for place in places),
        sum(count for place, count in counts.items() if place not in places),
    ]
    assert sum(group["figures"][0]["share"] for group in found["groups"]) == pytest.approx(1)
    for group in found["groups"]:
        assert [one["metric"] for one in group["figures"]] == ["SESSIONS", "RESOLUTION_RATE"]
    by_month = Counter(f"{visit.at:%Y-%m}" for visit in visits)
    assert found["series"]["lines"][0]["values"] == [by_month[one["label"]] for one in found["series"]["buckets"]]
    lines = [group["series"]["lines"][0]["values"] for group in found["groups"]]
    assert [sum(values) for values in zip(*lines, strict=True)] == found["series"]["lines"][0]["values"]


def test_a_saved_query_gives_all_its_metrics_in_one_shape(visited: Installation, visits: list[Visit]) -> None:
    query = f"{{{RANGE} metrics: [SESSIONS UNIQUE_VISITORS]}}"
    saved = visited.graphql(
        f'mutation {{ saveQuery(input: {{name: "Board", query: {query}}}) {{ ... on SavedQuery {{ id '
        "figures { totals { metric value } } } } }"
    )["saveQuery"]
    assert saved["figures"]["totals"] == [
        {"metric": "SESSIONS", "value": len(visits)},
        {"metric": "UNIQUE_VISITORS", "value": len({visit.visitor for visit in visits})},
    ]
