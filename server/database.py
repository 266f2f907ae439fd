"""Which Postgres this process uses: your own by DATABASE_URL, else the embedded one, started or joined."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from persistence.catalogue import CatalogueRefused, check_catalogue
from persistence.embedded import EmbeddedPostgres, start_embedded, use_embedded
from persistence.engine import Database, DatabaseUnavailable, connected, open_database
from persistence.migrate import current_revision, migrate, newest_revision
from server.settings import Settings, SettingsFailure

OLDEST_POSTGRES, NEWEST_POSTGRES = 15, 18
_PATIENCE_SECONDS = 30.0
_PAUSE_SECONDS = 0.5
Result = TypeVar("Result")


class DatabaseFailure(Exception):
    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.remedy = remedy


@dataclass(frozen=True)
class DatabaseUrls:
    app: str = field(repr=False)
    owner: str | None = field(repr=False)  # None: somebody else migrates
    embedded: EmbeddedPostgres | None = None


@contextmanager
def own_database(settings: Settings) -> Iterator[DatabaseUrls]:
    """For the server: the embedded Postgres is started by it and ends with it."""
    if not settings.uses_embedded_postgres:
        yield _given_urls(settings)
        return
    with start_embedded(settings.data) as embedded:
        yield _embedded_urls(embedded)


@contextmanager
def shared_database(settings: Settings) -> Iterator[DatabaseUrls]:
    """For a command: joins the embedded Postgres of a running server, or starts it for the command's time."""
    if not settings.uses_embedded_postgres:
        yield _given_urls(settings)
        return
    with use_embedded(settings.data) as embedded:
        yield _embedded_urls(embedded)


def run_with_database(settings: Settings, work: Callable[[Database], Awaitable[Result]]) -> Result:
    """For a command that does one thing with tables known to be there."""
    with shared_database(settings) as urls:
        return asyncio.run(_prepared(urls, work))


async def _prepared(urls: DatabaseUrls, work: Callable[[Database], Awaitable[Result]]) -> Result:
    await prepare_tables(urls)
    database = open_database(urls.app, pool_size=2, application_name="command")
    try:
        return await work(database)
    finally:
        await database.close()


async def prepare_tables(urls: DatabaseUrls) -> None:
    """Tables are brought up to date by who knows their owner, else they have to be so already."""
    version = await wait_for_postgres(urls.owner or urls.app)
    if not OLDEST_POSTGRES <= version <= NEWEST_POSTGRES:
        raise DatabaseFailure(
            f"this is Postgres {version}, and Parlance needs {OLDEST_POSTGRES} to {NEWEST_POSTGRES}",
            "point DATABASE_URL to one of these, or leave it away for the embedded one",
        )
    if urls.owner is not None:
        await migrate(urls.owner)
        return
    found, wanted = await table_revisions(urls.app)
    if found != wanted:
        raise DatabaseFailure(
            f"the tables are at revision {found or 'none'}, and this Parlance needs {wanted}",
            "run `python3 dev.py run migrate` with PARLANCE_MIGRATE_URL set to the owner of the database",
        )


async def wait_for_postgres(url: str, patience_seconds: float = _PATIENCE_SECONDS) -> int:
    """Its major version. A database that is just starting is waited for; a wrong address or password is not."""
    deadline = monotonic() + patience_seconds
    while True:
        try:
            return await _major_version(url)
        except DatabaseUnavailable as problem:
            if monotonic() > deadline:
                raise DatabaseFailure(
                    f"the database does not answer: {problem.__cause__ or problem}",
                    "check that it runs, and that DATABASE_URL names its host and port",
                ) from None
        except DBAPIError as error:
            raise DatabaseFailure(
                f"the database refuses the connection: {error.orig}",
                "check user, password and database name in DATABASE_URL and PARLANCE_MIGRATE_URL",
            ) from None
        await asyncio.sleep(_PAUSE_SECONDS)


async def table_revisions(url: str) -> tuple[str | None, str | None]:
    """Where the tables are, and where this code wants them."""
    database = open_database(url, pool_size=1)
    try:
        return await current_revision(database.engine), newest_revision()
    finally:
        await database.close()


async def refuse_unsafe(urls: DatabaseUrls) -> None:
    """A server that cannot be sure to keep workspaces apart does not start (P6)."""
    database = open_database(urls.app, pool_size=1)
    try:
        await check_catalogue(database)
    except CatalogueRefused as refused:
        raise DatabaseFailure(
            str(refused),
            "let DATABASE_URL name the role that owns nothing; undo what was changed by hand, or restore a backup",
        ) from None
    finally:
        await database.close()


async def _major_version(url: str) -> int:
    database = open_database(url, pool_size=1)
    try:
        async with connected(database) as connection:
            version = connection.dialect.server_version_info
            return int(version[0]) if version else 0
    finally:
        await database.close()


def _embedded_urls(embedded: EmbeddedPostgres) -> DatabaseUrls:
    return DatabaseUrls(embedded.app_url, embedded.owner_url, embedded)


def _given_urls(settings: Settings) -> DatabaseUrls:
    if not settings.database_url:
        raise SettingsFailure(
            "PARLANCE_MIGRATE_URL alone is enough for `migrate` only",
            "set DATABASE_URL too, to the role that owns nothing (parlance_app)",
        )
    return DatabaseUrls(settings.database_url, settings.migrate_url or None)
