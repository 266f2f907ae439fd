"""Items that need facts which STAR lacks: a random world over HTTP, equal to a plain count of its description."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from tests.flows.serving_process import Installation
from tests.flows.worlds import END, START, Chat, draw_world, tell_world

pytestmark = pytest.mark.usefixtures("told")
RANGE = f'range: {{custom: {{from: "{START.isoformat()}", to: "{END.isoformat()}"}}}}'


@pytest.fixture(scope="module")
def chats() -> list[Chat]:
    return draw_world(seed=2026, size=160)


@pytest.fixture(scope="module")
def told(service: Installation, chats: list[Chat]) -> None:
    """With every session closed: the world lies months back."""
    _define_goals(service)
    for results in (service.send(part)["results"] for part in _in_parts(list(tell_world(chats)))):
        odd = [result for result in results if result["status"] != "accepted"]
        assert odd[:2] == []


def totals(service: Installation, selection: str) -> dict[str, Any]:
    found: dict[str, Any] = service.graphql(f"{{ metrics({RANGE}) {{ totals {{ {selection} }} }} }}")["metrics"][
        "totals"
    ]
    return found


def groups(service: Installation, dimension: str, selection: str = "sessions { value }") -> dict[str | None, Any]:
    document = f"""{{ metrics({RANGE}, groupBy: [{dimension}], limit: 50) {{
        groups {{ key {{ value }} metrics {{ {selection} }} }} }} }}"""
    found = service.graphql(document)["metrics"]["groups"]
    return {group["key"][0]["value"]: group["metrics"] for group in found}


def parts_of(service: Installation, *names: str) -> dict[str, tuple[int, int]]:
    found = totals(service, " ".join(f"{name} {{ numerator denominator }}" for name in names))
    return {name: (found[name]["numerator"], found[name]["denominator"]) for name in names}


def closed_engaged(chats: Iterable[Chat]) -> list[Chat]:
    return [chat for chat in chats if chat.engaged]


OUTCOMES = (
    *("NOT_ENGAGED", "ESCALATED", "RESOLVED_CONFIRMED", "UNRESOLVED"),
    *("TIMED_OUT", "RESOLVED_ASSUMED", "ABANDONED", "OPEN"),
)


@pytest.mark.spec(49)
def test_each_session_has_one_outcome(service: Installation, chats: list[Chat]) -> None:
    names = {f"outcome{outcome.title().replace('_', '')}": outcome for outcome in OUTCOMES}
    found = totals(service, " ".join(f"{name} {{ value }}" for name in names) + " sessions { value }")
    expected = Counter(chat.outcome for chat in chats)
    assert {outcome: found[name]["value"] for name, outcome in names.items()} == {
        outcome: expected[outcome] for outcome in OUTCOMES
    }
    assert found["sessions"]["value"] == len(chats)


@pytest.mark.spec(48, 251, 253)
def test_containment_and_escalation(service: Installation, chats: list[Chat]) -> None:
    closed = closed_engaged(chats)
    escalated = [chat for chat in closed if chat.outcome == "ESCALATED"]
    by_limit = sum(chat.handoff_reason == "USAGE_LIMIT" for chat in escalated)
    contained = len(closed) - len(escalated)
    assert parts_of(service, "containmentRate", "escalationRate") == {
        "containmentRate": (contained, len(closed) - by_limit),
        "escalationRate": (len(escalated), len(closed)),
    }
    events = totals(service, "handoffRequestedEvents { value } handoffPerformedEvents { value }")
    assert events["handoffRequestedEvents"]["value"] == sum(chat.handoff is not None for chat in chats)
    assert events["handoffPerformedEvents"]["value"] == len(escalated)


@pytest.mark.spec(252, 254)
def test_resolution_and_abandonment(service: Installation, chats: list[Chat]) -> None:
    outcomes = Counter(chat.outcome for chat in closed_engaged(chats))
    confirmed, assumed = outcomes["RESOLVED_CONFIRMED"], outcomes["RESOLVED_ASSUMED"]
    assert parts_of(service, "resolutionRate", "confirmedResolutionRate", "abandonmentRate") == {
        "resolutionRate": (confirmed + assumed, outcomes.total()),
        "confirmedResolutionRate": (confirmed, outcomes.total()),
        "abandonmentRate": (outcomes["ABANDONED"], outcomes.total()),
    }


@pytest.mark.spec(255)
def test_task_completion_by_workflow(service: Installation, chats: list[Chat]) -> None:
    runs = [run for chat in chats for run in chat.runs]
    started, completed = Counter(name for name, _ in runs), Counter(name for name, end in runs if end == "COMPLETED")
    found = groups(service, "WORKFLOW", "taskCompletionRate { numerator denominator }")
    assert {
        name: (metrics["taskCompletionRate"]["numerator"], metrics["taskCompletionRate"]["denominator"])
        for name, metrics in found.items()
    } == {name: (completed[name], count) for name, count in started.items()}


@pytest.mark.spec(16)
def test_confidence(service: Installation, chats: list[Chat]) -> None:
    told = sorted(r.confidence for chat in chats for r in chat.replies if r.confidence is not None)
    found = totals(service, "averageConfidence { value n } medianConfidence { value } lowConfidenceAnswers { value }")
    assert found["averageConfidence"]["value"] == pytest.approx(sum(told) / len(told), abs=1e-6)
    assert found["averageConfidence"]["n"] == len(told)
    assert found["medianConfidence"]["value"] == pytest.approx(told[(len(told) + 1) // 2 - 1], abs=1e-6)
    assert found["lowConfidenceAnswers"]["value"] == sum(value < 0.7 for value in told)


@pytest.mark.spec(50, 256)
def test_fallbacks_by_answer_and_by_session(service: Installation, chats: list[Chat]) -> None:
    known = [r.fallback for chat in chats for r in chat.replies if r.fallback is not None]
    with_one = sum(any(r.fallback for r in chat.replies) for chat in chats)
    engaged = len(closed_engaged(chats))
    assert parts_of(service, "fallbackRate", "fallbackSessionRate") == {
        "fallbackRate": (sum(known), len(known)),
        "fallbackSessionRate": (with_one, engaged),
    }


@pytest.mark.spec(47, 258)
def test_votes(service: Installation, chats: list[Chat]) -> None:
    votes = [chat.vote for chat in chats if chat.vote is not None]
    solved = [chat.solved for chat in chats if chat.solved is not None]
    assert parts_of(service, "thumbsUpShare", "solvedShare") == {
        "thumbsUpShare": (sum(votes), len(votes)),
        "solvedShare": (sum(solved), len(solved)),
    }
    found = totals(service, "thumbsUp { value } thumbsDown { value }")
    assert (found["thumbsUp"]["value"], found["thumbsDown"]["value"]) == (sum(votes), len(votes) - sum(votes))


@pytest.mark.spec(102)
def test_customer_satisfaction(service: Installation, chats: list[Chat]) -> None:
    ratings = [chat.rating for chat in chats if chat.rating is not None]
    expected = (sum(rating >= 4 for rating in ratings), len(ratings))
    assert parts_of(service, "customerSatisfaction") == {"customerSatisfaction": expected}


@pytest.mark.spec(17, 70)
def test_leads(service: Installation, chats: list[Chat]) -> None:
    expected = sum(chat.leads > 0 for chat in chats)
    assert totals(service, "leads { value }")["leads"]["value"] == sum(chat.leads for chat in chats)
    assert parts_of(service, "leadCaptureRate")["leadCaptureRate"] == (expected, len(closed_engaged(chats)))


@pytest.mark.spec(18, 19)
def test_goals(service: Installation, chats: list[Chat]) -> None:
    converting = sum(chat.goals + chat.leads > 0 for chat in chats)
    found = totals(service, "goalCompletions { value } convertingSessions { value }")
    assert found["goalCompletions"]["value"] == sum(chat.goals for chat in chats)
    assert found["convertingSessions"]["value"] == converting
    assert parts_of(service, "conversionRate")["conversionRate"] == (converting, len(closed_engaged(chats)))


@pytest.mark.spec(101, 267)
def test_cost_per_conversation(service: Installation, chats: list[Chat]) -> None:
    known = [cost for chat in chats if (cost := chat.cost) is not None]
    found = totals(service, "costPerConversation { value currency } totalCost { value }")
    assert Decimal(found["totalCost"]["value"]) == sum(known, Decimal(0))
    assert abs(Decimal(found["costPerConversation"]["value"]) - sum(known, Decimal(0)) / len(known)) < Decimal("1e-9")
    assert found["costPerConversation"]["currency"] == "USD"


@pytest.mark.spec(270)
def test_cost_by_workflow(service: Installation, chats: list[Chat]) -> None:
    """Of the sessions that ran it; one that ran two stands in both."""
    spent: dict[str, Decimal] = {}
    for chat in chats:
        for workflow in {name for name, _ in chat.runs}:
            spent[workflow] = spent.get(workflow, Decimal(0)) + (chat.cost or 0)
    found = groups(service, "WORKFLOW", "totalCost { value }")
    assert {name: Decimal(metrics["totalCost"]["value"]) for name, metrics in found.items()} == spent


@pytest.mark.spec(268)
def test_cost_per_resolved_conversation(service: Installation, chats: list[Chat]) -> None:
    total = sum((cost for chat in chats if (cost := chat.cost) is not None), Decimal(0))
    resolved = sum(chat.outcome.startswith("RESOLVED") and chat.cost is not None for chat in chats)
    found = totals(service, "costPerResolvedConversation { value }")["costPerResolvedConversation"]["value"]
    assert abs(Decimal(found) - total / resolved) < Decimal("1e-9")


@pytest.mark.spec(269)
@pytest.mark.parametrize(("name", "part"), [("input", 0), ("output", 1), ("cached", 2)])
def test_tokens_per_session(service: Installation, chats: list[Chat], name: str, part: int) -> None:
    known = [tokens for chat in chats if (tokens := chat.tokens(part)) is not None]
    found = totals(service, f"{name}TokensPerSession {{ value }}")[f"{name}TokensPerSession"]["value"]
    assert found == pytest.approx(sum(known) / len(known))


@pytest.mark.spec(263, 266)
@pytest.mark.parametrize(
    ("metric", "kind"),
    [
        ("modelErrorRate", "MODEL"),
        ("apiErrorRate", "API"),
        ("webhookErrorRate", "WEBHOOK"),
        ("toolFailureRate", "TOOL"),
    ],
    ids=lambda value: str(value),
)
def test_errors_by_class(service: Installation, chats: list[Chat], metric: str, kind: str) -> None:
    statuses = [status for chat in chats for called, status in chat.operations if called == kind]
    failed = sum(status != "OK" for status in statuses)
    assert parts_of(service, metric) == {metric: (failed, len(statuses))}


Key = Callable[[Chat], str | None]
_DIMENSIONS: Sequence[tuple[str, Key]] = [
    ("CHANNEL", lambda chat: chat.channel),
    ("ENTRY_POINT", lambda chat: chat.page),
    ("COUNTRY", lambda chat: chat.country),
    ("DEVICE", lambda chat: chat.device),
]


def check_mix(service: Installation, chats: list[Chat], dimension: str) -> None:
    key = dict(_DIMENSIONS)[dimension]
    found = {value: metrics["sessions"]["value"] for value, metrics in groups(service, dimension).items()}
    assert found == Counter(key(chat) for chat in chats)


@pytest.mark.spec(249, 250)
@pytest.mark.parametrize("dimension", ["CHANNEL", "ENTRY_POINT"])
def test_channel_and_entry_point_mix(service: Installation, chats: list[Chat], dimension: str) -> None:
    check_mix(service, chats, dimension)


@pytest.mark.spec(10, 11)
@pytest.mark.parametrize("dimension", ["COUNTRY", "DEVICE"])
def test_country_and_device_mix(service: Installation, chats: list[Chat], dimension: str) -> None:
    check_mix(service, chats, dimension)


def test_filters_agree_with_counting(service: Installation, chats: list[Chat]) -> None:
    condition = "{and: [{channel: {in: [APP, VOICE]}}, {not: {country: {isUnknown: true}}}]}"
    document = f"{{ metrics({RANGE}, filter: {condition}) {{ totals {{ sessions {{ value }} }} }} }}"
    expected = sum(chat.channel in ("APP", "VOICE") and chat.country is not None for chat in chats)
    assert service.graphql(document)["metrics"]["totals"]["sessions"]["value"] == expected


def _in_parts(events: list[dict[str, Any]], size: int = 400) -> Iterable[list[dict[str, Any]]]:
    return (events[start : start + size] for start in range(0, len(events), size))


def _define_goals(service: Installation) -> None:
    for number in range(2):
        document = """mutation ($name: String!) {
            defineGoal(input: {name: $name, title: $name, isConversion: true, resolves: false}) { __typename } }"""
        service.graphql(document, {"name": f"goal {number}"})
