"""A database that is gone, busy or silent is told as such in time, and comes back by itself (P33)."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from persistence.embedded import EmbeddedPostgres, start_throwaway
from persistence.engine import Database, DatabaseUnavailable, connected, driver_url, open_database
from persistence.migrate import migrate
from persistence.tenancy import reading, writing
from tests.build import an_identity

WORKSPACE = an_identity(1)


async def _ask(database: Database) -> int:
    async with reading(database, WORKSPACE) as reader:
        return int((await reader.connection.execute(text("select 42"))).scalar_one())


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[EmbeddedPostgres]:
    """One that may be stopped without disturbing other tests."""
    with start_throwaway() as embedded:
        asyncio.run(migrate(embedded.owner_url))
        yield embedded


@pytest.fixture
async def hasty(own_postgres: EmbeddedPostgres) -> AsyncIterator[Database]:
    opened = open_database(own_postgres.app_url, pool_size=2, connect_timeout_s=1, acquire_timeout_s=1)
    yield opened
    await opened.close()


@contextmanager
def _stopped(embedded: EmbeddedPostgres) -> Iterator[None]:
    """Every process of that Postgres hears nothing for a while."""
    (pid_file,) = embedded.data_folder.glob("*/postmaster.pid")
    postmaster = psutil.Process(int(Path(pid_file).read_text().split()[0]))
    processes = [postmaster, *postmaster.children(recursive=True)]
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGCONT)


async def test_a_pool_that_is_used_up_is_told_in_time(app_url: str) -> None:
    database = open_database(app_url, pool_size=1, acquire_timeout_s=0.2, connect_timeout_s=10)
    try:
        async with reading(database, WORKSPACE):
            with pytest.raises(DatabaseUnavailable, match="no free connection"):
                await _ask(database)
        assert await _ask(database) == 42
    finally:
        await database.close()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda url: url.replace("host=", "host=%2Fnowhere"),
        lambda url: "postgresql://nobody@127.0.0.1:1/nothing",
    ],
    ids=["no socket", "refused"],
)
async def test_a_database_that_is_not_there_is_told(app_url: str, spoil: Callable[[str], str]) -> None:
    database = open_database(spoil(app_url))
    try:
        with pytest.raises(DatabaseUnavailable):
            await _ask(database)
    finally:
        await database.close()


@pytest.mark.parametrize("connected_before", [True, False])
async def test_a_silent_database_is_told_within_two_seconds_and_comes_back(
    own_postgres: EmbeddedPostgres, hasty: Database, connected_before: bool
) -> None:
    if connected_before:
        assert await _ask(hasty) == 42
    with _stopped(own_postgres):
        for _ in range(3):
            started = time.monotonic()
            with pytest.raises(DatabaseUnavailable):
                await _ask(hasty)
            assert time.monotonic() - started < 2.5  # the set 1 s, and what a busy machine adds
    async with asyncio.timeout(5):
        assert await _recovered(hasty) == 42


async def _recovered(database: Database) -> int:
    while True:
        try:
            return await _ask(database)
        except DatabaseUnavailable:
            await asyncio.sleep(0.05)


async def test_a_connection_cut_by_the_server_is_told_and_replaced(
    hasty: Database, own_postgres: EmbeddedPostgres
) -> None:
    async def cut_myself() -> None:
        async with writing(hasty, WORKSPACE) as writer:
            await writer.connection.execute(text("select pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(DatabaseUnavailable):
        await cut_myself()
    assert await _ask(hasty) == 42


@pytest.mark.parametrize("error", [KeyError("mine"), FileNotFoundError("mine"), TimeoutError("mine")], ids=repr)
async def test_an_error_of_the_caller_stays_what_it_is(hasty: Database, error: Exception) -> None:
    async def fail() -> None:
        async with reading(hasty, WORKSPACE):
            raise error

    with pytest.raises(type(error), match="mine"):
        await fail()


async def test_outside_a_workspace_a_silent_database_is_told_too(
    own_postgres: EmbeddedPostgres, hasty: Database
) -> None:
    async def ask() -> None:
        async with connected(hasty) as connection:
            await connection.execute(text("select 1"))

    await ask()
    with _stopped(own_postgres), pytest.raises(DatabaseUnavailable):
        await ask()


async def test_a_cancelled_caller_gives_its_connection_back(hasty: Database) -> None:
    async def wait_long() -> None:
        async with reading(hasty, WORKSPACE) as reader:
            await reader.connection.execute(text("select pg_sleep(30)"))

    for _ in range(6):  # more often than the pool has connections
        task = asyncio.create_task(wait_long())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await _ask(hasty) == 42


def test_an_address_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="begins with postgresql://"):
        driver_url("mysql://localhost/x")


def test_the_password_is_not_shown() -> None:
    assert "hunter2" not in repr(open_database("postgresql://someone:hunter2@localhost/x"))
