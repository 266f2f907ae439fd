"""From a question to what has to be computed: windows, buckets, measures and the branches of one SELECT.

A plan is folded from small steps; nothing of it knows SQL.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Flag, auto
from typing import Final

from domain.buckets import Bucket, buckets, edges_around, edges_within
from domain.cycles import cells_of
from domain.days import LocalDays
from domain.dimensions import DIMENSIONS, Dimension
from domain.metrics.algebra import (
    ALWAYS,
    NEVER,
    OUTSIDE_SESSIONS,
    Column,
    Count,
    Distinct,
    HasTurn,
    IsTrue,
    Known,
    Measure,
    Not,
    OfPopulation,
    OneOf,
    Place,
    Predicate,
    Relation,
    depends_on_window,
    every,
    measures_of,
    restricted,
)
from domain.metrics.catalogue import METRICS
from domain.metrics.metric import Metric, Needs
from domain.metrics.populations import COUNTED
from domain.metrics.quality import satisfaction_by
from domain.metrics.spread import LONG, OF_MONEY, Spread, spread_of
from domain.problems import Refused
from domain.queries.filters import dimensions_in, predicate_of
from domain.queries.query import Comparison, MetricQuery, Part, bucket_problems
from domain.queries.scope import Scope, reports_all
from domain.time import Grain, Window, preceding, resolve, same_last_year
from domain.vocabulary import Source

NOW: Final = 0
PREVIOUS: Final = 1

SMALLEST_GROUP: Final = 5
"""Cells of fewer people are hidden from keys that see only some chatbots (R22, P30)."""


class Cut(Flag):
    """By what a row of the answer is cut."""

    TOTAL = 0
    BUCKET = auto()
    DIMENSIONS = auto()


CUT_OF: Final = {
    Part.TOTALS: Cut.TOTAL,
    Part.SERIES: Cut.BUCKET,
    Part.GROUPS: Cut.DIMENSIONS,
    Part.GROUP_SERIES: Cut.BUCKET | Cut.DIMENSIONS,
}

_ALL_SESSIONS: Final = Count(Relation.SESSION)


@dataclass(frozen=True, slots=True)
class Reporting:
    """Which chatbots in scope report what a metric needs (R4). `covered` over `whole` is its coverage by sessions;
    both are None where all or none report."""

    some: bool
    covered: Measure | None = None
    whole: Measure | None = None
    restriction: Predicate = ALWAYS


@dataclass(frozen=True, slots=True)
class Branch:
    """One leg of the SELECT: a relation, within a window, cut in some ways. `by_day`: its amounts need their local
    day, and their rows tell only the moment."""

    relation: Relation
    window_index: int
    window: Window
    cuts: tuple[Cut, ...]
    measures: tuple[Measure, ...]
    where: Predicate
    dimensions: tuple[Dimension, ...] = ()
    first_seen_at_chatbot: bool = False
    by_day: bool = False

    @property
    def numbers(self) -> tuple[Measure, ...]:
        return tuple(measure for measure in self.measures if not isinstance(measure, LONG))

    @property
    def long_numbers(self) -> tuple[Measure, ...]:
        """Amounts of money, and whatever else may need more than 64 bits."""
        return tuple(measure for measure in self.measures if isinstance(measure, LONG))

    @property
    def of_money(self) -> bool:
        return any(isinstance(measure, OF_MONEY) for measure in self.measures)

    @property
    def is_cut_by(self) -> Cut:
        cut = Cut.TOTAL
        for one in self.cuts:
            cut |= one
        return cut


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """`buckets`: of each window, where series run over them. `edges`: where the buckets, or the parts of a cycle,
    begin, and the end of the last. `kept`: codes of the groups to tell apart, everything else is OTHER; None tells all
    apart."""

    query: MetricQuery
    scope: Scope
    as_of_ms: int
    windows: tuple[Window, ...]
    grain: Grain
    buckets: tuple[tuple[Bucket, ...], ...]
    edges: tuple[tuple[int, ...], ...]
    parts: frozenset[Part]
    kept: tuple[tuple[int, ...], ...] | None = None

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return tuple(
            satisfaction_by(self.scope.instrument) if name == "satisfaction" else METRICS[name]
            for name in self.query.computed_metrics
        )

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """By which it is split, as they read in this question."""
        return tuple(self.scope.codes.dimension(name) for name in self.query.group_by)

    @property
    def lengths(self) -> tuple[int, ...]:
        """How long the series of each window are."""
        cycle = self.query.cycle
        return tuple(len(one) if cycle is None else len(cycle.cells) for one in self.buckets)

    @property
    def hides_small_groups(self) -> bool:
        return self.query.among is not None


def make_plan(query: MetricQuery, scope: Scope, now_ms: int) -> QueryPlan:
    """Resolves everything that depends on the present and on the workspace."""
    as_of_ms = now_ms if query.as_of_ms is None else query.as_of_ms
    window = resolve(query.range, as_of_ms, scope.zone)
    problems = tuple(bucket_problems(query, window))
    if problems:
        raise Refused(*problems)
    windows = (window, *_compared(query, window, as_of_ms, scope))
    grain = query.grain_over(window)
    wants_buckets = bool({Part.SERIES, Part.GROUP_SERIES} & query.parts)
    told_apart = windows if wants_buckets and query.cycle is None else ()
    return QueryPlan(
        query=query,
        scope=scope,
        as_of_ms=as_of_ms,
        windows=windows,
        grain=grain,
        buckets=tuple(buckets(one, grain, scope.zone, as_of_ms) for one in told_apart) or ((),) * len(windows),
        edges=tuple(edges_within(one, grain, scope.zone) if wants_buckets else () for one in windows),
        parts=query.parts,
    )


def _compared(query: MetricQuery, window: Window, as_of_ms: int, scope: Scope) -> tuple[Window, ...]:
    match query.compare:
        case None:
            return ()
        case Comparison.PREVIOUS_PERIOD:
            return (preceding(query.range, window, as_of_ms, scope.zone),)
        case Comparison.SAME_PERIOD_LAST_YEAR:
            return (same_last_year(window, scope.zone),)
        case custom:
            return (resolve(custom, as_of_ms, scope.zone),)


def branches_of(plan: QueryPlan) -> tuple[Branch, ...]:
    """Every leg of the statement."""
    by_relation = _measures_by_relation(plan)
    found: list[Branch] = []
    for relation, measures in by_relation.items():
        for index, window in enumerate(plan.windows):
            if relation is Relation.MOMENT and index == PREVIOUS:
                continue
            for alike in _apart_by_money(measures):
                found.extend(_legs(plan, relation, alike, index, window))
    found.extend(_excluded_leg(plan))
    return tuple(found)


def cuts_of(parts: Iterable[Part]) -> tuple[Cut, ...]:
    return tuple(CUT_OF[part] for part in Part if part in CUT_OF and part in parts)


def _legs(
    plan: QueryPlan, relation: Relation, measures: tuple[Measure, ...], index: int, window: Window
) -> Iterable[Branch]:
    """One leg where it can be; apart where the start of the cell matters or a session falls into several groups."""
    cuts = cuts_of(plan.parts)
    if relation is Relation.MOMENT or not plan.edges[index]:
        cuts = tuple(cut for cut in cuts if Cut.BUCKET not in cut)
    overlapping = [dimension for dimension in plan.query.dimensions if dimension.overlaps(relation)]
    plain = Branch(
        relation=relation,
        window_index=index,
        window=window,
        cuts=cuts,
        measures=measures,
        where=rows_that_count(plan, relation),
        dimensions=plan.dimensions,
        first_seen_at_chatbot=plan.query.effective_new_to == "CHATBOT",
        by_day=relation is not Relation.SESSION_COST and any(isinstance(one, OF_MONEY) for one in measures),
    )
    for leg in _apart_by_overlap(plain, overlapping) if cuts else ():
        yield from _apart_by_window(leg)


def _apart_by_money(measures: tuple[Measure, ...]) -> Iterable[tuple[Measure, ...]]:
    """Amounts come by currency and day, so nothing else can stand on their rows."""
    amounts = tuple(measure for measure in measures if isinstance(measure, OF_MONEY))
    numbers = tuple(measure for measure in measures if not isinstance(measure, OF_MONEY))
    return (part for part in (numbers, amounts) if part)


def local_days(plan: QueryPlan, index: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Edges and numbers of the days of a window, in the zone in which amounts have their day (R32.15)."""
    zone = plan.scope.money_zone or plan.scope.zone
    found = buckets(plan.windows[index], Grain.DAY, zone, plan.as_of_ms)
    local = LocalDays(zone.name)
    edges = (*(bucket.from_ms for bucket in found), *(bucket.to_ms for bucket in found[-1:]))
    return edges, tuple(local.day_of(bucket.from_ms) for bucket in found)


