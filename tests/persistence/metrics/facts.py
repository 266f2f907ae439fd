"""Facts put straight into the tables, as ingest leaves them: every column that a test does not name is dull."""

import itertools
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import insert

from domain.facts import MessageRecord, SessionFact
from domain.vocabulary import Basis, ChatbotType, LabelKind, Report, Role
from persistence.engine import Database
from persistence.labels import codes_of
from persistence.partitions import ensure_months
from persistence.tables.base import Row
from persistence.tables.messages import MessageRow
from persistence.tables.sessions import SessionRow
from persistence.tables.visitors import VisitorChatbotRow, VisitorRow
from persistence.tables.workspaces import ChatbotRow
from persistence.tenancy import writing
from tests.build import NOON, milliseconds, month_of

NOON_MS = milliseconds(NOON)
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
MONTH = month_of(NOON)
"""All facts of these tests lie in one partition; which one says nothing about their time."""

_numbers = itertools.count(1)

ALL_REPORTS = tuple(Report)


def a_session(**given: Any) -> dict[str, Any]:
    """A closed session of one engaged person with one good answer, at noon."""
    number = next(_numbers)
    started = given.pop("started_at_ms", NOON_MS)
    fact = SessionFact(
        session_id=number,
        chatbot_id=1,
        session_ref=f"s-{number}",
        opened=True,
        started_at_ms=started,
        last_activity_at_ms=started + 4 * MINUTE_MS,
        idle_timeout_ms=30 * MINUTE_MS,
        outcome_basis=Basis.ANSWERED,
        chatbot_type=ChatbotType.TEXT,
        user_messages=1,
        bot_messages=1,
        answers=1,
        open_runs=[],
    )
    return {**msgspec.structs.asdict(fact), **given}


def a_message(session: Mapping[str, Any], **given: Any) -> dict[str, Any]:
    """An answer of the session, a minute after its start."""
    identity = str(uuid4())
    record = MessageRecord(
        event_id=identity,
        message_id=identity,
        chatbot_id=session["chatbot_id"],
        session_id=session["session_id"],
        occurred_at_ms=session["started_at_ms"] + MINUTE_MS,
        received_at_ms=session["started_at_ms"] + MINUTE_MS,
        role=Role.BOT,
        is_answer=True,
    )
    return {**msgspec.structs.asdict(record), **given}


class Facts:
    """One workspace to put facts into."""

    def __init__(self, database: Database, workspace_id: UUID) -> None:
        self.database = database
        self.workspace_id = workspace_id

    async def put(self, kind: type[Row], rows: Iterable[Mapping[str, Any]]) -> None:
        """Rows of any table, in order of arrival."""
        monthly = "month" in kind.__table__.c
        identity = {"workspace_id": self.workspace_id, **({"month": MONTH} if monthly else {})}
        given = [{**identity, **row} for row in rows]
        await ensure_months(self.database, [MONTH])
        async with writing(self.database, self.workspace_id) as writer:
            for start in range(0, len(given), 300):
                await writer.connection.execute(insert(kind), given[start : start + 300])

    async def sessions(self, *rows: Mapping[str, Any]) -> None:
        await self.put(SessionRow, rows)

    async def messages(self, *rows: Mapping[str, Any]) -> None:
        await self.put(MessageRow, rows)

    async def visitors(self, first_seen: Mapping[int, int]) -> None:
        await self.put(
            VisitorRow,
            [
                {"visitor_id": number, "key": f"v-{number}", "first_seen_at_ms": seen}
                for number, seen in first_seen.items()
            ],
        )

    async def visitors_of_chatbot(self, first_seen: Mapping[tuple[int, int], int]) -> None:
        """By visitor and chatbot."""
        rows = [
            {"visitor_id": visitor, "chatbot_id": chatbot, "first_seen_at_ms": seen}
            for (visitor, chatbot), seen in first_seen.items()
        ]
        await self.put(VisitorChatbotRow, rows)

    async def chatbot(self, number: int = 1, *, reports: Iterable[Report] = ALL_REPORTS) -> None:
        row = {
            "chatbot_id": number,
            "slug": f"bot-{number}",
            "name": f"Bot {number}",
            "chatbot_type": ChatbotType.TEXT,
            "enabled": True,
            "declared_reports": [int(report) for report in reports],
            "observed_reports": [],
            "version": 1,
            "created_at": NOON,
            "updated_at": NOON,
        }
        await self.put(ChatbotRow, [row])

    async def labels(self, kind: LabelKind, *texts: str) -> dict[str, int]:
        async with writing(self.database, self.workspace_id) as writer:
            found = await codes_of(writer, {kind: set(texts)})
        return {text: found[(kind, text)] for text in texts}
