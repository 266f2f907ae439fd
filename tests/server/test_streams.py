"""Subscriptions over WebSocket and server-sent events: strict where a peer is wrong, patient where it is slow (P12)."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import websockets
from websockets.asyncio.client import ClientConnection
from websockets.typing import Subprotocol

from domain.accounts import SYSTEM
from persistence.engine import Database
from persistence.keys import revoke_key
from persistence.tenancy import writing
from server.app import build_app, farewell_of, now
from subscriptions.transport import TransportSettings
from tests.server.conftest import SHARED, TOKEN_SECRET, IssuedKey, Shared, code_of, issue_key, schema_with_extras
from tests.serving import RunningServer, serving

PROTOCOL = Subprotocol("graphql-transport-ws")
COUNT = "subscription ($to: Int!, $s: Float!) { count(to: $to, seconds: $s) }"


class Talk:
    """A raw client: what is sent is exactly what the test says."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, message: object) -> None:
        await self.socket.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(5):
            message: dict[str, Any] = json.loads(await self.socket.recv())
            return message

    async def initialise(self, key: IssuedKey) -> None:
        await self.send({"type": "connection_init", "payload": {"authorization": f"Bearer {key.text}"}})
        assert await self.receive() == {"type": "connection_ack"}

    async def subscribe(self, operation_id: str, query: str, **parts: Any) -> None:
        await self.send({"type": "subscribe", "id": operation_id, "payload": {"query": query, **parts}})

    async def end(self) -> int | None:
        """The code that the connection ends with."""
        async with asyncio.timeout(5):
            await self.socket.wait_closed()
        return self.socket.close_code


@asynccontextmanager
async def talking(server: RunningServer, **options: Any) -> AsyncIterator[Talk]:
    given = {"subprotocols": [PROTOCOL], "compression": None, "proxy": None, **options}
    async with websockets.connect(server.socket_url, **given) as socket:
        yield Talk(socket)


@SHARED
async def test_a_query_and_a_subscription_on_one_socket(shared: Shared) -> None:
    async with talking(shared.server) as talk:
        await talk.initialise(shared.admin)
        await talk.subscribe("q", "{ hello }")
        answer = await talk.receive()
        assert (answer["type"], answer["id"], answer["payload"]["data"]) == ("next", "q", {"hello": "world"})
        assert await talk.receive() == {"type": "complete", "id": "q"}
        await talk.subscribe("s", COUNT, variables={"to": 2, "s": 0})
        got = [await talk.receive() for _ in range(3)]
    assert [message.get("payload", {}).get("data") for message in got] == [{"count": 1}, {"count": 2}, None]


