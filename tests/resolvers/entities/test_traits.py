"""Traits of visitors through the API: the latest value by the time of the event, whatever came first, for those who
may see persons."""

import itertools
from typing import Any

import httpx
import pytest

from domain.accounts import Scope
from persistence.engine import Database
from tests.build import a_user_message, an_event
from tests.resolvers.entities.conftest import Ask
from tests.server.conftest import IssuedKey, issue_key
from tests.serving import RunningServer

SESSIONS = "{ sessions { nodes { sessionId visitorKey traits { name text number flag } } } }"
TOLD: tuple[dict[str, Any], ...] = (
    {"name": "Ada", "plan": "free", "seats": 3, "beta": True, "score": 0.5, "admin": False},
    {"plan": "pro", "city": "Nairobi", "beta": None},
    {"seats": 12, "städte": "Zürich"},
)


def identifies() -> list[dict[str, Any]]:
    return [
        an_event("identify", sessionId=None, visitorId="v-1", userId="ada", minutes=number + 1, traits=traits)
        for number, traits in enumerate(TOLD)
    ]


def known() -> dict[str, Any]:
    """Read by hand off what was told."""
    numbers = {"seats": 12, "score": 0.5}
    return numbers | {"name": "Ada", "plan": "pro", "admin": False, "city": "Nairobi", "städte": "Zürich"}


async def traits_by_session(ask: Ask, **given: Any) -> dict[str, dict[str, Any]]:
    nodes = (await ask(SESSIONS, **given))["data"]["sessions"]["nodes"]
    return {node["sessionId"]: dict(map(named, node["traits"])) for node in nodes}


def named(trait: dict[str, Any]) -> tuple[str, Any]:
    (value,) = (trait[kind] for kind in ("text", "number", "flag") if trait[kind] is not None)
    return trait["name"], value


@pytest.fixture
async def client(admin_key: IssuedKey) -> Any:
    async with httpx.AsyncClient(timeout=30, headers=admin_key.headers) as opened:
        yield opened


async def post(client: httpx.AsyncClient, server: RunningServer, events: list[dict[str, Any]]) -> None:
    sent = (await client.post(f"{server.url}/v1/events", json=events)).json()
    assert sent["accepted"] == len(events), sent


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_the_latest_value_of_each_name_counts_in_any_order_of_arrival(
    ask: Ask, server: RunningServer, client: httpx.AsyncClient, order: tuple[int, ...]
) -> None:
    told = identifies()
    await post(client, server, [a_user_message(visitorId="v-1"), a_user_message(sessionId="s-2", visitorId="v-2")])
    for place in order:
        await post(client, server, [told[place]])
    again = (await client.post(f"{server.url}/v1/events", json=told)).json()
    assert again["duplicate"] == len(told)
    assert await traits_by_session(ask) == {"s-1": known(), "s-2": {}}


async def test_they_belong_to_whom_the_visitor_turned_out_to_be(
    ask: Ask, server: RunningServer, client: httpx.AsyncClient
) -> None:
    later = a_user_message(sessionId="s-3", visitorId="ada", chatbotId="desk", minutes=500)
    before = a_user_message(sessionId="s-0", visitorId="v-1", minutes=-600)
    await post(client, server, [before, a_user_message(visitorId="v-1"), later, *identifies()])
    found = await traits_by_session(ask)
    assert (found["s-1"], found["s-3"]) == (known(), known())
    assert found["s-0"] == {}  # it was over when the visitor was identified: the stamp is another


async def test_without_the_scope_for_persons_nobody_sees_them(
    ask: Ask, server: RunningServer, client: httpx.AsyncClient, database: Database, admin_key: IssuedKey
) -> None:
    await post(client, server, [a_user_message(visitorId="v-1"), *identifies()])
    workspace_id = admin_key.key.workspace_id
    reader = await issue_key(database, workspace_id, scopes=frozenset({Scope.CONVERSATIONS_READ}))
    refused = await ask(SESSIONS, key=reader)
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    shown = (await ask("{ sessions { nodes { sessionId } } }", key=reader))["data"]["sessions"]["nodes"]
    assert shown == [{"sessionId": "s-1"}]


async def test_a_key_of_some_chatbots_sees_what_was_told_there(
    ask: Ask, server: RunningServer, client: httpx.AsyncClient, database: Database, admin_key: IssuedKey
) -> None:
    elsewhere = an_event(
        "identify", sessionId=None, visitorId="v-1", userId="ada", chatbotId="desk", minutes=9, traits={"debt": 900}
    )
    await post(client, server, [a_user_message(visitorId="v-1"), *identifies(), elsewhere])
    limited = await issue_key(
        database,
        admin_key.key.workspace_id,
        scopes=frozenset({Scope.CONVERSATIONS_READ, Scope.PERSONAL_READ}),
        chatbot_ids=frozenset({1}),
    )
    assert (await traits_by_session(ask))["s-1"] == known() | {"debt": 900}
    assert (await traits_by_session(ask, key=limited))["s-1"] == known()


async def test_another_workspace_with_the_same_names_sees_nothing(
    ask: Ask, server: RunningServer, client: httpx.AsyncClient, other_admin_key: IssuedKey
) -> None:
    await post(client, server, [a_user_message(visitorId="v-1"), *identifies()])
    async with httpx.AsyncClient(timeout=30, headers=other_admin_key.headers) as other:
        await post(other, server, [a_user_message(visitorId="ada")])
    assert await traits_by_session(ask, key=other_admin_key) == {"s-1": {}}
