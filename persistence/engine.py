"""The one pool of connections that a process has, with a deadline on everything it may wait for (P33)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from time import monotonic, perf_counter
from typing import Any, Protocol
from uuid import UUID

import asyncpg
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from domain.database_performance import CopyState
from persistence.results import Results
from persistence.timings import Timings


class DatabaseUnavailable(Exception):
    """No connection in time, or it broke. Trying again later helps; nothing was acknowledged."""


class DatabaseTooSlow(DatabaseUnavailable):
    """A statement ran past its deadline and was ended."""


# Classes and codes of SQLSTATE: connection lost, resources exhausted (disk, memory, connections), server going or
# coming, lock not available in time, a transaction ended because its client was silent.
_UNAVAILABLE_CLASSES = ("08", "53")
_UNAVAILABLE_CODES = ("57P01", "57P02", "57P03", "57P05", "55P03", "25P03", "25P04")
_TOO_SLOW_CODE = "57014"


class MemoryShort(Exception):
    """A columnar copy has no room for this question; the database has."""


class PinnedRows(Protocol):
    """One moment of a columnar copy."""

    async def rows(
        self, statement: Any, values: Mapping[str, object], *, among: frozenset[int] | None
    ) -> Sequence[tuple[Any, ...]]:
        """What the statement gives for these values of its named parameters, where there are only these chatbots
        (None: all). Raises MemoryShort."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How far a workspace has grown: `generation` is raised by every change of its facts; how many sessions it has
    numbered."""

    generation: int
    sessions: int


class Columnar(Protocol):
    """Copies of facts in memory that answer questions instead of the database."""

    def pinned(
        self, connection: AsyncConnection, workspace_id: UUID, tables: Collection[str], growth: Growth
    ) -> AbstractAsyncContextManager[PinnedRows | None]:
        """A moment that holds at least what the snapshot of `connection` sees, in which the workspace has this
        growth; None: ask the database."""

    async def state(self, connection: AsyncConnection, workspace_id: UUID) -> CopyState | None:
        """None if there is no copy of the workspace."""


@dataclass(frozen=True, slots=True)
class Database:
    """The app role's way to the database. Tenant tables are reached through `persistence.tenancy` only."""

    engine: AsyncEngine
    url: str = field(repr=False)
    acquire_timeout_s: float
    known_months: set[int] = field(default_factory=set)
    grown: Counter[int] = field(default_factory=Counter, repr=False)  # rows that this process wrote, per month
    wait_observers: list[Callable[[float], None]] = field(default_factory=list, repr=False)
    """Told how many seconds each transaction waited for its connection."""
    timings: Timings = field(default_factory=Timings, repr=False)
    columnar: Columnar | None = None
    results: Results | None = None

    async def close(self) -> None:
        await self.engine.dispose()


def driver_url(url: str) -> str:
    """`postgresql://` and `postgres://` addresses as SQLAlchemy names its asyncpg dialect."""
    parsed = make_url(url)
    if parsed.drivername not in ("postgresql", "postgres", "postgresql+asyncpg"):
        raise ValueError(f"a database address begins with postgresql://, not {parsed.drivername}://")
    return parsed.set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)


