"""Counts the intents of a question that speaks of their volume, before the question itself is planned (item 294)."""

from dataclasses import replace

from domain.intent_volume import NAME, frequent
from domain.queries.cells import Cell
from domain.queries.filters import In, dimensions_in
from domain.queries.plan import make_plan
from domain.queries.query import MetricQuery, Part
from domain.queries.scope import Scope
from persistence.metrics.cells import computed
from persistence.metrics.engines import engine_for
from persistence.tenancy import Reader


def speaks_of_volume(query: MetricQuery) -> bool:
    return NAME in query.group_by or NAME in dimensions_in(query.where)


async def with_frequent_intents(reader: Reader, query: MetricQuery, scope: Scope, *, now_ms: int) -> Scope:
    """From the same snapshot, if the reader has one."""
    plan = make_plan(_by_intent(query, scope), scope, now_ms)
    async with engine_for(reader, plan) as engine:
        cells = await computed(engine, plan)
    sessions = {key.codes[0]: _sessions(cell) for key, cell in cells.items() if key.codes}
    known = {code: count for code, count in sessions.items() if code > 0}
    return replace(scope, codes=replace(scope.codes, frequent_intents=frequent(known)))


def _sessions(cell: Cell) -> int:
    (count,) = cell.values()
    assert isinstance(count, int)
    return count


def _by_intent(query: MetricQuery, scope: Scope) -> MetricQuery:
    """All sessions of the range, of the chatbots that the filter can let through; whatever else it asks for."""
    return MetricQuery(
        metrics=("sessions",),
        range=query.range,
        time_zone=query.time_zone,
        where=In("chatbot", tuple(chatbot.slug for chatbot in scope.chatbots_in(query.where))),
        group_by=("primaryIntent",),
        parts=frozenset({Part.GROUPS}),
        as_of_ms=query.as_of_ms,
        sources=query.wanted_sources,
        include_bots=query.include_bots,
        among=query.among,
    )