@SHARED
@pytest.mark.parametrize(
    "message",
    [
        "[1,2]", "null", "7", '"x"', "{", "[" * 5_000, '{"type":"ping","payload":{"a":NaN}}', b'{"type":"ping"}',
        {}, {"type": "start"}, {"type": 1}, {"type": "ping", "payload": [1]}, {"type": "pong", "payload": "x"},
        {"type": "subscribe", "payload": {"query": "{ hello }"}},
        {"type": "subscribe", "id": 1, "payload": {"query": "{ hello }"}},
        {"type": "subscribe", "id": "", "payload": {"query": "{ hello }"}},
        {"type": "subscribe", "id": "1"},
        {"type": "subscribe", "id": "1", "payload": []},
        {"type": "subscribe", "id": "1", "payload": {}},
        {"type": "subscribe", "id": "1", "payload": {"query": 1}},
        {"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "variables": []}},
        {"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "operationName": 1}},
        {"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "extensions": "x"}},
        {"type": "complete"}, {"type": "complete", "id": 1},
    ],
    ids=lambda message: str(message)[:60],
)  # fmt: skip
async def test_a_malformed_message_ends_with_4400(shared: Shared, message: object) -> None:
    async with talking(shared.server) as talk:
        await talk.initialise(shared.admin)
        await talk.send(message)
        assert await talk.end() == 4400


@SHARED
async def test_each_breach_of_the_protocol_has_its_code(shared: Shared) -> None:
    async with talking(shared.server) as talk:
        await talk.subscribe("1", "{ hello }")
        assert await talk.end() == 4401
    async with talking(shared.server) as talk:
        await talk.initialise(shared.admin)
        await talk.send({"type": "connection_init"})
        assert await talk.end() == 4429
    async with talking(shared.server) as talk:
        await talk.initialise(shared.admin)
        for _ in range(2):
            await talk.subscribe("same", COUNT, variables={"to": 9, "s": 9})
        assert await talk.end() == 4409
    for protocols in ([], [Subprotocol("graphql-ws")]):
        async with talking(shared.server, subprotocols=protocols or None) as talk:
            assert await talk.end() == 4406


@SHARED
@pytest.mark.parametrize("payload", [None, {}, {"authorization": "Bearer nope"}, {"authorization": 7}])
async def test_without_a_valid_key_the_socket_ends_with_4403(shared: Shared, payload: object) -> None:
    async with talking(shared.server) as talk:
        await talk.send({"type": "connection_init", "payload": payload})
        assert await talk.end() == 4403


@SHARED
async def test_a_page_of_a_foreign_origin_gets_no_socket(shared: Shared) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with talking(shared.server, origin="https://evil.example"):
            pass
    assert refused.value.response.status_code == 403


@SHARED
async def test_a_frame_over_the_limit_ends_the_socket(shared: Shared) -> None:
    async with talking(shared.server) as talk:
        await talk.initialise(shared.admin)
        await talk.send({"type": "ping", "payload": {"a": "x" * 300_000}})
        assert await talk.end() == 1009


@SHARED
@pytest.mark.parametrize(
    ("query", "code"),
    [("{", "GRAPHQL_PARSE_FAILED"), ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
     ("query A { hello } query B { hello }", "OPERATION_RESOLUTION_FAILURE"),
     (COUNT, "INVALID_INPUT")],
)  # fmt: skip
async def test_a_wrong_operation_ends_alone(shared: Shared, query: str, code: str) -> None:
    async with talking(shared.server) as talk:
        await talk.initialise(shared.admin)
        await talk.subscribe("wrong", query)
        told = await talk.receive()
        assert (told["type"], told["payload"][0]["extensions"]["code"]) == ("error", code)
        await talk.subscribe("wrong", "{ hello }")
        assert (await talk.receive())["payload"]["data"] == {"hello": "world"}


@SHARED
async def test_a_subscription_without_its_scope_is_forbidden(shared: Shared) -> None:
    async with talking(shared.server) as talk:
        await talk.initialise(shared.viewer)
        await talk.subscribe("1", "subscription { forAdministrators }")
        told = await talk.receive()
    assert (told["type"], told["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")


@SHARED
async def test_completing_stops_an_operation_and_frees_its_id(shared: Shared) -> None:
    async with talking(shared.server) as talk:
        await talk.initialise(shared.admin)
        await talk.subscribe("1", COUNT, variables={"to": 1000, "s": 0.05})
        await talk.receive()
        await talk.send({"type": "complete", "id": "1"})
        await talk.send({"type": "complete", "id": "never there"})
        await talk.send({"type": "ping", "payload": {"n": 1}})
        while (message := await talk.receive())["type"] == "next":
            pass
        assert message == {"type": "pong", "payload": {"n": 1}}
        await talk.subscribe("1", "{ hello }")
        assert (await talk.receive())["payload"]["data"] == {"hello": "world"}


@SHARED
async def test_a_socket_carries_a_hundred_operations(shared: Shared) -> None:
    async with talking(shared.server) as talk:
        await talk.initialise(shared.admin)
        for number in range(101):
            await talk.subscribe(str(number), COUNT, variables={"to": 2, "s": 30})
        messages = [await talk.receive() for _ in range(101)]
    (refused,) = [message for message in messages if message["type"] == "error"]
    assert (refused["id"], refused["payload"][0]["extensions"]["code"]) == ("100", "LIMIT_REACHED")


async def test_a_socket_that_never_initialises_ends_with_4408(database: Database) -> None:
    settings = TransportSettings(init_seconds=0.2)
    app = build_app(database, schema=schema_with_extras(), clock=now, token_secret=TOKEN_SECRET, transport=settings)
    async with serving(app) as server, talking(server) as talk:
        assert await talk.end() == 4408


@pytest.mark.promise(14)
async def test_a_revoked_key_ends_its_sockets_and_streams(
    odd_server: RunningServer, database: Database, workspace_id: Any, client: httpx.AsyncClient
) -> None:
    doomed = await issue_key(database, workspace_id)
    body = {"query": "subscription { count(to: 2, seconds: 60) }"}
    headers = {**doomed.headers, "accept": "text/event-stream"}
    async with talking(odd_server) as talk:
        await talk.initialise(doomed)
        async with client.stream("POST", odd_server.graphql, json=body, headers=headers) as response:
            lines = response.aiter_lines()
            assert await anext(lines) == "event: next"
            async with writing(database, workspace_id) as writer:
                await revoke_key(writer, doomed.key.key_id, actor=SYSTEM, now=now())
            async with asyncio.timeout(5):
                assert await talk.end() == 4403
                assert "event: complete" not in [line async for line in lines]


async def test_a_fresh_credential_is_taken_in_band(
    odd_server: RunningServer, database: Database, workspace_id: Any
) -> None:
    first, second = await issue_key(database, workspace_id), await issue_key(database, workspace_id)
    async with talking(odd_server) as talk:
        await talk.initialise(first)
        await talk.send({"type": "ping", "payload": {"authorization": f"Bearer {second.text}"}})
        assert await talk.receive() == {"type": "pong", "payload": {"authorization": "accepted"}}
        async with writing(database, workspace_id) as writer:
            await revoke_key(writer, first.key.key_id, actor=SYSTEM, now=now())
        await asyncio.sleep(2.5)
        await talk.subscribe("1", "{ hello }")
        assert (await talk.receive())["payload"]["data"] == {"hello": "world"}
        await talk.send({"type": "ping", "payload": {"authorization": "Bearer nope"}})
        assert await talk.end() == 4403


@pytest.mark.promise(32)
async def test_at_shutdown_sockets_get_1001_and_streams_end(
    odd_server: RunningServer, admin_key: IssuedKey, client: httpx.AsyncClient
) -> None:
    body = {"query": "subscription { count(to: 2, seconds: 60) }"}
    headers = {**admin_key.headers, "accept": "text/event-stream"}
    async with talking(odd_server) as talk:
        await talk.initialise(admin_key)
        async with client.stream("POST", odd_server.graphql, json=body, headers=headers) as response:
            lines = response.aiter_lines()
            await anext(lines)
            await farewell_of(odd_server.app)()
            assert await talk.end() == 1001
            assert "event: complete" not in [line async for line in lines]


@SHARED
async def test_events_are_separated_by_line_feeds_and_completed(shared: Shared) -> None:
    response = await shared.post({"query": "subscription { count(to: 2) }"}, accept="text/event-stream")
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.content == (
        b'event: next\ndata: {"data":{"count":1}}\n\n'
        b'event: next\ndata: {"data":{"count":2}}\n\n'
        b"event: complete\ndata: \n\n"
    )


@SHARED
async def test_a_query_can_be_streamed_too(shared: Shared) -> None:
    response = await shared.post({"query": "{ hello }"}, accept="text/event-stream")
    first, last = response.text.strip().split("\n\n")
    assert json.loads(first.split("data: ")[1])["data"] == {"hello": "world"}
    assert last.startswith("event: complete")


@SHARED
async def test_a_wrong_document_is_told_before_the_stream_begins(shared: Shared) -> None:
    response = await shared.post({"query": "subscription { nope }"}, accept="text/event-stream")
    assert response.headers["content-type"].startswith("application/json")
    assert code_of(response.json()) == "GRAPHQL_VALIDATION_FAILED"


@SHARED
async def test_a_subscription_without_a_stream_is_406(shared: Shared) -> None:
    response = await shared.post({"query": "subscription { count }"}, accept="application/json")
    assert (response.status_code, code_of(response.json())) == (406, "NOT_ACCEPTABLE")
