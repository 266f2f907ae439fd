"""A data folder that the embedded Postgres may use, also when root runs the tests."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own: that one is closed to other users, and Postgres under root is another user."""
    path = Path(tempfile.mkdtemp(prefix="parlance-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)
