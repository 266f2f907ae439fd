"""The whole server as an operator starts it: one process, its own Postgres, and an orderly end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.setup.processes import postgres_of

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PARLANCE_", "DATABASE_"))}
    return {
        **kept,
        "PYTHONPATH": str(CHECKOUT),
        "PARLANCE_DATA": str(folder / "data"),
        "PARLANCE_KEY_FILE": str(folder / "master.key"),
        "PARLANCE_PORT": "0",
        "PARLANCE_DEMO": "off",
    }


@contextmanager
def server(environment: dict[str, str]) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """The process and the address that it printed."""
    command = [sys.executable, "-m", "server.cli"]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=CHECKOUT
    )
    try:
        assert process.stdout is not None
        printed = next((line for line in process.stdout if line.strip().startswith("Health")), "")
        yield process, printed.split()[-1].removesuffix("/health/ready")
    finally:
        process.kill()
        process.communicate(timeout=10)


def command(environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "server.cli", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_starts_answers_and_stops_with_nothing_left_behind(
    environment: dict[str, str], folder: Path, number: signal.Signals
) -> None:
    with server(environment) as (process, address):
        assert httpx.get(f"{address}/health/ready", timeout=10).status_code == 200
        started = time.monotonic()
        process.send_signal(number)
        assert process.wait(15) == 0
        assert time.monotonic() - started < 10
    assert postgres_of(folder) == []


def test_commands_use_the_database_of_the_running_server(environment: dict[str, str]) -> None:
    with server(environment) as (_, address):
        made = command(environment, "workspace", "create", "North")
        key = made.stdout.split()[-1]
        answer = httpx.post(
            f"{address}/graphql",
            json={"query": "{ __typename }"},
            headers={"Authorization": f"Bearer {key}"},
            timeout=10,
        )
    assert answer.json()["data"] == {"__typename": "Query"}


def test_a_killed_server_can_be_started_again_at_once(environment: dict[str, str]) -> None:
    with server(environment) as (first, _):
        first.kill()
        with server(environment) as (_, address):
            assert httpx.get(f"{address}/health/ready", timeout=10).status_code == 200


def test_a_port_in_use_is_told_with_its_remedy(environment: dict[str, str]) -> None:
    with server(environment) as (_, address):
        port = address.rsplit(":", 1)[1]
        second = command({**environment, "PARLANCE_PORT": port, "PARLANCE_DATA": environment["PARLANCE_DATA"] + "2"})
    assert second.returncode == 1
    assert f"port {port}: Address already in use" in second.stderr
    assert "Remedy: stop what listens there" in second.stderr
