"""Corrections that no bot tells, through the API: what outcome they leave, and how they are shown (R32.11)."""

import random
from collections import Counter
from typing import Any

import httpx
import pytest

from tests.build import a_bot_message, a_user_message
from tests.resolvers.entities.conftest import Ask
from tests.server.conftest import IssuedKey
from tests.serving import RunningServer

SESSIONS = "{ sessions { nodes { id sessionId outcome } } }"
MESSAGES = "query ($id: ID!) { messages(sessionId: $id) { nodes { text correction } } }"
UNRESOLVED = """{
  metrics(range: {custom: {from: "2026-03-01T00:00:00Z", to: "2026-04-01T00:00:00Z"}}) {
    totals { outcomeUnresolved { value } }
  }
}"""
# What the visitor says after the answer, who says that it is a correction, and how the session ends.
LAST_WORDS = {
    "calls it wrong": ("No, that's wrong.", "DETECTED", "UNRESOLVED"),
    "misunderstood": ("Das war nicht meine Frage!", "DETECTED", "UNRESOLVED"),
    "asks again": ("Where is my parcel now?", "DETECTED", "UNRESOLVED"),
    "asks the same": ("Where is my parcel?", None, "TIMED_OUT"),
    "asks else": ("Where is my invoice?", None, "TIMED_OUT"),
    "thanks": ("Thank you!", None, "TIMED_OUT"),
}


def conversations(chatbot: str) -> list[dict[str, Any]]:
    events = []
    for name, (text, _, _) in LAST_WORDS.items():
        at = {"chatbotId": chatbot, "sessionId": f"{chatbot}: {name}"}
        events.append(a_user_message(**at))
        events.append(a_bot_message(minutes=1, answer={"confidence": 0.9}, **at))
        events.append(a_user_message(minutes=2, text=text, **at))
    return events


async def a_chatbot(ask: Ask, slug: str, *, detects: bool) -> None:
    made = f'mutation {{ createChatbot(input: {{slug: "{slug}", type: TEXT}}) {{ ... on Chatbot {{ id }} }} }}'
    identity = (await ask(made))["data"]["createChatbot"]["id"]
    change = """mutation ($id: ID!, $detects: Boolean!) { changeChatbotSettings(input: {
        id: $id, detectCorrections: $detects, effectiveFrom: "2026-01-01T00:00:00Z"}) {
        ... on ChatbotSettings { correctionDetector } } }"""
    entry = (await ask(change, id=identity, detects=detects))["data"]["changeChatbotSettings"]
    assert entry["correctionDetector"] == int(detects)


@pytest.mark.parametrize("seed", [None, 1, 2])
async def test_they_leave_a_session_unresolved_in_any_order_of_arrival(
    ask: Ask, server: RunningServer, admin_key: IssuedKey, seed: int | None
) -> None:
    await a_chatbot(ask, "silent", detects=False)
    events = [*conversations("shop"), *conversations("silent")]  # the first is made by its events: it detects
    if seed is not None:
        random.Random(seed).shuffle(events)
    async with httpx.AsyncClient(timeout=30, headers=admin_key.headers) as client:
        for start in range(0, len(events), 7):
            sent = await client.post(f"{server.url}/v1/events", json=events[start : start + 7])
            assert sent.json()["rejected"] == 0
    shown = {node["sessionId"]: node for node in (await ask(SESSIONS))["data"]["sessions"]["nodes"]}
    for name, (text, correction, outcome) in LAST_WORDS.items():
        session = shown[f"shop: {name}"]
        messages = (await ask(MESSAGES, id=session["id"]))["data"]["messages"]["nodes"]
        assert session["outcome"] == outcome, name
        assert messages[2] == {"text": text, "correction": correction}
        assert {message["correction"] for message in messages[:2]} == {None}
        assert shown[f"silent: {name}"]["outcome"] == "TIMED_OUT"
    counted = (await ask(UNRESOLVED))["data"]["metrics"]["totals"]["outcomeUnresolved"]["value"]
    assert counted == Counter(outcome for _, _, outcome in LAST_WORDS.values())["UNRESOLVED"]


async def test_what_the_bot_tells_itself_is_shown_as_told(
    ask: Ask, server: RunningServer, admin_key: IssuedKey
) -> None:
    events = [
        a_user_message(),
        a_bot_message(minutes=1, messageId="a"),
        a_user_message(minutes=2, text="The other one.", corrects="a"),
    ]
    async with httpx.AsyncClient(timeout=30, headers=admin_key.headers) as client:
        await client.post(f"{server.url}/v1/events", json=events)
    (session,) = (await ask(SESSIONS))["data"]["sessions"]["nodes"]
    messages = (await ask(MESSAGES, id=session["id"]))["data"]["messages"]["nodes"]
    assert (session["outcome"], messages[2]["correction"]) == ("UNRESOLVED", "TOLD")
