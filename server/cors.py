"""Which pages of other origins may call: those of the setting. Ingest is open to all, since its keys name origins."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_HEADERS: Final = ("authorization", "content-type", "if-none-match", "x-request-id", "content-encoding")
_EXPOSED: Final = ("x-request-id", "retry-after", "etag")
_KEPT_SECONDS: Final = 7_200


class Cors:
    """Chooses by path; credentials are never cookies, so none are allowed."""

    def __init__(self, app: ASGIApp, *, origins: Sequence[str], open_paths: frozenset[str]) -> None:
        self._app = app
        self._open_paths = open_paths
        self._open = CORSMiddleware(app, allow_origins=("*",), **_options())
        self._listed = CORSMiddleware(app, allow_origins=tuple(origins), **_options()) if origins else app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] in self._open_paths:
            await self._open(scope, receive, send)
        else:
            await self._listed(scope, receive, send)


def _options() -> dict[str, Any]:
    return {
        "allow_methods": ("GET", "POST"),
        "allow_headers": _HEADERS,
        "expose_headers": _EXPOSED,
        "max_age": _KEPT_SECONDS,
    }