def _apart_by_overlap(leg: Branch, overlapping: list[Dimension]) -> Iterable[Branch]:
    """Rows that are cut by a turn's dimension are one per value; totals count each session once (R32.13)."""
    if not overlapping:
        yield leg
        return
    has_turns = every(*(HasTurn(turn.relation, turn.where) for one in overlapping if (turn := one.turn)))
    cut_up = tuple(cut for cut in leg.cuts if Cut.DIMENSIONS in cut)
    whole = tuple(cut for cut in leg.cuts if Cut.DIMENSIONS not in cut)
    if cut_up:
        yield replace(leg, cuts=cut_up)
    if whole:
        yield replace(leg, cuts=whole, where=every(leg.where, has_turns))


def _apart_by_window(leg: Branch) -> Iterable[Branch]:
    windowed = tuple(measure for measure in leg.measures if depends_on_window(measure))
    plain = tuple(measure for measure in leg.measures if not depends_on_window(measure))
    in_buckets = tuple(cut for cut in leg.cuts if Cut.BUCKET in cut)
    whole = tuple(cut for cut in leg.cuts if Cut.BUCKET not in cut)
    if not windowed or not in_buckets or not whole:
        yield leg
        return
    if plain:
        yield replace(leg, measures=plain)
    yield replace(leg, measures=windowed, cuts=whole)
    yield replace(leg, measures=windowed, cuts=in_buckets)


