"""Facts that were stored before a migration get its columns as if they had been derived with them."""

import random
from importlib.resources import files
from typing import Any
from uuid import UUID

import asyncpg

from persistence.engine import Database
from tests.build import a_bot_message, a_user_message, an_event
from tests.ingest.sending import send

SCRIPT = files("migrations.scripts").joinpath("0002_questions", "02_earlier_facts.sql")
COLUMNS = {
    "message": ("event_id", "question_at_ms", "question_judged", "question_unanswered"),
    "session": ("session_id", "question_at_ms", "question_unanswered"),
    "workflow_run": ("run_id", "last_step_at_ms"),
}


def a_history(seed: int) -> list[dict[str, Any]]:
    """Bursts, several answers to one question, people in between, messages of one moment, runs without steps."""
    dice = random.Random(seed)
    events: list[dict[str, Any]] = []
    for number in range(60):
        at = {"sessionId": f"s-{dice.randrange(6)}", "minutes": dice.choice((number, number - 1)) * 0.5}
        kind = dice.choice(("user", "user", "bot", "bot", "bot", "human", "step"))
        if kind == "user":
            events.append(a_user_message(**at))
        elif kind == "human":
            events.append(an_event("message", role="HUMAN", text="I take over.", **at))
        elif kind == "step":
            step = {"workflow": "return", "runId": f"run of {at['sessionId']}", "step": dice.choice((None, "a", "b"))}
            events.append(an_event("workflow_step", state="REACHED", **step, **at))
        else:
            details = dice.choice((None, {"confidence": 0.9}, {"confidence": 0.1}, {"model": "small"}))
            events.append(a_bot_message(answer=details, proactive=dice.random() < 0.2, **at))
    return events


async def stored(connection: "asyncpg.Connection[Any]") -> dict[str, list[tuple[Any, ...]]]:
    return {
        table: [tuple(row) for row in await connection.fetch(f"select {', '.join(names)} from {table} order by 1")]
        for table, names in COLUMNS.items()
    }


async def test_earlier_facts_are_derived_alike(
    database: Database, workspace_id: UUID, admin_url: str, owner_url: str
) -> None:
    for seed in range(8):
        await send(database, workspace_id, a_history(seed))
    admin, owner = await asyncpg.connect(admin_url), await asyncpg.connect(owner_url)
    try:
        expected = await stored(admin)
        for table, names in COLUMNS.items():
            await admin.execute(f"update {table} set {', '.join(f'{name} = null' for name in names[1:])}")
        async with owner.transaction():
            await owner.execute(SCRIPT.read_text())
        found = await stored(admin)
    finally:
        await admin.close()
        await owner.close()
    assert found == expected
    assert {row[2] for row in expected["message"]} == {None, -1, 0, 1}
    assert any(row[1] for row in expected["workflow_run"])
