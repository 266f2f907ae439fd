"""GraphQL over HTTP: each wrong form gets its own status and code; docs/errors.md lists them."""

import gzip
import json
from typing import Any

import pytest

from tests.server.conftest import SHARED, Shared, code_of

pytestmark = SHARED

NEWER = "application/graphql-response+json"
OLDER = "application/json"
GOOD = json.dumps({"query": "{ viewer { kind } }"})


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (None, OLDER),
        ("*/*", OLDER),
        ("application/*", OLDER),
        (OLDER, OLDER),
        (NEWER, NEWER),
        (f"{NEWER}, {OLDER}", NEWER),
        (f"{OLDER}, {NEWER}", NEWER),
        (f"{NEWER};q=0.5, {OLDER}", OLDER),
        ("text/html, */*;q=0.8", OLDER),
    ],
)
async def test_the_answer_has_the_type_asked_for(shared: Shared, accept: str | None, answered: str) -> None:
    response = await (shared.post(GOOD, accept=accept) if accept else shared.post(GOOD))
    assert (response.status_code, response.headers["content-type"]) == (200, f"{answered}; charset=utf-8")
    assert response.json()["data"] == {"viewer": {"kind": "KEY"}}


@pytest.mark.parametrize("accept", ["text/html", "image/*", "application/json;q=0", "nonsense"])
async def test_an_answer_that_nobody_wants_is_406(shared: Shared, accept: str) -> None:
    response = await shared.post(GOOD, accept=accept)
    assert (response.status_code, code_of(response.json())) == (406, "NOT_ACCEPTABLE")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b'"x"',
        b"7",
        b"[]",
        b'[{"query":"{ viewer { kind } }"}]',
        b'{"query":NaN}',
        b"\xff\xfe",
        GOOD.encode("utf-16"),
        gzip.compress(GOOD.encode(), mtime=0),
        b"[" * 100_000,
        b'{"query":"{ viewer { kind } }","variables":{"a":' + b"9" * 5_000 + b"}}",
        b'{"query":"\\ud800"}',
        b"{}",
        b'{"query":null}',
        b'{"query":""}',
        b'{"query":1}',
        b'{"query":["{ viewer { kind } }"]}',
        b'{"query":"{ viewer { kind } }","variables":[]}',
        b'{"query":"{ viewer { kind } }","variables":"{}"}',
        b'{"query":"{ viewer { kind } }","operationName":1}',
        b'{"query":"{ viewer { kind } }","extensions":"x"}',
        b'{"query":"{ viewer { kind } } # \\u0000"}',
    ],
    ids=lambda body: repr(body[:24]),
)
async def test_a_body_of_the_wrong_form_is_400(shared: Shared, body: bytes) -> None:
    for accept in (OLDER, NEWER):
        response = await shared.post(body, accept=accept)
        assert (response.status_code, code_of(response.json())) == (400, "BAD_REQUEST")
        assert "data" not in response.json()


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json; charset=utf-16",
        "",
    ],
)
async def test_what_a_foreign_page_could_send_is_415(shared: Shared, content_type: str) -> None:
    response = await shared.post(GOOD, content_type=content_type)
    assert (response.status_code, code_of(response.json())) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_compressed_body_is_415(shared: Shared) -> None:
    response = await shared.post(gzip.compress(GOOD.encode(), mtime=0), content_encoding="gzip")
    assert (response.status_code, code_of(response.json())) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_body_announced_too_large_is_413(shared: Shared) -> None:
    response = await shared.post(b" " * 262_145)
    assert (response.status_code, code_of(response.json())) == (413, "BODY_TOO_LARGE")


async def test_a_body_that_grows_too_large_is_413(shared: Shared) -> None:
    async def endless() -> Any:
        for _ in range(100):
            yield b" " * 10_000

    response = await shared.post(endless())
    assert (response.status_code, code_of(response.json())) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
async def test_other_methods_are_405(shared: Shared, method: str) -> None:
    response = await shared.client.request(method, shared.server.graphql, headers=shared.admin.headers)
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


async def test_a_mutation_by_get_is_405(shared: Shared) -> None:
    query = 'mutation { revokeApiKey(id: "x") { __typename } }'
    response = await shared.client.get(shared.server.graphql, params={"query": query}, headers=shared.admin.headers)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "parameters",
    [
        [("query", "{ viewer { kind } }"), ("variables", "{")],
        [("query", "{ viewer { kind } }"), ("variables", "[1]")],
        [("query", "{ viewer { kind } }"), ("query", "{ viewer { kind } }")],
        [("operationName", "A")],
        [],
    ],
    ids=["variables no JSON", "variables no object", "query twice", "no query", "nothing"],
)
async def test_parameters_of_the_wrong_form_are_400(
    shared: Shared, parameters: list[tuple[str, str | int | float | bool | None]]
) -> None:
    response = await shared.client.get(shared.server.graphql, params=parameters, headers=shared.admin.headers)
    assert (response.status_code, code_of(response.json())) == (400, "BAD_REQUEST")


async def test_a_get_carries_variables_and_gets_an_entity_tag(shared: Shared) -> None:
    query = "query ($f: Int!) { apiKeys(first: $f) { nodes { name } } }"
    parameters = {"query": query, "variables": '{"f": 1}'}
    first = await shared.client.get(shared.server.graphql, params=parameters, headers=shared.admin.headers)
    assert first.json()["data"] == {"apiKeys": {"nodes": [{"name": "test"}]}}
    headers = {**shared.admin.headers, "if-none-match": first.headers["etag"]}
    again = await shared.client.get(shared.server.graphql, params=parameters, headers=headers)
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothingOfThisName }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { viewer { kind } } query B { viewer { kind } }", "OPERATION_RESOLUTION_FAILURE"),
        ("fragment F on Query { viewer { kind } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($f: Int!) { apiKeys(first: $f) { nodes { name } } }", "INVALID_INPUT"),
    ],
)
async def test_a_request_error_has_no_data_and_the_status_of_its_type(shared: Shared, query: str, code: str) -> None:
    for accept, status in ((NEWER, 400), (OLDER, 200)):
        response = await shared.post(json.dumps({"query": query}), accept=accept)
        assert (response.status_code, code_of(response.json())) == (status, code)
        assert "data" not in response.json()


async def test_the_named_operation_runs(shared: Shared) -> None:
    query = "query A { viewer { kind } } query B { viewer { scopes } }"
    response = await shared.post({"query": query, "operationName": "A"})
    assert response.json()["data"] == {"viewer": {"kind": "KEY"}}
    unknown = await shared.post({"query": query, "operationName": "C"})
    assert code_of(unknown.json()) == "OPERATION_RESOLUTION_FAILURE"


async def test_a_near_name_stands_apart_from_the_message(shared: Shared) -> None:
    response = await shared.post(json.dumps({"query": "{ viever { kind } }"}))
    (error,) = response.json()["errors"]
    assert "Did you mean" not in error["message"]
    assert error["extensions"]["suggestion"] == "viewer"


async def test_the_request_id_goes_through(shared: Shared) -> None:
    response = await shared.post(GOOD, x_request_id="order-4711")
    assert response.headers["x-request-id"] == "order-4711"
    odd = await shared.post(GOOD, x_request_id="a b\tc")
    assert len(odd.headers["x-request-id"]) == 16
