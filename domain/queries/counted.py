"""Which rows count in a question, and for which chatbots a metric can be told (R3, R4)."""

from dataclasses import dataclass
from typing import Final

from domain.metrics.algebra import (
    ALWAYS,
    NEVER,
    OUTSIDE_SESSIONS,
    Column,
    Count,
    HasTurn,
    IsTrue,
    Measure,
    Not,
    OfPopulation,
    OneOf,
    Place,
    Predicate,
    Relation,
    every,
    measures_of,
    restricted,
)
from domain.metrics.metric import Metric, Needs
from domain.metrics.populations import COUNTED
from domain.metrics.spread import Spread, spread_of
from domain.queries.filters import predicate_of
from domain.queries.plan import QueryPlan
from domain.queries.query import MetricQuery, Part
from domain.queries.scope import reports_all
from domain.vocabulary import Source

_ALL_SESSIONS: Final = Count(Relation.SESSION)


@dataclass(frozen=True, slots=True)
class Reporting:
    """Which chatbots in scope report what a metric needs (R4). `covered` over `whole` is its coverage by sessions;
    both are None where all or none report."""

    some: bool
    covered: Measure | None = None
    whole: Measure | None = None
    restriction: Predicate = ALWAYS


def population(query: MetricQuery) -> OfPopulation:
    """Sessions that count: of the wanted sources and, unless asked for, of people."""
    people = ALWAYS if query.include_bots else Not(IsTrue(Column("is_bot", Place.SESSION)))
    sources = tuple(sorted(query.wanted_sources))
    meaning = every(COUNTED, people, OneOf(Column("source", Place.SESSION), sources))
    return OfPopulation(sources, query.include_bots, meaning)


def rows_that_count(plan: QueryPlan, relation: Relation) -> Predicate:
    """Of the population, of chatbots that the asker may see, and within the filter."""
    counted = ALWAYS if relation in OUTSIDE_SESSIONS else population(plan.query)
    return every(counted, seen(plan), predicate_of(plan.query.where, relation, plan.scope.codes))


def seen(plan: QueryPlan) -> Predicate:
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
