"""`check-columns`: loads a columnar copy of every workspace and compares it with the database, row by row."""

from typing import Annotated
from uuid import UUID

import typer

from persistence.columns.copies import Copies, CopyLimits
from persistence.engine import Database
from persistence.workspaces import workspace_ids
from server.database import run_with_database
from server.settings import read_settings

app = typer.Typer(add_completion=False)


@app.command()
def check_columns(
    workspace: Annotated[UUID | None, typer.Option(help="Only this workspace; else every one.")] = None,
) -> None:
    """Compare columnar copies with the database; ends with 1 if a row differs."""
    settings = read_settings()

    async def check(database: Database) -> int:
        most_bytes = settings.columns_megabytes * 1024 * 1024
        copies = Copies(database, CopyLimits(most_bytes=most_bytes, threads=settings.columns_threads))
        try:
            chosen = (workspace,) if workspace else await workspace_ids(database)
            return sum([await _check(copies, one) for one in chosen])
        finally:
            await copies.close()

    if run_with_database(settings, check):
        raise typer.Exit(1)


async def _check(copies: Copies, workspace_id: UUID) -> int:
    """How many rows differ."""
    differences = await copies.differences(workspace_id)
    for table, count in differences.items():
        print(f"{workspace_id}  {table:16} {f'{count} rows differ' if count else 'equal'}", flush=True)
    return sum(differences.values())