def plain_url(url: str) -> str:
    """The address as asyncpg itself and psql take it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def open_database(
    url: str,
    *,
    pool_size: int = 10,
    statement_timeout_ms: int = 5_000,
    lock_timeout_ms: int = 5_000,
    connect_timeout_s: float = 2.0,
    acquire_timeout_s: float = 2.0,
    silence_timeout_s: float = 60.0,
    application_name: str = "parlance",
) -> Database:
    """Opens no connection yet. `statement_timeout_ms` is kept by the server and can be set per transaction, up to
    `silence_timeout_s`, after which this side gives up. A transaction left idle is ended by the server."""
    engine = create_async_engine(
        driver_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=acquire_timeout_s,
        pool_recycle=1800,
        connect_args={
            "timeout": connect_timeout_s,
            "command_timeout": silence_timeout_s,
            "server_settings": {
                "application_name": application_name,
                "statement_timeout": str(statement_timeout_ms),
                "lock_timeout": str(lock_timeout_ms),
                "idle_in_transaction_session_timeout": "60000",
                "jit": "off",
                "timezone": "UTC",
            },
        },
    )
    return Database(engine=engine, url=url, acquire_timeout_s=acquire_timeout_s)


@asynccontextmanager
async def connected(database: Database) -> AsyncIterator[AsyncConnection]:
    """A transaction outside any tenant: for shared tables and the catalogue. Tenant tables look empty."""
    async with begun(database, workspace="", isolation="READ COMMITTED", read_only=False) as connection:
        yield connection


@asynccontextmanager
async def begun(
    database: Database, *, workspace: str, isolation: str, read_only: bool
) -> AsyncIterator[AsyncConnection]:
    """A transaction of one workspace, or of none. `workspace` must be a validated literal."""
    asked = monotonic()
    with unavailable_as_such():
        async with _acquired(database) as plain:
            with database.timings.measured(workspace, asked):
                connection = await plain.execution_options(isolation_level=isolation, postgresql_readonly=read_only)
                async with connection.begin():
                    with _answering(database, await driver_of(connection)):
                        await connection.exec_driver_sql(f"SET LOCAL app.workspace = '{workspace}'")
                    yield connection


async def current_snapshot(database: Database) -> str:
    """Names what a reader sees who begins now: two with the same name see the same, of every workspace."""
    with unavailable_as_such():
        async with _acquired(database) as connection:
            driver = await driver_of(connection)
            with _answering(database, driver):
                name: str = await driver.fetchval("select pg_current_snapshot()::text")
                return name


@contextmanager
def _answering(database: Database, driver: asyncpg.Connection) -> Iterator[None]:
    """A server that was stopped still accepts bytes: whoever does not answer here is not there. Cutting the
    connection fails the statement at once; cancelling it would wait for the server once more."""
    deadline = asyncio.get_running_loop().call_later(database.acquire_timeout_s, driver.terminate)
    try:
        yield
    finally:
        deadline.cancel()


async def driver_of(connection: AsyncConnection) -> asyncpg.Connection:
    """The same connection, spoken to directly: inside its transaction once a statement was run through SQLAlchemy."""
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    if not isinstance(driver, asyncpg.Connection):
        raise TypeError(f"persistence needs asyncpg, not {type(driver).__name__}")
    return driver


@contextmanager
def unavailable_as_such() -> Iterator[None]:
    """Turns every way in which the database fails to be there into `DatabaseUnavailable`, and nothing else: errors
    of the caller's own files, sockets and deadlines pass."""
    try:
        yield
    except PoolTimeout as error:
        raise DatabaseUnavailable("no free connection in time") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DatabaseUnavailable("the connection to the database broke") from error
        _raise_if_unavailable(error.orig or error, error)
        raise
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        _raise_if_unavailable(error, error)
        raise


@asynccontextmanager
async def _acquired(database: Database) -> AsyncIterator[AsyncConnection]:
    asked = perf_counter()
    acquired = False
    try:
        async with database.engine.connect() as connection:
            acquired = True
            for observe in database.wait_observers:
                observe(perf_counter() - asked)
            yield connection
    except OSError as error:  # also a connect that took too long
        if acquired:
            raise
        raise DatabaseUnavailable("the connection to the database was refused or took too long") from error


def _raise_if_unavailable(cause: BaseException, error: Exception) -> None:
    code = str(getattr(cause, "sqlstate", None) or "")
    if code == _TOO_SLOW_CODE:
        raise DatabaseTooSlow("a statement ran past its deadline") from error
    if code.startswith(_UNAVAILABLE_CLASSES) or code in _UNAVAILABLE_CODES:
        raise DatabaseUnavailable(f"the database cannot serve right now (SQLSTATE {code})") from error
    if isinstance(cause, (OSError, asyncpg.InterfaceError)) and not code:
        raise DatabaseUnavailable("the connection to the database broke") from error
