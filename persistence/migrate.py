"""Brings a database to the newest schema, and makes the roles that the server and backups log in with (R18, P34)."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from persistence.engine import driver_url

APP_ROLE = "parlance_app"
BACKUP_ROLE = "parlance_backup"
_FOLDER = Path(__file__).resolve().parent.parent
_MIGRATION_LOCK = 0x7061726C616E6365  # "parlance": one migration at a time per database
_LONGEST_WAIT = "60s"


class MigrationRefused(Exception):
    """The database cannot be migrated as it is; `remedy` says what an operator can do."""

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


@dataclass(frozen=True)
class MigrationReport:
    """What was done. `app_password` is set once, when the app role was made with one."""

    before: str | None
    after: str | None
    roles_created: tuple[str, ...] = ()
    app_password: str | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        return self.before != self.after or bool(self.roles_created)


async def migrate(owner_url: str, *, app_password: bool = False) -> MigrationReport:
    """Idempotent; safe to run from several processes at once. `app_password`: give a new app role a random one."""
    engine = create_async_engine(driver_url(owner_url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await _migrate(connection, app_password=app_password)
    finally:
        await engine.dispose()


async def current_revision(engine: AsyncEngine) -> str | None:
    async with engine.connect() as connection:
        return await connection.run_sync(_revision)


def newest_revision() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def role_statements(password: str | None = None) -> dict[str, str]:
    """What an operator runs as a superuser where the owner may not create roles."""
    secret = f" password '{password}'" if password else ""
    return {
        APP_ROLE: f"create role {APP_ROLE} login nosuperuser nobypassrls nocreatedb nocreaterole{secret}",
        BACKUP_ROLE: f"create role {BACKUP_ROLE} login nosuperuser bypassrls nocreatedb nocreaterole",
    }


async def _migrate(connection: AsyncConnection, *, app_password: bool) -> MigrationReport:
    # A lock of the session: it must outlive the transaction of each single migration.
    await connection.execute(text(f"set lock_timeout = '{_LONGEST_WAIT}'"))
    await connection.execute(text("select pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
    await connection.commit()
    try:
        password = secrets.token_urlsafe(24) if app_password else None
        created, notes = await _ensure_roles(connection, password)
        before = await connection.run_sync(_revision)
        await connection.commit()
        await connection.run_sync(_upgrade)
        await connection.commit()
        after = await connection.run_sync(_revision)
    finally:
        await connection.rollback()
        await connection.execute(text("select pg_advisory_unlock(:key)"), {"key": _MIGRATION_LOCK})
        await connection.commit()
    return MigrationReport(before, after, created, password if APP_ROLE in created else None, notes)


async def _ensure_roles(connection: AsyncConnection, password: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    created: list[str] = []
    notes: list[str] = []
    for role, statement in role_statements(password).items():
        problem = await _ensure_role(connection, role, statement)
        if problem is None:
            continue
        if problem == "":
            created.append(role)
        elif role == APP_ROLE:
            raise MigrationRefused(
                f"the role {APP_ROLE} is missing and could not be created: {problem}",
                remedy=f"run as a superuser: {statement};",
            )
        else:
            notes.append(f"the role {role} for backups was not created ({problem}); as a superuser run: {statement};")
    return tuple(created), tuple(notes)


async def _ensure_role(connection: AsyncConnection, role: str, statement: str) -> str | None:
    """None if it was there, empty if it was made, else why not."""
    known = await connection.scalar(text("select true from pg_roles where rolname = :role"), {"role": role})
    if known:
        return None
    try:
        async with connection.begin_nested():
            await connection.exec_driver_sql(statement)
    except DBAPIError as error:
        # Roles belong to the cluster: another database's migration may have made it in this moment.
        if await connection.scalar(text("select true from pg_roles where rolname = :role"), {"role": role}):
            return None
        return str(error.orig).splitlines()[0]
    await connection.commit()
    return ""


def _upgrade(connection: Connection) -> None:
    configuration = _config()
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "head")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    configuration = Config(str(_FOLDER / "alembic.ini"))
    configuration.set_main_option("path_separator", "os")
    return configuration
