"""What a question needs to know of its workspace: zone, chatbots, codes of the texts it names, exchange rates."""

from collections.abc import Collection, Mapping
from fractions import Fraction

from sqlalchemy import Text, cast, func, select

from domain.problems import NotFound, Refused
from domain.queries.filters import Codes, labels_in
from domain.queries.pending import waits_behind_ingest
from domain.queries.query import MetricQuery
from domain.queries.scope import Awaited, KnownChatbot, Rates, Scope
from domain.time import Zone
from domain.vocabulary import Instrument, LabelKind, Report
from persistence.labels import find_codes
from persistence.languages import awaited_languages
from persistence.tables.events import FeedbackRow
from persistence.tables.workspaces import (
    ChatbotRow,
    ChatbotSettingRow,
    ExchangeRateRow,
    WorkspaceCounterRow,
    WorkspaceRow,
)
from persistence.tenancy import Reader


async def read_scope(reader: Reader, query: MetricQuery, *, with_rates: bool) -> Scope:
    workspace = (
        await reader.connection.execute(
            select(
                WorkspaceRow.time_zone,
                WorkspaceRow.week_start,
                WorkspaceRow.reporting_currency,
                WorkspaceRow.primary_instrument,
            ).where(WorkspaceRow.workspace_id == reader.workspace_id)
        )
    ).one_or_none()
    if workspace is None:
        raise Refused(NotFound.of("workspace"))
    chatbots = await _chatbots(reader, query.among)
    return Scope(
        zone=Zone(query.time_zone or workspace.time_zone, workspace.week_start),
        rates=Rates(
            workspace.reporting_currency, await _rates(reader, workspace.reporting_currency) if with_rates else {}
        ),
        chatbots=chatbots,
        codes=Codes(
            chatbots={chatbot.slug: chatbot.chatbot_id for chatbot in chatbots},
            labels=await _codes(reader, labels_in(query.where)),
        ),
        money_zone=Zone(workspace.time_zone, workspace.week_start),
        instrument=await _instrument(reader, query, workspace.primary_instrument),
        awaited=await _awaited(reader, query) if waits_behind_ingest(query) else (),
    )


async def read_generation(reader: Reader) -> tuple[int, str]:
    """What every change of the workspace's facts raises; and the name of the reader's snapshot."""
    statement = select(WorkspaceCounterRow.ingest_generation, cast(func.pg_current_snapshot(), Text)).where(
        WorkspaceCounterRow.workspace_id == reader.workspace_id
    )
    row = (await reader.connection.execute(statement)).one()
    return row[0], row[1]


async def _awaited(reader: Reader, query: MetricQuery) -> tuple[Awaited, ...]:
    return await awaited_languages(reader, sources=query.wanted_sources, include_bots=query.include_bots)


async def _instrument(reader: Reader, query: MetricQuery, named: int | None) -> Instrument:
    """The workspace's own, else the one most used; looked for only where it matters."""
    if named is not None:
        return Instrument(named)
    if "satisfaction" not in query.computed_metrics:
        return Instrument.RATING_1_5
    statement = (
        select(FeedbackRow.instrument)
        .where(FeedbackRow.workspace_id == reader.workspace_id)
        .group_by(FeedbackRow.instrument)
        .order_by(func.count().desc(), FeedbackRow.instrument)
        .limit(1)
    )
    if query.among is not None:
        statement = statement.where(FeedbackRow.chatbot_id.in_(query.among))
    return Instrument(await reader.connection.scalar(statement) or Instrument.RATING_1_5)


async def _chatbots(reader: Reader, among: Collection[int] | None) -> tuple[KnownChatbot, ...]:
    """A list of fallback phrases tells of fallbacks as well as the bot's own flags do (R9)."""
    lists = (
        select(ChatbotSettingRow.chatbot_id)
        .where(ChatbotSettingRow.workspace_id == reader.workspace_id, ChatbotSettingRow.fallback_version > 0)
        .correlate(None)
    )
    statement = select(
        ChatbotRow.chatbot_id,
        ChatbotRow.slug,
        ChatbotRow.name,
        ChatbotRow.declared_reports,
        ChatbotRow.observed_reports,
        ChatbotRow.chatbot_id.in_(lists).label("has_list"),
    ).where(ChatbotRow.workspace_id == reader.workspace_id)
    if among is not None:
        statement = statement.where(ChatbotRow.chatbot_id.in_(among))
    return tuple(
        KnownChatbot(
            row.chatbot_id,
            row.slug,
            row.name,
            _reports((*row.declared_reports, *row.observed_reports), has_list=row.has_list),
        )
        for row in await reader.connection.execute(statement)
    )


def _reports(codes: Collection[int], *, has_list: bool) -> frozenset[Report]:
    told = frozenset(Report) & frozenset(codes)
    return told | {Report.FALLBACK} if has_list else told


async def _codes(reader: Reader, wanted: frozenset[tuple[LabelKind, str]]) -> Mapping[tuple[LabelKind, str], int]:
    texts: dict[LabelKind, set[str]] = {}
    for kind, text in wanted:
        texts.setdefault(kind, set()).add(text)
    return {
        (kind, text): code
        for kind, named in texts.items()
        for text, code in (await find_codes(reader, kind, named)).items()
    }


async def _rates(reader: Reader, currency: str) -> Mapping[str, tuple[tuple[int, Fraction], ...]]:
    statement = (
        select(ExchangeRateRow.base_currency, ExchangeRateRow.effective_day, ExchangeRateRow.rate)
        .where(ExchangeRateRow.workspace_id == reader.workspace_id, ExchangeRateRow.quote_currency == currency)
        .order_by(ExchangeRateRow.base_currency, ExchangeRateRow.effective_day)
    )
    found: dict[str, list[tuple[int, Fraction]]] = {}
    for row in await reader.connection.execute(statement):
        found.setdefault(row.base_currency, []).append((row.effective_day, Fraction(row.rate)))
    return {base: tuple(rates) for base, rates in found.items()}
