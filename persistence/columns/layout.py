"""Which tables and columns the copy holds: what the declared metrics and dimensions read, and nothing else (R14).

Numbers, codes and flags only. Of texts there are a currency's three letters and, where an outside name is counted,
its 128-bit digest.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sqlalchemy import BigInteger, Boolean, Integer, SmallInteger, Table, Text
from sqlalchemy import Column as TableColumn

from domain.dimensions import DIMENSIONS, Dimension
from domain.metrics.algebra import (
    OUTSIDE_SESSIONS,
    Column,
    Expression,
    HasTurn,
    Measure,
    Place,
    Predicate,
    Relation,
    measures_of,
    nodes,
)
from domain.metrics.catalogue import METRICS
from domain.metrics.metric import Metric
from domain.metrics.quality import satisfaction_by
from domain.queries.funnel import FunnelEvent
from domain.vocabulary import Instrument
from persistence.metrics.carried import MOST_ASKED, POPULATION, POPULATION_SQL, carried_of, type_of
from persistence.metrics.relations import SESSION, SOURCES, VISITOR, VISITOR_OF_CHATBOT, table_name
from persistence.metrics.relations import table_of as alias_table

SESSION_TABLE: Final = "session"
BY_SESSION: Final = "session_id"
BY_VISITOR: Final = "visitor_id"

_STRUCTURE: Final = (
    *("session_id", "chatbot_id", "visitor_id", "started_at_ms", "last_activity_at_ms"),
    *("opened", "merged_into", "is_bot", "source"),
)
"""What every statement reads of sessions, whatever is asked."""


@dataclass(frozen=True, slots=True)
class CopiedColumn:
    name: str
    kind: str
    """BIGINT, INTEGER, SMALLINT, BOOLEAN, VARCHAR (a currency) or HUGEINT (the digest of a name)."""
    nullable: bool


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """`key`: by which number its rows are read again when something changed."""

    name: str
    key: str
    columns: tuple[CopiedColumn, ...]
    added: Mapping[CopiedColumn, str]
    """What else stands on its rows, with the SQL that makes it: of its own columns, or of those of `session`."""

    @property
    def all_columns(self) -> tuple[CopiedColumn, ...]:
        return (*self.columns, *self.added)

    @property
    def of_chatbots(self) -> bool:
        return any(column.name == "chatbot_id" for column in self.all_columns)


def _needed() -> Iterator[tuple[str, str]]:
    """Table and column, of everything that is declared."""
    yield from ((SESSION_TABLE, name) for name in (*_STRUCTURE, *MOST_ASKED))
    for relation, source in SOURCES.items():
        if relation in OUTSIDE_SESSIONS:
            continue
        table = table_of(relation)
        found = (BY_SESSION, source.time, source.currency, source.day)
        yield from ((table, name) for name in found if name is not None)
        yield from _read(relation, source.base)
        if "chatbot_id" in source.row.c:
            yield table, "chatbot_id"
    for alias in (VISITOR, VISITOR_OF_CHATBOT):
        yield from ((table_name(alias), name) for name in ("visitor_id", "chatbot_id") if name in alias.c)
    metrics = (*METRICS.values(), *map(satisfaction_by, Instrument))
    for measure in (measure for metric in metrics if _is_copied(metric) for measure in measures_of(metric.formula)):
        yield from _read(measure.relation, measure)
    for dimension in DIMENSIONS.values():
        yield from _read_by(dimension)
    for event in FunnelEvent:
        yield from _read(event.meaning.relation, event.meaning.where)


def _is_copied(metric: Metric) -> bool:
    """The database answers for what lies outside sessions (`persistence.metrics.engines`)."""
    return not OUTSIDE_SESSIONS & set(metric.relations)


def _read_by(dimension: Dimension) -> Iterator[tuple[str, str]]:
    if dimension.session is not None:
        yield from _read(Relation.SESSION, dimension.session)
    if dimension.turn is not None:
        yield from _read(dimension.turn.relation, dimension.turn.of)
        yield from _read(dimension.turn.relation, dimension.turn.where)
    for relation, own in dimension.own.items():
        if relation not in OUTSIDE_SESSIONS:
            yield from _read(relation, own)


def _read(relation: Relation, tree: Measure | Expression | Predicate) -> Iterator[tuple[str, str]]:
    for node in nodes(tree):
        if isinstance(node, HasTurn):
            yield from _read(node.relation, node.where)
        elif isinstance(node, Column):
            match node.place:
                case Place.ROW:
                    yield table_of(relation), node.name
                case Place.SESSION:
                    yield SESSION_TABLE, node.name
                case Place.VISITOR:
                    yield from ((table_name(alias), node.name) for alias in (VISITOR, VISITOR_OF_CHATBOT))


def table_of(relation: Relation) -> str:
    """The table that holds a relation's rows."""
    return table_name(SOURCES[relation].row)


def _tables() -> dict[str, CopiedTable]:
    aliases = (*(source.row for source in SOURCES.values()), SESSION, VISITOR, VISITOR_OF_CHATBOT)
    known = {table_name(alias): alias_table(alias) for alias in aliases}
    wanted: dict[str, set[str]] = {}
    for table, column in _needed():
        wanted.setdefault(table, set()).add(column)
    return {name: _copied(known[name], names) for name, names in wanted.items()}


def _copied(table: Table, names: Iterable[str]) -> CopiedTable:
    columns = tuple(
        CopiedColumn(name, _kind(table.c[name]), bool(table.c[name].nullable)) for name in sorted(names)
    )
    key = BY_SESSION if BY_SESSION in table.c else BY_VISITOR
    return CopiedTable(table.name, key, columns, MappingProxyType(_added(table)))


def _added(table: Table) -> dict[CopiedColumn, str]:
    if table.name == SESSION_TABLE:
        return {CopiedColumn(POPULATION, "SMALLINT", nullable=True): POPULATION_SQL}
    if BY_SESSION not in table.c:
        return {}
    return {
        CopiedColumn(here, _kind(TableColumn(name, type_of(name))), nullable=True): f"{SESSION_TABLE}.{name}"
        for name, here in carried_of(table).items()
        if here not in table.c
    }


def _kind(column: "TableColumn[object]") -> str:
    match column.type:
        case BigInteger():
            return "BIGINT"
        case SmallInteger():
            return "SMALLINT"
        case Integer():
            return "INTEGER"
        case Boolean():
            return "BOOLEAN"
        case Text() if column.name.endswith("currency"):
            return "VARCHAR"
        case Text():
            return "HUGEINT"
        case other:
            raise TypeError(f"{column} is {other}: the copy has no form for it")


TABLES: Final[Mapping[str, CopiedTable]] = MappingProxyType(_tables())
"""By name; made from the declarations at import."""

VISITOR_TABLES: Final = tuple(table.name for table in TABLES.values() if table.key == BY_VISITOR)
