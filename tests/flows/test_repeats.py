"""Answers are told again within their second, but not after a commit, and not to keys that see other rows."""

from collections.abc import Iterable
from typing import Any

import httpx
import pytest

from tests.build import a_bot_message, a_user_message, moment
from tests.flows.serving_process import Installation

RANGE = f'range: {{custom: {{from: "{moment(-600)}", to: "{moment(600)}"}}}}'
ASKED = f"{{ metrics({RANGE}) {{ totals {{ sessions {{ value }} messages {{ value }} }} }} }}"
EACH = {"north": 7, "south": 11}
TRIES = 5
"""A second may end between two questions, so that nothing is told again; not five times in a row."""


def visit(chatbot: str, number: int) -> list[dict[str, Any]]:
    of = {"chatbotId": chatbot, "sessionId": f"{chatbot}-{number}", "minutes": number}
    return [a_user_message(**of, visitorId=f"{chatbot} visitor {number}"), a_bot_message(**of)]


def send(service: Installation, events: list[dict[str, Any]]) -> None:
    assert service.send(events)["accepted"] == len(events)


@pytest.fixture(scope="module")
def open_service(service: Installation) -> Installation:
    visits = [visit(chatbot, number) for chatbot, count in EACH.items() for number in range(count)]
    send(service, [event for events in visits for event in events])
    return service


def counted(service: Installation, key: str | None = None) -> tuple[int, int]:
    headers = {"Authorization": f"Bearer {key or service.key}"}
    answer = service.post("/graphql", json={"query": ASKED}, headers=headers).json()
    totals = answer["data"]["metrics"]["totals"]
    return totals["sessions"]["value"], totals["messages"]["value"]


def found(service: Installation) -> int:
    """Questions that were answered by an answer that was kept, as Prometheus reads it."""
    text = httpx.get(f"{service.url}/metrics", timeout=10).text
    (value,) = [line.split(" ")[1] for line in text.splitlines() if line.startswith("parlance_results_found ")]
    return int(float(value))


def test_a_commit_is_seen_at_once(open_service: Installation) -> None:
    service, before = open_service, found(open_service)
    sessions, messages = counted(service)
    for number in range(100, 110):
        assert {counted(service) for _ in range(TRIES)} == {(sessions, messages)}
        send(service, visit("east", number))
        sessions, messages = sessions + 1, messages + 2
        assert counted(service) == (sessions, messages)
    assert found(service) > before


def test_a_changed_setting_is_seen_at_once(open_service: Installation) -> None:
    zone = f"{{ metrics({RANGE}) {{ timeZone currency totals {{ sessions {{ value }} }} }} }}"
    before = found(open_service)
    for name in ("Asia/Kathmandu", "America/Lima", "UTC") * 3:
        for _ in range(TRIES):
            open_service.graphql(zone)
        version = open_service.graphql("{ workspace { version } }")["workspace"]["version"]
        change = (
            f'updateWorkspace(input: {{version: {version}, timeZone: "{name}"}}) {{ ... on Workspace {{ timeZone }} }}'
        )
        open_service.graphql(f"mutation {{ {change} }}")
        assert open_service.graphql(zone)["metrics"]["timeZone"] == name
    assert found(open_service) > before


def test_keys_of_other_rows_never_share(open_service: Installation) -> None:
    service = open_service
    ids = {
        node["slug"]: node["id"] for node in service.graphql("{ chatbots { nodes { id slug } } }")["chatbots"]["nodes"]
    }
    keys = {chatbot: limited_key(service, [ids[chatbot]]) for chatbot in EACH}
    both = limited_key(service, [ids[chatbot] for chatbot in EACH])
    before = found(service)
    for _ in range(10):
        for chatbot, key in keys.items():
            assert [counted(service, key) for _ in range(2)] == [(EACH[chatbot], 2 * EACH[chatbot])] * 2
        assert counted(service, both) == (sum(EACH.values()), 2 * sum(EACH.values()))
        assert counted(service)[0] >= sum(EACH.values())
    assert found(service) > before


def limited_key(service: Installation, ids: Iterable[str]) -> str:
    listed = ", ".join(f'"{one}"' for one in ids)
    made = f'createApiKey(input: {{name: "rows", scopes: [METRICS_READ], chatbotIds: [{listed}]}})'
    key: str = service.graphql(f"mutation {{ {made} {{ ... on CreatedApiKey {{ key }} }} }}")["createApiKey"]["key"]
    return key
