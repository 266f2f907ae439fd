"""The statement of a question as DuckDB reads it: Postgres's own form, with relations cut to the asker's chatbots.

Statements of the closed subset (R10) mean the same in both; where they would not, `persistence.metrics.compile` has a
rendering for each.
"""

from typing import Final

from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from persistence.columns.layout import TABLES
from persistence.metrics.statement import Statement

_DIALECT: Final = PGDialect_asyncpg()  # type: ignore[no-untyped-call]


def rendered(statement: Statement, *, among: frozenset[int] | None) -> tuple[str, list[object]]:
    """Text and parameters, in order."""
    compiled = statement.compile(dialect=_DIALECT)
    state = compiled.construct_expanded_state()
    parameters = [state.parameters[name] for name in state.positiontup or ()]
    return cut_to(among) + state.statement, parameters


def cut_to(among: frozenset[int] | None) -> str:
    """Relations of the same names that hold only these chatbots' rows: a net under every predicate."""
    if among is None:
        return ""
    numbers = ", ".join(str(int(number)) for number in sorted(among)) or "null"
    parts = (
        f"{table.name} as (select * from main.{table.name} where chatbot_id in ({numbers}))"
        for table in TABLES.values()
        if table.of_chatbots
    )
    return f"with {', '.join(parts)} "
