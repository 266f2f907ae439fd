"""Who is let in, and what each may see."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from domain.accounts import KeyKind, Scope
from domain.browser_tokens import BrowserToken, sign_token
from persistence.engine import Database
from persistence.tenancy import reading
from server.app import build_app, now
from tests.server.conftest import SHARED, TOKEN_SECRET, IssuedKey, Shared, ask, code_of, issue_key, schema_with_extras
from tests.serving import RunningServer, serving

BODY = {"query": "{ viewer { kind scopes } }"}
MAKE_KEY = """
mutation ($input: CreateApiKeyInput!) {
  createApiKey(input: $input) {
    ... on CreatedApiKey { key apiKey { id scopes } }
    ... on Refusal { problems { code message path } }
  }
}
"""
MAKE_TOKEN = """
mutation ($input: CreateBrowserTokenInput!) {
  createBrowserToken(input: $input) {
    ... on BrowserToken { token expiresAt scopes }
    ... on Refusal { problems { code message path } }
  }
}
"""
REVOKE = """
mutation ($id: ID!) {
  revokeApiKey(id: $id) { ... on ApiKey { id revokedAt } ... on Refusal { problems { code } } }
}
"""


@SHARED
@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer nope", "Basic eDp5", "Bearer parl_" + "A" * 66, "Bearer parlt_x.y"],
)
async def test_without_a_valid_key_nothing_is_read(shared: Shared, authorization: str | None) -> None:
    headers = {"authorization": authorization} if authorization is not None else {}
    for content in (b"{ this is not even json", b'{"query":"{ __schema { types { name } } }"}'):
        response = await shared.client.post(
            shared.server.graphql, content=content, headers={"content-type": "application/json", **headers}
        )
        assert (response.status_code, code_of(response.json())) == (401, "UNAUTHENTICATED")
        assert response.headers["www-authenticate"].startswith("Bearer")


@SHARED
async def test_a_key_with_one_letter_changed_is_refused(shared: Shared) -> None:
    last = "A" if shared.admin.text[-1] != "A" else "B"
    altered = {"authorization": f"Bearer {shared.admin.text[:-1]}{last}"}
    response = await shared.client.post(shared.server.graphql, json=BODY, headers=altered)
    assert response.status_code == 401


async def test_an_expired_key_is_refused(
    client: httpx.AsyncClient, server: RunningServer, database: Database, workspace_id: Any
) -> None:
    key = await issue_key(database, workspace_id, expires_at=datetime.now(UTC) + timedelta(seconds=1))
    assert (await client.post(server.graphql, json=BODY, headers=key.headers)).status_code == 200
    await asyncio.sleep(1.1)
    assert (await client.post(server.graphql, json=BODY, headers=key.headers)).status_code == 401


@SHARED
async def test_a_field_without_its_scope_is_null_and_says_which(shared: Shared) -> None:
    query = "{ personal { name email } viewer { kind } }"
    body = await shared.ask(query, shared.viewer)
    assert body["data"] == {"personal": {"name": "Ada", "email": None}, "viewer": {"kind": "KEY"}}
    (error,) = body["errors"]
    assert (error["path"], error["extensions"]) == (
        ["personal", "email"],
        {"code": "FORBIDDEN", "allowed": ["personal:read"]},
    )
    allowed = await shared.ask(query)
    assert allowed["data"]["personal"]["email"] == "ada@example.org"


async def test_a_revoked_key_ends_at_once(
    client: httpx.AsyncClient, server: RunningServer, admin_key: IssuedKey, database: Database, workspace_id: Any
) -> None:
    doomed = await issue_key(database, workspace_id, name="doomed")
    assert (await client.post(server.graphql, json=BODY, headers=doomed.headers)).status_code == 200
    listed = await ask(client, server, admin_key, "{ apiKeys { nodes { id name } } }")
    (found,) = [node["id"] for node in listed["data"]["apiKeys"]["nodes"] if node["name"] == "doomed"]
    revoked = await ask(client, server, admin_key, REVOKE, variables={"id": found})
    assert revoked["data"]["revokeApiKey"]["revokedAt"]
    began = time.monotonic()
    while (await client.post(server.graphql, json=BODY, headers=doomed.headers)).status_code == 200:
        assert time.monotonic() - began < 1, "the revocation was not heard"
        await asyncio.sleep(0.01)


async def test_a_key_is_made_once_and_shown_once(
    client: httpx.AsyncClient, server: RunningServer, admin_key: IssuedKey
) -> None:
    given = {"name": "reader", "scopes": ["METRICS_READ"]}
    made = (await ask(client, server, admin_key, MAKE_KEY, variables={"input": given}))["data"]["createApiKey"]
    assert made["apiKey"]["scopes"] == ["METRICS_READ"]
    works = await client.post(server.graphql, json=BODY, headers={"authorization": f"Bearer {made['key']}"})
    assert works.json()["data"]["viewer"]["scopes"] == ["METRICS_READ"]
    listed = await ask(client, server, admin_key, "{ apiKeys { nodes { name hint } } }")
    assert {"name": "reader", "hint": made["key"][-4:]} in listed["data"]["apiKeys"]["nodes"]


@SHARED
@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"name": "", "scopes": ["METRICS_READ"]}, "name"),
        ({"name": "x" * 121, "scopes": ["METRICS_READ"]}, "name"),
        ({"name": "x"}, "scopes"),
        ({"name": "x", "scopes": ["METRICS_READ"], "ratePerMinute": 0}, "ratePerMinute"),
        ({"name": "x", "scopes": ["METRICS_READ"], "expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        ({"name": "x", "scopes": ["METRICS_READ"], "origins": ["https://a.example"]}, "origins"),
        ({"name": "x", "kind": "PUBLIC_INGEST", "role": "SENDER"}, "origins"),
        ({"name": "x", "kind": "PUBLIC_INGEST", "scopes": ["ADMIN"], "origins": ["https://a.example"]}, "scopes"),
        ({"name": "x", "kind": "PUBLIC_INGEST", "role": "SENDER", "origins": ["https://a.example/x"]}, "origins"),
        ({"name": "x", "kind": "PUBLIC_INGEST", "role": "SENDER", "origins": ["*"]}, "origins"),
        ({"name": "x", "scopes": ["METRICS_READ"], "chatbotIds": []}, "chatbotIds"),
        ({"name": "x", "scopes": ["METRICS_READ"], "chatbotIds": ["x"]}, "chatbotIds"),
        ({"name": "x", "scopes": ["METRICS_READ"], "chatbotIds": ["Q2hhdGJvdDo3"]}, "chatbotIds"),
    ],
)
async def test_a_key_that_cannot_be_is_refused_with_its_place(shared: Shared, given: dict[str, Any], path: str) -> None:
    made = await shared.ask(MAKE_KEY, variables={"input": given})
    places = [step for problem in made["data"]["createApiKey"]["problems"] for step in problem["path"]]
    assert path in places


async def test_a_key_cannot_pass_on_what_it_lacks(
    client: httpx.AsyncClient, server: RunningServer, database: Database, workspace_id: Any
) -> None:
    narrow = await issue_key(database, workspace_id, scopes=frozenset({Scope.ADMIN}))
    made = await ask(
        client, server, narrow, MAKE_KEY, variables={"input": {"name": "wide", "scopes": ["PERSONAL_READ"]}}
    )
    assert code_of(made) == "FORBIDDEN"


async def test_a_token_does_less_than_its_key_and_ends_with_it(
    client: httpx.AsyncClient, server: RunningServer, database: Database, workspace_id: Any, admin_key: IssuedKey
) -> None:
    parent = await issue_key(database, workspace_id, name="parent")
    given = {"scopes": ["METRICS_READ"], "lifeSeconds": 60}
    made = (await ask(client, server, parent, MAKE_TOKEN, variables={"input": given}))["data"]["createBrowserToken"]
    headers = {"authorization": f"Bearer {made['token']}"}
    asked = await client.post(server.graphql, json=BODY, headers=headers)
    assert asked.json()["data"]["viewer"] == {"kind": "BROWSER_TOKEN", "scopes": ["METRICS_READ"]}
    prolonged = await client.post(
        server.graphql, json={"query": MAKE_TOKEN, "variables": {"input": given}}, headers=headers
    )
    assert code_of(prolonged.json()) == "FORBIDDEN"
    listed = await ask(client, server, admin_key, "{ apiKeys { nodes { id name } } }")
    (found,) = [node["id"] for node in listed["data"]["apiKeys"]["nodes"] if node["name"] == "parent"]
    await ask(client, server, admin_key, REVOKE, variables={"id": found})
    await asyncio.sleep(0.3)
    assert (await client.post(server.graphql, json=BODY, headers=headers)).status_code == 401


@SHARED
@pytest.mark.parametrize("seconds", [59, 3_601])
async def test_a_token_lives_from_a_minute_to_an_hour(shared: Shared, seconds: int) -> None:
    given = {"scopes": ["METRICS_READ"], "lifeSeconds": seconds}
    made = await shared.ask(MAKE_TOKEN, variables={"input": given})
    assert made["data"]["createBrowserToken"]["problems"][0]["path"] == ["input", "lifeSeconds"]


@SHARED
@pytest.mark.parametrize(("secret", "life"), [(b"another secret", 60), (TOKEN_SECRET, -1)], ids=["forged", "expired"])
async def test_a_forged_or_expired_token_is_refused(shared: Shared, secret: bytes, life: int) -> None:
    token = BrowserToken(
        workspace_id=shared.admin.key.workspace_id,
        key_id=shared.admin.key.key_id,
        scopes=frozenset(Scope),
        chatbot_ids=None,
        expires_at=datetime.now(UTC) + timedelta(seconds=life),
    )
    headers = {"authorization": f"Bearer {sign_token(token, secret)}"}
    assert (await shared.client.post(shared.server.graphql, json=BODY, headers=headers)).status_code == 401


async def test_a_public_key_works_from_its_pages_only(
    client: httpx.AsyncClient, server: RunningServer, database: Database, workspace_id: Any
) -> None:
    public = await issue_key(
        database,
        workspace_id,
        kind=KeyKind.PUBLIC_INGEST,
        scopes=frozenset({Scope.EVENTS_WRITE}),
        origins=("https://shop.example",),
        rate_per_minute=2,
    )
    foreign = await client.post(server.graphql, json=BODY, headers={**public.headers, "origin": "https://evil.example"})
    assert (foreign.status_code, code_of(foreign.json())) == (403, "FORBIDDEN")
    own = {**public.headers, "origin": "https://shop.example"}
    statuses = [(await client.post(server.graphql, json=BODY, headers=own)).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


async def test_keys_of_another_workspace_are_as_if_they_were_not(
    client: httpx.AsyncClient, server: RunningServer, admin_key: IssuedKey, other_admin_key: IssuedKey
) -> None:
    listed = await ask(client, server, other_admin_key, "{ apiKeys { nodes { id } } }")
    foreign = listed["data"]["apiKeys"]["nodes"][0]["id"]
    absent = "QXBpS2V5OjAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMA"
    answers = [await ask(client, server, admin_key, REVOKE, variables={"id": id}) for id in (foreign, absent)]
    assert answers[0]["data"] == answers[1]["data"] == {"revokeApiKey": {"problems": [{"code": "NOT_FOUND"}]}}


async def test_pages_of_a_listed_origin_may_call(
    client: httpx.AsyncClient, database: Database, admin_key: IssuedKey
) -> None:
    app = build_app(
        database,
        schema=schema_with_extras(),
        clock=now,
        token_secret=TOKEN_SECRET,
        origins=("https://dash.example",),
    )
    wish = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}
    async with serving(app) as running:
        allowed = await client.options(running.graphql, headers={"origin": "https://dash.example", **wish})
        refused = await client.options(running.graphql, headers={"origin": "https://evil.example", **wish})
    assert allowed.headers["access-control-allow-origin"] == "https://dash.example"
    assert "access-control-allow-origin" not in refused.headers


async def test_every_act_is_on_record_and_chained(
    client: httpx.AsyncClient, server: RunningServer, admin_key: IssuedKey, database: Database, workspace_id: Any
) -> None:
    from persistence.audit import verify_chain

    await ask(client, server, admin_key, MAKE_KEY, variables={"input": {"name": "one", "role": "VIEWER"}})
    await ask(client, server, admin_key, MAKE_TOKEN, variables={"input": {"scopes": ["METRICS_READ"]}})
    body = await ask(client, server, admin_key, "{ auditLog(first: 2) { nodes { action actorKind previousHash } } }")
    assert [node["action"] for node in body["data"]["auditLog"]["nodes"]] == ["browserToken.create", "apiKey.create"]
    async with reading(database, workspace_id) as reader:
        assert await verify_chain(reader) is None
