"""What a question needs to know of its workspace: zone, chatbots, codes of the texts it names, exchange rates."""

from collections.abc import Mapping

from sqlalchemy import func, select

from domain.queries.filters import Codes, labels_in
from domain.queries.pending import waits_behind_ingest
from domain.queries.query import MetricQuery
from domain.queries.scope import Awaited, Rates, Scope
from domain.time import Zone
from domain.vocabulary import Instrument, LabelKind
from persistence.ground import ground_of
from persistence.labels import find_codes
from persistence.languages import awaited_languages
from persistence.tables.events import FeedbackRow
from persistence.tenancy import Reader


async def read_scope(reader: Reader, query: MetricQuery, *, with_rates: bool) -> Scope:
    ground = await ground_of(reader, with_rates=with_rates)
    chatbots = tuple(one for one in ground.chatbots if query.among is None or one.chatbot_id in query.among)
    return Scope(
        zone=Zone(query.time_zone or ground.time_zone, ground.week_start),
        rates=Rates(ground.currency, ground.rates),
        chatbots=chatbots,
        codes=Codes(
            chatbots={chatbot.slug: chatbot.chatbot_id for chatbot in chatbots},
            labels=await _codes(reader, labels_in(query.where)),
        ),
        money_zone=Zone(ground.time_zone, ground.week_start),
        instrument=await _instrument(reader, query, ground.instrument),
        awaited=await _awaited(reader, query) if waits_behind_ingest(query) else (),
    )


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


async def _codes(reader: Reader, wanted: frozenset[tuple[LabelKind, str]]) -> Mapping[tuple[LabelKind, str], int]:
    texts: dict[LabelKind, set[str]] = {}
    for kind, text in wanted:
        texts.setdefault(kind, set()).add(text)
    return {
        (kind, text): code
        for kind, named in texts.items()
        for text, code in (await find_codes(reader, kind, named)).items()
    }
