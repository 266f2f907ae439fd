"""Are the copied facts what the fold makes of the copied rows? Asked of a random sample of sessions."""

from collections import defaultdict
from random import Random
from uuid import UUID

from msgspec.structs import asdict

from domain.chatbots import ChatbotSettings
from domain.facts import Record, SessionFact
from domain.sessions import derive_session
from persistence.engine import Database
from persistence.ingest.rows import fact_of, read_records
from persistence.ingest.staging import Staging
from persistence.ingest.tables import FACT_SELECTION
from persistence.tenancy import Writer, writing

SAMPLE = 500


async def compare_with_fold(database: Database, workspace_id: UUID) -> tuple[int, list[str]]:
    """How many sessions were looked at, and what differs."""
    async with writing(database, workspace_id) as writer:
        facts = await _read_facts(writer)
        months = {fact.session_id: month for fact, month in facts}
        records: dict[int | None, list[Record]] = defaultdict(list)
        for stored in await read_records(Staging(writer), months):
            records[stored.session_id].append(stored.record)
    different = [line for fact, _ in facts for line in _differences(fact, records[fact.session_id])]
    return len(facts), different


async def _read_facts(writer: Writer) -> list[tuple[SessionFact, int]]:
    last = await writer.driver.fetchval("select max(session_id) from session_key")
    wanted = Random(1).sample(range(1, last + 1), k=min(SAMPLE, last))
    rows = await writer.driver.fetch(
        f"select {FACT_SELECTION}, s.month from session s where s.session_id = any($1)", wanted
    )
    return [(fact_of(row), row["month"]) for row in rows]


def _differences(fact: SessionFact, records: list[Record]) -> list[str]:
    """The chatbots of the loaded world have the usual settings; costs fall on days of UTC."""
    settings = ChatbotSettings(chatbot_type=fact.chatbot_type)
    delta = derive_session(fact, records, settings)
    stored, derived = asdict(fact), asdict(delta.fact)
    lines = [
        f"session {fact.session_id}: {name} is {stored[name]!r}, the fold says {derived[name]!r}"
        for name in stored
        if stored[name] != derived[name]
    ]
    return lines + [f"session {fact.session_id}: {len(delta.changed)} rows differ"] * bool(delta.changed)
