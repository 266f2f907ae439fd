"""Settings of chatbots over time: the row in force at a moment is the last one at or before it."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert

from domain.chatbot_settings import SettingEntry
from domain.vocabulary import Plan
from persistence.tables.workspaces import ChatbotSettingRow
from persistence.tenancy import Reader, Writer

_VALUES = (
    "idle_timeout_ms",
    "unanswered_below_ppm",
    "fallback_below_ppm",
    "fallback_version",
    "failure_phrases",
    "failure_actions",
    "uncertain_phrases",
    "uncertain_actions",
    "correction_detector",
)
_MOST_ENTRIES = 1_000


async def setting_history(reader: Reader, chatbot_ids: Collection[int]) -> dict[int, list[SettingEntry]]:
    """Oldest first, per chatbot; the newest thousand entries of them all."""
    row = ChatbotSettingRow
    statement = (
        select(row.__table__)
        .where(row.workspace_id == reader.workspace_id, row.chatbot_id.in_(chatbot_ids))
        .order_by(row.effective_from_ms.desc())
        .limit(_MOST_ENTRIES)
    )
    history: dict[int, list[SettingEntry]] = defaultdict(list)
    for found in await reader.connection.execute(statement):
        history[found.chatbot_id].insert(0, _entry(found))
    return history


async def set_entry(writer: Writer, chatbot_id: int, entry: SettingEntry, *, now: datetime) -> None:
    """From its moment on; an entry of the same moment is replaced."""
    values = {name: getattr(entry, name) for name in _VALUES} | {"plan": entry.plan}
    for name, value in values.items():
        if isinstance(value, tuple):
            values[name] = list(value)
    await writer.connection.execute(
        insert(ChatbotSettingRow)
        .values(
            workspace_id=writer.workspace_id,
            chatbot_id=chatbot_id,
            effective_from_ms=entry.effective_from_ms,
            created_at=now,
            **values,
        )
        .on_conflict_do_update(
            index_elements=[
                ChatbotSettingRow.workspace_id,
                ChatbotSettingRow.chatbot_id,
                ChatbotSettingRow.effective_from_ms,
            ],
            set_=values,
        )
    )


def _entry(row: Row[Any]) -> SettingEntry:
    values = {name: getattr(row, name) for name in _VALUES}
    for name, value in values.items():
        if isinstance(value, list):
            values[name] = tuple(value)
    return SettingEntry(
        effective_from_ms=row.effective_from_ms, plan=None if row.plan is None else Plan(row.plan), **values
    )
