"""A server process of its own with an embedded Postgres of its own, in a folder that goes away afterwards."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from domain.accounts import COMMAND_LINE, ROLES, NewKey, Role
from persistence.embedded import use_embedded
from persistence.engine import Database, open_database
from persistence.keys import create_key
from persistence.tenancy import writing
from persistence.workspaces import NewWorkspace, create_workspace

CHECKOUT = Path(__file__).resolve().parent.parent
START_SECONDS = 90.0


@dataclass
class Stage:
    """`start`, `kill` and `restart` are of the server; its Postgres is the one in `folder`."""

    folder: Path
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        settings = {
            "PARLANCE_DATA": str(self.folder / "data"),
            "PARLANCE_KEY_FILE": str(self.folder / "master.key"),
            "PARLANCE_PORT": str(self.port),
            "PARLANCE_DEMO": "off",
            "PARLANCE_LOG_LEVEL": "warning",
        }
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "server.cli", "serve"],
                cwd=CHECKOUT,
                env=os.environ | settings | self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_until_ready(self, seconds: float = START_SECONDS) -> float:
        started = time.monotonic()
        while time.monotonic() - started < seconds:
            if self.process is not None and self.process.poll() is not None:
                raise RuntimeError(f"the server ended at its start:\n{self.last_words()}")
            if self._answers():
                return time.monotonic() - started
            time.sleep(0.05)
        raise RuntimeError(f"the server was not ready within {seconds:.0f} s:\n{self.last_words()}")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:  # also what urllib raises
            return False

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """As a machine that loses its power does it, for this one process."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=20)

    def postgres_process(self) -> int:
        """Its number, as Postgres writes it down itself."""
        (pid_file,) = (self.folder / "data").glob("*/postmaster.pid")
        return int(pid_file.read_text().splitlines()[0])

    def last_words(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")[-3_000:]

    def app_url(self) -> str:
        return use_embedded(self.folder / "data").app_url

    def owner_url(self) -> str:
        return use_embedded(self.folder / "data").owner_url


@asynccontextmanager
async def open_stage(**environment: str) -> AsyncIterator[Stage]:
    folder = _make_folder()
    stage = Stage(folder, free_port(), environment)
    try:
        stage.start()
        await asyncio.to_thread(stage.wait_until_ready)
        yield stage
    finally:
        await asyncio.to_thread(stage.stop)
        shutil.rmtree(folder, ignore_errors=True)


def _make_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="parlance-stage-"))
    folder.chmod(0o755)  # the embedded Postgres of root runs as another user
    return folder


async def open_workspace(database: Database, *, name: str = "Benchmark") -> tuple[UUID, str]:
    """Its id and an admin key."""
    workspace_id, now = uuid4(), datetime.now(UTC)
    async with writing(database, workspace_id) as writer:
        await create_workspace(writer, NewWorkspace(name=name))
        scopes = ROLES[Role.ADMINISTRATOR]
        _, key = await create_key(writer, NewKey(name=name, scopes=scopes), actor=COMMAND_LINE, now=now)
    return workspace_id, key


def open_patient_database(url: str) -> Database:
    """For work that takes minutes in one statement."""
    return open_database(url, pool_size=4, statement_timeout_ms=1_800_000, acquire_timeout_s=30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
