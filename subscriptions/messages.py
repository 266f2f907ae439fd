"""Messages of the graphql-transport-ws protocol, read strictly: whatever has another shape ends the connection."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import orjson

LONGEST_OPERATION_ID: Final = 200


class MalformedMessage(Exception):
    """Not a message of the protocol; the text says why."""


@dataclass(frozen=True, slots=True)
class ConnectionInit:
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ping:
    payload: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Pong:
    pass


@dataclass(frozen=True, slots=True)
class Subscribe:
    operation_id: str
    query: str | None
    operation_name: str | None
    variables: Mapping[str, Any]
    extensions: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Complete:
    operation_id: str


Message: TypeAlias = ConnectionInit | Ping | Pong | Subscribe | Complete


def read_message(text: str) -> Message:
    """The message in a text frame, or `MalformedMessage`."""
    try:
        raw = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise MalformedMessage("The message is not JSON.") from None
    if not isinstance(raw, dict):
        raise MalformedMessage("The message must be an object.")
    match raw.get("type"):
        case "connection_init":
            return ConnectionInit(_object(raw, "payload") or {})
        case "ping":
            return Ping(_object(raw, "payload"))
        case "pong":
            _object(raw, "payload")
            return Pong()
        case "subscribe":
            return _subscribe(raw)
        case "complete":
            return Complete(_operation_id(raw))
    raise MalformedMessage("The message has no type of this protocol.")


def _subscribe(raw: Mapping[str, Any]) -> Subscribe:
    operation_id = _operation_id(raw)
    payload = raw.get("payload")
    if not isinstance(payload, dict):
        raise MalformedMessage("payload of subscribe must be an object.")
    extensions = _object(payload, "extensions") or {}
    query = _text(payload, "query")
    if query is None and "persistedQuery" not in extensions:
        raise MalformedMessage("payload.query of subscribe must be a string.")
    return Subscribe(
        operation_id=operation_id,
        query=query,
        operation_name=_text(payload, "operationName"),
        variables=_object(payload, "variables") or {},
        extensions=extensions,
    )


def _operation_id(raw: Mapping[str, Any]) -> str:
    operation_id = raw.get("id")
    if not isinstance(operation_id, str) or not 0 < len(operation_id) <= LONGEST_OPERATION_ID:
        raise MalformedMessage(f"id must be a string of 1 to {LONGEST_OPERATION_ID} characters.")
    return operation_id


def _object(raw: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    value = raw.get(name)
    if value is not None and not isinstance(value, dict):
        raise MalformedMessage(f"{name} must be an object.")
    return value


def _text(raw: Mapping[str, Any], name: str) -> str | None:
    value = raw.get(name)
    if value is not None and (not isinstance(value, str) or "\0" in value):
        raise MalformedMessage(f"{name} must be a string without the character U+0000.")
    return value


def next_frame(operation_id: str, payload: bytes) -> str:
    """A `next` message around bytes made once for all subscribers; only the id is each one's own."""
    return f'{{"type":"next","id":{_quoted(operation_id)},"payload":{payload.decode()}}}'


def error_frame(operation_id: str, errors: list[Any]) -> str:
    return orjson.dumps({"type": "error", "id": operation_id, "payload": errors}).decode()


def complete_frame(operation_id: str) -> str:
    return f'{{"type":"complete","id":{_quoted(operation_id)}}}'


def plain_frame(kind: str, payload: Mapping[str, Any] | None = None) -> str:
    """connection_ack, ping and pong."""
    message: dict[str, Any] = {"type": kind}
    if payload is not None:
        message["payload"] = payload
    return orjson.dumps(message).decode()


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()


def event_next(payload: bytes) -> bytes:
    """A `next` event of a server-sent stream. Lines end with LF: some clients split at nothing else."""
    return b"event: next\ndata: " + payload + b"\n\n"


EVENT_COMPLETE: Final = b"event: complete\ndata: \n\n"
EVENT_HEARTBEAT: Final = b":\n\n"
