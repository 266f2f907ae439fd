"""The command line itself: the overview, and what a mistake gets told."""

import importlib

import pytest
import typer

from server.cli import COMMANDS, Command, main


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_its_module(command: Command) -> None:
    module = importlib.import_module(command.module)
    assert isinstance(module.app, typer.Typer)


def test_the_overview_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert all(f"  {command.name} " in printed for command in COMMANDS)


def test_a_misspelt_command_is_told_with_the_near_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["setings"]) == 2
    assert "Did you mean 'settings'?" in capsys.readouterr().err


def test_a_wrong_setting_is_one_line_and_no_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PARLANCE_PORT", "abc")
    assert main(["settings"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "Error: PARLANCE_PORT: 'abc' is refused: must be a whole number from 0 to 65535"
    ]
