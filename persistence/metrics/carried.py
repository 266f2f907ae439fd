"""What a columnar copy carries of the session on the rows of its facts, so that few questions have to join the two.

A fact's row and its session change together: the change log names sessions, and all that belongs to one is read anew.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Column, FromClause, MetaData, SmallInteger, Table
from sqlalchemy.sql.selectable import Alias
from sqlalchemy.types import TypeEngine

from domain.metrics.algebra import OUTSIDE_SESSIONS, Relation
from persistence.metrics.relations import SESSION, SOURCES, Source, table_of

POPULATION: Final = "population"
"""Of which population a session is, on its own row: NULL where it is no session that counts, else the number of its
source, and the negative of it for a bot (`persistence.metrics.compile.population_codes`)."""

POPULATION_SQL: Final = (
    "case when opened and merged_into is null then case when is_bot then -source else source end end"
)

MOST_ASKED: Final = ("channel", "country", "device", "plan", "language", "browser", "primary_intent")
"""What questions filter and split by most. Each costs its width on every fact, so the others are looked up."""


def carried_of(table: Table) -> Mapping[str, str]:
    """Columns of the session that stand on the rows of a table of facts, with their names there. A fact that has no
    chatbot or time of its own has its session's."""
    more = (POPULATION, *MOST_ASKED, *(() if "occurred_at_ms" in table.c else ("started_at_ms",)))
    return {name: name for name in ("session_id", "chatbot_id")} | {name: f"session_{name}" for name in more}


def _in_copy(table: Table) -> Table:
    """As the copy holds it: with what it carries, under the same name."""
    columns = [Column(column.name, column.type) for column in table.c]
    if table is table_of(SESSION):
        return Table(table.name, MetaData(), *columns, Column(POPULATION, SmallInteger))
    added = [Column(here, type_of(name)) for name, here in carried_of(table).items() if here not in table.c]
    return Table(table.name, MetaData(), *columns, *added)


def type_of(name: str) -> TypeEngine[Any]:
    """Of a column that is carried."""
    return SmallInteger() if name == POPULATION else table_of(SESSION).c[name].type


def _alias_in_copy(alias: FromClause) -> FromClause:
    assert isinstance(alias, Alias)
    return SESSION_IN_COPY if alias is SESSION else _in_copy(table_of(alias)).alias(alias.name)


SESSION_IN_COPY: Final[FromClause] = _in_copy(table_of(SESSION)).alias(SESSION.name)

SOURCES_IN_COPY: Final[Mapping[Relation, Source]] = MappingProxyType(
    {
        relation: replace(source, row=_alias_in_copy(source.row), turn=_alias_in_copy(source.turn))
        for relation, source in SOURCES.items()
        if relation not in OUTSIDE_SESSIONS
    }
)
