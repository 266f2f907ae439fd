"""Funnels as one SELECT, on either engine: whoever enters, then per step the earliest event after the step before."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import BigInteger, Integer, Select, and_, case, cast, distinct, func, literal, null, select, tuple_
from sqlalchemy.sql.selectable import Subquery

from domain.dimensions import OTHER
from domain.metrics.algebra import ALWAYS, Column, Known, OneOf, Place, Predicate, every
from domain.problems import LimitReached, Refused
from domain.queries.assemble import Labels, key_part
from domain.queries.branches import Branch, Cut
from domain.queries.cells import Codes
from domain.queries.counted import population
from domain.queries.filters import predicate_of
from domain.queries.funnel import FunnelQuery, FunnelUnit
from domain.queries.funnel_table import FunnelGroup, FunnelTable, StepCount, not_reported, read_steps, together
from domain.queries.plan import QueryPlan, make_plan
from domain.queries.scope import KnownChatbot, Scope, reports_all
from domain.time import Window
from persistence.metrics.answer import group_labels, scope_for
from persistence.metrics.cells import MOST_GROUPS_READ
from persistence.metrics.compile import NEAREST_RANK_SLACK, Number, Share
from persistence.metrics.engines import rows_from
from persistence.metrics.legs import opened
from persistence.metrics.rows import event_rows
from persistence.segments import with_segments, without_segments
from persistence.tenancy import Reader

_SESSION: Final = Column("session_id", Place.SESSION)
_VISITOR: Final = Column("visitor_id", Place.SESSION)
_COLUMNS_A_STEP: Final = 4


async def answer_funnel(reader: Reader, query: FunnelQuery, *, now_ms: int) -> FunnelTable:
    """From one snapshot, if the reader has one."""
    query = await _with_segments(reader, query)
    scope = await scope_for(reader, query.with_all_filters, now_ms=now_ms)
    plan = _widened(make_plan(query.base, scope, now_ms), query)
    able = [one for one in scope.chatbots_in(query.base.where) if reports_all(one, query.needs)]
    left_out = [one for one in scope.chatbots_in(query.base.where) if one not in able]
    counts: dict[Codes, tuple[StepCount, ...]] = {}
    if able or not left_out:
        rows = await _rows(reader, plan, _branches(plan, query, able if left_out else None), query)
        counts = dict(_counted(row, plan, query) for row in rows)
    labels = await group_labels(reader, plan, tuple(codes for codes in counts if codes))
    return _table(plan, query, counts, labels, left_out, now_ms)


async def _with_segments(reader: Reader, query: FunnelQuery) -> FunnelQuery:
    base = await with_segments(reader, query.base)
    steps = [replace(step, where=await without_segments(reader, step.where)) for step in query.steps]
    return replace(query, base=base, steps=tuple(steps))


def funnel_of(query: FunnelQuery, scope: Scope, now_ms: int, *, in_copy: bool) -> Select[Any]:
    """Its statement alone."""
    plan = _widened(make_plan(query.base, scope, now_ms), query)
    return build_funnel(plan, _branches(plan, query, None), query, in_copy=in_copy)


def _widened(plan: QueryPlan, query: FunnelQuery) -> QueryPlan:
    """Whoever enters at the very end still has the whole window for the steps behind."""
    window = plan.windows[0]
    wide = Window(window.from_ms, window.to_ms + query.within_ms)
    return replace(plan, windows=(window, wide), buckets=((), ()), edges=((), ()))


def _branches(plan: QueryPlan, query: FunnelQuery, able: Sequence[KnownChatbot] | None) -> list[Branch]:
    """One per step; `able`: the chatbots that report what is needed, None = all."""
    restriction: Predicate = ALWAYS
    if able is not None:
        restriction = OneOf(Column("chatbot_id", Place.SESSION), tuple(sorted(one.chatbot_id for one in able)))
    seen = plan.query.among
    among = ALWAYS if seen is None else OneOf(Column("chatbot_id", Place.SESSION), tuple(sorted(seen)))
    named = Known(_VISITOR) if query.unit is FunnelUnit.VISITOR else ALWAYS
    found: list[Branch] = []
    for place, step in enumerate(query.steps):
        meaning, codes = step.event.meaning, plan.scope.codes
        filters = [predicate_of(tree, meaning.relation, codes) for tree in (plan.query.where, step.where)]
        found.append(
            Branch(
                relation=meaning.relation,
                window_index=min(place, 1),
                window=plan.windows[min(place, 1)],
                cuts=(Cut.DIMENSIONS,) if place == 0 and plan.query.group_by else (),
                measures=(),
                where=every(population(plan.query), restriction, among, named, meaning.where, *filters),
                dimensions=plan.dimensions if place == 0 else (),
            )
        )
    return found


async def _rows(reader: Reader, plan: QueryPlan, branches: list[Branch], query: FunnelQuery) -> Sequence[Any]:
    def build(in_copy: bool) -> Select[Any]:
        return build_funnel(plan, branches, query, in_copy=in_copy)

    return await rows_from(reader, plan, branches, build, {})


def build_funnel(plan: QueryPlan, branches: Sequence[Branch], query: FunnelQuery, *, in_copy: bool) -> Select[Any]:
    """A row per group and one for all: dimensions, then for each step how many, people, sessions without a visitor,
    and the median time since the step before."""
    entity = _VISITOR if query.unit is FunnelUnit.VISITOR else _SESSION
    named = {"entity": entity, "visitor": _VISITOR}
    events = [
        event_rows(opened(plan, one, in_copy=in_copy, reading=named.values()), named).subquery(f"step_{place}")
        for place, one in enumerate(branches)
    ]
    dimensions = [f"d{number}" for number in range(len(plan.query.group_by))]
    reached = _entered(events[0], dimensions)
    for place in range(1, len(events)):
        reached = _next(reached, events[place], place, query)
    keys = [reached.c[name] for name in dimensions]
    figures = [figure for place in range(len(events)) for figure in _figures(reached, place)]
    statement = select(*keys, *figures).select_from(reached)
    return statement.group_by(func.grouping_sets(tuple_(), tuple_(*keys))) if keys else statement


def _entered(events: Subquery, dimensions: Sequence[str]) -> Subquery:
    keys = [events.c.entity, events.c.visitor, *(events.c[name] for name in dimensions)]
    return select(*keys, func.min(events.c.at_ms).label("t0")).group_by(*keys).subquery("reached_0")


def _next(reached: Subquery, events: Subquery, place: int, query: FunnelQuery) -> Subquery:
    before = reached.c[f"t{place - 1}"]
    follows = events.c.at_ms > before if query.repeats(place) else events.c.at_ms >= before
    in_time = events.c.at_ms < reached.c.t0 + literal(query.within_ms, BigInteger)
    joined = reached.outerjoin(events, and_(events.c.entity == reached.c.entity, follows, in_time))
    earliest = func.min(events.c.at_ms).label(f"t{place}")
    return select(*reached.c, earliest).select_from(joined).group_by(*reached.c).subquery(f"reached_{place}")


def _figures(reached: Subquery, place: int) -> list[Number]:
    at, visitor = reached.c[f"t{place}"], reached.c.visitor
    median: Number = cast(null(), BigInteger)
    if place:
        share = literal(0.5 - NEAREST_RANK_SLACK, Share())
        waited = at - reached.c[f"t{place - 1}"]
        median = cast(func.percentile_disc(share).within_group(waited), BigInteger)
    arrived = at.is_not(None)
    return [
        func.count(at).label(f"count_{place}"),
        func.count(distinct(visitor)).filter(arrived).label(f"visitors_{place}"),
        func.count(case((visitor.is_(None), literal(1, Integer)))).filter(arrived).label(f"nameless_{place}"),
        median.label(f"median_{place}"),
    ]


def _counted(row: Any, plan: QueryPlan, query: FunnelQuery) -> tuple[Codes, tuple[StepCount, ...]]:
    width = len(plan.query.group_by)
    codes: Codes = () if not width or row[0] is None else tuple(row[:width])
    steps = []
    for place in range(len(query.steps)):
        count, visitors, nameless, median = row[width + place * _COLUMNS_A_STEP :][:_COLUMNS_A_STEP]
        steps.append(StepCount(count, visitors + nameless, median))
    return codes, tuple(steps)


def _table(
    plan: QueryPlan,
    query: FunnelQuery,
    counts: dict[Codes, tuple[StepCount, ...]],
    labels: Labels,
    left_out: Sequence[KnownChatbot],
    now_ms: int,
) -> FunnelTable:
    if len(counts) > MOST_GROUPS_READ:
        raise Refused(
            LimitReached(message=f"More than {MOST_GROUPS_READ} groups; filter, or group by less.", path=("groupBy",))
        )
    whole = counts.pop((), None)
    order = sorted(counts, key=lambda codes: (-counts[codes][0].count, _label(plan, codes, labels)))
    rest = order[query.base.limit :]
    shown = [(codes, counts[codes]) for codes in order[: query.base.limit]]
    if rest:
        shown.append(((OTHER,) * len(query.base.group_by), together([counts[codes] for codes in rest])))
    hides = plan.hides_small_groups
    return FunnelTable(
        query=query,
        as_of_ms=plan.as_of_ms,
        fresh_through_ms=now_ms,
        time_zone=plan.scope.zone.name,
        window=plan.windows[0],
        steps=not_reported(query) if whole is None else read_steps(whole, hides_few=hides),
        groups=tuple(
            FunnelGroup(
                tuple(key_part(plan, *pair, labels) for pair in zip(plan.query.dimensions, codes, strict=True)),
                read_steps(steps, hides_few=hides),
            )
            for codes, steps in shown
        ),
        group_count=len(order),
        left_out=tuple(sorted(one.slug for one in left_out)),
    )


def _label(plan: QueryPlan, codes: Codes, labels: Labels) -> tuple[str, ...]:
    return tuple(key_part(plan, *pair, labels).label for pair in zip(plan.query.dimensions, codes, strict=True))
