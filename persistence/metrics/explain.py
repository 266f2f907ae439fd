"""What would a question cost, and what would answer it? The database plans the statement and does not run it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect, Executable
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

from domain.queries.query import MetricQuery
from persistence.metrics.answer import plan_for
from persistence.metrics.engines import engine_for
from persistence.metrics.moving import values_of
from persistence.metrics.shapes import shape_of
from persistence.metrics.statement import Statement, write_out
from persistence.tenancy import Reader

_SCANS = ("Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan")


@dataclass(frozen=True, slots=True)
class Explanation:
    engine: str
    why: str
    rows_estimate: int
    planner_cost: float
    buckets: int
    legs: int
    measures: int
    statement: str


class PlanOf(Executable, ClauseElement):
    """EXPLAIN of a statement."""

    inherit_cache = False

    def __init__(self, statement: Statement) -> None:
        self.statement = statement


@compiles(PlanOf, "postgresql")
def _compile_plan_of(element: PlanOf, compiler: SQLCompiler, **options: Any) -> str:
    return "EXPLAIN (FORMAT JSON) " + compiler.process(element.statement, **options)


async def explain(reader: Reader, query: MetricQuery, *, now_ms: int) -> Explanation:
    plan = await plan_for(reader, query, now_ms=now_ms)
    shape = shape_of(plan)
    if not shape.branches:
        return Explanation("NONE", "Nothing has to be computed.", 0, 0.0, plan.lengths[0], 0, 0, "")
    values = values_of(plan, shape.branches, reader.workspace_id)
    told = (await reader.connection.execute(PlanOf(shape.for_database), values)).scalar_one()
    root = told[0]["Plan"]
    async with engine_for(reader, plan) as engine:
        name, why = engine.name, engine.why
    return Explanation(
        engine=name,
        why=why,
        rows_estimate=_rows_read(root),
        planner_cost=float(root["Total Cost"]),
        buckets=plan.lengths[0],
        legs=len(shape.branches),
        measures=sum(len(branch.measures) for branch in shape.branches),
        statement=text_of(shape.for_database, reader.connection.dialect),
    )


def text_of(statement: Statement, dialect: Dialect) -> str:
    """The statement as the database gets it, without the values of its parameters."""
    return write_out(statement, dialect)[0].statement


def _rows_read(node: dict[str, Any]) -> int:
    own = int(node["Plan Rows"]) if node["Node Type"] in _SCANS else 0
    return own + sum(_rows_read(child) for child in node.get("Plans", ()))
