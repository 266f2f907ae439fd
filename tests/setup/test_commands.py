"""The commands beside the server, on a real database."""

import asyncio
import os
import re
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
import typer
from typer.testing import CliRunner, Result

from server.commands import doctor, keys, migrate, workspaces
from server.settings import unknown_names


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, app_url: str, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", app_url)
    monkeypatch.setenv("PARLANCE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PARLANCE_KEY_FILE", str(tmp_path / "master.key"))
    monkeypatch.setenv("COLUMNS", "250")


def call(app: typer.Typer, *arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def make_workspace(name: str, *options: str) -> UUID:
    printed = call(workspaces.app, "create", name, *options).stdout
    found = re.search(r"has the id ([0-9a-f-]{36})", printed)
    assert found, printed
    return UUID(found[1])


def test_a_new_workspace_comes_with_an_admin_key_and_is_listed() -> None:
    made = call(workspaces.app, "create", "North", "--time-zone", "Europe/Berlin", "--currency", "eur")
    assert re.search(r"shown this once: parl_\S{22}_\S{43}", made.stdout)
    row = next(line for line in call(workspaces.app, "list").stdout.splitlines() if "North" in line)
    assert row.split()[1:4] == ["North", "Europe/Berlin", "EUR"]


def test_a_workspace_is_changed_where_asked_and_nowhere_else() -> None:
    make_workspace("North", "--billing-day", "7")
    assert call(workspaces.app, "set", "North", "--name", "South").exit_code == 0
    row = next(line for line in call(workspaces.app, "list").stdout.splitlines() if "South" in line)
    assert row.split()[-1] == "7"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["create", "North", "--time-zone", "Mars"], "IANA name"),
        (["create", "North", "--currency", "Euro"], "three letters"),
        (["create", "North", "--billing-day", "31"], "less than or equal to 28"),
        (["set", "North"], "at least one of the options"),
    ],
    ids=["zone", "currency", "billing day", "nothing"],
)
def test_a_wrong_choice_names_the_option_and_what_is_allowed(arguments: list[str], told: str) -> None:
    result = call(workspaces.app, *arguments)
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_key_is_shown_once_and_kept_as_a_hash(admin_url: str) -> None:
    make_workspace("North")
    printed = call(keys.app, "create", "For tests", "--role", "viewer").stdout
    text = printed.splitlines()[0]
    listed = call(keys.app, "list").stdout
    assert "For tests" in listed
    assert text not in listed
    assert asyncio.run(_kept_anywhere(admin_url, text)) == 0


def test_a_revoked_key_is_listed_as_such() -> None:
    make_workspace("North")
    call(keys.app, "create", "Old", "--scope", "metrics:read")
    row = next(line for line in call(keys.app, "list").stdout.splitlines() if "Old" in line)
    assert "alive" in row
    assert call(keys.app, "revoke", row.split()[0]).exit_code == 0
    row = next(line for line in call(keys.app, "list").stdout.splitlines() if "Old" in line)
    assert "revoked" in row


def test_a_key_needs_a_role_or_a_scope() -> None:
    make_workspace("North")
    result = call(keys.app, "create", "Nothing")
    assert result.exit_code == 2
    assert "viewer, analyst, agent" in result.stderr


def test_with_two_workspaces_one_has_to_be_named() -> None:
    first = make_workspace("North")
    make_workspace("South")
    result = call(keys.app, "list")
    assert str(first) in getattr(result.exception, "remedy", "")
    assert call(keys.app, "list", "--workspace", "South").exit_code == 0


def test_migrate_twice_says_up_to_date(monkeypatch: pytest.MonkeyPatch, owner_url: str) -> None:
    monkeypatch.setenv("PARLANCE_MIGRATE_URL", owner_url)
    assert "tables: up to date" in call(migrate.app).stdout


def test_the_doctor_finds_nothing_on_a_sound_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "index.html").touch()
    monkeypatch.setenv("PARLANCE_WEB_FOLDER", str(tmp_path))
    for name in unknown_names(os.environ):
        monkeypatch.delenv(name)  # of whoever runs the tests
    result = call(doctor.app)
    assert result.stdout.count("PROBLEM") == 0
    assert result.exit_code == 0


def test_the_doctor_names_what_is_wrong_and_the_remedy(monkeypatch: pytest.MonkeyPatch, owner_url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", owner_url)  # the owner of the tables stands above their policies
    result = call(doctor.app)
    assert result.exit_code == 1
    assert "PROBLEM  Row-Level Security" in result.stdout
    assert "Remedy: let DATABASE_URL name the role that owns nothing" in result.stdout


def test_the_doctor_tells_of_a_database_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/none")
    monkeypatch.setattr(doctor, "PATIENCE_SECONDS", 0.1)
    result = call(doctor.app)
    assert "the database does not answer" in result.stdout
    assert "secret" not in result.stdout


async def _kept_anywhere(url: str, text: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval("select count(*) from api_key k where k::text like $1", f"%{text[-20:]}%")
    finally:
        await connection.close()
