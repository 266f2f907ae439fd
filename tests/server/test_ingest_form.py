"""Each wrong way to send events gets its own status and code, and spoils nothing beside it."""

import asyncio
import gzip
import json
from typing import Any

import httpx
import pytest

from tests.build import a_user_message, an_event
from tests.server.conftest import SHARED, IssuedKey, Shared, code_of

pytestmark = SHARED

LINES = "application/x-ndjson"


async def send(
    shared: Shared, content: Any, *, key: IssuedKey | None = None, method: str = "POST", **headers: str
) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps(content) if isinstance(content, list | dict) else content
    return await shared.client.request(
        method,
        f"{shared.server.url}/v1/events",
        content=body,
        headers={"content-type": "application/json", **(key or shared.admin).headers, **named},
    )


def statuses(response: httpx.Response) -> list[str]:
    return [result["status"] for result in response.json()["results"]]


async def test_without_a_key_nothing_is_read(shared: Shared) -> None:
    response = await send(shared, b"{", authorization="Bearer nope")
    assert (response.status_code, code_of(response.json())) == (401, "UNAUTHENTICATED")


async def test_a_key_that_may_not_write_is_forbidden(shared: Shared) -> None:
    response = await send(shared, [a_user_message()], key=shared.viewer)
    assert (response.status_code, code_of(response.json())) == (403, "FORBIDDEN")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_events_are_posted(shared: Shared, method: str) -> None:
    response = await send(shared, b"", method=method)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("content_type", ["text/plain", "", "application/json; charset=latin-1"])
async def test_only_json_is_taken(shared: Shared, content_type: str) -> None:
    response = await send(shared, [a_user_message()], content_type=content_type)
    assert (response.status_code, code_of(response.json())) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_an_unknown_compression_is_415(shared: Shared) -> None:
    response = await send(shared, [a_user_message()], content_encoding="br")
    assert (response.status_code, response.headers["accept-encoding"]) == (415, "gzip, identity")


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(b"[]")[:-4]], ids=["not gzip", "cut off"])
async def test_a_broken_gzip_body_is_400(shared: Shared, body: bytes) -> None:
    response = await send(shared, body, content_encoding="gzip")
    assert (response.status_code, code_of(response.json())) == (400, "BAD_REQUEST")


async def test_a_gzip_body_that_grows_without_end_is_413(shared: Shared) -> None:
    response = await send(shared, gzip.compress(b" " * 64_000_000), content_encoding="gzip")
    assert (response.status_code, code_of(response.json())) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("body", [b"", b"{", b"7", b"null", b"\xff\xfe", b'{"events": 7}'])
async def test_a_body_that_is_no_list_of_events_is_400(shared: Shared, body: bytes) -> None:
    response = await send(shared, body)
    assert response.status_code in (400, 422), response.text
    assert response.json().get("errors") or statuses(response) == ["rejected"]


async def test_more_events_than_allowed_are_413(shared: Shared) -> None:
    response = await send(shared, b"\n".join([b"{}"] * 10_001), content_type=LINES)
    assert (response.status_code, code_of(response.json())) == (413, "LIMIT_REACHED")


async def test_only_wrong_events_are_422_each_with_its_reason(shared: Shared) -> None:
    response = await send(shared, [{"type": "mesage"}, an_event("message", role="USR")])
    assert (response.status_code, statuses(response)) == (422, ["rejected", "rejected"])
    first, second = response.json()["results"]
    assert (first["field"], first["suggestion"]) == ("type", "message")
    assert (second["index"], second["field"], second["suggestion"]) == (1, "role", "USER")


WRONG_TWICE = {**an_event("message", role="USR", sessionId=None), "rol": "USER"}


async def test_an_event_tells_all_its_problems(shared: Shared) -> None:
    response = await send(shared, [WRONG_TWICE, a_user_message(sessionId="form-all")])
    assert (response.status_code, statuses(response)) == (200, ["rejected", "accepted"])
    wrong, right = response.json()["results"]
    assert {(one["code"], one["field"], one["suggestion"]) for one in wrong["problems"]} == {
        ("UNKNOWN", "rol", "role"),
        ("UNKNOWN", "role", "USER"),
    }
    assert {name: wrong[name] for name in wrong["problems"][0]} == wrong["problems"][0]
    assert "problems" not in right


async def test_the_mutation_tells_all_problems_too(shared: Shared) -> None:
    document = """mutation ($events: [JSON!]!) { recordEvents(events: $events) {
        results { field problems { code field message allowed suggestion } } } }"""
    body = await shared.ask(document, variables={"events": [WRONG_TWICE]})
    (result,) = body["data"]["recordEvents"]["results"]
    over_http = (await send(shared, [WRONG_TWICE])).json()["results"][0]
    assert result == {"field": over_http["field"], "problems": over_http["problems"]}


async def test_each_event_has_its_own_result(shared: Shared) -> None:
    good = a_user_message(sessionId="form-1")
    changed = {**good, "text": "Something else"}
    response = await send(shared, [good, {"type": "message"}, good])
    assert (response.status_code, statuses(response)) == (200, ["accepted", "rejected", "duplicate"])
    again = await send(shared, "\n".join(map(json.dumps, (good, changed))), content_type=LINES)
    assert statuses(again) == ["duplicate", "conflict"]


async def test_large_bodies_side_by_side_keep_each_event_its_answer(shared: Shared) -> None:
    """They are read in turns, a few events at a time, while others are stored; every seventh event is wrong."""

    async def one_client(client: int) -> list[str]:
        found: list[str] = []
        for request in range(3):
            events = [
                a_user_message(sessionId=f"side-{client}-{place % 20}", minutes=request, text="x" * 100)
                | ({"role": "NOBODY"} if place % 7 == 3 else {})
                for place in range(200)
            ]
            response = await send(shared, events)
            assert [result["index"] for result in response.json()["results"]] == list(range(200))
            found += statuses(response)
        return found

    expected = ["rejected" if place % 7 == 3 else "accepted" for place in range(200)] * 3
    assert await asyncio.gather(*(one_client(client) for client in range(6))) == [expected] * 6
