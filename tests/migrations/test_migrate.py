"""A database comes to the newest schema from anything, by anybody allowed to, any number of times (R18, P34)."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import Column, make_url
from sqlalchemy.dialects import postgresql

from persistence.engine import Database
from persistence.migrate import (
    APP_ROLE,
    BACKUP_ROLE,
    MigrationRefused,
    current_revision,
    migrate,
    newest_revision,
    role_statements,
)
from persistence.tables import Row
from tests.conftest import TestCluster, run_statements


@pytest.fixture
async def empty_url(cluster: TestCluster, database_name: str) -> AsyncIterator[str]:
    """An empty database of the owner."""
    name = f"{database_name}_empty"
    admin = cluster.address("admin", "postgres")
    await run_statements(admin, f'create database {name} owner "{make_url(cluster.owner).username}"')
    yield cluster.address("owner", name)
    await run_statements(admin, f"drop database {name} with (force)")


async def _columns(url: str) -> dict[str, dict[str, tuple[str, bool]]]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            """
            select relname::text, attname::text, format_type(atttypid, atttypmod) as kind, attnotnull
            from pg_class join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
            where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
            """
        )
    finally:
        await connection.close()
    found: dict[str, dict[str, tuple[str, bool]]] = {}
    for row in rows:
        found.setdefault(row["relname"], {})[row["attname"]] = (row["kind"], row["attnotnull"])
    return found


def _declared(column: Column[object]) -> str:
    compiled = str(column.type.compile(dialect=postgresql.dialect())).lower()  # type: ignore[no-untyped-call]
    named = {"timestamp with time zone": "timestamp with time zone", "numeric(30, 12)": "numeric(30,12)"}
    return str(column.info.get("type", named.get(compiled, compiled)))


@pytest.mark.parametrize("table", sorted(Row.metadata.tables))
async def test_the_mapped_columns_are_those_of_the_database(
    table: str, schema: dict[str, dict[str, tuple[str, bool]]]
) -> None:
    mapped = {column.name: _declared(column) for column in Row.metadata.tables[table].columns}
    assert {name: kind for name, (kind, _) in schema[table].items()} == mapped


@pytest.mark.parametrize("table", sorted(Row.metadata.tables))
async def test_what_the_database_requires_is_not_optional(
    table: str, schema: dict[str, dict[str, tuple[str, bool]]]
) -> None:
    optional = {column.name for column in Row.metadata.tables[table].columns if column.nullable}
    assert {name for name, (_, required) in schema[table].items() if not required} == optional


@pytest.fixture(scope="module")
def schema(cluster: TestCluster) -> dict[str, dict[str, tuple[str, bool]]]:
    return asyncio.run(_columns(cluster.address("admin", "parlance_template")))


async def test_no_table_has_a_trigger_or_a_reference_between_facts(admin_url: str) -> None:
    """Triggers are refused on distributed tables; facts may arrive before what they name."""
    connection = await asyncpg.connect(admin_url)
    try:
        triggers = await connection.fetch("select tgname from pg_trigger where not tgisinternal")
        references = await connection.fetch(
            "select conrelid::regclass::text as name from pg_constraint join pg_class on pg_class.oid = conrelid "
            "where contype = 'f' and relkind = 'p'"
        )
    finally:
        await connection.close()
    assert (triggers, references) == ([], [])


async def test_an_empty_database_gets_the_newest_schema(empty_url: str) -> None:
    report = await migrate(empty_url)
    assert (report.before, report.after) == (None, newest_revision())


async def test_migrating_again_changes_nothing(owner_url: str) -> None:
    report = await migrate(owner_url)
    assert not report.changed


async def test_several_processes_may_migrate_at_once(empty_url: str) -> None:
    reports = await asyncio.gather(*(migrate(empty_url) for _ in range(4)))
    assert sorted(report.before or "none" for report in reports) == sorted(["none", *[newest_revision() or ""] * 3])


async def test_an_interrupted_migration_leaves_nothing_behind(empty_url: str) -> None:
    # A table in the way stops the script half-way, as a crash would.
    await run_statements(empty_url, "create table feed (x int)")
    with pytest.raises(Exception, match='"feed" already exists'):
        await migrate(empty_url)
    assert set(await _columns(empty_url)) <= {"feed", "alembic_version"}
    await run_statements(empty_url, "drop table feed")
    assert (await migrate(empty_url)).after == newest_revision()


async def test_the_app_role_knows_the_revision(database: Database) -> None:
    assert await current_revision(database.engine) == newest_revision()


@pytest.fixture
async def stranger(cluster: TestCluster, database_name: str) -> AsyncIterator[str]:
    """An owner of an empty database who may not create roles, on a cluster without our roles' names taken away."""
    admin = cluster.address("admin", "postgres")
    name = f"{database_name}_stranger"
    await run_statements(admin, f"create role {name} login password 'x'", f"create database {name} owner {name}")
    url = make_url(cluster.address("owner", name)).set(username=name, password="x")
    yield url.render_as_string(hide_password=False)
    await run_statements(admin, f"drop database {name} with (force)", f"drop role {name}")


async def test_any_owner_can_migrate_when_the_roles_are_there(stranger: str) -> None:
    assert (await migrate(stranger)).roles_created == ()


async def test_an_owner_who_may_not_make_roles_is_told_the_statement(
    stranger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("persistence.migrate.APP_ROLE", "nobody_yet")
    with pytest.raises(MigrationRefused, match="permission denied") as refusal:
        await migrate(stranger)
    assert refusal.value.remedy.startswith("run as a superuser: create role nobody_yet login")


async def test_missing_roles_are_made_with_a_password_told_once(
    empty_url: str, cluster: TestCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = make_url(cluster.address("admin", make_url(empty_url).database or "")).render_as_string(hide_password=False)
    monkeypatch.setattr("persistence.migrate.APP_ROLE", "another_app")
    monkeypatch.setattr("persistence.migrate.BACKUP_ROLE", "another_backup")
    try:
        report = await migrate(admin, app_password=True)
        assert set(report.roles_created) == {"another_app", "another_backup"}
        assert report.app_password
        assert report.app_password not in repr(report)
        assert (await migrate(admin, app_password=True)).app_password is None
    finally:
        await run_statements(admin, "drop role another_app", "drop role another_backup")


def test_the_statements_name_no_right_too_many() -> None:
    statements = role_statements()
    assert "nosuperuser nobypassrls" in statements[APP_ROLE]
    assert "nosuperuser bypassrls" in statements[BACKUP_ROLE]