def _excluded_leg(plan: QueryPlan) -> Iterable[Branch]:
    if Part.EXCLUDED not in plan.parts or not _speaks_of_sessions(plan):
        return
    yield Branch(
        relation=Relation.SESSION,
        window_index=NOW,
        window=plan.windows[NOW],
        cuts=(Cut.TOTAL,),
        measures=tuple(excluded_measures(plan).values()),
        where=every(COUNTED, _seen(plan), predicate_of(plan.query.where, Relation.SESSION, plan.scope.codes)),
    )


def excluded_measures(plan: QueryPlan) -> dict[str, Measure]:
    """What the default population leaves out: by source, and bots of the sources that are in."""
    query = plan.query
    wanted = OneOf(Column("source"), tuple(sorted(query.wanted_sources)))
    found: dict[str, Measure] = {
        source.name.lower(): Count(Relation.SESSION, OneOf(Column("source"), (source,)))
        for source in Source
        if source not in query.wanted_sources
    }
    if not query.include_bots:
        found["bots"] = Count(Relation.SESSION, every(wanted, IsTrue(Column("is_bot"))))
    dimensions = [one for one in query.dimensions if one.overlaps(Relation.SESSION)]
    if dimensions:
        has_turns = every(*(HasTurn(turn.relation, turn.where) for one in dimensions if (turn := one.turn)))
        found["without_turn"] = Count(Relation.SESSION, every(population(query).meaning, Not(has_turns)))
    return found


def cells_on(plan: QueryPlan, index: int) -> tuple[int, ...]:
    """Where the buckets of a window make up the cells of a cycle: the place of each among them, from 0."""
    cycle = plan.query.cycle
    if cycle is None or not plan.edges[index]:
        return ()
    return cells_of(edges_around(plan.windows[index], cycle.grain, plan.scope.zone), cycle, plan.scope.zone)


