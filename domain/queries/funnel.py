"""How far do people get? Steps in order, each within a window that begins at the first one (items 210, 211).

The first step of a range decides who is in; later steps count although they lie behind the end of the range.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum, unique
from typing import Final

from domain.dimensions import DIMENSIONS, Level
from domain.metrics.algebra import ALWAYS, Column, Predicate, Relation, equals
from domain.metrics.metric import Needs, needs
from domain.problems import InvalidInput, Problem, Refused
from domain.queries.filters import EVERYTHING, AllOf, Filter, dimensions_in, filter_problems
from domain.queries.query import MetricQuery
from domain.time import DAY_MS
from domain.vocabulary import HandoffState, Report, Role, TicketState, WorkflowState

FEWEST_STEPS: Final = 2
MOST_STEPS: Final = 10
SHORTEST_MS: Final = 1_000
LONGEST_MS: Final = 90 * DAY_MS


@unique
class FunnelUnit(StrEnum):
    """What goes through the steps: sessions, or visitors across their sessions."""

    SESSION = "SESSION"
    VISITOR = "VISITOR"


@unique
class FunnelEvent(StrEnum):
    SESSION_STARTED = "SESSION_STARTED"
    USER_MESSAGE = "USER_MESSAGE"
    ANSWER = "ANSWER"
    WORKFLOW_STEP = "WORKFLOW_STEP"
    WORKFLOW_COMPLETED = "WORKFLOW_COMPLETED"
    GOAL = "GOAL"
    LEAD = "LEAD"
    HANDOFF_PERFORMED = "HANDOFF_PERFORMED"
    TICKET_OPENED = "TICKET_OPENED"

    @property
    def meaning(self) -> "Meaning":
        return _MEANINGS[self]


@dataclass(frozen=True, slots=True)
class Meaning:
    relation: Relation
    where: Predicate = ALWAYS
    needs: Needs = ()


_STATE: Final = Column("state")
_MEANINGS: Final[Mapping[FunnelEvent, Meaning]] = {
    FunnelEvent.SESSION_STARTED: Meaning(Relation.SESSION),
    FunnelEvent.USER_MESSAGE: Meaning(Relation.MESSAGE, equals(Column("role"), Role.USER)),
    FunnelEvent.ANSWER: Meaning(Relation.ANSWER),
    FunnelEvent.WORKFLOW_STEP: Meaning(Relation.WORKFLOW_STEP, needs=needs(Report.WORKFLOW)),
    FunnelEvent.WORKFLOW_COMPLETED: Meaning(
        Relation.WORKFLOW_STEP, equals(_STATE, WorkflowState.COMPLETED), needs(Report.WORKFLOW)
    ),
    FunnelEvent.GOAL: Meaning(Relation.GOAL_COMPLETION, needs=needs(Report.GOAL)),
    FunnelEvent.LEAD: Meaning(Relation.LEAD_CAPTURE, needs=needs(Report.LEAD)),
    FunnelEvent.HANDOFF_PERFORMED: Meaning(
        Relation.HANDOFF, equals(_STATE, HandoffState.PERFORMED), needs(Report.HANDOFF)
    ),
    FunnelEvent.TICKET_OPENED: Meaning(Relation.TICKET, equals(_STATE, TicketState.OPENED), needs(Report.TICKET)),
}


@dataclass(frozen=True, slots=True)
class FunnelStep:
    event: FunnelEvent
    where: Filter = EVERYTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelQuery:
    """`base` says when, of what and split how; it names no metric. A funnel that exists is valid."""

    base: MetricQuery
    steps: tuple[FunnelStep, ...]
    within_ms: int = DAY_MS
    unit: FunnelUnit = FunnelUnit.SESSION

    def __post_init__(self) -> None:
        problems = tuple(_problems(self))
        if problems:
            raise Refused(*problems)

    @property
    def needs(self) -> Needs:
        return tuple(dict.fromkeys(kinds for step in self.steps for kinds in step.event.meaning.needs))

    @property
    def with_all_filters(self) -> MetricQuery:
        """For what has to be looked up before the statement is made."""
        return replace(self.base, where=AllOf((self.base.where, *(step.where for step in self.steps))))

    def repeats(self, place: int) -> bool:
        """Whether the step is the same as the one before, so that it needs another, later event."""
        return place > 0 and self.steps[place] == self.steps[place - 1]


def _problems(query: FunnelQuery) -> Iterator[Problem]:
    if not FEWEST_STEPS <= len(query.steps) <= MOST_STEPS:
        yield InvalidInput(
            message=f"A funnel has {FEWEST_STEPS} to {MOST_STEPS} steps; these are {len(query.steps)}.",
            path=("steps",),
            allowed=(f"{FEWEST_STEPS}..{MOST_STEPS} steps",),
        )
    if not SHORTEST_MS <= query.within_ms <= LONGEST_MS:
        yield InvalidInput(
            message=f"withinSeconds takes {SHORTEST_MS // 1000} to {LONGEST_MS // 1000}.",
            path=("withinSeconds",),
            allowed=(f"{SHORTEST_MS // 1000}..{LONGEST_MS // 1000}",),
        )
    for place, step in enumerate(query.steps):
        path = ("steps", place, "filter")
        found = tuple(filter_problems(step.where, path))
        yield from found or _strangers(query, step, path)
    yield from _split_problems(query)


def _strangers(query: FunnelQuery, step: FunnelStep, path: tuple[str | int, ...]) -> Iterator[Problem]:
    relation = step.event.meaning.relation
    allowed = tuple(name for name, dimension in DIMENSIONS.items() if dimension.stands_on(relation))
    for where, here in ((step.where, path), (query.base.where, ("filter",))):
        for name in dimensions_in(where):
            if name not in allowed:
                yield InvalidInput(
                    message=f"{step.event} cannot be filtered by {name}. It can by: {', '.join(allowed)}.",
                    path=(*here, name),
                    allowed=allowed,
                )


def _split_problems(query: FunnelQuery) -> Iterator[Problem]:
    if not query.base.group_by:
        return
    if query.unit is FunnelUnit.VISITOR:
        yield InvalidInput(message="A funnel of visitors has no groups.", path=("groupBy",), allowed=("per: SESSION",))
    if query.base.among is not None:
        yield InvalidInput(
            message="A key that is limited to chatbots sees funnels as a whole: their groups would tell of few people.",
            path=("groupBy",),
        )
    allowed = tuple(name for name, dimension in DIMENSIONS.items() if dimension.level is Level.SESSION)
    for name in query.base.group_by:
        if name not in allowed:
            yield InvalidInput(
                message=f"A funnel is split by what sessions have one of, and {name} is not.",
                path=("groupBy", name),
                allowed=allowed,
            )
