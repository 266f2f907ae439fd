"""A superuser's connection to look behind the policies, and what it reads in plain values."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.ingest.state import Stored


@pytest.fixture
async def stored(admin_url: str, workspace_id: UUID) -> AsyncIterator[Stored]:
    connection: asyncpg.Connection[Any] = await asyncpg.connect(admin_url)
    yield Stored(connection, workspace_id)
    await connection.close()
