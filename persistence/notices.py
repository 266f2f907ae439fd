"""Hears NOTIFY on a connection of its own, which is opened again by itself when it is lost.

A notice is a wake-up and carries ids only; whoever hears one reads the rows under the tenant's policy.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import asyncpg
import structlog

from persistence.engine import plain_url

Hearer = Callable[[str], None]
"""Takes the payload. Must not block."""

_CONNECT_SECONDS: Final = 5.0
_PROBE_SECONDS: Final = 5.0
_LONGEST_PAUSE_SECONDS: Final = 5.0
_log = structlog.get_logger(__name__)


async def hear(url: str, channels: Mapping[str, Hearer], *, missed: Callable[[], None], stop: asyncio.Event) -> None:
    """Runs until `stop`. `missed` is called after each time nothing could be heard: caches are not to be trusted."""
    pause = 0.2
    while not stop.is_set():
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                connection: asyncpg.Connection[Any] = await asyncpg.connect(plain_url(url))
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            _log.warning("cannot listen for notices", error=type(error).__name__)
            missed()
            pause = min(_LONGEST_PAUSE_SECONDS, pause * 2)
            await _wait(stop, pause)
            continue
        pause = 0.2
        await _hear_on(connection, channels, stop)
        missed()


async def _hear_on(connection: "asyncpg.Connection[Any]", channels: Mapping[str, Hearer], stop: asyncio.Event) -> None:
    """Until the connection is lost: a server that was stopped keeps the socket open, so it is asked now and then."""
    try:
        for channel, hearer in channels.items():
            await connection.add_listener(channel, _listener(hearer))
        while not stop.is_set() and not connection.is_closed():
            await _wait(stop, _PROBE_SECONDS)
            async with asyncio.timeout(_CONNECT_SECONDS):
                await connection.execute("select 1")
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        _log.warning("stopped hearing notices", error=type(error).__name__)
    finally:
        connection.terminate()


def _listener(hearer: Hearer) -> Callable[[Any, int, str, object], None]:
    def told(connection: Any, process: int, channel: str, payload: object) -> None:
        hearer(str(payload))

    return told


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
