"""`workspace`: create, list and change workspaces."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID, uuid4
from zoneinfo import available_timezones

import typer
from rich.console import Console
from rich.table import Column, Table

from domain.accounts import COMMAND_LINE, ROLES, NewKey, Role
from domain.workspaces import Workspace
from persistence.audit import record
from persistence.engine import Database
from persistence.keys import create_key
from persistence.tenancy import reading, writing
from persistence.workspaces import (
    NewWorkspace,
    create_workspace,
    find_workspace,
    update_workspace,
    workspace_ids,
)
from server.app import now
from server.database import run_with_database
from server.imports import choose_workspace
from server.settings import read_settings

CURRENCY_LETTERS = 3
app = typer.Typer(add_completion=False, no_args_is_help=True)


def _known_zone(value: str | None) -> str | None:
    if value is not None and value not in available_timezones():
        raise typer.BadParameter("give an IANA name, such as Europe/Berlin or UTC")
    return value


def _currency(value: str | None) -> str | None:
    if value is not None and not (len(value) == CURRENCY_LETTERS and value.isascii() and value.isalpha()):
        raise typer.BadParameter("give three letters, such as EUR")
    return value and value.upper()


TimeZone = Annotated[str, typer.Option(callback=_known_zone, help="IANA name; days and weeks are counted in it")]
Currency = Annotated[str, typer.Option(callback=_currency, help="Three letters; amounts are reported in it")]
WeekStart = Annotated[int, typer.Option(min=1, max=7, help="1 is Monday, 7 is Sunday")]
BillingDay = Annotated[int, typer.Option(min=1, max=28, help="Day on which a month of the plan begins")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Shown to people")],
    time_zone: TimeZone = "UTC",
    currency: Currency = "USD",
    week_start: WeekStart = 1,
    billing_day: BillingDay = 1,
) -> None:
    """Create a workspace, and an administrator's key for it."""

    async def work(database: Database) -> tuple[Workspace, str]:
        new = NewWorkspace(
            name=name,
            time_zone=time_zone,
            reporting_currency=currency,
            week_start=week_start,
            billing_day=billing_day,
        )
        async with writing(database, uuid4()) as writer:
            made = await create_workspace(writer, new)
            key = NewKey(name="First key", scopes=ROLES[Role.ADMINISTRATOR])
            return made, (await create_key(writer, key, actor=COMMAND_LINE, now=now()))[1]

    made, key = run_with_database(read_settings(), work)
    print(f"Workspace {made.name!r} has the id {made.workspace_id}.")
    print(f"Its admin key, shown this once: {key}")


@app.command(name="list")
def list_all() -> None:
    """List all workspaces, oldest first."""
    table = Table(Column("Id", no_wrap=True), "Name", "Time zone", "Currency", "Week starts", "Billing day", box=None)
    for each in run_with_database(read_settings(), _all_workspaces):
        numbers = (each.reporting_currency, str(each.week_start), str(each.billing_day))
        table.add_row(str(each.workspace_id), each.name, each.time_zone, *numbers)
    Console().print(table)


@app.command(name="set")
def change(
    workspace: Annotated[str, typer.Argument(help="Id or name")],
    name: Annotated[str | None, typer.Option()] = None,
    time_zone: Annotated[str | None, typer.Option(callback=_known_zone)] = None,
    currency: Annotated[str | None, typer.Option(callback=_currency)] = None,
    week_start: Annotated[int | None, typer.Option(min=1, max=7)] = None,
    billing_day: Annotated[int | None, typer.Option(min=1, max=28)] = None,
) -> None:
    """Change what is given and leave the rest."""
    given = {
        "name": name,
        "time_zone": time_zone,
        "reporting_currency": currency,
        "week_start": week_start,
        "billing_day": billing_day,
    }
    changes = {column: value for column, value in given.items() if value is not None}
    if not changes:
        raise typer.BadParameter("give at least one of the options")

    async def work(database: Database) -> Workspace:
        workspace_id = await choose_workspace(database, workspace)
        return await _change(database, workspace_id, changes)

    changed = run_with_database(read_settings(), work)
    print(f"Workspace {changed.name!r} is changed: {', '.join(changes)}.")


async def _change(database: Database, workspace_id: UUID, changes: dict[str, str | int]) -> Workspace:
    async with writing(database, workspace_id) as writer:
        found = await find_workspace(writer)
        assert found is not None
        changed = await update_workspace(writer, expected_version=found.version, changes=changes, now=now())
        await record(
            writer,
            actor=COMMAND_LINE,
            action="workspace.update",
            target=f"Workspace:{workspace_id}",
            detail={"fields": sorted(changes)},
            now=now(),
        )
        return changed


async def _all_workspaces(database: Database) -> Sequence[Workspace]:
    found = []
    for workspace_id in await workspace_ids(database):
        async with reading(database, workspace_id) as reader:
            if (workspace := await find_workspace(reader)) is not None:
                found.append(workspace)
    return found
