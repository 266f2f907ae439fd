"""A server that is told to stop ends what it accepted, says farewell to sockets, and is gone in time (P32)."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import websockets
from sqlalchemy import func, select
from websockets.typing import Subprotocol

from persistence.engine import Database
from persistence.tables.messages import EventKeyRow
from persistence.tenancy import reading
from tests.build import a_user_message
from tests.server.conftest import IssuedKey

CHECKOUT = Path(__file__).parents[2]
START_SECONDS = 40.0
END_SECONDS = 10.0


@contextmanager
def started(app_url: str, folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    port = free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": app_url,
        "PARLANCE_PORT": str(port),
        "PARLANCE_DATA": str(folder / "data"),
        "PARLANCE_KEY_FILE": str(folder / "master.key"),
        "PARLANCE_DEMO": "off",
    }
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "serve"], cwd=CHECKOUT, env=environment, stdout=log, stderr=log
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/health/ready")
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def wait_for(address: str) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError("the server did not start")


@pytest.mark.promise(32)
async def test_a_stopped_server_finishes_what_it_accepted(
    app_url: str, database: Database, admin_key: IssuedKey, tmp_path: Path
) -> None:
    with started(app_url, tmp_path) as (url, process):
        async with websockets.connect(
            f"{url.replace('http', 'ws')}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None
        ) as talk:
            await talk.send(json.dumps({"type": "connection_init", "payload": admin_key.headers}))
            await talk.recv()
            sent: asyncio.Queue[Sent] = asyncio.Queue()
            sending = [asyncio.create_task(keep_sending(url, admin_key, sent)) for _ in range(4)]
            async with asyncio.timeout(START_SECONDS):
                first = [await sent.get() for _ in range(8)]
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            await talk.wait_closed()
            await asyncio.gather(*sending)
            await asyncio.to_thread(process.wait, END_SECONDS)
        took = time.monotonic() - began
    assert talk.close_code == 1001
    assert (process.returncode, took < END_SECONDS) == (0, True)
    assert {one.outcome for one in first} == {"done"}
    rest = [sent.get_nowait() for _ in range(sent.qsize())]
    assert {one.outcome for one in rest} <= {"done", "refused", "cut"}
    # A connection that still waited in the kernel's queue is cut unread: of such a request nothing may be stored.
    cut = [one.event_id for one in rest if one.outcome == "cut"]
    assert await stored_among(database, admin_key.key.workspace_id, cut) == 0
    done = [one.event_id for one in (*first, *rest) if one.outcome == "done"]
    assert await stored_among(database, admin_key.key.workspace_id, done) == len(done)


@dataclass(frozen=True)
class Sent:
    outcome: str  # done, refused, cut, or another status
    event_id: str


async def stored_among(database: Database, workspace_id: UUID, event_ids: list[str]) -> int:
    statement = select(func.count()).where(
        EventKeyRow.workspace_id == workspace_id, EventKeyRow.event_id.in_([UUID(one) for one in event_ids])
    )
    async with reading(database, workspace_id) as reader:
        return (await reader.connection.execute(statement)).scalar_one()


async def keep_sending(url: str, key: IssuedKey, sent: "asyncio.Queue[Sent]") -> None:
    """Each request on a connection of its own, until no more are taken: answered, or never accepted."""
    outcome = ""
    while outcome not in ("refused", "cut"):
        event: dict[str, Any] = a_user_message()
        outcome = await send_once(url, key, event)
        sent.put_nowait(Sent(outcome, event["eventId"]))


async def send_once(url: str, key: IssuedKey, event: dict[str, Any]) -> str:
    async with httpx.AsyncClient(timeout=10) as client:
        try:
            response = await client.post(f"{url}/v1/events", json=[event], headers=key.headers)
        except httpx.ConnectError:
            return "refused"
        except httpx.TransportError:
            return "cut"
    return "done" if response.status_code == 200 else str(response.status_code)
