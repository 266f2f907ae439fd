"""What an operator looks at, over HTTP: equal to a plain count of the described visits."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil, prod
from typing import Any

import pytest

from tests.flows.asking import WHOLE, ask, counts, groups, shares, totals
from tests.flows.serving_process import Installation
from tests.flows.visits import FIRST, STEPS, Call, Probe, Visit

Visits = list[Visit]


def calls(visits: Visits) -> list[Call]:
    return [call for visit in visits for call in visit.calls]


def errors(some: list[Call], of: Callable[[Call], Any]) -> dict[Any, tuple[int, int]]:
    found: dict[Any, list[bool]] = defaultdict(list)
    for call in some:
        found[of(call)].append(call.failed)
    return {value: (sum(failed), len(failed)) for value, failed in found.items()}


def nearest_rank(values: list[int], percent: int) -> int:
    return sorted(values)[ceil(Fraction(percent * len(values), 100)) - 1]


@pytest.mark.spec(116, 263)
def test_errors_by_class_by_attempt_and_by_request(visited: Installation, visits: Visits) -> None:
    every = calls(visits)
    assert shares(visited, "OPERATION_CLASS", "errorRate") == errors(every, lambda call: call.kind)
    failed = sum(call.failed for call in every)
    retries = sum(call.attempt > 1 for call in every)
    found = totals(visited, "operationErrors { value } requestErrorRate { value } retryShare { numerator }")
    assert found == {
        "operationErrors": {"value": failed},
        "requestErrorRate": {"value": pytest.approx((failed - retries) / (len(every) - retries))},
        "retryShare": {"numerator": retries},
    }
    failing = [call for call in every if call.failed]
    assert {kind: count for kind, count in counts(visited, "ERROR_CLASS", "operationErrors").items() if kind} == {
        kind: count for kind, (count, _) in errors(failing, lambda call: call.kind).items()
    }


@pytest.mark.spec(133)
def test_error_rate_by_integration(visited: Installation, visits: Visits) -> None:
    integrations = [call for call in calls(visits) if call.kind == "INTEGRATION"]
    assert shares(visited, "INTEGRATION", "integrationErrorRate") == errors(integrations, lambda call: call.name)


@pytest.mark.spec(266)
def test_tool_failures_by_tool_and_fault(visited: Installation, visits: Visits) -> None:
    tools = [call for call in calls(visits) if call.kind == "TOOL"]
    assert shares(visited, "TOOL", "toolFailureRate") == errors(tools, lambda call: call.name)
    by_user = groups(visited, "TOOL", "operationErrors { value }", "filter: {fault: {in: [USER]}}")
    assert {name: metrics["operationErrors"]["value"] for name, metrics in by_user.items() if name} == {
        name: sum(call.fault == "USER" for call in tools if call.name == name) for name in {call.name for call in tools}
    }


@pytest.mark.spec(117, 132)
@pytest.mark.parametrize("percent", [50, 95, 99])
def test_latency_by_operation_and_of_replies(visited: Installation, visits: Visits, percent: int) -> None:
    took: dict[str, list[int]] = defaultdict(list)
    for call in calls(visits):
        if call.took_ms is not None:
            took[call.name].append(call.took_ms)
    name = f"operationDurationP{percent}"
    found = groups(visited, "OPERATION", f"{name} {{ value n }}")
    assert {operation: metrics[name] for operation, metrics in found.items()} == {
        operation: {"value": nearest_rank(values, percent) / 1000, "n": len(values)}
        for operation, values in took.items()
    }
    waits = [turn.wait_ms for visit in visits for turn in visit.turns]
    reply = totals(visited, f"responseTimeP{percent} {{ value }}")[f"responseTimeP{percent}"]["value"]
    assert reply == nearest_rank(waits, percent) / 1000


@pytest.mark.spec(134)
def test_retrieval_failures(visited: Installation, visits: Visits) -> None:
    """An error or no hits; unknown where a retrieval tells neither."""
    lookups = [lookup for visit in visits for lookup in visit.lookups]
    judged = [(found, error) for found, error in lookups if error or found is not None]
    failed = [(found, error) for found, error in judged if error or not found]
    found = totals(
        visited,
        """retrievals { value } failedRetrievals { value } retrievalFailureRate { numerator denominator }
        retrievalErrorRate { numerator } emptyRetrievalRate { numerator }""",
    )
    assert found == {
        "retrievals": {"value": len(lookups)},
        "failedRetrievals": {"value": len(failed)},
        "retrievalFailureRate": {"numerator": len(failed), "denominator": len(judged)},
        "retrievalErrorRate": {"numerator": sum(error for _, error in judged)},
        "emptyRetrievalRate": {"numerator": sum(not error for _, error in failed)},
    }


@pytest.mark.spec(115)
def test_uptime_by_component(visited: Installation, probes: list[Probe]) -> None:
    """Successful probes / probes; what nobody probed is not up but unknown."""
    by_component: dict[str, list[bool]] = defaultdict(list)
    for probe in probes:
        by_component[probe.component].append(probe.up)
    assert shares(visited, "COMPONENT", "availability") == {
        name: (sum(found), len(found)) for name, found in by_component.items()
    }
    mine = [probe.up for probe in probes if probe.bot == "shop"]
    selection = "availability { numerator denominator } failedProbes { value }"
    assert totals(visited, selection, 'filter: {chatbot: {in: ["shop"]}}') == {
        "availability": {"numerator": sum(mine), "denominator": len(mine)},
        "failedProbes": {"value": len(mine) - sum(mine)},
    }
    nobody = totals(visited, "availability { value status }", 'filter: {component: {in: ["never seen"]}}')
    assert nobody == {"availability": {"value": None, "status": "NO_DATA"}}


@pytest.mark.spec(265)
def test_the_whole_is_as_good_as_its_components(visited: Installation, probes: list[Probe]) -> None:
    """The worst of them, and their product; those of the filter alone where there is one."""
    up: dict[str, list[bool]] = defaultdict(list)
    for probe in probes:
        up[probe.component].append(probe.up)
    shares = {name: sum(found) / len(found) for name, found in up.items()}
    worst = min(shares, key=lambda name: shares[name])
    found = the_whole(visited)
    assert (found["worst"], found["worstComponent"]) == (shares[worst], worst)
    assert found["product"] == pytest.approx(prod(shares.values()), rel=1e-12)
    assert {one["component"]: (one["availability"]["value"], one["failedProbes"]) for one in found["components"]} == {
        name: (shares[name], len(told) - sum(told)) for name, told in up.items()
    }
    values = [one["availability"]["value"] for one in found["components"]]
    assert values == sorted(values)
    one = the_whole(visited, f'filter: {{component: {{in: ["{worst}"]}}}}')
    assert one["product"] == one["worst"] == shares[worst]
    nothing = the_whole(visited, 'filter: {component: {in: ["never seen"]}}')
    assert (nothing["worst"], nothing["product"], nothing["components"]) == (None, None, [])


def the_whole(visited: Installation, more: str = "") -> dict[str, Any]:
    answer: dict[str, Any] = visited.graphql(
        f"{{ availability(range: {WHOLE} {more}) "
        "{ worst worstComponent product components { component availability { value } failedProbes } } }"
    )["availability"]
    return answer


@pytest.mark.spec(270)
def test_cost_by_intent(visited: Installation, visits: Visits) -> None:
    """Of the answers, each by its own question: it sums to the whole, however many intents a session has."""
    spent: dict[str | None, int] = defaultdict(int)
    for turn in (turn for visit in visits for turn in visit.turns):
        spent[turn.intent] += turn.cost_nano or 0
    found = groups(visited, "INTENT", "answerCost { value }")
    assert {intent: Decimal(metrics["answerCost"]["value"]) * 10**9 for intent, metrics in found.items()} == spent
    whole = totals(visited, "answerCost { value currency } totalCost { value }")
    assert whole["answerCost"] == {"value": whole["totalCost"]["value"], "currency": "USD"}
    assert Decimal(whole["answerCost"]["value"]) * 10**9 == sum(spent.values())


@pytest.mark.spec(135)
def test_abandonment_by_step(visited: Installation, visits: Visits) -> None:
    """Last step reached and not completed / step reached."""
    reached = Counter(step for visit in visits for step in visit.path)
    left = Counter(visit.path[-1] for visit in visits if visit.path and not visit.completed)
    assert set(reached) == set(left) == set(STEPS)
    assert shares(visited, "STEP", "stepAbandonmentRate") == {step: (left[step], reached[step]) for step in STEPS}


@pytest.mark.spec(13)
def test_a_question_is_what_its_last_answer_is(visited: Installation) -> None:
    """A burst is one question; a bad answer that a good one follows leaves none unanswered, and the other way round."""
    at = FIRST - timedelta(days=900)
    good, bad = {"confidence": 0.9}, {"confidence": 0.1}
    told: list[tuple[str, dict[str, float] | None]] = [
        *(("USER", None), ("USER", None), ("BOT", bad), ("BOT", good)),
        *(("USER", None), ("BOT", good), ("BOT", bad)),
        *(("USER", None), ("HUMAN", None), ("USER", None)),
    ]
    events = [
        {
            "type": "message",
            "eventId": f"asked-{number}",
            "occurredAt": (at + timedelta(seconds=number)).isoformat(),
            "chatbotId": "shop",
            "sessionId": "asked",
            "role": role,
            "text": "words",
            **({} if answer is None else {"answer": answer}),
        }
        for number, (role, answer) in enumerate(told)
    ]
    results = [visited.send([event])["results"][0]["status"] for event in events]
    assert results == ["accepted"] * len(events)
    day = f'{{custom: {{from: "{at.isoformat()}", to: "{(at + timedelta(days=1)).isoformat()}"}}}}'
    selection = """questions { value } unansweredQuestions { value } unansweredAnswers { value }
        unansweredQuestionRate { numerator denominator }"""
    assert ask(visited, f"totals {{ {selection} }}", range=day)["totals"] == {
        "questions": {"value": 4},
        "unansweredQuestions": {"value": 1},
        "unansweredAnswers": {"value": 2},
        "unansweredQuestionRate": {"numerator": 1, "denominator": 2},
    }


@pytest.mark.spec(46)
def test_confidence_of_each_session(visited: Installation, visits: Visits) -> None:
    document = "{ sessions(first: 100) { nodes { sessionId confidence { lowest mean last answers } } } }"
    found = {node["sessionId"]: node["confidence"] for node in visited.graphql(document)["sessions"]["nodes"]}
    assert len(found) == 100
    for visit in visits:
        told = [turn.confidence for turn in visit.turns if turn.confidence is not None]
        if visit.name in found:
            assert found[visit.name] == {
                "lowest": min(told, default=None),
                "mean": pytest.approx(sum(told) / len(told)) if told else None,
                "last": told[-1] if told else None,
                "answers": len(told),
            }


@pytest.mark.spec(245)
def test_definitions_say_family_tier_and_what_they_explain(visited: Installation) -> None:
    document = "{ metricDefinitions { field family tier direction definition source explains companions } }"
    found = visited.graphql(document)["metricDefinitions"]
    primary = {one["family"] for one in found if one["tier"] == "PRIMARY"}
    assert primary == {"ADOPTION", "RESOLUTION", "QUALITY", "RELIABILITY", "COST", "BUSINESS"}
    known = {one["field"].lower() for one in found}
    for one in found:
        assert one["definition"]
        assert one["source"]
        named = {name.replace("_", "").lower() for name in (*one["explains"], *one["companions"])}
        assert named <= known
    rates = {one["field"]: one for one in found}
    assert rates["resolutionRate"]["companions"] == ["CONFIRMED_RESOLUTION_RATE", "PROVISIONAL_SHARE"]
