"""Starter phrases: shown, copied into a chatbot's lists when chosen, and from then on they tell its fallbacks."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from domain.answers import normalised
from domain.chatbot_settings import MOST_FALLBACK_ENTRIES
from domain.starter_phrases import STARTER_PHRASES
from tests.build import a_bot_message, a_user_message
from tests.resolvers.entities.conftest import Ask
from tests.server.conftest import IssuedKey
from tests.serving import RunningServer

Send = Callable[[list[dict[str, Any]]], Awaitable[None]]

CREATE = 'mutation ($slug: String!) { createChatbot(input: {slug: $slug, type: TEXT}) { ... on Chatbot { id } } }'
CHANGE = """
mutation ($input: ChangeChatbotSettingsInput!) {
  changeChatbotSettings(input: $input) {
    ... on ChatbotSettings { failurePhrases uncertainPhrases fallbackVersion }
    ... on Refusal { problems { code path } }
  }
}
"""
FALLBACKS = """{
  metrics(range: {custom: {from: "2026-03-01T00:00:00Z", to: "2026-04-01T00:00:00Z"}}, groupBy: [CHATBOT]) {
    groups { key { value } metrics { fallbackRate { numerator denominator } } }
  }
}"""
SAID = (
    "Sorry, I didn't get that.",
    "  sorry, i DIDN'T get that ",
    "Das weiß ich leider nicht!",
    "I'm not sure.",
    "Your parcel arrives tomorrow.",
    "Sorry, I didn't get that. Your parcel arrives tomorrow.",
    "No entiendo.",
)
FALLBACKS_OF_SAID = 4  # by eye: the last one is of a language that was not chosen


@pytest.fixture
async def send(server: RunningServer, admin_key: IssuedKey) -> Send:
    async def sent(events: list[dict[str, Any]]) -> None:
        async with httpx.AsyncClient(timeout=30) as client:
            response = await client.post(f"{server.url}/v1/events", json=events, headers=admin_key.headers)
        assert response.json()["accepted"] == len(events)

    return sent


async def a_chatbot(ask: Ask, slug: str) -> str:
    identity: str = (await ask(CREATE, slug=slug))["data"]["createChatbot"]["id"]
    return identity


async def change(ask: Ask, **given: Any) -> dict[str, Any]:
    entry: dict[str, Any] = (await ask(CHANGE, input=given))["data"]["changeChatbotSettings"]
    return entry


async def test_they_tell_fallbacks_only_of_the_chatbot_that_chose_them(ask: Ask, send: Send) -> None:
    chosen = {"effectiveFrom": "2026-01-01T00:00:00Z", "starterPhrases": ["en", "de"]}
    await change(ask, id=await a_chatbot(ask, "shop"), **chosen)
    await a_chatbot(ask, "desk")
    for slug in ("shop", "desk"):
        for number, text in enumerate(SAID):
            at = {"chatbotId": slug, "sessionId": f"{slug}-{number}"}
            await send([a_user_message(minutes=number, **at), a_bot_message(text=text, minutes=number + 0.5, **at)])
    groups = (await ask(FALLBACKS))["data"]["metrics"]["groups"]
    found = {group["key"][0]["value"]: group["metrics"]["fallbackRate"] for group in groups}
    assert found["shop"] == {"numerator": FALLBACKS_OF_SAID, "denominator": len(SAID)}
    assert found["desk"] == {"numerator": None, "denominator": None}


async def test_they_are_added_to_what_the_lists_hold(ask: Ask) -> None:
    identity = await a_chatbot(ask, "shop")
    own = await change(ask, id=identity, failurePhrases=["Computer says no."])
    assert (own["failurePhrases"], own["fallbackVersion"]) == (["computer says no"], 1)
    entry = await change(ask, id=identity, starterPhrases=["nl"])
    shown = (await ask("{ starterPhrases { language version failurePhrases uncertainPhrases } }"))["data"]
    (dutch,) = (phrases for phrases in shown["starterPhrases"] if phrases["language"] == "nl")
    assert entry["failurePhrases"] == sorted({"computer says no", *map(normalised, dutch["failurePhrases"])})
    assert entry["uncertainPhrases"] == sorted(map(normalised, dutch["uncertainPhrases"]))
    assert (entry["fallbackVersion"], dutch["version"]) == (2, 1)
    audit = (await ask("{ auditLog(first: 1) { nodes { detail } } }"))["data"]["auditLog"]["nodes"][0]["detail"]
    assert json.loads(audit)["starterPhrases"] == {"version": 1, "languages": ["nl"]}


async def test_a_language_without_phrases_is_refused(ask: Ask) -> None:
    refused = await change(ask, id=await a_chatbot(ask, "shop"), starterPhrases=["en", "tlh"])
    assert refused["problems"] == [{"code": "INVALID_INPUT", "path": ["input", "starterPhrases"]}]


def test_all_of_them_fit_into_a_list_and_mean_one_thing() -> None:
    failure = [normalised(phrase) for one in STARTER_PHRASES.values() for phrase in one.failure]
    uncertain = [normalised(phrase) for one in STARTER_PHRASES.values() for phrase in one.uncertain]
    assert len({*failure, *uncertain}) == len(failure) + len(uncertain) < MOST_FALLBACK_ENTRIES
