"""The statement of a question as DuckDB reads it: Postgres's own form, with relations cut to the asker's chatbots.

Statements of the closed subset (R10) mean the same in both; where they would not, `persistence.metrics.compile` has a
rendering for each.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.sql.selectable import SelectBase

from persistence.columns.layout import TABLES
from persistence.metrics.statement import write_out

_DIALECT: Final = PGDialect_asyncpg()  # type: ignore[no-untyped-call]
MOST_WRITTEN: Final = 500


@dataclass(frozen=True, slots=True)
class Written:
    """`names` of the parameters in order; `fixed` are the values of those that belong to the statement."""

    text: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]

    def parameters(self, moving: Mapping[str, object]) -> list[object]:
        return [moving[name] if name in moving else self.fixed[name] for name in self.names]


def written(statement: SelectBase) -> Written:
    """Statements that are asked again are the same objects (see `persistence.metrics.shapes`)."""
    known = _written.get(id(statement))
    if known is not None and known[0] is statement:
        return known[1]
    found = _write(statement)
    _written[id(statement)] = (statement, found)
    if len(_written) > MOST_WRITTEN:
        _written.popitem(last=False)
    return found


_written: Final[OrderedDict[int, tuple[SelectBase, Written]]] = OrderedDict()


def _write(statement: SelectBase) -> Written:
    state, moving = write_out(statement, _DIALECT)
    fixed = {name: value for name, value in state.parameters.items() if name not in moving}
    return Written(state.statement, tuple(state.positiontup or ()), fixed)


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
