"""One throw-away Postgres a run, migrated once into a template; each test gets a clone of its own."""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import settings
from sqlalchemy import make_url

from persistence.embedded import start_throwaway
from persistence.engine import Database, open_database
from persistence.migrate import migrate
from persistence.tenancy import writing
from persistence.workspaces import create_workspace
from tests.build import a_workspace

# The same examples at every run of a change that is to land; new ones wherever people work.
# No deadlines: a machine that does other work as well is no fault of the code.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("people", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "people")

_TEMPLATE = "parlance_template"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class TestCluster:
    """Addresses of a running Postgres for each role; `PARLANCE_TEST_POSTGRES` (a superuser's address) may name one."""

    __test__ = False

    admin: str
    owner: str
    app: str

    def address(self, role: str, database: str) -> str:
        return make_url(getattr(self, role)).set(database=database).render_as_string(hide_password=False)

    def run(self, *statements: str) -> None:
        """As superuser, outside any test's event loop."""
        asyncio.run(run_statements(self.address("admin", "postgres"), *statements))


async def run_statements(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def cluster() -> Iterator[TestCluster]:
    given = os.environ.get("PARLANCE_TEST_POSTGRES")
    if given:
        yield _prepared(_cluster_of(given))
        return
    with start_throwaway() as embedded:
        yield _prepared(TestCluster(embedded.admin_url, embedded.owner_url, embedded.app_url))


@pytest.fixture
def database_name(cluster: TestCluster) -> Iterator[str]:
    """A fresh clone of the migrated template, dropped afterwards."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    owner = make_url(cluster.owner).username
    cluster.run(f'create database {name} template {_TEMPLATE} owner "{owner}"')
    yield name
    cluster.run(f"drop database {name} with (force)")


@pytest.fixture
def owner_url(cluster: TestCluster, database_name: str) -> str:
    return cluster.address("owner", database_name)


@pytest.fixture
def admin_url(cluster: TestCluster, database_name: str) -> str:
    """The superuser: to look behind the policies, and to break things on purpose."""
    return cluster.address("admin", database_name)


@pytest.fixture
def app_url(cluster: TestCluster, database_name: str) -> str:
    return cluster.address("app", database_name)


@pytest.fixture
async def database(app_url: str) -> AsyncIterator[Database]:
    """As the server has it: the app role, which owns nothing."""
    opened = open_database(app_url, pool_size=4, acquire_timeout_s=10, connect_timeout_s=10)
    yield opened
    await opened.close()


@pytest.fixture
async def workspace_id(database: Database) -> UUID:
    identity = uuid4()
    async with writing(database, identity) as writer:
        await create_workspace(writer, a_workspace())
    return identity


def _prepared(cluster: TestCluster) -> TestCluster:
    owner = make_url(cluster.owner).username
    cluster.run(f"drop database if exists {_TEMPLATE} with (force)", f'create database {_TEMPLATE} owner "{owner}"')
    asyncio.run(migrate(cluster.address("owner", _TEMPLATE)))
    return cluster


def _cluster_of(admin: str) -> TestCluster:
    """A Postgres of the developer: the roles are made there once, without a password (its pg_hba must trust)."""

    def named(role: str) -> str:
        return make_url(admin).set(username=role, password=None).render_as_string(hide_password=False)

    cluster = TestCluster(admin, named("parlance_owner"), named("parlance_app"))
    cluster.run(
        *(
            f"do $$ begin if not exists (select from pg_roles where rolname = '{role}') "
            f"then create role {role} login {attributes}; end if; end $$"
            for role, attributes in (
                ("parlance_owner", "createrole"),
                ("parlance_app", ""),
                ("parlance_backup", "bypassrls"),
            )
        )
    )
    return cluster
