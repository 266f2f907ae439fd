"""The server's side of open connections: who may stay, what an operation answers, and the farewell at shutdown."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
import structlog
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket

from persistence.engine import DatabaseUnavailable
from schema.documents import DocumentRefused
from server.auth import Admission, Keyring, require_origin, within
from server.operations import OperationRequest, Operations, Started, refusal_errors
from server.refusals import HttpRefusal, internal, unavailable
from subscriptions.messages import Subscribe
from subscriptions.transport import CloseCode, Connection, OperationRefused, Rejected, TransportSettings

_log = structlog.get_logger(__name__)


class OpenConnections:
    """All sockets of this process."""

    def __init__(self, *, most_per_workspace: int) -> None:
        self._open: set[Connection] = set()
        self._per_workspace: Counter[UUID] = Counter()
        self._most_per_workspace = most_per_workspace
        self.closing = asyncio.Event()
        """Set at shutdown; event streams end then."""

    def __len__(self) -> int:
        return len(self._open)

    def enter(self, connection: Connection) -> None:
        self._open.add(connection)

    def leave(self, connection: Connection) -> None:
        self._open.discard(connection)

    def count(self, workspace_id: UUID) -> None:
        if self._per_workspace[workspace_id] >= self._most_per_workspace:
            raise Rejected(CloseCode.TRY_AGAIN_LATER, "Too many connections of this workspace")
        self._per_workspace[workspace_id] += 1

    def discount(self, workspace_id: UUID) -> None:
        self._per_workspace[workspace_id] -= 1
        if self._per_workspace[workspace_id] <= 0:
            del self._per_workspace[workspace_id]

    async def close_all(self) -> None:
        """Says farewell with 1001, which clients take as a reason to connect elsewhere."""
        self.closing.set()
        await asyncio.gather(
            *(connection.close(CloseCode.GOING_AWAY, "Server is going away") for connection in list(self._open)),
            return_exceptions=True,
        )


class SocketHost:
    """What one connection asks of the server."""

    def __init__(
        self,
        connection: HTTPConnection,
        *,
        keyring: Keyring,
        operations: Operations,
        sockets: OpenConnections,
        request_id: str,
    ) -> None:
        self._connection = connection
        self._keyring = keyring
        self._operations = operations
        self._sockets = sockets
        self._request_id = request_id
        self._counted: UUID | None = None

    async def admit(self, payload: Mapping[str, Any]) -> Admission:
        credential = payload.get("authorization", payload.get("Authorization"))
        try:
            admission = await within(
                self._operations.limits.database_wait_seconds,
                self._keyring,
                credential if isinstance(credential, str) else None,
            )
            require_origin(admission, self._connection)
        except HttpRefusal as refusal:
            code = CloseCode.TRY_AGAIN_LATER if refusal.status == 503 else CloseCode.FORBIDDEN
            raise Rejected(code, refusal.message) from None
        except DatabaseUnavailable:
            raise Rejected(CloseCode.TRY_AGAIN_LATER, "The database cannot be reached") from None
        self._count(admission.viewer.workspace_id)
        return admission

    async def check(self, admission: Admission) -> None:
        try:
            valid = await self._keyring.still_valid(admission)
        except DatabaseUnavailable:
            return  # Nobody can say; what cannot be read cannot be sent either.
        if not valid:
            raise Rejected(CloseCode.FORBIDDEN, "The key is expired or revoked")

    async def run(self, subscribe: Subscribe, admission: Admission) -> AsyncIterator[bytes]:
        request = OperationRequest(
            query=subscribe.query,
            operation_name=subscribe.operation_name or None,
            variables=subscribe.variables,
            extensions=subscribe.extensions,
        )
        try:
            budget = self._operations.budget_of(admission)
            started = self._operations.start(request, admission, budget, self._request_id)
            async with aclosing(answers(self._operations, started)) as bodies:
                async for body in bodies:
                    yield orjson.dumps(body)
        except Rejected:
            raise
        except Exception as error:
            raise OperationRefused(errors_of(error, self._request_id)) from None

    def leave(self) -> None:
        if self._counted is not None:
            self._sockets.discount(self._counted)

    def _count(self, workspace_id: UUID) -> None:
        if self._counted is None:
            self._sockets.count(workspace_id)
            self._counted = workspace_id
        elif self._counted != workspace_id:
            raise Rejected(CloseCode.FORBIDDEN, "A connection keeps its workspace")


def errors_of(error: Exception, request_id: str) -> list[Any]:
    """What a stream tells of an operation that could not begin or go on; it has no status to say it with."""
    match error:
        case OperationRefused():
            return error.errors
        case DocumentRefused():
            return [told.formatted for told in error.errors]
        case HttpRefusal():
            return refusal_errors(error, request_id)
        case DatabaseUnavailable():
            return refusal_errors(unavailable(), request_id)
    _log.error("operation failed", request_id=request_id, exc_info=error)
    return refusal_errors(internal(request_id), request_id)


async def answers(operations: Operations, started: Started) -> AsyncGenerator[dict[str, Any], None]:
    """The answer of a query or mutation, or those of a subscription. An answer that was not executed is a refusal."""
    if started.prepared.kind != "subscription":
        answer = await operations.run(started)
        if not answer.executed:
            raise OperationRefused(answer.body["errors"])
        yield answer.body
        return
    async with aclosing(operations.stream(started)) as stream:
        async for answer in stream:
            if not answer.executed:
                raise OperationRefused(answer.body["errors"])
            yield answer.body


async def serve_socket(
    socket: WebSocket,
    *,
    keyring: Keyring,
    operations: Operations,
    sockets: OpenConnections,
    allowed_origins: frozenset[str],
    settings: TransportSettings,
    request_id: str,
) -> None:
    """One connection from its handshake to its end."""
    if not _origin_allowed(socket, allowed_origins):
        await socket.close(code=1008)
        return
    host = SocketHost(socket, keyring=keyring, operations=operations, sockets=sockets, request_id=request_id)
    connection = Connection(socket, host, settings)
    sockets.enter(connection)
    try:
        await connection.run()
    finally:
        sockets.leave(connection)
        host.leave()


def _origin_allowed(socket: WebSocket, allowed: frozenset[str]) -> bool:
    """Pages of our own origin and of the allowed ones; programs send no Origin."""
    origin = socket.headers.get("origin")
    if origin is None or origin in allowed:
        return True
    return urlsplit(origin).netloc.lower() == socket.headers.get("host", "").lower()
