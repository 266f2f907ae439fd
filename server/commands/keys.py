"""`keys`: create, list and revoke API keys."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Column, Table

from domain.accounts import COMMAND_LINE, ROLES, ApiKey, KeyKind, NewKey, Role, Scope
from persistence.chatbots import list_chatbots
from persistence.engine import Database
from persistence.keys import create_key, list_keys, revoke_key
from persistence.tenancy import Reader, reading, writing
from server.app import now
from server.database import run_with_database
from server.imports import choose_workspace
from server.settings import read_settings

MOST_SHOWN = 1_000
app = typer.Typer(add_completion=False, no_args_is_help=True)
InWorkspace = Annotated[str, typer.Option("--workspace", help="Id or name; the only one if left away")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for, as shown in lists")],
    role: Annotated[Role | None, typer.Option(help="A usual bundle of scopes")] = None,
    scope: Annotated[list[Scope] | None, typer.Option(help="Single scopes, on top of the role; repeatable")] = None,
    chatbot: Annotated[list[str] | None, typer.Option(help="Only this chatbot; repeatable")] = None,
    expires_in_days: Annotated[int | None, typer.Option(min=1, max=3650)] = None,
    public: Annotated[bool, typer.Option(help="For a web page: may write events and nothing else")] = False,
    origin: Annotated[list[str] | None, typer.Option(help="With --public: web origins; repeatable")] = None,
    workspace: InWorkspace = "",
) -> None:
    """Create a key; it is shown once."""
    bundle = ROLES[role] if role else frozenset()
    scopes = frozenset({Scope.EVENTS_WRITE}) if public else bundle | frozenset(scope or ())
    if not scopes:
        raise typer.BadParameter(f"one of {', '.join(Role)} or single scopes are needed", param_hint="--role / --scope")

    async def work(database: Database) -> tuple[ApiKey, str]:
        workspace_id = await choose_workspace(database, workspace)
        async with writing(database, workspace_id) as writer:
            new = NewKey(
                name=name,
                scopes=scopes,
                kind=KeyKind.PUBLIC_INGEST if public else KeyKind.SECRET,
                chatbot_ids=await _chatbot_numbers(writer, chatbot) if chatbot else None,
                origins=tuple(origin or ()),
                expires_at=now() + timedelta(days=expires_in_days) if expires_in_days else None,
            )
            return await create_key(writer, new, actor=COMMAND_LINE, now=now())

    key, text = run_with_database(read_settings(), work)
    print(f"{text}\n\nKey {key.name!r} ({', '.join(sorted(key.scopes))}). It is shown this once; keep it.")


@app.command(name="list")
def list_all(workspace: InWorkspace = "") -> None:
    """List the keys, newest first; the keys themselves cannot be shown again."""

    async def work(database: Database) -> Sequence[ApiKey]:
        async with reading(database, await choose_workspace(database, workspace)) as reader:
            return await list_keys(reader, limit=MOST_SHOWN)

    table = Table(
        Column("Id", no_wrap=True), "Name", "Ends in", "Scopes", "State", "Last used", box=None, pad_edge=False
    )
    for key in run_with_database(read_settings(), work):
        used = f"{key.last_used_at:%Y-%m-%d}" if key.last_used_at else "never"
        table.add_row(str(key.key_id), key.name, key.hint, " ".join(sorted(key.scopes)), _state(key), used)
    Console().print(table)


@app.command()
def revoke(
    key_id: Annotated[UUID, typer.Argument(help="As shown by `keys list`")], workspace: InWorkspace = ""
) -> None:
    """End a key at once, in every running server."""

    async def work(database: Database) -> ApiKey:
        async with writing(database, await choose_workspace(database, workspace)) as writer:
            return await revoke_key(writer, key_id, actor=COMMAND_LINE, now=now())

    print(f"Key {run_with_database(read_settings(), work).name!r} is revoked.")


async def _chatbot_numbers(reader: Reader, slugs: Sequence[str]) -> frozenset[int]:
    known = {each.slug: each.chatbot_id for each in await list_chatbots(reader, limit=10_000, after=None, among=None)}
    unknown = sorted(set(slugs) - known.keys())
    if unknown:
        there = ", ".join(sorted(known)) or "none yet"
        raise typer.BadParameter(f"no chatbot {', '.join(unknown)}; there are: {there}", param_hint="--chatbot")
    return frozenset(known[slug] for slug in slugs)


def _state(key: ApiKey) -> str:
    if key.revoked_at:
        return "revoked"
    return "alive" if key.lives_at(now()) else "expired"
