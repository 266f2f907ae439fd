"""The running server of the server tests, asked by an administrator."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.server.conftest import IssuedKey, admin_key, other_admin_key, server, viewer_key
from tests.serving import RunningServer

__all__ = ["admin_key", "other_admin_key", "server", "viewer_key"]

Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
async def ask(server: RunningServer, admin_key: IssuedKey) -> AsyncIterator[Ask]:
    """`await ask(document, key=..., **variables)` gives the whole response body."""
    async with httpx.AsyncClient(timeout=30) as client:

        async def asked(document: str, *, key: IssuedKey = admin_key, **variables: Any) -> dict[str, Any]:
            response = await client.post(
                server.graphql, json={"query": document, "variables": variables}, headers=key.headers
            )
            answer: dict[str, Any] = response.json()
            return answer

        yield asked
