"""`doctor`: looks at everything the server needs, and says of each problem how to mend it."""

import asyncio
import os
import platform
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import typer

from persistence.embedded import EmbeddedFailure
from server.database import (
    NEWEST_POSTGRES,
    OLDEST_POSTGRES,
    DatabaseFailure,
    DatabaseUrls,
    refuse_unsafe,
    shared_database,
    table_revisions,
    wait_for_postgres,
)
from server.settings import Settings, SettingsFailure, read_settings, unknown_variables

LEAST_FREE_BYTES = 1_000_000_000
PATIENCE_SECONDS = 5.0
app = typer.Typer(add_completion=False)


@dataclass(frozen=True)
class Finding:
    subject: str
    told: str
    remedy: str = ""  # given only with a problem

    def line(self) -> str:
        if not self.remedy:
            return f"ok       {self.subject}: {self.told}"
        return f"PROBLEM  {self.subject}: {self.told}\n         Remedy: {self.remedy}"


@app.command()
def doctor() -> None:
    """Check versions, settings, disk, key file, pages and database; ends with 1 if something is wrong."""
    problems = 0
    for finding in examine(read_settings()):
        print(finding.line(), flush=True)
        problems += bool(finding.remedy)
    if problems:
        raise typer.Exit(1)


def examine(settings: Settings) -> Iterator[Finding]:
    yield Finding("Python", f"{platform.python_version()} on {sys.platform} {platform.machine()}")
    yield from _variables()
    yield _disk(settings.data)
    yield _key_file(settings)
    yield _pages(settings.web_folder)
    yield from _database(settings)


def _variables() -> Iterator[Finding]:
    unknown = unknown_variables(os.environ)
    if not unknown:
        yield Finding("Settings", "all known, all valid")
    for problem in unknown:
        yield Finding("Settings", problem, "correct the name, or unset it; `settings` lists all")


def _disk(folder: Path) -> Finding:
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    told = f"{free / 1e9:.1f} GB free at {folder}"
    return Finding("Disk", told, "free some space" if free < LEAST_FREE_BYTES else "")


def _key_file(settings: Settings) -> Finding:
    path = settings.key_file
    try:
        status = path.stat()
    except FileNotFoundError:
        return Finding("Key file", f"{path} is made at the first start")
    except PermissionError:
        return Finding("Key file", f"{path} may not be read", "give this user access, or set PARLANCE_KEY_FILE")
    if status.st_mode & 0o077:
        return Finding("Key file", f"{path} is open to others", f"chmod 600 {path}")
    if path.is_relative_to(settings.data):
        return Finding(
            "Key file", f"{path} lies in the data folder that it protects", "set PARLANCE_KEY_FILE elsewhere"
        )
    return Finding("Key file", str(path))


def _pages(folder: Path) -> Finding:
    if (folder / "index.html").exists():
        return Finding("Pages", str(folder))
    return Finding("Pages", f"none in {folder}", "build them: python3 dev.py web")


def _database(settings: Settings) -> Iterator[Finding]:
    try:
        with shared_database(settings) as urls:
            yield from asyncio.run(_gathered(urls))
    except (DatabaseFailure, EmbeddedFailure, SettingsFailure) as failure:
        yield Finding("Database", str(failure), failure.remedy or "see docs/settings.md")


async def _gathered(urls: DatabaseUrls) -> list[Finding]:
    return [finding async for finding in _examine_database(urls)]


async def _examine_database(urls: DatabaseUrls) -> AsyncIterator[Finding]:
    version = await wait_for_postgres(urls.app, patience_seconds=PATIENCE_SECONDS)
    kind = "embedded" if urls.embedded else "given by DATABASE_URL"
    supported = OLDEST_POSTGRES <= version <= NEWEST_POSTGRES
    needed = f"use Postgres {OLDEST_POSTGRES} to {NEWEST_POSTGRES}"
    yield Finding("Database", f"Postgres {version}, {kind}", "" if supported else needed)
    found, wanted = await table_revisions(urls.app)
    told = f"revision {found or 'none'}" + ("" if found == wanted else f", this Parlance needs {wanted}")
    yield Finding("Tables", told, "" if found == wanted else "run `python3 dev.py run migrate`")
    if found == wanted:
        yield await _tenant_safety(urls)


async def _tenant_safety(urls: DatabaseUrls) -> Finding:
    try:
        await refuse_unsafe(urls)
    except DatabaseFailure as failure:
        return Finding("Row-Level Security", str(failure), failure.remedy)
    return Finding("Row-Level Security", "forced on every table of a workspace; the server's role owns nothing")
