"""The command as a person runs it, over HTTP and straight into the database."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import TestCluster
from tests.flows.conftest import clone
from tests.flows.serving_process import Installation, service_over

ROWS = """conversation_id,timestamp,role,text,chatbot
c-1,2026-03-02T09:00:00Z,user,hello,shop
c-1,2026-03-02T09:00:02Z,bot,good day,shop
c-2,yesterday,user,hello,shop
c-3,2026-03-02T09:00:00Z,parrot,hello,shop
"""


@pytest.fixture(scope="module")
def shop(cluster: TestCluster) -> Iterator[Installation]:
    with clone(cluster, "imports_command") as url, service_over(url) as service:
        yield service


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "chats.csv.gz"
    path.write_bytes(gzip.compress(ROWS.encode()))
    return path


def test_over_http_tells_what_was_refused_and_why(shop: Installation, file: Path, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.jsonl"
    done = shop.run("import", str(file), "--url", shop.url, "--key", shop.key, "--rejects", str(rejects))
    assert done.returncode == 1
    assert "5 lines: 2 accepted, 2 rejected" in done.stdout
    reasons = {row["line"]: row["reason"] for row in map(json.loads, rejects.read_text().splitlines())}
    assert "timestamp: Invalid isoformat string" in reasons[4]
    assert "role" in reasons[5]


def test_into_the_database_beside_the_server_is_the_same(shop: Installation, file: Path) -> None:
    """What came in over HTTP before is known."""
    shop.run("import", str(file), "--url", shop.url, "--key", shop.key)
    done = shop.run("import", str(file))
    assert done.returncode == 1
    assert "5 lines: 0 accepted, 2 duplicate, 2 rejected" in done.stdout


def test_a_wrong_key_stops_it_with_a_remedy(shop: Installation, file: Path) -> None:
    done = shop.run("import", str(file), "--url", shop.url, "--key", "parl_wrong")
    assert done.returncode == 1
    assert "answers 401" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--map", "stars"), "one of: events, star, transcript"),
        (("--url", "http://127.0.0.1:1"), "an API key with the scope"),
        (("--workspace", "nowhere"), "there is no single workspace 'nowhere'"),
    ],
    ids=["unknown mapping", "no key", "unknown workspace"],
)
def test_wrong_use_is_explained(shop: Installation, file: Path, arguments: tuple[str, ...], message: str) -> None:
    done = shop.run("import", str(file), *arguments)
    assert done.returncode != 0
    assert message in " ".join((done.stdout + done.stderr).replace("│", " ").split())
