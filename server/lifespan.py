"""What runs beside requests: the start-up check, the ear for revocations, and an orderly end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from uuid import UUID

import structlog
from starlette.applications import Starlette

from persistence.catalogue import CatalogueRefused, check_catalogue
from persistence.engine import Database, DatabaseUnavailable
from persistence.keys import REVOKED_CHANNEL
from persistence.migrate import current_revision, newest_revision
from persistence.notices import hear
from server.auth import Keyring
from server.health import Check
from server.sockets import OpenConnections

Background = Callable[[asyncio.Event], AbstractAsyncContextManager[None]]
"""Something that runs as long as the server; it ends when the event is set."""

_log = structlog.get_logger(__name__)


class Readiness:
    """The start-up check of the catalogue, asked once it can be asked; a refusal keeps the server from traffic."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._checked = False

    def checks(self) -> dict[str, Check]:
        return {"database": self._revision, "catalogue": self._catalogue}

    async def refuse_unless_safe(self) -> None:
        """At start: an unsafe database ends the process; an absent one is waited for by /health/ready."""
        try:
            await check_catalogue(self._database)
            self._checked = True
        except DatabaseUnavailable:
            _log.warning("the database cannot be reached yet")

    async def _revision(self) -> str | None:
        try:
            found = await current_revision(self._database.engine)
        except Exception:
            return "the database cannot be reached"
        newest = newest_revision()
        return None if found == newest else f"the tables are at {found}, this server needs {newest}: run migrate"

    async def _catalogue(self) -> str | None:
        if self._checked:
            return None
        try:
            await check_catalogue(self._database)
        except CatalogueRefused as refused:
            return str(refused)
        except DatabaseUnavailable:
            return "not checked yet"
        self._checked = True
        return None


def lifespan_of(
    *,
    database: Database,
    keyring: Keyring,
    sockets: OpenConnections,
    readiness: Readiness,
    background: tuple[Background, ...] = (),
    at_end: Callable[[], Awaitable[None]],
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await readiness.refuse_unless_safe()
        stop = asyncio.Event()
        ear = asyncio.create_task(
            hear(
                database.url,
                {REVOKED_CHANNEL: lambda payload: _forget(keyring, payload)},
                missed=keyring.forget_all,
                stop=stop,
            )
        )
        try:
            async with _running(background, stop):
                yield
        finally:
            stop.set()
            await sockets.close_all()
            ear.cancel()
            with suppress(asyncio.CancelledError):
                await ear
            await at_end()
            await database.close()

    return lifespan


@asynccontextmanager
async def _running(background: tuple[Background, ...], stop: asyncio.Event) -> AsyncIterator[None]:
    if not background:
        yield
        return
    async with background[0](stop), _running(background[1:], stop):
        yield
        stop.set()


def _forget(keyring: Keyring, payload: str) -> None:
    workspace_id, _, key_id = payload.partition(":")
    with suppress(ValueError):
        keyring.forget(UUID(workspace_id), UUID(key_id))
