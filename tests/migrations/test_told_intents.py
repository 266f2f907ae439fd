"""Intents that an answer event told before they had a column of their own."""

from importlib.resources import files
from uuid import UUID

import asyncpg

from persistence.engine import Database
from tests.build import a_bot_message, a_user_message, an_event
from tests.ingest.sending import send

SCRIPT = files("migrations.scripts").joinpath("0003_told_intent", "01_column.sql")


async def test_earlier_intents_of_answer_events_move(
    database: Database, workspace_id: UUID, admin_url: str, owner_url: str
) -> None:
    events = [
        a_user_message(intent="asked"),
        a_bot_message(messageId="m", minutes=1),
        an_event("answer", messageId="m", answer={"intent": "told"}, minutes=2),
        an_event("answer", messageId="early", answer={"intent": "told"}, minutes=3),
        a_bot_message(messageId="inline", minutes=4, intent="own", answer={"confidence": 0.9}),
    ]
    await send(database, workspace_id, events)
    admin, owner = await asyncpg.connect(admin_url), await asyncpg.connect(owner_url)
    rows = "select event_id, intent, told_intent, answer_intent from message order by 1"
    try:
        expected = await admin.fetch(rows)
        await admin.execute("update message set intent = told_intent where told_intent is not null")
        async with owner.transaction():
            await owner.execute("alter table message drop column told_intent")
            await owner.execute(SCRIPT.read_text())
        assert await admin.fetch(rows) == expected
        assert [row["told_intent"] is not None for row in expected].count(True) == 2
    finally:
        await admin.close()
        await owner.close()
