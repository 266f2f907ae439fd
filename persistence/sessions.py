"""Sessions and their messages: pages by keyset, details by id."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, Select, select, tuple_

from domain.conversations import SESSION_LABELS, CorrectionSource, MessageView, SessionView
from domain.facts import SessionFact
from domain.vocabulary import AnswerSource, LabelKind, Role, Source
from persistence.labels import label_texts
from persistence.tables.messages import MessageRow
from persistence.tables.sessions import SessionCostRow, SessionRow
from persistence.tables.visitors import VisitorRow
from persistence.tenancy import Reader
from persistence.traits import traits_of

_FACT_FIELDS = tuple(field.name for field in msgspec.structs.fields(SessionFact))
_TEXT_FACTS = {"last_event_id", "last_answer_id"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFilter:
    """`among`: chatbots that may be seen, None = all. Times in milliseconds, half-open."""

    among: Collection[int] | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    engaged_only: bool = False
    live_only: bool = True


async def list_sessions(
    reader: Reader, wanted: SessionFilter, *, limit: int, after: tuple[int, int] | None
) -> Sequence[SessionView]:
    """Newest first, by (start, number)."""
    statement = _sessions(reader).order_by(SessionRow.started_at_ms.desc(), SessionRow.session_id.desc()).limit(limit)
    if after is not None:
        statement = statement.where(tuple_(SessionRow.started_at_ms, SessionRow.session_id) < tuple_(*after))
    if wanted.among is not None:
        statement = statement.where(SessionRow.chatbot_id.in_(wanted.among))
    if wanted.from_ms is not None:
        statement = statement.where(SessionRow.started_at_ms >= wanted.from_ms)
    if wanted.to_ms is not None:
        statement = statement.where(SessionRow.started_at_ms < wanted.to_ms)
    if wanted.engaged_only:
        statement = statement.where(SessionRow.user_messages > 0)
    if wanted.live_only:
        statement = statement.where(SessionRow.source == Source.LIVE, SessionRow.is_bot.is_(False))
    return await _views(reader, (await reader.connection.execute(statement)).all(), among=wanted.among)


async def find_session(reader: Reader, session_id: int, *, among: Collection[int] | None) -> SessionView | None:
    """A merged session answers as the one it was merged into."""
    statement = select(SessionRow.merged_into).where(
        SessionRow.workspace_id == reader.workspace_id, SessionRow.session_id == session_id
    )
    survivor = await reader.connection.scalar(statement)
    wanted = _sessions(reader).where(SessionRow.session_id == (survivor or session_id))
    if among is not None:
        wanted = wanted.where(SessionRow.chatbot_id.in_(among))
    views = await _views(reader, (await reader.connection.execute(wanted)).all(), among=among)
    return views[0] if views else None


async def sessions_by_ids(
    reader: Reader, session_ids: Collection[int], *, among: Collection[int] | None
) -> dict[int, SessionView]:
    """For numbers that were found among those that may be seen; `among` cuts what is told of their visitors."""
    if not session_ids:
        return {}
    statement = _sessions(reader).where(SessionRow.session_id.in_(session_ids))
    views = await _views(reader, (await reader.connection.execute(statement)).all(), among=among)
    return {view.fact.session_id: view for view in views}


async def messages_of(
    reader: Reader, session: SessionFact, *, limit: int, after: tuple[int, UUID] | None
) -> Sequence[MessageView]:
    """In order of time."""
    row = MessageRow
    statement = (
        select(row.__table__)
        .where(row.workspace_id == reader.workspace_id, row.session_id == session.session_id, row.message_received)
        .order_by(row.occurred_at_ms, row.event_id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(tuple_(row.occurred_at_ms, row.event_id) > tuple_(*after))
    rows = (await reader.connection.execute(statement)).all()
    texts = await label_texts(reader, _message_codes(rows))
    return [_message(found, texts) for found in rows]


def _sessions(reader: Reader) -> Select[Any]:
    return (
        select(SessionRow.__table__, VisitorRow.key.label("visitor_key"))
        .outerjoin(
            VisitorRow,
            (VisitorRow.workspace_id == SessionRow.workspace_id) & (VisitorRow.visitor_id == SessionRow.visitor_id),
        )
        .where(SessionRow.workspace_id == reader.workspace_id, SessionRow.opened, SessionRow.merged_into.is_(None))
    )


async def _views(reader: Reader, rows: Sequence[Row[Any]], *, among: Collection[int] | None) -> Sequence[SessionView]:
    texts = await label_texts(reader, _session_codes(rows))
    traits = await traits_of(reader, {row.visitor_id for row in rows} - {None}, among=among)
    costs = await _costs(reader, [row.session_id for row in rows])
    return [
        SessionView(
            fact=_fact(row),
            visitor_key=row.visitor_key,
            traits=traits.get(row.visitor_id, {}),
            labels={
                column: texts[kind, getattr(row, column)]
                for column, kind in SESSION_LABELS.items()
                if getattr(row, column) is not None
            },
            costs=costs.get(row.session_id, {}),
        )
        for row in rows
    ]


async def _costs(reader: Reader, session_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    row = SessionCostRow
    statement = select(row.session_id, row.currency, row.cost_nano).where(
        row.workspace_id == reader.workspace_id, row.session_id.in_(session_ids)
    )
    costs: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for found in await reader.connection.execute(statement):
        costs[found.session_id][found.currency] += found.cost_nano
    return costs


def _session_codes(rows: Iterable[Row[Any]]) -> set[tuple[LabelKind, int]]:
    return {
        (kind, code)
        for row in rows
        for column, kind in SESSION_LABELS.items()
        if (code := getattr(row, column)) is not None
    }


def _fact(row: Row[Any]) -> SessionFact:
    values = {name: getattr(row, name) for name in _FACT_FIELDS}
    for name in _TEXT_FACTS:
        values[name] = None if values[name] is None else str(values[name])
    return SessionFact(**values)


_MESSAGE_LABELS = {"intent": LabelKind.INTENT, "action": LabelKind.ACTION, "model": LabelKind.MODEL}


def _message_codes(rows: Iterable[Row[Any]]) -> set[tuple[LabelKind, int]]:
    return {
        (kind, code)
        for row in rows
        for column, kind in _MESSAGE_LABELS.items()
        if (code := _message_code(row, column)) is not None
    }


def _message_code(row: Row[Any], column: str) -> int | None:
    """What an answer tells of its intent stands before what its message told."""
    code: int | None = row.told_intent if column == "intent" else None
    return getattr(row, column) if code is None else code


def _correction(row: Row[Any]) -> CorrectionSource | None:
    if row.corrects is not None:
        return CorrectionSource.TOLD
    return None if row.detected_correction is None else CorrectionSource.DETECTED


def _message(row: Row[Any], texts: dict[tuple[LabelKind, int], str]) -> MessageView:
    labels = {
        column: None if (code := _message_code(row, column)) is None else texts[kind, code]
        for column, kind in _MESSAGE_LABELS.items()
    }
    return MessageView(
        event_id=row.event_id,
        message_id=str(row.message_id),
        occurred_at_ms=row.occurred_at_ms,
        role=Role(row.role),
        proactive=row.proactive,
        text=row.text,
        answer_source=None if row.answer_source is None else AnswerSource(row.answer_source),
        is_answer=row.is_answer,
        response_ms=row.response_ms,
        confidence_ppm=row.confidence_ppm,
        fallback=row.fallback,
        unanswered=row.unanswered,
        correction=_correction(row),
        **labels,
    )
