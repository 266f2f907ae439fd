"""`migrate`: bring the tables up to date, and make the roles that the server logs in with."""

import asyncio

import typer

from persistence.migrate import MigrationReport
from persistence.migrate import migrate as migrate_database
from server.database import shared_database
from server.settings import Settings, SettingsFailure, read_settings

app = typer.Typer(add_completion=False)


@app.command()
def migrate() -> None:
    """Bring the database's tables up to date; harmless when they are."""
    settings = read_settings()
    report = migrate_given(settings.migrate_url) if settings.migrate_url else _migrate_default(settings)
    for line in _told(report):
        print(line)


def migrate_given(owner_url: str) -> MigrationReport:
    return asyncio.run(migrate_database(owner_url, app_password=True))


def _migrate_default(settings: Settings) -> MigrationReport:
    with shared_database(settings) as urls:
        if urls.owner is None:
            raise SettingsFailure(
                "tables are made by the role that owns them, and that one is not known",
                "set PARLANCE_MIGRATE_URL to the owner of the database",
            )
        return asyncio.run(migrate_database(urls.owner))


def _told(report: MigrationReport) -> list[str]:
    lines = [f"created role {role}" for role in report.roles_created]
    if report.app_password:
        lines.append(f"password of the app role, shown once: {report.app_password}")
    changed = f"{report.before or 'empty'} -> {report.after}" if report.before != report.after else "up to date"
    return [*lines, *report.notes, f"tables: {changed}"]
