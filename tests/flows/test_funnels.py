"""Paths to a conversion over HTTP: equal to a plain walk through the described visits."""

from collections import Counter
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import pytest

from tests.flows.asking import LAST, within
from tests.flows.serving_process import Installation
from tests.flows.visits import FIRST, Visit, asked_ms

Json = dict[str, Any]
MIDDLE = FIRST + timedelta(days=200)
STEP = "event status count share shareOfPrevious dropped medianSeconds interval { lower upper }"
PATH = """steps: [
    { event: SESSION_STARTED }
    { event: USER_MESSAGE, filter: { intent: { in: ["order", "refund"] } } }
    { event: WORKFLOW_STEP, filter: { step: { in: ["confirm"] } } }
    { event: LEAD }
]"""


def funnel(service: Installation, rest: str, selection: str, end: datetime = LAST) -> Json:
    period = f'range: {{custom: {{from: "{FIRST.isoformat()}", to: "{end.isoformat()}"}}}}'
    found: Json = service.graphql(f"{{ funnel({period} {rest}) {{ {selection} }} }}")["funnel"]
    return found


def path(visit: Visit) -> list[float]:
    """When each step was reached, in seconds from the start of the session."""
    found = [0.0]
    asked = [asked_ms(number) for number, turn in enumerate(visit.turns) if turn.intent in ("order", "refund")]
    if asked:
        found.append(asked[0] / 1000)
        if "confirm" in visit.path:
            found.append((75_000 + visit.path.index("confirm")) / 1000)
            if visit.lead:
                found.append(90.0)
    return found


def check(steps: list[Json], paths: list[list[float]]) -> None:
    reached = [[one for one in paths if len(one) > place] for place in range(4)]
    assert [step["count"] for step in steps] == [len(some) for some in reached]
    assert [step["share"] for step in steps] == pytest.approx([len(some) / len(paths) for some in reached])
    assert steps[0]["shareOfPrevious"] is steps[0]["dropped"] is steps[0]["medianSeconds"] is None
    for place in range(1, 4):
        before, now = reached[place - 1], reached[place]
        assert steps[place]["dropped"] == len(before) - len(now)
        assert steps[place]["shareOfPrevious"] == pytest.approx(len(now) / len(before))
        waits = sorted(one[place] - one[place - 1] for one in now)
        assert steps[place]["medianSeconds"] == pytest.approx(waits[ceil(len(waits) / 2) - 1])
        assert steps[place]["interval"]["lower"] < steps[place]["share"] < steps[place]["interval"]["upper"]


@pytest.mark.spec(211)
def test_steps_in_order_within_the_window(visited: Installation, visits: list[Visit]) -> None:
    found = funnel(visited, f"{PATH} withinSeconds: 3600", f"steps {{ {STEP} }} leftOut groups {{ other }}")
    assert (found["leftOut"], found["groups"]) == ([], [])
    check(found["steps"], [path(visit) for visit in visits])


@pytest.mark.spec(211)
def test_groups_sum_to_the_whole(visited: Installation, visits: list[Visit]) -> None:
    selection = f"groupCount groups {{ key {{ value }} other steps {{ {STEP} }} }}"
    found = funnel(visited, f"{PATH} groupBy: [CHATBOT_TYPE] limit: 2", selection)
    kinds = {"shop": "TEXT", "phone": "VOICE", "guide": "AVATAR_3D"}
    counts = Counter(kinds[visit.bot] for visit in visits)
    assert found["groupCount"] == 3
    shown = [kind for kind, _ in counts.most_common(2)]
    assert [group["key"][0]["value"] for group in found["groups"]] == [*shown, None]
    for kind, group in zip(shown, found["groups"], strict=False):
        check(group["steps"], [path(visit) for visit in visits if kinds[visit.bot] == kind])
    rest = [len(path(visit)) for visit in visits if kinds[visit.bot] not in shown]
    assert found["groups"][-1]["other"]
    assert [step["count"] for step in found["groups"][-1]["steps"]] == [
        sum(1 for length in rest if length > place) for place in range(4)
    ]


@pytest.mark.spec(211)
def test_visitors_may_come_back_after_the_range(visited: Installation, visits: list[Visit]) -> None:
    """Who entered in the range counts as converted although the hand-over lies behind its end."""
    steps = "steps: [{ event: SESSION_STARTED }, { event: HANDOFF_PERFORMED }]"
    found = funnel(visited, f"{steps} per: VISITOR withinSeconds: 2592000", "steps { count }", MIDDLE)
    entered: dict[str, datetime] = {}
    for visit in sorted(within(visits, FIRST, MIDDLE), key=lambda one: one.at):
        entered.setdefault(visit.visitor, visit.at)
    handed = [(visit.visitor, visit.at + timedelta(seconds=91)) for visit in visits if visit.handed_over]
    converted = {
        visitor
        for visitor, at in handed
        if visitor in entered and entered[visitor] <= at < entered[visitor] + timedelta(days=30)
    }
    late = {visitor for visitor, at in handed if at >= MIDDLE} & converted
    assert [step["count"] for step in found["steps"]] == [len(entered), len(converted)]
    assert late or all(at + timedelta(days=30) < MIDDLE for at in entered.values())


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("steps: [{ event: LEAD }]", "2 to 10 steps"),
        (f"{PATH} withinSeconds: 0", "withinSeconds takes 1 to 7776000"),
        (
            'steps: [{ event: LEAD }, { event: GOAL, filter: { model: { in: ["m"] } } }]',
            "GOAL cannot be filtered by model",
        ),
        (f"{PATH} groupBy: [MODEL]", "model is not"),
        (f"{PATH} per: VISITOR groupBy: [COUNTRY]", "A funnel of visitors has no groups"),
    ],
)
def test_what_makes_no_funnel_is_refused(visited: Installation, rest: str, message: str) -> None:
    document = f"{{ funnel(range: {{rolling: LAST_30D}} {rest}) {{ steps {{ count }} }} }}"
    errors = visited.post("/graphql", json={"query": document}).json()["errors"]
    assert message in errors[0]["message"]


def test_a_step_that_no_chatbot_reports_is_not_zero(visited: Installation) -> None:
    found = funnel(
        visited,
        "steps: [{ event: SESSION_STARTED }, { event: TICKET_OPENED }]",
        "leftOut steps { count status reason }",
    )
    assert found["leftOut"] == ["guide", "phone", "shop"]
    assert {step["status"] for step in found["steps"]} == {"NOT_REPORTED"}
    assert {step["count"] for step in found["steps"]} == {None}
