"""The question that the arguments of a field of figures ask, and its table: what all those fields take is read here."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from domain.queries.query import MetricQuery, NewTo
from domain.queries.table import MetricTable
from domain.time import milliseconds
from resolvers.request import Info
from resolvers.tables import Question
from schema.inputs.metrics import FilterInput, RangeInput, filter_of
from schema.types.vocabulary import Source


def question(
    info: Info,
    metrics: tuple[str, ...],
    range: RangeInput,
    *,
    time_zone: str | None,
    filter: FilterInput | None,  # type: ignore[valid-type]
    as_of: datetime | None,
    sources: Iterable[Source] | None,
    include_bots: bool,
    new_to: NewTo = NewTo.WORKSPACE,
    **more: Any,
) -> MetricQuery:
    """Among the chatbots that the key may see; `more`: what only some fields take, by the names of `MetricQuery`."""
    return MetricQuery(
        metrics=metrics,
        range=range.to_domain(),
        time_zone=time_zone,
        where=filter_of(filter),
        as_of_ms=None if as_of is None else milliseconds(as_of),
        sources=None if sources is None else frozenset(sources),
        include_bots=include_bots,
        new_to=new_to,
        among=info.context.viewer.chatbot_ids,
        **more,
    )


async def table_of(info: Info, query: MetricQuery) -> MetricTable:
    """Together with the other questions of the request."""
    asked = Question(query, now_ms=milliseconds(info.context.clock()))
    return await info.context.loaders.table_by_question.load(asked)
