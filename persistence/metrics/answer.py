"""The one door to figures: a question in, a table out. Resolvers, streams, alerts, reports and exports all use it.

    async with reading(database, workspace_id, snapshot=True) as reader:
        table = await answer(reader, query, now_ms=...)

1. What the question needs to know of its workspace. 2. One SELECT, on the engine that is chosen. 3. Where only the
first groups are wanted of metrics that do not add up, or a series of each, a second one for those groups. 4. The table.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from domain.dimensions import OTHER, Open
from domain.metrics.catalogue import METRICS
from domain.problems import LimitReached, Refused
from domain.queries.assemble import (
    Labels,
    Ranking,
    assemble,
    can_be_summed,
    groups_in,
    ranked,
    summed,
)
from domain.queries.cells import Cell, CellKey, Cells, Codes
from domain.queries.plan import QueryPlan, make_plan
from domain.queries.query import MOST_CELLS, MetricQuery, Part
from domain.queries.readings import needs_rates
from domain.queries.scope import Scope
from domain.queries.table import MetricTable
from domain.time import SECOND_MS
from domain.vocabulary import LabelKind
from persistence.engine import Database, current_snapshot
from persistence.ground import ground_of
from persistence.labels import label_texts
from persistence.metrics.cells import computed
from persistence.metrics.engines import Engine, engine_for
from persistence.metrics.intent_volume import speaks_of_volume, with_frequent_intents
from persistence.metrics.scope import read_scope
from persistence.results import Asked, Basis
from persistence.segments import with_segments
from persistence.tenancy import Reader


async def answer(reader: Reader, query: MetricQuery, *, now_ms: int) -> MetricTable:
    """All parts of the table from one snapshot, if the reader has one; of the same second, if nothing changed since."""
    query = await with_segments(reader, query)
    scope = await scope_for(reader, query, now_ms=now_ms)
    if reader.results is None:
        return await _answered(reader, make_plan(query, scope, now_ms), now_ms)
    asked = Asked(reader.workspace_id, query, now_ms // SECOND_MS)
    ground = await ground_of(reader)
    basis = Basis(ground.growth.generation, scope)
    found = reader.results.find(asked, basis)
    if found is None:
        found = await _answered(reader, make_plan(query, scope, now_ms), now_ms)
    reader.results.keep(asked, basis, found, ground.snapshot)
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
        cells: Cells = await computed(engine, first)
        groups = groups_in(cells)
        labels = await group_labels(reader, plan, groups)
        ranking = ranked(plan, cells, labels) if groups else Ranking(())
        shown, cells = await _shown(engine, plan, cells, ranking)
    return assemble(plan, cells, labels, shown, len(groups), fresh_through_ms=now_ms)


async def plan_for(reader: Reader, query: MetricQuery, *, now_ms: int) -> QueryPlan:
    query = await with_segments(reader, query)
    return make_plan(query, await scope_for(reader, query, now_ms=now_ms), now_ms)


async def scope_for(reader: Reader, query: MetricQuery, *, now_ms: int) -> Scope:
    """Where the question speaks of frequent intents, they are counted first."""
    metrics = tuple(METRICS[name] for name in query.computed_metrics)
    scope = await read_scope(reader, query, with_rates=needs_rates(metrics))
    return await with_frequent_intents(reader, query, scope, now_ms=now_ms) if speaks_of_volume(query) else scope


def _first_parts(plan: QueryPlan) -> frozenset[Part]:
    """Which groups there are is asked before their series."""
    if Part.GROUP_SERIES not in plan.parts:
        return plan.parts
    return plan.parts - {Part.GROUP_SERIES} | {Part.GROUPS}


async def _shown(
    engine: Engine, plan: QueryPlan, cells: Cells, ranking: Ranking
) -> tuple[tuple[Codes, ...], Cells]:
    """The groups to show, OTHER last, and the cells with all that they need. What was shown before is no part of OTHER,
    so it is told apart too."""
    order, end = ranking.order, ranking.start + plan.query.limit
    rest = order[end:]
    kept = order[:end] if rest else None
    page = order[ranking.start : end]
    shown = (*page, (OTHER,) * len(plan.query.group_by)) if rest else page
    _refuse_too_many(plan, end)
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
        more |= await computed(engine, replace(plan, parts=frozenset(wanted), kept=kept))
    return shown, {**cells, **more}


def _refuse_too_many(plan: QueryPlan, groups: int) -> None:
    if plan.query.after and Part.GROUP_SERIES in plan.parts and groups * max(plan.lengths) > MOST_CELLS:
        raise Refused(
            LimitReached(
                message=f"Series of {groups} groups are more than {MOST_CELLS} cells: take fewer buckets.",
                path=("after",),
            )
        )


async def group_labels(reader: Reader, plan: QueryPlan, groups: tuple[Codes, ...]) -> Labels:
    wanted: dict[tuple[LabelKind, int], None] = {}
    for place, dimension in enumerate(plan.query.dimensions):
        if isinstance(dimension.values, Open):
            kind = dimension.values.kind
            wanted.update(dict.fromkeys((kind, codes[place]) for codes in groups if codes[place] > 0))
    return await label_texts(reader, list(wanted)) if wanted else {}
