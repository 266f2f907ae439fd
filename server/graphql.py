"""GraphQL over HTTP to the letter: statuses, media types, server-sent events, entity tags."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from typing import Any, Final

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from persistence.engine import DatabaseUnavailable
from schema.documents import DocumentRefused
from server.admission import admit
from server.auth import Admission, Keyring
from server.logs import note, request_id_of
from server.operations import Answer, Operations, Started, refused_body
from server.refusals import HttpRefusal, method_not_allowed, not_acceptable, unavailable
from server.requests import EVENT_STREAM, GRAPHQL_RESPONSE, JSON, Accepted, accepted_by, read_operation
from server.sockets import OpenConnections, answers, errors_of
from subscriptions.messages import EVENT_COMPLETE, EVENT_HEARTBEAT, event_next
from subscriptions.transport import OperationRefused

_HEARTBEAT_SECONDS: Final = 12.0
_CHECK_SECONDS: Final = 2.0


class GraphQLEndpoint:
    """An ASGI application for one path."""

    def __init__(self, *, keyring: Keyring, operations: Operations, sockets: OpenConnections) -> None:
        self._keyring = keyring
        self._operations = operations
        self._sockets = sockets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._respond(request)
        with suppress(ClientDisconnect):
            await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        """Every way in which a request can end, as a response."""
        media_type = JSON
        try:
            accepted = accepted_by(request.headers.get("accept"))
            if accepted.media_type == GRAPHQL_RESPONSE:
                media_type = GRAPHQL_RESPONSE
            return await self._answer(request, accepted)
        except DocumentRefused as refused:
            # The older media type answers 200 to well-formed requests, even if the document is wrong.
            return _encoded(refused_body(refused), media_type, 400 if media_type == GRAPHQL_RESPONSE else 200)
        except OperationRefused as refused:
            return _encoded({"errors": refused.errors}, media_type, 400)
        except HttpRefusal as refusal:
            note(request.scope, code=refusal.code)
            return refusal.response(request_id_of(request.scope), f"{media_type}; charset=utf-8")
        except DatabaseUnavailable:
            return unavailable().response(request_id_of(request.scope), f"{media_type}; charset=utf-8")

    async def _answer(self, request: Request, accepted: Accepted) -> Response:
        if request.method not in ("GET", "POST"):
            raise method_not_allowed("GET, POST", "GraphQL takes GET and POST.")
        limits = self._operations.limits
        admission = await admit(request)
        budget = self._operations.budget_of(admission)
        operation = await read_operation(request, limits.graphql_body_bytes)
        started = self._operations.start(operation, admission, budget, request_id_of(request.scope))
        note(request.scope, operation=f"{started.prepared.kind}:{started.prepared.root_field}")
        _check_method(request, started)
        if accepted.media_type == EVENT_STREAM or (started.prepared.kind == "subscription" and accepted.streams):
            return await self._streamed(request, started, admission)
        if started.prepared.kind == "subscription":
            raise not_acceptable_subscription()
        answer = await _unless_left(request, self._operations, started)
        return _answered(request, answer, accepted.media_type)

    async def _streamed(self, request: Request, started: Started, admission: Admission) -> Response:
        """The first answer is awaited before the status is sent, so that refusals can still have their own."""
        bodies = answers(self._operations, started)
        first = asyncio.ensure_future(anext(bodies, None))
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(first), timeout=0.2)
        if first.done():
            first.result()
        return StreamingResponse(
            self._events(bodies, first, admission, request_id_of(request.scope)),
            media_type=EVENT_STREAM,
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _events(
        self,
        bodies: AsyncGenerator[dict[str, Any], None],
        first: "asyncio.Future[Any]",
        admission: Admission,
        request_id: str,
    ) -> AsyncIterator[bytes]:
        """Events until the operation, the admission or the server ends. Only the first sends `complete`."""
        silent = 0.0
        waiting = first
        closing = asyncio.ensure_future(self._sockets.closing.wait())
        try:
            while True:
                await asyncio.wait({waiting, closing}, timeout=_CHECK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if closing.done() or not await self._may_stay(admission):
                    return
                if not waiting.done():
                    silent += _CHECK_SECONDS
                    if silent >= _HEARTBEAT_SECONDS:
                        silent = 0.0
                        yield EVENT_HEARTBEAT
                    continue
                silent = 0.0
                body = _body_of(waiting, request_id)
                if body is None:
                    yield EVENT_COMPLETE
                    return
                yield event_next(orjson.dumps(body))
                waiting = asyncio.ensure_future(anext(bodies, None))
        finally:
            for task in (waiting, closing):
                task.cancel()
            await asyncio.gather(waiting, closing, return_exceptions=True)
            await bodies.aclose()

    async def _may_stay(self, admission: Admission) -> bool:
        try:
            return await self._keyring.still_valid(admission)
        except DatabaseUnavailable:
            return True  # Nobody can say; what cannot be read cannot be sent either.


def _body_of(done: "asyncio.Future[Any]", request_id: str) -> dict[str, Any] | None:
    """The next answer, None at the end. A refusal after the first answer is told in the stream."""
    error = done.exception()
    if isinstance(error, Exception):
        return {"errors": errors_of(error, request_id)}
    body: dict[str, Any] | None = done.result()
    return body


def not_acceptable_subscription() -> HttpRefusal:
    refusal = not_acceptable()
    refusal.message = "A subscription needs Accept: text/event-stream, or a WebSocket (graphql-transport-ws)."
    return refusal


def _check_method(request: Request, started: Started) -> None:
    if request.method == "GET" and started.prepared.kind == "mutation":
        raise method_not_allowed("POST", "A mutation must be sent by POST.")


async def _unless_left(request: Request, operations: Operations, started: Started) -> Answer:
    """Runs the operation; a query ends early if its client hangs up. A mutation is carried to its end."""
    if started.prepared.kind == "mutation":
        return await operations.run(started)
    running = asyncio.ensure_future(operations.run(started))
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({running, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            raise HttpRefusal(499, "CLIENT_LEFT", "The client hung up.")
        return running.result()
    finally:
        for task in (running, leaving):
            task.cancel()
        await asyncio.gather(running, leaving, return_exceptions=True)


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _answered(request: Request, answer: Answer, media_type: str) -> Response:
    if not answer.executed:
        return _encoded(answer.body, media_type, 400 if media_type == GRAPHQL_RESPONSE else 200)
    if request.method != "GET" or answer.body.get("errors"):
        return _encoded(answer.body, media_type, 200)
    return _tagged(request, answer.body, media_type)


def _tagged(request: Request, body: dict[str, Any], media_type: str) -> Response:
    """A GET can be asked again for nothing: 304 if the data is the same. The account in `extensions` does not count."""
    tag = f'W/"{hashlib.sha256(orjson.dumps(body["data"])).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Accept"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    response = _encoded(body, media_type, 200)
    response.headers.update(headers)
    return response


def _encoded(body: dict[str, Any], media_type: str, status: int) -> Response:
    return Response(
        orjson.dumps(body),
        status_code=status,
        media_type=f"{media_type}; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )
