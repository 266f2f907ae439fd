"""Chatbots of a workspace: listed, found, made, changed."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from domain.chatbot_settings import SettingEntry
from domain.problems import Conflict, NotFound, Refused
from domain.vocabulary import ChatbotType, Report
from domain.workspaces import Chatbot
from persistence.chatbot_settings import set_entry
from persistence.tables.workspaces import ChatbotRow
from persistence.tenancy import Reader, Writer
from persistence.workspaces import Counter, take_numbers


async def list_chatbots(
    reader: Reader, *, limit: int, after: int | None, among: Collection[int] | None
) -> Sequence[Chatbot]:
    """In order of their number; `among` = the chatbots that the viewer may see, None = all."""
    statement = (
        select(ChatbotRow.__table__)
        .where(ChatbotRow.workspace_id == reader.workspace_id)
        .order_by(ChatbotRow.chatbot_id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(ChatbotRow.chatbot_id > after)
    if among is not None:
        statement = statement.where(ChatbotRow.chatbot_id.in_(among))
    return [_chatbot(row) for row in await reader.connection.execute(statement)]


async def chatbots_by_ids(reader: Reader, chatbot_ids: Collection[int]) -> dict[int, Chatbot]:
    statement = select(ChatbotRow.__table__).where(
        ChatbotRow.workspace_id == reader.workspace_id, ChatbotRow.chatbot_id.in_(chatbot_ids)
    )
    return {row.chatbot_id: _chatbot(row) for row in await reader.connection.execute(statement)}


async def create_chatbot(
    writer: Writer,
    *,
    slug: str,
    name: str,
    chatbot_type: ChatbotType,
    reports: Collection[Report],
    now: datetime,
) -> Chatbot:
    """Raises `Refused(Conflict)` when the slug is taken."""
    taken = await writer.connection.scalar(
        select(ChatbotRow.chatbot_id).where(ChatbotRow.workspace_id == writer.workspace_id, ChatbotRow.slug == slug)
    )
    if taken is not None:
        raise Refused(Conflict(message=f"There is already a chatbot {slug!r}.", path=("input", "slug")))
    (chatbot_id,) = await take_numbers(writer, Counter.CHATBOT, 1)
    chatbot = Chatbot(
        chatbot_id=chatbot_id,
        slug=slug,
        name=name,
        chatbot_type=chatbot_type,
        enabled=True,
        declared_reports=frozenset(reports),
        observed_reports=frozenset(),
        version=1,
        created_at=now,
        updated_at=now,
    )
    await writer.connection.execute(insert(ChatbotRow).values(workspace_id=writer.workspace_id, **_columns(chatbot)))
    await set_entry(writer, chatbot_id, SettingEntry(effective_from_ms=0), now=now)
    return chatbot


async def update_chatbot(
    writer: Writer, chatbot_id: int, *, expected_version: int | None, changes: dict[str, Any], now: datetime
) -> Chatbot:
    """`changes` by column. With `expected_version`, refused when somebody else changed the chatbot first."""
    statement = (
        update(ChatbotRow)
        .where(ChatbotRow.workspace_id == writer.workspace_id, ChatbotRow.chatbot_id == chatbot_id)
        .values(**changes, version=ChatbotRow.version + 1, updated_at=now)
        .returning(ChatbotRow.__table__)
    )
    if expected_version is not None:
        statement = statement.where(ChatbotRow.version == expected_version)
    row = (await writer.connection.execute(statement)).one_or_none()
    if row is not None:
        return _chatbot(row)
    if expected_version is not None and await chatbots_by_ids(writer, [chatbot_id]):
        raise Refused(
            Conflict(message="Somebody changed the chatbot first; read it again.", path=("input", "version"))
        )
    raise Refused(NotFound.of("chatbot", path=("input", "id")))


def _columns(chatbot: Chatbot) -> dict[str, Any]:
    return {
        "chatbot_id": chatbot.chatbot_id,
        "slug": chatbot.slug,
        "name": chatbot.name,
        "chatbot_type": chatbot.chatbot_type,
        "enabled": chatbot.enabled,
        "declared_reports": sorted(chatbot.declared_reports),
        "observed_reports": sorted(chatbot.observed_reports),
        "version": chatbot.version,
        "created_at": chatbot.created_at,
        "updated_at": chatbot.updated_at,
    }


def _chatbot(row: Row[Any]) -> Chatbot:
    return Chatbot(
        chatbot_id=row.chatbot_id,
        slug=row.slug,
        name=row.name,
        chatbot_type=ChatbotType(row.chatbot_type),
        enabled=row.enabled,
        declared_reports=frozenset(Report(code) for code in row.declared_reports),
        observed_reports=frozenset(Report(code) for code in row.observed_reports),
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
