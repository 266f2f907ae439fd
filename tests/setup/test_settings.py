"""Settings: what they are without any environment, and what a wrong one gets told."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from server.commands.settings import app, settings_page
from server.settings import (
    CHECKOUT,
    SettingsFailure,
    default_data_folder,
    default_key_file,
    read_settings,
    unknown_variables,
)


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("PARLANCE_") or name == "DATABASE_URL":
            monkeypatch.delenv(name)


def test_needs_no_setting_at_all() -> None:
    settings = read_settings()
    assert (settings.host, settings.port, settings.demo) == ("127.0.0.1", 8000, True)
    assert settings.uses_embedded_postgres


def test_the_key_lies_outside_the_data_folder() -> None:
    assert not default_key_file().is_relative_to(default_data_folder())


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("PARLANCE_PORT", "abc", "'abc' is refused: must be a whole number from 0 to 65535"),
        ("PARLANCE_PORT", "70000", "'70000' is refused: must be a whole number from 0 to 65535"),
        ("PARLANCE_DEMO", "perhaps", "'perhaps' is refused: must be on or off"),
        ("PARLANCE_LOG_LEVEL", "loud", "'loud' is refused: must be 'debug', 'info', 'warning' or 'error'"),
        ("PARLANCE_CORS_ORIGINS", "https://a.example,b", "'b' is not an origin such as https://chat.example.org"),
        ("PARLANCE_GEOIP_DATABASE", "/nowhere.mmdb", "there is no such file"),
        ("PARLANCE_PUBLIC_URL", "parlance", "must be an address such as https://parlance.example.org"),
        ("DATABASE_URL", "mysql://me:secret@host/db", "must begin with postgresql://"),
    ],
)
def test_a_wrong_value_gets_one_readable_line(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsFailure) as caught:
        read_settings()
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{variable}: ")
    assert line.endswith(told)
    assert "secret" not in line


def test_all_wrong_values_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLANCE_PORT", "abc")
    monkeypatch.setenv("PARLANCE_POOL_SIZE", "0")
    with pytest.raises(SettingsFailure) as caught:
        read_settings()
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        "PARLANCE_PORT",
        "PARLANCE_POOL_SIZE",
    ]


def test_a_misspelt_setting_is_told_with_the_near_name() -> None:
    assert unknown_variables({"PARLANCE_PROT": "1", "PATH": "/bin"}) == [
        "PARLANCE_PROT is no setting of Parlance; did you mean PARLANCE_PORT?"
    ]


def test_lists_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLANCE_CORS_ORIGINS", "https://a.example, https://b.example")
    assert read_settings().cors_origins == ("https://a.example", "https://b.example")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_database_addresses_come_in_three_spellings(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://me@host/db")
    assert read_settings().database_url == "postgresql://me@host/db"


def test_an_empty_home_still_has_a_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12_345)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_data_folder() == tmp_path / ".local/share/parlance"
    monkeypatch.setenv("HOME", "")
    assert default_data_folder().is_absolute()


def test_the_command_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLANCE_DEMO_KEY", "very-secret")
    printed = CliRunner().invoke(app).stdout
    assert "PARLANCE_DEMO_KEY" in printed
    assert "very-secret" not in printed


def test_the_page_in_docs_is_up_to_date() -> None:
    assert (CHECKOUT / "docs" / "settings.md").read_text() == settings_page(read_settings())
