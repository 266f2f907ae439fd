"""The one door to figures: a question in, a table out. Resolvers, streams, alerts, reports and exports all use it.

    async with reading(database, workspace_id, snapshot=True) as reader:
        table = await answer(reader, query, now_ms=...)

1. What the question needs to know of its workspace. 2. One SELECT, on the engine that is chosen. 3. Where only the
first groups are wanted of metrics that do not add up, or a series of each, a second one for those groups. 4. The table.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from domain.dimensions import OTHER, Open
from domain.metrics.algebra import Measure
from domain.metrics.catalogue import METRICS
from domain.metrics.spread import OF_MONEY
from domain.problems import LimitReached, Refused
from domain.queries.assemble import (
    Labels,
    added,
    assemble,
    can_be_summed,
    groups_in,
    ranked,
    summed,
)
from domain.queries.cells import Amount, Cell, CellKey, Cells, Codes
from domain.queries.plan import QueryPlan, local_days, make_plan
from domain.queries.query import MetricQuery, Part
from domain.queries.readings import needs_rates
from domain.queries.scope import Scope
from domain.queries.table import MetricTable
from domain.time import SECOND_MS
from domain.vocabulary import LabelKind
from persistence.engine import Database, current_snapshot
from persistence.labels import label_texts
from persistence.metrics.engines import Engine, engine_for
from persistence.metrics.scope import read_generation, read_scope
from persistence.metrics.shapes import Shape, shape_of
from persistence.results import Asked, Basis
from persistence.tenancy import Reader

MOST_GROUPS_READ: Final = 50_000
"""A split with more groups than that is refused: nobody can read it, and it would fill the memory."""


async def answer(reader: Reader, query: MetricQuery, *, now_ms: int) -> MetricTable:
    """All parts of the table from one snapshot, if the reader has one; of the same second, if nothing changed since."""
    scope = await scope_for(reader, query)
    if reader.results is None:
        return await _answered(reader, make_plan(query, scope, now_ms), now_ms)
    asked = Asked(reader.workspace_id, query, now_ms // SECOND_MS)
    generation, snapshot = await read_generation(reader)
    basis = Basis(generation, scope)
    found = reader.results.find(asked, basis)
    if found is None:
        found = await _answered(reader, make_plan(query, scope, now_ms), now_ms)
    reader.results.keep(asked, basis, found, snapshot)
    return replace(found, fresh_through_ms=now_ms)


async def answered_before(
    database: Database, workspace_id: UUID, queries: Sequence[MetricQuery], *, now_ms: int
) -> list[MetricTable] | None:
    """All of them, if each was answered within this second and nothing at all was committed since."""
    results = database.results
    asked = [Asked(workspace_id, query, now_ms // SECOND_MS) for query in queries]
    if results is None or not results.may_hold(asked):
        return None
    found = results.seen_at(asked, await current_snapshot(database))
    return None if found is None else [replace(table, fresh_through_ms=now_ms) for table in found]


async def _answered(reader: Reader, plan: QueryPlan, now_ms: int) -> MetricTable:
    async with engine_for(reader, plan) as engine:
        first = replace(plan, parts=_first_parts(plan))
        cells: Cells = await _computed(engine, first)
        groups = groups_in(cells)
        labels = await group_labels(reader, plan, groups)
        order = ranked(plan, cells, labels) if groups else ()
        shown, cells = await _shown(engine, plan, cells, order)
    return assemble(plan, cells, labels, shown, len(groups), fresh_through_ms=now_ms)


async def plan_for(reader: Reader, query: MetricQuery, *, now_ms: int) -> QueryPlan:
    return make_plan(query, await scope_for(reader, query), now_ms)


async def scope_for(reader: Reader, query: MetricQuery) -> Scope:
    metrics = tuple(METRICS[name] for name in query.computed_metrics)
    return await read_scope(reader, query, with_rates=needs_rates(metrics))


def _first_parts(plan: QueryPlan) -> frozenset[Part]:
    """Which groups there are is asked before their series."""
    if Part.GROUP_SERIES not in plan.parts:
        return plan.parts
    return plan.parts - {Part.GROUP_SERIES} | {Part.GROUPS}


async def _shown(
    engine: Engine, plan: QueryPlan, cells: Cells, order: tuple[Codes, ...]
) -> tuple[tuple[Codes, ...], Cells]:
    """The groups to show, OTHER last, and the cells with all that they need."""
    limit = plan.query.limit
    rest = order[limit:]
    kept = order[:limit] if rest else None
    shown = (*order[:limit], (OTHER,) * len(plan.query.group_by)) if rest else order
    wanted: set[Part] = set()
    if Part.GROUP_SERIES in plan.parts and order:
        wanted.add(Part.GROUP_SERIES)
    more: dict[CellKey, Cell] = {}
    if rest and can_be_summed(plan, (measure for cell in cells.values() for measure in cell)):
        more = summed(plan, cells, rest)
    elif rest:
        wanted.add(Part.GROUPS)
    if wanted:
        wanted |= plan.parts & {Part.INTERVALS}
        more |= await _computed(engine, replace(plan, parts=frozenset(wanted), kept=kept))
    return shown, {**cells, **more}


async def _computed(engine: Engine, plan: QueryPlan) -> dict[CellKey, Cell]:
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


async def group_labels(reader: Reader, plan: QueryPlan, groups: tuple[Codes, ...]) -> Labels:
    wanted: dict[tuple[LabelKind, int], None] = {}
    for place, dimension in enumerate(plan.query.dimensions):
        if isinstance(dimension.values, Open):
            kind = dimension.values.kind
            wanted.update(dict.fromkeys((kind, codes[place]) for codes in groups if codes[place] > 0))
    return await label_texts(reader, list(wanted)) if wanted else {}