def population(query: MetricQuery) -> OfPopulation:
    """Sessions that count: of the wanted sources and, unless asked for, of people."""
    people = ALWAYS if query.include_bots else Not(IsTrue(Column("is_bot", Place.SESSION)))
    sources = tuple(sorted(query.wanted_sources))
    meaning = every(COUNTED, people, OneOf(Column("source", Place.SESSION), sources))
    return OfPopulation(sources, query.include_bots, meaning)


def rows_that_count(plan: QueryPlan, relation: Relation) -> Predicate:
    """Of the population, of chatbots that the asker may see, and within the filter."""
    counted = ALWAYS if relation in OUTSIDE_SESSIONS else population(plan.query)
    return every(counted, _seen(plan), predicate_of(plan.query.where, relation, plan.scope.codes))


def _seen(plan: QueryPlan) -> Predicate:
    among = plan.query.among
    return ALWAYS if among is None else OneOf(Column("chatbot_id", Place.SESSION), tuple(sorted(among)))


def reporting(plan: QueryPlan, needs: Needs) -> Reporting:
    """R4: computed over those chatbots that report all that is needed."""
    if not needs:
        return Reporting(some=True)
    chatbots = plan.scope.chatbots_in(plan.query.where)
    able = tuple(sorted(one.chatbot_id for one in chatbots if reports_all(one, needs)))
    if len(able) == len(chatbots):
        # Also where there is none at all: then nothing happened, and that is known.
        return Reporting(some=True)
    if not able:
        return Reporting(some=False, restriction=NEVER)
    restriction = OneOf(Column("chatbot_id", Place.SESSION), able)
    return Reporting(True, Count(Relation.SESSION, restriction), _ALL_SESSIONS, restriction)


def measures_for(plan: QueryPlan, metric: Metric) -> tuple[Measure, ...]:
    """The metric's measures, restricted to the chatbots that report; none if no chatbot does."""
    told = reporting(plan, metric.needs)
    if not told.some:
        return ()
    return tuple(
        measure if told.restriction is ALWAYS else restricted(measure, told.restriction)
        for measure in measures_of(metric.formula)
    )


def spread_for(plan: QueryPlan, metric: Metric) -> Spread | None:
    """What its interval needs beside its measures, restricted like them; None if nobody asked or there is none."""
    told = reporting(plan, metric.needs)
    if Part.INTERVALS not in plan.parts or metric.is_proportion or not told.some:
        return None
    found = spread_of(metric.formula)
    if isinstance(found, str):
        return None
    return found if told.restriction is ALWAYS else found.restricted(told.restriction)


def _speaks_of_sessions(plan: QueryPlan) -> bool:
    """Whether sessions can be cut and filtered as the question does; probes have dimensions that sessions lack."""
    named = (*plan.query.group_by, *dimensions_in(plan.query.where))
    return all(DIMENSIONS[name].allows(Relation.SESSION) for name in named)


_VISITORS: Final = Distinct(Relation.SESSION, Column("visitor_id"))
_NAMELESS: Final = Count(Relation.SESSION, Not(Known(Column("visitor_id"))))
PEOPLE: Final = (_VISITORS, _NAMELESS)
"""Together, how many people stand behind a cell at most: a session without a visitor counts as one."""


def _measures_by_relation(plan: QueryPlan) -> dict[Relation, tuple[Measure, ...]]:
    """Each measure once, however many metrics share it."""
    wanted: dict[Measure, None] = {}
    for metric in plan.metrics:
        wanted.update(dict.fromkeys(measures_for(plan, metric)))
        spread = spread_for(plan, metric)
        wanted.update(dict.fromkeys(spread.measures if spread else ()))
        told = reporting(plan, metric.needs)
        wanted.update(dict.fromkeys(one for one in (told.covered, told.whole) if one is not None))
    if plan.hides_small_groups and wanted and _speaks_of_sessions(plan):
        wanted.update(dict.fromkeys(PEOPLE))
    grouped: dict[Relation, list[Measure]] = {}
    for measure in wanted:
        grouped.setdefault(measure.relation, []).append(measure)
    return {relation: tuple(measures) for relation, measures in grouped.items()}
