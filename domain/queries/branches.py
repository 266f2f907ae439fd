"""The legs of the one SELECT of a plan: relations, windows and cuts, apart where they cannot share rows."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Flag, auto
from typing import Final

from domain.dimensions import DIMENSIONS, Dimension
from domain.metrics.algebra import (
    Column,
    Count,
    Distinct,
    HasTurn,
    Known,
    Measure,
    Not,
    Predicate,
    Relation,
    depends_on_window,
    every,
)
from domain.metrics.populations import COUNTED
from domain.metrics.spread import LONG, OF_MONEY, is_by_session
from domain.queries.counted import excluded_measures, measures_for, reporting, rows_that_count, seen, spread_for
from domain.queries.filters import dimensions_in, predicate_of
from domain.queries.plan import NOW, PREVIOUS, QueryPlan
from domain.queries.query import Part
from domain.time import Window

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
    def by_session(self) -> bool:
        """Its rows are put together by session before they are aggregated."""
        return any(is_by_session(measure) for measure in self.measures)

    @property
    def is_cut_by(self) -> Cut:
        cut = Cut.TOTAL
        for one in self.cuts:
            cut |= one
        return cut


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
    by_session = tuple(measure for measure in measures if is_by_session(measure))
    amounts = tuple(one for one in measures if isinstance(one, OF_MONEY) and one not in by_session)
    numbers = tuple(measure for measure in measures if not isinstance(measure, OF_MONEY))
    return (part for part in (numbers, amounts, by_session) if part)


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
        where=every(COUNTED, seen(plan), predicate_of(plan.query.where, Relation.SESSION, plan.scope.codes)),
    )


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
