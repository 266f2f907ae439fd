"""Which chatbots are in use, over HTTP: equal to a plain look at what was sent."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.flows.serving_process import Installation

NOW = datetime.now(UTC)


def make(service: Installation, slug: str) -> str:
    made = service.graphql(
        f'mutation {{ createChatbot(input: {{slug: "{slug}", type: TEXT}}) {{ ... on Chatbot {{ id }} }} }}'
    )
    identity: str = made["createChatbot"]["id"]
    return identity


def a_message(bot: str, at: datetime) -> dict[str, Any]:
    told = {"occurredAt": at.isoformat(), "chatbotId": bot, "sessionId": f"{bot}-{at:%s}", "role": "USER", "text": "hi"}
    return {"type": "message", "eventId": f"{bot}-{at:%s}", **told}


@pytest.mark.spec(119)
def test_enabled_and_talked_to_within_the_days(service: Installation) -> None:
    heard = {"busy": (1, 3, 40), "late": (29,), "quiet": (31,), "off": (2,), "never": ()}
    ids = {slug: make(service, slug) for slug in heard}
    service.graphql(f'mutation {{ updateChatbot(input: {{id: "{ids["off"]}", enabled: false}}) {{ __typename }} }}')
    service.send([a_message(slug, NOW - timedelta(days=days)) for slug, ago in heard.items() for days in ago])
    for within in (30, 400):
        found = service.graphql(
            f"{{ chatbotActivity(withinDays: {within}) "
            "{ active inactive disabled chatbots { chatbot { slug } state sessions } } }"
        )["chatbotActivity"]
        mine = {one["chatbot"]["slug"]: one for one in found["chatbots"] if one["chatbot"]["slug"] in heard}
        counts = {slug: sum(days < within for days in ago) for slug, ago in heard.items()}
        assert {slug: one["sessions"] for slug, one in mine.items()} == counts
        expected = {slug: "ACTIVE" if count else "INACTIVE" for slug, count in counts.items()} | {"off": "DISABLED"}
        assert {slug: one["state"] for slug, one in mine.items()} == expected
        states = [one["state"] for one in found["chatbots"]]
        assert [found[name.lower()] for name in ("ACTIVE", "INACTIVE", "DISABLED")] == [
            states.count(name) for name in ("ACTIVE", "INACTIVE", "DISABLED")
        ]


def test_days_out_of_range_are_refused(service: Installation) -> None:
    answer = service.post("/graphql", json={"query": "{ chatbotActivity(withinDays: 0) { active } }"}).json()
    assert answer["errors"][0]["extensions"]["allowed"] == ["1..400"]
