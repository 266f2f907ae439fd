"""One line a request, in JSON, with its id: never a key, a token, a query string or anything a person typed.

Also the outermost wall: an exception that nobody expected is logged here once and answered with its request's id.
"""

import logging
import re
import secrets
import sys
from collections.abc import MutableMapping
from time import perf_counter
from typing import Any, Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.measures import Measures
from server.refusals import internal

_log = structlog.get_logger("parlance.requests")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TALKATIVE: Final = ("httpx", "httpcore", "asyncio", "alembic")
"""These write whole addresses, which may hold tokens, or nothing worth a line."""
_NOTES: Final = "parlance.notes"


def configure_logs(*, level: str = "info", as_json: bool = True) -> None:
    """Everything goes to standard error, one line an event; the standard library's lines too."""
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    # Traces never show local variables: they hold keys, tokens and texts of people.
    last: Any = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    if as_json:
        transformer = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        processors.append(structlog.processors.ExceptionRenderer(transformer))
        last = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*processors, last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        # Looked up at each line: a supervisor or a test may put another file there.
        logger_factory=lambda *names: structlog.PrintLogger(sys.stderr),
    )
    handler = _StandardError()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=last, foreign_pre_chain=processors))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


class _StandardError(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        try:
            print(self.format(record), file=sys.stderr)  # noqa: T201
        except Exception:
            self.handleError(record)


class RequestLog:
    """Gives each request its id, counts and logs its end."""

    def __init__(self, app: ASGIApp, *, measures: Measures) -> None:
        self._app = app
        self._measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        notes: dict[str, Any] = {"request_id": _given_id(scope) or secrets.token_hex(8), "status": 0}
        scope[_NOTES] = notes
        started = perf_counter()
        try:
            await self._app(scope, receive, _announcing(send, notes))
        except Exception:
            _log.exception("request failed", path=_path(scope), **notes)
            if notes["status"] == 0 and scope["type"] == "http":
                notes["status"] = 500
                response = internal(notes["request_id"]).response(notes["request_id"])
                response.headers["X-Request-Id"] = notes["request_id"]
                await response(scope, receive, send)
        finally:
            self._finish(scope, notes, perf_counter() - started)

    def _finish(self, scope: Scope, notes: dict[str, Any], seconds: float) -> None:
        path = _path(scope)
        self._measures.request(path=path, operation=notes.get("operation", ""), status=notes["status"], seconds=seconds)
        say = _log.debug if path in _QUIET else _log.info
        say("request", method=scope.get("method", "WS"), path=path, ms=round(seconds * 1000, 1), **notes)


_QUIET: Final = frozenset({"/health/live", "/health/ready", "/metrics"})


def request_id_of(scope: Scope) -> str:
    notes: MutableMapping[str, Any] = scope.get(_NOTES, {})
    return str(notes.get("request_id", "-"))


def note(scope: Scope, **facts: str) -> None:
    """Adds facts to the request's line: surrogate ids and names of ours only."""
    scope.get(_NOTES, {}).update(facts)


def _given_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            text = str(value.decode("latin-1"))
            return text if _REQUEST_ID.fullmatch(text) else None
    return None


def _announcing(send: Send, notes: dict[str, Any]) -> Send:
    """Remembers the status and tells the id to the client."""

    async def announce(message: Message) -> None:
        if message["type"] == "http.response.start":
            notes["status"] = message["status"]
            headers = [*message.get("headers", ()), (b"x-request-id", notes["request_id"].encode())]
            message = {**message, "headers": headers}
        elif message["type"] == "websocket.accept":
            notes["status"] = 101
        elif message["type"] == "websocket.close":
            notes["close_code"] = message.get("code", 1000)
        await send(message)

    return announce


def _path(scope: Scope) -> str:
    """Known paths only: others may hold anything."""
    path = str(scope.get("path", ""))
    return path if path in _KNOWN_PATHS else "other"


_KNOWN_PATHS: Final = frozenset(
    {"/", "/graphql", "/graphiql", "/v1/events", "/health/live", "/health/ready", "/metrics"}
)
