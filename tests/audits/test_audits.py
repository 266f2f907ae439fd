"""Programs that we did not write judge the API: the audits of graphql-http, graphql-ws, urql, Apollo, graphql-sse.

They need Node and `npm ci --prefix tests/audits`, and are skipped in words without.
"""

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from persistence.engine import Database
from tests.server.conftest import IssuedKey, issue_key
from tests.serving import RunningServer

FOLDER = Path(__file__).parent
SECONDS = 90

pytestmark = pytest.mark.slow


@pytest.fixture
def node() -> str:
    program = shutil.which("node")
    if program is None:
        pytest.skip("needs node")
    if not (FOLDER / "node_modules").is_dir():
        pytest.skip("needs `npm ci --prefix tests/audits`")
    return program


async def checks_of(node: str, script: str, server: RunningServer, key: IssuedKey, other: IssuedKey) -> list[Any]:
    process = await asyncio.create_subprocess_exec(
        node,
        str(FOLDER / script),
        env={**os.environ, "AUDIT_URL": server.graphql, "AUDIT_KEY": key.text, "AUDIT_OTHER_KEY": other.text},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS):
            written, complaints = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, complaints.decode()
    return [json.loads(line) for line in written.splitlines()]


@pytest.mark.promise(11)
@pytest.mark.promise(12)
@pytest.mark.parametrize(
    ("script", "checks"),
    [("http.mjs", 61), ("sockets.mjs", 17), ("clients.mjs", 22)],
    ids=["http", "sockets", "clients"],
)
async def test_every_check_passes(
    node: str,
    script: str,
    checks: int,
    odd_server: RunningServer,
    database: Database,
    admin_key: IssuedKey,
    workspace_id: Any,
) -> None:
    other = await issue_key(database, workspace_id)
    results = await checks_of(node, script, odd_server, admin_key, other)
    assert [result for result in results if not result["ok"]] == []
    assert len(results) == checks
