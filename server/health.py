"""Is the process alive, may it get traffic, and how does it fare: for load balancers and Prometheus."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.measures import Measures

Check = Callable[[], Awaitable[str | None]]
"""None if all is well, else a sentence for the operator."""

Refresh = Callable[[], Awaitable[None]]
"""Brings figures up to date that must be asked for."""

_CHECK_SECONDS: Final = 1.5
_log = structlog.get_logger(__name__)


def health_routes(*, checks: Mapping[str, Check], measures: Measures, refresh: Refresh) -> list[Route]:
    async def live(request: Request) -> Response:
        return _told({"status": "live"}, 200)

    async def ready(request: Request) -> Response:
        names = list(checks)
        results = await asyncio.gather(*(_result(name, checks[name]) for name in names))
        problems = {name: problem for name, problem in zip(names, results, strict=True) if problem}
        if problems:
            return _told({"status": "not ready", "problems": problems}, 503)
        return _told({"status": "ready"}, 200)

    async def metrics(request: Request) -> Response:
        # Figures that stand in the database are left out while it does not answer.
        with suppress(Exception):
            async with asyncio.timeout(_CHECK_SECONDS):
                await refresh()
        return Response(measures.text(), media_type=measures.content_type)

    return [
        Route("/health/live", live, methods=["GET"]),
        Route("/health/ready", ready, methods=["GET"]),
        Route("/metrics", metrics, methods=["GET"]),
    ]


async def _result(name: str, check: Check) -> str | None:
    """Never hangs and never tells details of an exception: the page is open."""
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            return await check()
    except TimeoutError:
        return "no answer in time"
    except Exception as error:
        _log.warning("readiness check failed", check=name, error=type(error).__name__)
        return "failed"


def _told(body: dict[str, Any], status: int) -> Response:
    headers = {"Cache-Control": "no-store"}
    if status == 503:
        headers["Retry-After"] = "2"
    return Response(orjson.dumps(body), status_code=status, media_type="application/json", headers=headers)
