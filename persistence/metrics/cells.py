"""What one statement gives, as cells: which figures stand in which window, bucket and group."""

from collections.abc import Collection
from typing import Any, Final

from domain.metrics.algebra import Measure
from domain.metrics.spread import OF_MONEY
from domain.problems import LimitReached, Refused
from domain.queries.assemble import added
from domain.queries.cells import Amount, Cell, CellKey
from domain.queries.plan import QueryPlan, local_days
from persistence.metrics.engines import Engine
from persistence.metrics.shapes import Shape, shape_of

MOST_GROUPS_READ: Final = 50_000
"""A split with more groups than that is refused: nobody can read it, and it would fill the memory."""


async def computed(engine: Engine, plan: QueryPlan) -> dict[CellKey, Cell]:
    shape = shape_of(plan)
    if not shape.branches:
        return {}
    rows = await engine.rows(plan, shape)
    if len(rows) > MOST_GROUPS_READ * max(1, len(plan.windows)) * 4:
        raise Refused(
            LimitReached(message=f"More than {MOST_GROUPS_READ} groups; filter, or group by less.", path=("groupBy",))
        )
    return _decoded(plan, shape, rows)


def _decoded(plan: QueryPlan, shape: Shape, rows: Collection[Any]) -> dict[CellKey, Cell]:
    """Rows of all legs as cells; legs of one cell fill different measures of it."""
    layout, branches = shape.layout, shape.branches
    days = [local_days(plan, branch.window_index)[1] if branch.by_day else () for branch in branches]
    numbers = [branch.numbers for branch in branches]
    long_numbers = [branch.long_numbers for branch in branches]
    first_number = 4 + layout.dimensions
    first_long = first_number + layout.numbers
    found: dict[CellKey, dict[Measure, Amount]] = {}
    for row in rows:
        leg, bucket = row[0], row[1]
        codes = tuple(row[2 : 2 + layout.dimensions])
        key = CellKey(
            branches[leg].window_index,
            None if bucket is None else bucket - 1,
            None if not codes or codes[0] is None else codes,
        )
        cell = found.setdefault(key, {})
        for place, measure in enumerate(numbers[leg], start=first_number):
            cell[measure] = row[place]
        for place, measure in enumerate(long_numbers[leg], start=first_long):
            if row[place] is None:
                continue
            if not isinstance(measure, OF_MONEY):
                cell[measure] = int(row[place])
            else:
                currency, day = row[first_number - 2], _day_of(days[leg], row[first_number - 1])
                cell[measure] = added(cell.get(measure), {(currency, day): int(row[place])})
    return dict(found)


def _day_of(days: tuple[int, ...], told: int) -> int:
    """As the row of an amount tells it: by its place among the days, where the row has only a moment."""
    return days[told - 1] if days and told > 0 else told
