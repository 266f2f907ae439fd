"""Squares that are too long for the copy's numbers are summed by the database: exactly, and without an error."""

from dataclasses import replace
from fractions import Fraction

from domain.intervals import Sums
from domain.queries.query import MetricQuery, Part
from domain.queries.table import MetricTable
from persistence.columns.copies import Copies
from persistence.columns.layout import TABLES
from persistence.metrics.answer import answer
from persistence.tenancy import reading
from tests.persistence.metrics.conftest import TWO_DAYS, Ask
from tests.persistence.metrics.facts import DAY_MS, NOON_MS, Facts, a_message, a_session

LARGEST = 2**63 - 1
PARTS = frozenset({Part.TOTALS, Part.INTERVALS})


async def of_copy(facts: Facts, copies: Copies, *metrics: str) -> MetricTable:
    query = MetricQuery(metrics=metrics, range=TWO_DAYS, parts=PARTS)
    await copies.load(facts.workspace_id, TABLES)
    async with reading(replace(facts.database, columnar=copies), facts.workspace_id, snapshot=True) as reader:
        return await answer(reader, query, now_ms=NOON_MS + 30 * DAY_MS)


async def test_the_largest_amounts_there_are(facts: Facts, ask: Ask, copies: Copies) -> None:
    session = a_session()
    await facts.sessions(session)
    amounts = [LARGEST, LARGEST - 1, LARGEST, 0, 1]
    await facts.messages(*(a_message(session, cost_nano=nano, cost_currency="USD") for nano in amounts))
    table = await ask("costPerAnswer", "averageResponseTime", parts=PARTS)
    sums = table.totals["costPerAnswer"].now.sums
    assert isinstance(sums, Sums)
    assert (sums.x, sums.xx) == (Fraction(sum(amounts)), Fraction(sum(nano * nano for nano in amounts)))
    assert await of_copy(facts, copies, "costPerAnswer", "averageResponseTime") == table


async def test_long_sums_within_the_copys_numbers(facts: Facts, ask: Ask, ask_copy: Ask) -> None:
    session = a_session()
    await facts.sessions(session)
    amounts = [3 * 10**18, 3 * 10**18, 5 * 10**17]
    await facts.messages(*(a_message(session, cost_nano=nano, cost_currency="USD") for nano in amounts))
    table = await ask_copy("costPerAnswer", parts=PARTS)
    sums = table.totals["costPerAnswer"].now.sums
    assert isinstance(sums, Sums)
    assert sums.xx == sum(nano * nano for nano in amounts)
    assert await ask("costPerAnswer", parts=PARTS) == table
