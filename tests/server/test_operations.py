"""What an operation costs, how long it may take, and what is told when it fails."""

import asyncio
import hashlib
from dataclasses import replace
from typing import Any

import httpx
import pytest

from persistence.engine import Database
from schema.cost import CostLimits
from schema.persisted import digest_of, manifest_documents
from server.app import build_app, now
from server.limits import Limits
from tests.server.conftest import SHARED, TOKEN_SECRET, IssuedKey, Shared, ask, code_of, schema_with_extras
from tests.serving import serving

NEWER = "application/graphql-response+json"


def persisted(digest: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": digest}}


@SHARED
async def test_cost_is_told_with_every_answer(shared: Shared) -> None:
    answer = await shared.ask("{ apiKeys(first: 10) { nodes { id } pageInfo { hasNextPage } } }")
    cost = answer["extensions"]["cost"]
    # One page, and ten times what stands below it; given back but for the objects that came.
    assert (cost["requested"], cost["actual"]) == (1 + 10 * 2, 1 + 1 + 1 + 2)
    assert cost["remaining"] <= Limits().key_points
    assert cost["resetAt"].endswith("Z")


@SHARED
async def test_a_dry_run_costs_nothing_and_does_nothing(shared: Shared) -> None:
    query = "query ($n: Int!) { apiKeys(first: $n) { nodes { id } } }"
    answer = await shared.ask(query, variables={"n": 50}, extensions={"dryRun": True})
    assert answer["data"] is None
    assert (answer["extensions"]["cost"]["requested"], answer["extensions"]["cost"]["actual"]) == (51, 0)


@SHARED
async def test_unknown_extensions_are_passed_over(shared: Shared) -> None:
    answer = await shared.ask("{ hello }", extensions={"clientLibrary": {"name": "x"}, "other": 1})
    assert answer["data"] == {"hello": "world"}


@SHARED
async def test_a_fault_of_ours_is_masked_with_the_id_of_the_request(shared: Shared) -> None:
    response = await shared.post({"query": "{ broken hello }"})
    (error,) = response.json()["errors"]
    assert response.json()["data"] == {"broken": None, "hello": "world"}
    assert error["extensions"] == {"code": "INTERNAL", "requestId": response.headers["x-request-id"]}
    assert "hunter2" not in response.text


@SHARED
async def test_a_refusal_keeps_its_words_and_lists_all_problems(shared: Shared) -> None:
    (error,) = (await shared.ask("{ refused }"))["errors"]
    assert error["message"] == "name is empty.; age is -1."
    assert error["extensions"]["path"] == ["input", "name"]
    assert [problem["path"] for problem in error["extensions"]["problems"]] == [["input", "name"], ["input", "age"]]


@SHARED
async def test_big_integers_are_numbers_up_to_2_to_the_53(shared: Shared) -> None:
    largest = 2**53 - 1
    assert (await shared.ask(f"{{ big(value: {largest}) }}"))["data"] == {"big": largest}
    for wrong in (str(largest + 1), '"5"', "1.5", "true"):
        assert (await shared.ask(f"{{ big(value: {wrong}) }}"))["errors"]


@SHARED
async def test_a_persisted_query_is_learned_and_then_found(shared: Shared) -> None:
    query = "{ viewer { kind } } # learned once"
    digest = digest_of(query)
    unknown = await shared.post({"extensions": persisted(digest)})
    assert (unknown.status_code, unknown.json()["errors"][0]["message"]) == (200, "PersistedQueryNotFound")
    assert (await shared.ask(query, extensions=persisted(digest)))["data"]
    found = await shared.post({"extensions": persisted(digest)}, accept=NEWER)
    assert found.json()["data"] == {"viewer": {"kind": "KEY"}}


@SHARED
@pytest.mark.parametrize(
    "extensions",
    [
        persisted("0" * 64),
        persisted("abc"),
        {"persistedQuery": {"version": 2, "sha256Hash": "0" * 64}},
        {"persistedQuery": {"version": 1, "sha256Hash": 7}},
    ],
    ids=["another hash", "no hash", "version 2", "a number"],
)
async def test_a_wrong_persisted_query_is_refused(shared: Shared, extensions: dict[str, Any]) -> None:
    assert code_of(await shared.ask("{ hello }", extensions=extensions)) == "INVALID_PERSISTED_QUERY"


async def test_only_trusted_documents_run_where_a_manifest_is_set(
    client: httpx.AsyncClient, database: Database, admin_key: IssuedKey
) -> None:
    trusted = manifest_documents({"any name": "{ hello }"})
    app = build_app(
        database, schema=schema_with_extras(), clock=now, token_secret=TOKEN_SECRET, trusted_documents=trusted
    )
    async with serving(app) as server:
        assert (await ask(client, server, admin_key, "{ hello }"))["data"] == {"hello": "world"}
        assert code_of(await ask(client, server, admin_key, "{ viewer { kind } }")) == "DOCUMENT_NOT_TRUSTED"
        by_id = {"documentId": "sha256:" + hashlib.sha256(b"{ hello }").hexdigest()}
        answer = await client.post(server.graphql, json=by_id, headers=admin_key.headers)
    assert answer.json()["data"] == {"hello": "world"}


async def test_an_operation_over_its_time_is_stopped(
    client: httpx.AsyncClient, database: Database, admin_key: IssuedKey
) -> None:
    limits = Limits(operation_seconds=0.3)
    app = build_app(database, schema=schema_with_extras(), clock=now, token_secret=TOKEN_SECRET, limits=limits)
    async with serving(app) as server:
        response = await client.post(server.graphql, json={"query": "{ slow(seconds: 5) }"}, headers=admin_key.headers)
    assert (response.status_code, code_of(response.json())) == (504, "DEADLINE_EXCEEDED")


async def test_a_key_that_spent_its_points_waits(
    client: httpx.AsyncClient, database: Database, admin_key: IssuedKey, other_admin_key: IssuedKey
) -> None:
    limits = replace(Limits(), key_points=30, key_points_per_second=10, document=CostLimits())
    app = build_app(database, schema=schema_with_extras(), clock=now, token_secret=TOKEN_SECRET, limits=limits)
    query = {"query": "{ apiKeys(first: 20) { nodes { id } } }"}
    async with serving(app) as server:
        for _ in range(40):
            response = await client.post(server.graphql, json=query, headers=admin_key.headers)
            if response.status_code == 429:
                break
        unread = await client.post(server.graphql, content=b"{", headers=other_admin_key.headers)
    assert (response.status_code, code_of(response.json())) == (429, "LIMIT_REACHED")
    assert int(response.headers["retry-after"]) >= 1
    assert response.json()["extensions"]["cost"]["requested"] == 21
    assert unread.status_code == 415, "another workspace is not concerned"


async def test_a_long_new_document_is_paid_for_even_if_refused(
    client: httpx.AsyncClient, database: Database, admin_key: IssuedKey
) -> None:
    limits = replace(Limits(), key_points=100, key_points_per_second=0.1)
    app = build_app(database, schema=schema_with_extras(), clock=now, token_secret=TOKEN_SECRET, limits=limits)
    async with serving(app) as server:
        answers = [
            await ask(client, server, admin_key, "{ nothing" + " " * 4_000 + str(number) + "}") for number in range(3)
        ]
    assert [code_of(answer) for answer in answers] == [
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_PARSE_FAILED",
        "LIMIT_REACHED",
    ]


async def test_one_workspace_cannot_take_all_places(
    client: httpx.AsyncClient, database: Database, admin_key: IssuedKey, other_admin_key: IssuedKey
) -> None:
    limits = replace(Limits(), workspace_operations=2, workspace_waiting=2)
    app = build_app(database, schema=schema_with_extras(), clock=now, token_secret=TOKEN_SECRET, limits=limits)
    async with serving(app) as server:
        slow = [
            asyncio.create_task(
                client.post(server.graphql, json={"query": "{ slow(seconds: 0.8) }"}, headers=admin_key.headers)
            )
            for _ in range(8)
        ]
        await asyncio.sleep(0.3)
        other = await ask(client, server, other_admin_key, "{ hello }")
        still_running = not any(task.done() and task.result().status_code == 200 for task in slow)
        statuses = sorted([(await task).status_code for task in slow])
    assert other["data"] == {"hello": "world"}
    assert still_running
    assert statuses == [200, 200, 200, 200, 429, 429, 429, 429]


async def test_a_query_ends_when_its_client_hangs_up(database: Database, admin_key: IssuedKey) -> None:
    limits = replace(Limits(), workspace_operations=1, workspace_waiting=1)
    app = build_app(database, schema=schema_with_extras(), clock=now, token_secret=TOKEN_SECRET, limits=limits)
    async with serving(app) as server, httpx.AsyncClient(timeout=0.3) as impatient:
        with pytest.raises(httpx.ReadTimeout):
            await impatient.post(server.graphql, json={"query": "{ slow(seconds: 9) }"}, headers=admin_key.headers)
        await asyncio.sleep(0.1)
        async with httpx.AsyncClient(timeout=2) as patient:
            answer = await ask(patient, server, admin_key, "{ hello }")
    assert answer["data"] == {"hello": "world"}
