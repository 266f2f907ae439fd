"""Filters kept under a name, over HTTP: any question that names one equals a plain count of the visits it holds."""

from typing import Any

import pytest

from tests.flows.asking import WHOLE, shares, totals
from tests.flows.serving_process import Installation
from tests.flows.visits import Visit

Visits = list[Visit]
_GERMAN_AT_A_DESK = '{and: [{language: {in: ["de"]}}, {not: {device: {in: [MOBILE]}}}]}'
_VOICE_OR_GERMAN = f"{{or: [{{channel: {{in: [VOICE]}}}}, {_GERMAN_AT_A_DESK}]}}"


def voice_or_german(visit: Visit) -> bool:
    return visit.channel == "VOICE" or (visit.language == "de" and visit.device != "MOBILE")


def save(service: Installation, name: str, condition: str, more: str = "") -> dict[str, Any]:
    document = f"""mutation {{ saveSegment(input: {{name: "{name}", filter: {condition} {more}}}) {{ __typename
        ... on Segment {{ id version definition }} ... on Refusal {{ problems {{ message path }} }} }} }}"""
    saved: dict[str, Any] = service.graphql(document)["saveSegment"]
    return saved


@pytest.fixture(scope="module")
def segment(visited: Installation) -> str:
    saved = save(visited, "Voice, or German at a desk", _VOICE_OR_GERMAN)
    assert saved["version"] == 1
    return str(saved["id"])


@pytest.mark.spec(285, 287)
def test_alone_and_within_other_conditions(visited: Installation, visits: Visits, segment: str) -> None:
    mine = [visit for visit in visits if voice_or_german(visit)]
    assert 0 < len(mine) < len(visits)
    selection = "sessions { value } leadCaptureRate { numerator denominator }"
    assert totals(visited, selection, f'filter: {{segment: "{segment}"}}') == {
        "sessions": {"value": len(mine)},
        "leadCaptureRate": {"numerator": sum(visit.lead for visit in mine), "denominator": len(mine)},
    }
    others = f'filter: {{not: {{segment: "{segment}"}}, chatbot: {{in: ["shop"]}}}}'
    beyond = totals(visited, "sessions { value }", others)
    assert beyond["sessions"]["value"] == sum(visit.bot == "shop" and not voice_or_german(visit) for visit in visits)


@pytest.mark.spec(285)
def test_in_every_kind_of_question(visited: Installation, visits: Visits, segment: str) -> None:
    mine = [visit for visit in visits if voice_or_german(visit)]
    asked = f'range: {WHOLE}, filter: {{segment: "{segment}"}}'
    found = visited.graphql(f"""{{
        figures(query: {{metrics: [SESSIONS], {asked}}}) {{ totals {{ value }} }}
        heatmap({asked}, cycle: DAY_OF_WEEK) {{ metrics {{ sessions {{ values }} }} }}
        explainMetric(metric: SESSIONS, first: 1, {asked}) {{ sessionCount }}
        funnel(steps: [{{event: SESSION_STARTED}}, {{event: SESSION_STARTED, filter: {{segment: "{segment}"}}}}],
            range: {WHOLE}, filter: {{segment: "{segment}"}}) {{ steps {{ count }} }}
        retention(grain: YEAR, periods: 1, {asked}) {{ cohorts {{ visitors }} }} }}""")
    assert found["figures"]["totals"] == [{"value": len(mine)}]
    days = found["heatmap"]["metrics"]["sessions"]["values"]
    assert days == [sum(visit.at.isoweekday() == day for visit in mine) for day in range(1, 8)]
    assert found["explainMetric"]["sessionCount"] == len(mine)
    assert found["funnel"]["steps"][0] == {"count": len(mine)}
    assert sum(one["visitors"] for one in found["retention"]["cohorts"]) > 0
    explained = visited.graphql(f"{{ explain(query: {{metrics: [SESSIONS], {asked}}}) {{ statement }} }}")["explain"]
    assert "channel" in explained["statement"]


@pytest.mark.spec(285)
def test_a_saved_query_takes_the_segment_as_it_is_now(visited: Installation, visits: Visits) -> None:
    saved = save(visited, "Moving", '{channel: {in: [VOICE]}}')
    query = f'{{metrics: [SESSIONS], range: {WHOLE}, filter: {{segment: "{saved["id"]}"}}}}'
    kept = visited.graphql(
        f'mutation {{ saveQuery(input: {{name: "Of the moving", query: {query}}}) {{ ... on SavedQuery {{ id }} }} }}'
    )["saveQuery"]["id"]

    def asked() -> int:
        found = visited.graphql(f'{{ savedQuery(id: "{kept}") {{ figures {{ totals {{ value }} }} }} }}')
        return int(found["savedQuery"]["figures"]["totals"][0]["value"])

    assert asked() == sum(visit.channel == "VOICE" for visit in visits)
    changed = save(visited, "Moving", '{device: {in: [MOBILE]}}', f'id: "{saved["id"]}", version: 1')
    assert changed["version"] == 2
    assert asked() == sum(visit.device == "MOBILE" for visit in visits)
    late = save(visited, "Moving", '{device: {in: [TABLET]}}', f'id: "{saved["id"]}", version: 1')
    assert [problem["path"] for problem in late["problems"]] == [["input", "version"]]
    visited.graphql(f'mutation {{ archiveSegment(id: "{saved["id"]}") {{ __typename }} }}')
    listed = visited.graphql("{ segments { nodes { id } } }")["segments"]["nodes"]
    assert saved["id"] not in [one["id"] for one in listed]
    document = f'{{ savedQuery(id: "{kept}") {{ figures {{ overlap }} }} }}'
    gone = visited.post("/graphql", json={"query": document}).json()
    assert [error["extensions"]["code"] for error in gone["errors"]] == ["NOT_FOUND"]


def test_what_a_segment_cannot_be(visited: Installation, segment: str) -> None:
    empty = save(visited, "Empty", "{}")
    assert empty["problems"][0]["path"] == ["input", "filter"]
    nested = save(visited, "Nested", f'{{segment: "{segment}"}}')
    assert nested["problems"][0]["message"] == "filter names a segment; a segment is made of conditions alone."
    asked = f'range: {WHOLE}, filter: {{segment: "{segment}"}}'
    wrong = f"{{ metrics({asked}) {{ totals {{ availability {{ value }} }} }} }}"
    refused = visited.post("/graphql", json={"query": wrong}).json()["errors"][0]
    assert refused["message"].startswith("availability cannot be looked at by")
    assert shares(visited, "CHANNEL", "resolutionRate")
