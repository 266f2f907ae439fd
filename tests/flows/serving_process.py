"""A server in a process of its own over a cloned database, and its API as a client sees it."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from benchmarks.stage import CHECKOUT, free_port, open_workspace
from persistence.engine import open_database

START_SECONDS = 90.0
Json = dict[str, Any]


@dataclass
class Installation:
    """`ask` and `send` go over real HTTP; errors of GraphQL fail the test."""

    url: str
    key: str
    workspace_id: UUID
    folder: Path
    database_url: str

    def graphql(self, document: str, variables: Json | None = None) -> Json:
        answer = self.post("/graphql", json={"query": document, "variables": variables or {}})
        content: Json = answer.json()
        assert "errors" not in content, content["errors"]
        data: Json = content["data"]
        return data

    def post(self, path: str, **content: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}", **content.pop("headers", {})}
        return httpx.post(f"{self.url}{path}", headers=headers, timeout=60, **content)

    def send(self, events: list[Json]) -> Json:
        answer = self.post("/v1/events", json=events)
        assert answer.status_code == 200, answer.text
        content: Json = answer.json()
        return content

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command beside the server."""
        return subprocess.run(
            [sys.executable, "-m", "server.cli", *arguments],
            cwd=CHECKOUT,
            env=environment_of(self.folder, self.database_url, port=0),
            capture_output=True,
            text=True,
            timeout=600,
        )


@contextmanager
def service_over(database_url: str) -> Iterator[Installation]:
    """A fresh workspace with an admin key, and a server for it."""
    workspace_id, key = asyncio.run(_make_workspace(database_url))
    with (
        tempfile.TemporaryDirectory(prefix="parlance-service-") as folder,
        server_over(database_url, Path(folder)) as url,
    ):
        yield Installation(url, key, workspace_id, Path(folder), database_url)


@contextmanager
def server_over(database_url: str, folder: Path) -> Iterator[str]:
    port = free_port()
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "serve"],
            cwd=CHECKOUT,
            env=environment_of(folder, database_url, port=port),
            stdout=log,
            stderr=log,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process, folder / "server.log")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def environment_of(folder: Path, database_url: str, *, port: int) -> dict[str, str]:
    return os.environ | {
        "DATABASE_URL": database_url,
        "PARLANCE_DATA": str(folder),
        "PARLANCE_KEY_FILE": str(folder / "master.key"),
        "PARLANCE_PORT": str(port),
        "PARLANCE_DEMO": "off",
    }


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/health/ready", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"the server did not become ready:\n{log.read_text()[-3000:]}")


async def _make_workspace(database_url: str) -> tuple[UUID, str]:
    database = open_database(database_url, pool_size=1, connect_timeout_s=10)
    try:
        return await open_workspace(database, name="Flows")
    finally:
        await database.close()
