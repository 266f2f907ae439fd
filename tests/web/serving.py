"""A Parlance server of its own for the browser tests, with one lively and one empty workspace."""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx

from domain.accounts import COMMAND_LINE, ROLES, NewKey, Role, Scope
from persistence.engine import open_database
from persistence.keys import create_key
from persistence.tenancy import writing
from persistence.workspaces import create_workspace
from tests.build import a_bot_message, a_user_message, a_workspace, an_event

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
ResultT = TypeVar("ResultT")
ZONE = "Europe/Berlin"


@dataclass(frozen=True)
class Serving:
    """Where the server listens, and the keys to it: of all rights, of no figures, and of an empty workspace."""

    address: str
    key: str
    writing_key: str
    empty_key: str

    def ask(self, document: str, *, key: str | None = None, **variables: Any) -> dict[str, Any]:
        response = httpx.post(
            f"{self.address}/graphql",
            json={"query": document, "variables": variables},
            headers={"Authorization": f"Bearer {key or self.key}"},
            timeout=20,
        )
        answer: dict[str, Any] = response.json()
        assert "errors" not in answer, answer["errors"]
        return dict(answer["data"])

    def send(self, events: list[dict[str, Any]], *, key: str | None = None) -> None:
        response = httpx.post(
            f"{self.address}/v1/events",
            json=events,
            headers={"Authorization": f"Bearer {key or self.key}"},
            timeout=20,
        )
        assert response.status_code == 200, response.text


@contextmanager
def serving(app_url: str, owner_url: str, folder: Path) -> Iterator[Serving]:
    key, writing_key, empty_key = apart(lambda: asyncio.run(_make_workspaces(app_url)))
    with _running(app_url, owner_url, folder) as address:
        served = Serving(address, key, writing_key, empty_key)
        served.send(conversations(datetime.now(UTC)))
        yield served


def apart(act: Callable[..., ResultT], *arguments: Any) -> ResultT:
    """In a thread of its own: the browser's event loop occupies this one, and `asyncio.run` wants none."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(act, *arguments).result(timeout=START_SECONDS)


async def _make_workspaces(app_url: str) -> tuple[str, str, str]:
    database = open_database(app_url, pool_size=2, acquire_timeout_s=10, connect_timeout_s=10)
    try:
        now = datetime.now(UTC)
        texts = []
        for name, bundles in (("Harbour Lights", ("all", "write")), ("Quiet Bay", ("all",))):
            async with writing(database, uuid4()) as writer:
                await create_workspace(writer, a_workspace(name=name, time_zone=ZONE))
                for bundle in bundles:
                    scopes = ROLES[Role.ADMINISTRATOR] if bundle == "all" else frozenset({Scope.EVENTS_WRITE})
                    _, text = await create_key(
                        writer, NewKey(name=bundle, scopes=scopes), actor=COMMAND_LINE, now=now
                    )
                    texts.append(text)
    finally:
        await database.close()
    return texts[0], texts[1], texts[2]


@contextmanager
def _running(app_url: str, owner_url: str, folder: Path) -> Iterator[str]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PARLANCE_")},
        "DATABASE_URL": app_url,
        "PARLANCE_MIGRATE_URL": owner_url,
        "PARLANCE_PORT": "0",
        "PARLANCE_DEMO": "off",
        "PARLANCE_DATA": str(folder),
        "PARLANCE_KEY_FILE": str(folder / "master.key"),
    }
    log = folder / "server.log"
    with log.open("wb") as told:
        command = [sys.executable, "-m", "server.cli", "serve"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=told, stderr=subprocess.STDOUT)
    try:
        yield _address_of(log, process)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def _address_of(log: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"(http://[\w.:\[\]]+)/graphql\b", log.read_text()):
            return found[1]
        time.sleep(0.1)
    raise AssertionError("the server did not start:\n" + log.read_text())


def conversations(now: datetime) -> list[dict[str, Any]]:
    """Four ended sessions of three visitors two hours ago, and one that goes on: 5 sessions, 18 messages."""
    events: list[dict[str, Any]] = []
    for number, visitor in enumerate(("ada", "ben", "cleo", "ada")):
        start = now - timedelta(hours=2, minutes=10 * number)
        events += _turns(f"past-{number}", visitor, start, replies=(1.0, 3.0))
        events.append(
            _at(start, 64, an_event("session_ended", sessionId=f"past-{number}", visitorId=visitor, actor="USER"))
        )
    return events + _turns("current", "dora", now - timedelta(seconds=30), replies=(2.0,))


def _turns(session: str, visitor: str, start: datetime, *, replies: tuple[float, ...]) -> list[dict[str, Any]]:
    named = {"sessionId": session, "visitorId": visitor}
    turns: list[dict[str, Any]] = []
    for number, waited in enumerate(replies):
        asked = 15 * number
        turns.append(_at(start, asked, a_user_message(**named)))
        turns.append(_at(start, asked + waited, a_bot_message(**named)))
    return turns


def _at(start: datetime, seconds: float, event: dict[str, Any]) -> dict[str, Any]:
    moment = start + timedelta(seconds=seconds)
    return {**event, "occurredAt": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
