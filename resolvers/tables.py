"""The questions of one request answered together: from one snapshot, and equal ones in one scan.

Aliases that differ only in the metrics they select become one question; each then picks its own out of the table.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.problems import Refused
from domain.queries.query import MetricQuery
from domain.queries.table import MetricTable
from persistence.engine import Database
from persistence.metrics.answer import answer, answered_before
from persistence.tenancy import reading


@dataclass(frozen=True, slots=True)
class Question:
    """A query asked at a moment."""

    query: MetricQuery
    now_ms: int


async def tables_of(
    database: Database, workspace_id: UUID, questions: Sequence[Question]
) -> Sequence[MetricTable | BaseException]:
    """A table, or why there is none, for each question; all as of the same present."""
    now_ms = max(question.now_ms for question in questions)
    shared = _merged([question.query for question in questions])
    known = await answered_before(database, workspace_id, list(shared.values()), now_ms=now_ms)
    if known is not None:
        known_by_bare = dict(zip(shared, known, strict=True))
        return [known_by_bare[_bare(question.query)] for question in questions]
    tables: dict[MetricQuery, MetricTable | Refused] = {}
    async with reading(database, workspace_id, snapshot=True) as reader:
        for bare, full in shared.items():
            try:
                tables[bare] = await answer(reader, full, now_ms=now_ms)
            except Refused as refused:
                tables[bare] = refused
    return [tables[_bare(question.query)] for question in questions]


def _bare(query: MetricQuery) -> MetricQuery:
    return replace(query, metrics=())


def _merged(queries: Sequence[MetricQuery]) -> dict[MetricQuery, MetricQuery]:
    merged: dict[MetricQuery, MetricQuery] = {}
    for query in queries:
        bare = _bare(query)
        before = merged.get(bare, bare)
        merged[bare] = replace(before, metrics=tuple(dict.fromkeys((*before.metrics, *query.metrics))))
    return merged
