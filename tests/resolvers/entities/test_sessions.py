"""Sessions and their messages through the API, after events were sent to the same server."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from domain.accounts import Scope
from persistence.engine import Database
from tests.build import a_bot_message, a_user_message, an_event
from tests.resolvers.entities.conftest import Ask
from tests.server.conftest import IssuedKey, issue_key
from tests.serving import RunningServer

Send = Callable[[list[dict[str, Any]]], Awaitable[None]]

LIST = """
query ($first: Int! = 50, $after: String, $filter: SessionFilterInput) {
  sessions(first: $first, after: $after, filter: $filter) {
    nodes {
      id sessionId startedAt lastActivityAt endedAt durationSeconds outcome channel country device
      userMessages botMessages messageCount answers averageResponseSeconds visitorKey
      confidence { lowest mean last answers } cost { amount currency } handoff { performedAt target }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""


@pytest.fixture
async def send(server: RunningServer, admin_key: IssuedKey) -> Send:
    async def sent(events: list[dict[str, Any]]) -> None:
        async with httpx.AsyncClient(timeout=30) as client:
            response = await client.post(f"{server.url}/v1/events", json=events, headers=admin_key.headers)
        assert response.status_code == 200, response.text
        assert response.json()["accepted"] == len(events)

    return sent


def _conversation(session: str, minutes: float) -> list[dict[str, Any]]:
    context = {"channel": "WHATSAPP", "country": "KE", "device": "MOBILE"}
    answer = {"confidence": 0.8, "cost": {"amount": "0.002", "currency": "USD"}}
    return [
        a_user_message(sessionId=session, visitorId="v-1", minutes=minutes, context=context),
        a_bot_message(sessionId=session, minutes=minutes + 0.5, answer=answer),
        a_user_message(sessionId=session, minutes=minutes + 1),
        a_bot_message(sessionId=session, minutes=minutes + 2, answer={**answer, "confidence": 0.4}),
    ]


@pytest.mark.spec(38)
@pytest.mark.spec(39)
async def test_a_session_shows_what_was_sent(ask: Ask, send: Send) -> None:
    handoff = an_event("handoff", sessionId="s-1", minutes=3, state="PERFORMED", target="AGENT")
    await send([*_conversation("s-1", 0), handoff])
    (session,) = (await ask(LIST))["data"]["sessions"]["nodes"]
    assert session["sessionId"] == "s-1"
    assert (session["startedAt"], session["lastActivityAt"]) == ("2026-03-10T12:00:00Z", "2026-03-10T12:02:00Z")
    assert (session["durationSeconds"], session["messageCount"], session["answers"]) == (120, 4, 2)
    assert session["averageResponseSeconds"] == (30 + 60) / 2
    assert (session["channel"], session["country"], session["device"]) == ("WHATSAPP", "KE", "MOBILE")
    assert session["visitorKey"] == "v-1"
    assert session["confidence"] == {"lowest": 0.4, "mean": pytest.approx(0.6), "last": 0.4, "answers": 2}
    assert session["cost"] == {"amount": "0.004", "currency": "USD"}
    assert session["outcome"] == "ESCALATED"
    assert session["handoff"] == {"performedAt": "2026-03-10T12:03:00Z", "target": "AGENT"}


async def test_pages_are_newest_first_without_gap_or_repeat(ask: Ask, send: Send) -> None:
    await send([event for number in range(5) for event in _conversation(f"s-{number}", number * 10)])
    seen: list[str] = []
    after = None
    for _ in range(3):
        page = (await ask(LIST, first=2, after=after))["data"]["sessions"]
        seen += [node["sessionId"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert seen == ["s-4", "s-3", "s-2", "s-1", "s-0"]
    assert page["pageInfo"]["hasNextPage"] is False


async def test_a_filter_must_hold(ask: Ask, send: Send) -> None:
    await send(_conversation("s-0", 0) + _conversation("s-1", 60))
    later = await ask(LIST, filter={"startedFrom": "2026-03-10T12:30:00Z"})
    assert [node["sessionId"] for node in later["data"]["sessions"]["nodes"]] == ["s-1"]
    earlier = await ask(LIST, filter={"startedBefore": "2026-03-10T13:00:00Z"})
    assert [node["sessionId"] for node in earlier["data"]["sessions"]["nodes"]] == ["s-0"]


async def test_messages_come_in_order_and_their_text_needs_its_scopes(
    ask: Ask, send: Send, database: Database, admin_key: IssuedKey
) -> None:
    await send(_conversation("s-0", 0))
    ((session),) = (await ask("{ sessions { nodes { id } } }"))["data"]["sessions"]["nodes"]
    document = "query ($id: ID!, $after: String) { messages(sessionId: $id, first: 3, after: $after) { %s } }"
    first = await ask(document % "nodes { role text responseSeconds confidence } pageInfo { endCursor }", **session)
    nodes = first["data"]["messages"]["nodes"]
    assert [node["role"] for node in nodes] == ["USER", "BOT", "USER"]
    assert nodes[1]["text"] == "It arrives tomorrow."
    assert (nodes[1]["responseSeconds"], nodes[1]["confidence"]) == (30, 0.8)
    cursor = first["data"]["messages"]["pageInfo"]["endCursor"]
    rest = await ask(document % "nodes { role } pageInfo { hasNextPage }", **session, after=cursor)
    assert rest["data"]["messages"] == {"nodes": [{"role": "BOT"}], "pageInfo": {"hasNextPage": False}}
    reader = await issue_key(database, admin_key.key.workspace_id, scopes=frozenset({Scope.CONVERSATIONS_READ}))
    hidden = await ask(document % "nodes { role text }", key=reader, **session)
    assert {error["extensions"]["code"] for error in hidden["errors"]} == {"FORBIDDEN"}
    assert "It arrives" not in str(hidden)


async def test_absent_and_foreign_sessions_answer_alike(ask: Ask, send: Send, other_admin_key: IssuedKey) -> None:
    await send(_conversation("s-0", 0))
    ((session),) = (await ask("{ sessions { nodes { id } } }"))["data"]["sessions"]["nodes"]
    document = "query ($id: ID!) { session(id: $id) { outcome } }"
    foreign = await ask(document, key=other_admin_key, **session)
    assert foreign["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert (await ask(document, **session))["data"]["session"]["outcome"] == "ABANDONED"
