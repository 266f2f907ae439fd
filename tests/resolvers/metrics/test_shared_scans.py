"""Aliases of one request share scans, and only what is selected is computed."""

from collections.abc import Iterator

import pytest
from sqlalchemy import event

from persistence.engine import Database
from tests.persistence.metrics.facts import Facts, a_session
from tests.resolvers.metrics.conftest import AskForFigures

RANGE = 'range: {dates: {first: "2026-03-09", last: "2026-03-11"}}'


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    """The statements that figures are computed with; each leg carries its name."""
    told: list[str] = []

    def tell(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if "/* " in statement:
            told.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", tell)
    yield told
    event.remove(database.engine.sync_engine, "before_cursor_execute", tell)


async def test_twenty_aliases_are_one_scan(facts: Facts, post: AskForFigures, statements: list[str]) -> None:
    await facts.sessions(a_session())
    names = ("sessions", "uniqueVisitors", "engagementRate", "resolutionRate")
    aliases = " ".join(
        f"a{number}: metrics({RANGE}) {{ totals {{ {names[number % 4]} {{ value }} }} }}" for number in range(20)
    )
    body = await post(f"{{ {aliases} }}")
    assert body["data"]["a0"] == {"totals": {"sessions": {"value": 1}}}
    (statement,) = statements
    assert statement.count("FROM session AS session") == 1


async def test_only_what_is_selected_is_computed(post: AskForFigures, statements: list[str]) -> None:
    await post(f"{{ metrics({RANGE}, groupBy: [CHANNEL]) {{ totals {{ sessions {{ value }} }} }} }}")
    (statement,) = statements
    assert "GROUP BY" not in statement
    assert "message" not in statement


async def test_another_kind_of_fact_is_another_leg(post: AskForFigures, statements: list[str]) -> None:
    await post(f"{{ metrics({RANGE}) {{ totals {{ sessions {{ value }} errorRate {{ value }} answers {{ n }} }} }} }}")
    (statement,) = statements
    assert statement.count("UNION ALL") == 2


async def test_nothing_selected_asks_nothing(post: AskForFigures, statements: list[str]) -> None:
    body = await post(f"{{ metrics({RANGE}) {{ asOf range {{ from to }} }} }}")
    assert body["data"]["metrics"]["range"] == {"from": "2026-03-09T00:00:00Z", "to": "2026-03-12T00:00:00Z"}
    assert statements == []
