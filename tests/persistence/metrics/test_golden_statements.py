"""The SQL of typical questions, to be read and reviewed. After a change on purpose:

PARLANCE_REFRESH_GOLDENS=1 python3 dev.py test tests/persistence/metrics/test_golden_statements.py
"""

import os
import re
from pathlib import Path

import pytest
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from domain.queries.branches import branches_of
from domain.queries.filters import AllOf, In, NotThis
from domain.queries.plan import make_plan
from domain.queries.query import Comparison, MetricQuery, NewTo, Part
from domain.time import Grain
from persistence.metrics.explain import text_of
from persistence.metrics.statement import build_statement
from tests.persistence.metrics.planning import DAYS, SCOPE

FOLDER = Path(__file__).parent / "golden"

QUERIES = {
    "sessions_by_day": MetricQuery(
        metrics=("sessions",), range=DAYS, grain=Grain.DAY, parts=frozenset({Part.TOTALS, Part.SERIES})
    ),
    "outcomes_compared": MetricQuery(
        metrics=("resolutionRate", "containmentRate"), range=DAYS, compare=Comparison.PREVIOUS_PERIOD
    ),
    "response_time_by_model": MetricQuery(
        metrics=("responseTimeP95", "fallbackRate"),
        range=DAYS,
        group_by=("chatbot",),
        where=AllOf((In("country", ("DE",)), NotThis(In("channel", ("WHATSAPP",))))),
        parts=frozenset({Part.GROUPS}),
    ),
    "sessions_by_intent": MetricQuery(
        metrics=("sessions",),
        range=DAYS,
        group_by=("intent",),
        parts=frozenset({Part.TOTALS, Part.GROUPS, Part.EXCLUDED}),
    ),
    "new_visitors_by_day": MetricQuery(
        metrics=("newVisitors", "returningUsers"),
        range=DAYS,
        grain=Grain.DAY,
        new_to=NewTo.CHATBOT,
        where=In("chatbot", ("bot-1",)),
        parts=frozenset({Part.TOTALS, Part.SERIES}),
    ),
    "cost_per_resolved": MetricQuery(metrics=("costPerResolvedConversation",), range=DAYS, group_by=("model",),
                                     parts=frozenset({Part.GROUPS})),
    "active_now": MetricQuery(metrics=("activeSessions", "openSessions"), range=DAYS),
}  # fmt: skip


def readable(sql: str) -> str:
    """One clause a line."""
    broken = re.sub(r"\s+(FROM|WHERE|GROUP BY|UNION ALL|LEFT OUTER JOIN|JOIN|AND session|AND fact)\b", r"\n\1", sql)
    return re.sub(r", (?=(?:CAST|count|rows_|percentile)[^,]* AS \w+)", ",\n  ", broken).strip() + "\n"


@pytest.mark.parametrize("name", QUERIES)
def test_the_statement_is_the_reviewed_one(name: str) -> None:
    plan = make_plan(QUERIES[name], SCOPE, DAYS.to_ms)
    statement = build_statement(plan, branches_of(plan))
    found = readable(text_of(statement, PGDialect_asyncpg()))  # type: ignore[no-untyped-call]
    file = FOLDER / f"{name}.sql"
    if os.environ.get("PARLANCE_REFRESH_GOLDENS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(found)
    assert found == file.read_text()


def test_no_golden_is_left_over() -> None:
    assert {file.stem for file in FOLDER.glob("*.sql")} == set(QUERIES)
