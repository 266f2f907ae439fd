"""The database writes while the rest is folded: whatever ends that early leaves nothing behind, and nothing waits."""

import asyncio
from typing import Any
from unittest.mock import patch
from uuid import UUID

import asyncpg
import pytest

from persistence.engine import Database
from persistence.ingest.arrivals import ACCEPTED, CONFLICT
from persistence.ingest.staging import Staging
from tests.build import a_bot_message, a_user_message, an_identity
from tests.domain.comparison import FIGURES, recounted
from tests.ingest.sending import send
from tests.ingest.state import Stored
from tests.naive.recount import recount

AS_OF_MS = 1_780_000_000_000


def a_history(sessions: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number in range(sessions):
        place = {"sessionId": f"s-{number}", "visitorId": f"v-{number % 7}"}
        cost = {"amount": f"0.00{number % 10}", "currency": "EUR"}
        found += [
            a_user_message(minutes=number, **place),
            a_bot_message(minutes=number + 0.5, answer={"confidence": 0.5, "cost": cost}, **place),
        ]
    return found


@pytest.mark.parametrize("at_a_time", [1, 7, 1_000])
async def test_parts_end_as_one(database: Database, workspace_id: UUID, stored: Stored, at_a_time: int) -> None:
    history = a_history(120)
    with patch.object(Staging, "rows_at_a_time", at_a_time), patch.object(Staging, "look_every_s", 0.0):
        results = await send(database, workspace_id, history)
    assert {result.status for result in results} == {ACCEPTED}
    assert await stored.sessions(AS_OF_MS, FIGURES) == recounted(recount(history), AS_OF_MS)


async def test_a_client_that_gives_up_leaves_all_or_nothing(
    database: Database, workspace_id: UUID, stored: Stored
) -> None:
    history = a_history(300)
    with patch.object(Staging, "rows_at_a_time", 50):
        for wait in range(12):
            sending = asyncio.create_task(send(database, workspace_id, history))
            await asyncio.sleep(wait * 0.02)
            sending.cancel()
            await asyncio.wait([sending])
            rows = await stored.rows("select count(*) from message where workspace_id = $1")
            assert rows[0][0] in (0, len(history))
    await send(database, workspace_id, history)
    assert await stored.sessions(AS_OF_MS, FIGURES) == recounted(recount(history), AS_OF_MS)


async def test_what_the_database_refuses_early_is_told_and_nothing_is_kept(
    database: Database, workspace_id: UUID, stored: Stored
) -> None:
    """A part fails while the rest is still folded."""
    ran: list[str] = []
    execute = asyncpg.Connection.execute

    async def failing(connection: Any, statement: str, *values: Any, **named: Any) -> str:
        if statement.startswith("insert into message"):
            ran.append(statement)
            if len(ran) == 2:
                raise asyncpg.DataError("as if the disk were odd")
        return await execute(connection, statement, *values, **named)

    with (
        patch.object(Staging, "rows_at_a_time", 20),
        patch.object(asyncpg.Connection, "execute", failing),
        pytest.raises(asyncpg.DataError),
    ):
        await send(database, workspace_id, a_history(200))
    assert len(ran) == 2
    rows = await stored.rows("select count(*) from message where workspace_id = $1")
    assert rows[0][0] == 0
    assert {result.status for result in await send(database, workspace_id, a_history(200))} == {ACCEPTED}


async def test_a_name_that_is_taken_is_found_in_the_second_attempt(
    database: Database, workspace_id: UUID, stored: Stored
) -> None:
    """A message named by its event's id, and another one that calls itself so."""
    first = a_user_message(eventId=str(an_identity(7)))
    await send(database, workspace_id, [first])
    again = a_user_message(messageId=str(an_identity(7)), minutes=5)
    with patch.object(Staging, "rows_at_a_time", 10):
        results = await send(database, workspace_id, [*a_history(40), again])
    assert [result.status for result in results] == [ACCEPTED] * 80 + [CONFLICT]
    expected = recounted(recount([first, *a_history(40)]), AS_OF_MS)
    assert await stored.sessions(AS_OF_MS, FIGURES) == expected
