"""A workspace with one chatbot that reports everything, and a way to ask it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from domain.metrics.algebra import OUTSIDE_SESSIONS
from domain.metrics.catalogue import METRICS
from domain.queries.query import MetricQuery
from domain.queries.table import MetricTable
from domain.time import Moments
from persistence.columns.copies import Copies, CopyLimits
from persistence.columns.layout import TABLES
from persistence.engine import Database
from persistence.metrics.answer import answer
from persistence.metrics.intent_volume import speaks_of_volume
from persistence.tenancy import reading
from tests.persistence.metrics.facts import DAY_MS, NOON_MS, Facts

Ask = Callable[..., Awaitable[MetricTable]]

TWO_DAYS = Moments(NOON_MS - DAY_MS, NOON_MS + DAY_MS)


@pytest.fixture
async def facts(database: Database, workspace_id: UUID) -> Facts:
    found = Facts(database, workspace_id)
    await found.chatbot()
    return found


@pytest.fixture
async def copies(database: Database) -> AsyncIterator[Copies]:
    """Columnar copies, of small workspaces too."""
    made = Copies(database, CopyLimits(least_sessions=0, threads=1))
    yield made
    await made.close()


@pytest.fixture
def ask_copy(facts: Facts, copies: Copies) -> Ask:
    """The same as `ask`, answered by the columnar copy and by nothing else."""
    database = replace(facts.database, columnar=copies)

    async def asked(*metrics: str, now_ms: int = NOON_MS + 30 * DAY_MS, **given: Any) -> MetricTable:
        query = MetricQuery(metrics=metrics, **{"range": TWO_DAYS, **given})
        await copies.load(facts.workspace_id, TABLES)
        before = copies.answered
        async with reading(database, facts.workspace_id, snapshot=True) as reader:
            table = await answer(reader, query, now_ms=now_ms)
        outside = OUTSIDE_SESSIONS.intersection(one for name in metrics for one in METRICS[name].relations)
        counted_first = 1 if speaks_of_volume(query) else 0
        assert copies.answered == before + (0 if outside else 1) + counted_first
        return table

    return asked


@pytest.fixture
def ask(facts: Facts) -> Ask:
    async def asked(*metrics: str, now_ms: int = NOON_MS + 30 * DAY_MS, **given: Any) -> MetricTable:
        query = MetricQuery(metrics=metrics, **{"range": TWO_DAYS, **given})
        async with reading(facts.database, facts.workspace_id, snapshot=True) as reader:
            return await answer(reader, query, now_ms=now_ms)

    return asked
