"""GraphQL over WebSocket (graphql-transport-ws): one connection, its operations, and the codes it may end with."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final, Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from subscriptions.messages import (
    Complete,
    ConnectionInit,
    MalformedMessage,
    Message,
    Ping,
    Pong,
    Subscribe,
    complete_frame,
    error_frame,
    next_frame,
    plain_frame,
    read_message,
)

SUBPROTOCOL: Final = "graphql-transport-ws"
_LONGEST_REASON_BYTES: Final = 120


class CloseCode(IntEnum):
    """Why the server ends a connection; docs/api/http.md says what a client does then."""

    GOING_AWAY = 1001
    TRY_AGAIN_LATER = 1013
    MALFORMED = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL = 4406
    INIT_TIMEOUT = 4408
    DUPLICATE_ID = 4409
    SECOND_INIT = 4429


class Rejected(Exception):
    """The connection must end: raised by a host whose caller is not, or no longer, let in."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class OperationRefused(Exception):
    """One operation ends with an `error` message; the others on the connection go on."""

    def __init__(self, errors: list[Any]) -> None:
        super().__init__("operation refused")
        self.errors = errors


class Host(Protocol):
    """What the transport needs of the server: somebody to let in, and operations to run."""

    async def admit(self, payload: Mapping[str, Any]) -> Any:
        """The admission for an initial (or refreshing) payload, or `Rejected`."""

    async def check(self, admission: Any) -> None:
        """`Rejected` if the admission no longer holds."""

    def run(self, subscribe: Subscribe, admission: Any) -> AsyncIterator[bytes]:
        """Encoded answers of one operation, or `OperationRefused` before the first."""


@dataclass(frozen=True, slots=True)
class TransportSettings:
    init_seconds: float = 5.0
    most_operations: int = 100
    check_seconds: float = 2.0
    """How often an open connection's admission is looked at again, besides at each answer."""


@dataclass(slots=True, eq=False)
class Connection:
    """One socket. `run` returns when it is closed."""

    socket: WebSocket
    host: Host
    settings: TransportSettings = field(default_factory=TransportSettings)
    _admission: Any = None
    _initialised: bool = False
    _operations: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _closing: bool = False

    async def run(self) -> None:
        if SUBPROTOCOL not in self.socket.scope.get("subprotocols", ()):
            await self.socket.accept()
            await self.close(CloseCode.SUBPROTOCOL, "Subprotocol not acceptable")
            return
        await self.socket.accept(subprotocol=SUBPROTOCOL)
        watchmen = [asyncio.create_task(self._await_init()), asyncio.create_task(self._recheck())]
        try:
            await self._receive()
        except WebSocketDisconnect:
            pass
        finally:
            await self._end(watchmen)

    async def close(self, code: CloseCode, reason: str) -> None:
        """Ends the connection once, whoever asks first."""
        if self._closing:
            return
        self._closing = True
        if self.socket.application_state is not WebSocketState.DISCONNECTED:
            with suppress(RuntimeError, WebSocketDisconnect):
                await self.socket.close(code=code.value, reason=_shortened(reason))

    async def _receive(self) -> None:
        while not self._closing:
            frame = await self.socket.receive()
            if frame["type"] == "websocket.disconnect":
                return
            text = frame.get("text")
            try:
                if text is None:
                    raise MalformedMessage("Messages must be text.")
                await self._handle(read_message(text))
            except MalformedMessage as malformed:
                await self.close(CloseCode.MALFORMED, str(malformed))
            except Rejected as rejected:
                await self.close(rejected.code, rejected.reason)

    async def _handle(self, message: Message) -> None:
        match message:
            case ConnectionInit():
                await self._initialise(message)
            case Ping():
                await self._pong(message)
            case Pong():
                pass
            case Subscribe():
                await self._subscribe(message)
            case Complete():
                self._cancel(message.operation_id)

    async def _initialise(self, message: ConnectionInit) -> None:
        if self._initialised:
            raise Rejected(CloseCode.SECOND_INIT, "Too many initialisation requests")
        self._initialised = True
        self._admission = await self.host.admit(message.payload)
        await self._send(plain_frame("connection_ack"))

    async def _pong(self, message: Ping) -> None:
        """A ping with `authorization` exchanges the credential of a running connection for a fresh one."""
        if self._admission is not None and message.payload and "authorization" in message.payload:
            self._admission = await self.host.admit(message.payload)
            await self._send(plain_frame("pong", {"authorization": "accepted"}))
            return
        await self._send(plain_frame("pong", message.payload))

    async def _subscribe(self, message: Subscribe) -> None:
        if self._admission is None:
            raise Rejected(CloseCode.UNAUTHORIZED, "Unauthorized")
        operation_id = message.operation_id
        if operation_id in self._operations:
            raise Rejected(CloseCode.DUPLICATE_ID, f"Subscriber for {operation_id} already exists")
        if len(self._operations) >= self.settings.most_operations:
            told = f"A connection carries at most {self.settings.most_operations} operations."
            await self._send(error_frame(operation_id, [{"message": told, "extensions": {"code": "LIMIT_REACHED"}}]))
            return
        self._operations[operation_id] = asyncio.create_task(self._operate(message))

    async def _operate(self, message: Subscribe) -> None:
        operation_id = message.operation_id
        mine = asyncio.current_task()
        last = complete_frame(operation_id)
        try:
            async for payload in self.host.run(message, self._admission):
                await self.host.check(self._admission)
                await self._send(next_frame(operation_id, payload))
        except OperationRefused as refused:
            last = error_frame(operation_id, refused.errors)
        except Rejected as rejected:
            await self.close(rejected.code, rejected.reason)
            return
        finally:
            if self._operations.get(operation_id) is mine:
                del self._operations[operation_id]
        await self._send(last)

    def _cancel(self, operation_id: str) -> None:
        """Completing an unknown operation is no mistake: it may have ended in this moment."""
        task = self._operations.pop(operation_id, None)
        if task is not None:
            task.cancel()

    async def _send(self, frame: str) -> None:
        if self._closing:
            return
        # A peer that left is seen by the receiving side, which ends everything.
        with suppress(RuntimeError, WebSocketDisconnect):
            await self.socket.send_text(frame)

    async def _await_init(self) -> None:
        await asyncio.sleep(self.settings.init_seconds)
        if not self._initialised:
            await self.close(CloseCode.INIT_TIMEOUT, "Connection initialisation timeout")

    async def _recheck(self) -> None:
        """An admission can end while nothing is said."""
        while not self._closing:
            await asyncio.sleep(self.settings.check_seconds)
            if self._admission is None:
                continue
            try:
                await self.host.check(self._admission)
            except Rejected as rejected:
                await self.close(rejected.code, rejected.reason)

    async def _end(self, watchmen: list[asyncio.Task[None]]) -> None:
        tasks = [*watchmen, *self._operations.values()]
        self._operations.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _shortened(reason: str) -> str:
    """A close frame holds 123 bytes of reason."""
    return reason.encode()[:_LONGEST_REASON_BYTES].decode(errors="ignore")
