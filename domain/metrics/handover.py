"""What becomes of sessions that the bot hands to people, and of the tickets they open?"""

from typing import Final

from domain.metrics.algebra import (
    Column,
    Compare,
    Count,
    Distinct,
    Formula,
    HasTurn,
    IsTrue,
    Known,
    Minus,
    Predicate,
    Quantile,
    Ratio,
    Relation,
    Sign,
    Single,
    Sum,
    either,
    equals,
    every,
)
from domain.metrics.metric import Direction, Family, Metric, Needs, Tier, Unit, needs
from domain.metrics.populations import ESCALATED
from domain.vocabulary import EndActor, Report, TicketState

_REQUESTED_AT: Final = Column("handoff_requested_at_ms")
_PERFORMED_AT: Final = Column("handoff_performed_at_ms")
_REQUESTED: Final = Known(_REQUESTED_AT)
_WAIT: Final = Minus(_PERFORMED_AT, _REQUESTED_AT)
_WAITED: Final = Compare(_PERFORMED_AT, Sign.AT_LEAST, _REQUESTED_AT)
_BY_A_PERSON: Final = either(
    every(equals(Column("end_actor"), EndActor.AGENT), IsTrue(Column("end_resolved"))),
    HasTurn(Relation.TICKET, equals(Column("state"), TicketState.CLOSED)),
)
_HANDOFF: Final = needs(Report.HANDOFF)
_TICKET: Final = needs(Report.TICKET)


def _metric(
    name: str,
    title: str,
    definition: str,
    source: str,
    formula: Formula,
    unit: Unit,
    *,
    direction: Direction,
    required: Needs,
    family: Family = Family.RESOLUTION,
    divisor: int = 1,
    precision: int = 0,
) -> Metric:
    return Metric(
        name=name,
        title=title,
        family=family,
        tier=Tier.DIAGNOSTIC,
        unit=unit,
        direction=direction,
        formula=formula,
        definition=definition,
        source=source,
        explains=("escalationRate",),
        needs=required,
        divisor=divisor,
        precision=precision,
    )


def _wait(name: str, title: str, definition: str, formula: Formula) -> Metric:
    return _metric(
        name,
        title,
        definition,
        "items 48, 253, R10",
        formula,
        Unit.SECONDS,
        direction=Direction.LOWER_IS_BETTER,
        required=_HANDOFF,
        divisor=1_000,
        precision=1,
    )


def _tickets(name: str, title: str, state: TicketState, what: str, direction: Direction) -> Metric:
    return _metric(
        name,
        title,
        f"Different tickets that were {what} in the range.",
        "items 253, 272",
        Single(_tickets_in(state)),
        Unit.COUNT,
        direction=direction,
        required=_TICKET,
        family=Family.BUSINESS,
    )


def _tickets_in(state: TicketState) -> Distinct:
    return Distinct(Relation.TICKET, Column("ticket_ref"), equals(Column("state"), state))


def _share(name: str, title: str, definition: str, source: str, part: Predicate, whole: Predicate, to: Needs) -> Metric:
    formula = Ratio(Count(Relation.SESSION, every(whole, part)), Count(Relation.SESSION, whole), proportion=True)
    return _metric(
        name,
        title,
        definition,
        source,
        formula,
        Unit.SHARE,
        direction=Direction.HIGHER_IS_BETTER,
        required=to,
        precision=3,
    )


HANDOVER: Final[tuple[Metric, ...]] = (
    _share(
        "handoffCompletionRate",
        "Hand-overs that came about",
        "Sessions handed over / sessions in which a hand-over was requested.",
        "items 48, 253",
        Known(_PERFORMED_AT),
        _REQUESTED,
        _HANDOFF,
    ),
    _wait(
        "averageHandoffWait",
        "Average wait for a person",
        "From the first request of a hand-over to the first that was performed, over sessions that have both.",
        Ratio(Sum(Relation.SESSION, _WAIT, _WAITED), Count(Relation.SESSION, _WAITED)),
    ),
    *(
        _wait(
            f"handoffWaitP{percent}",
            f"Wait for a person, p{percent}",
            f"{percent} % of the waits were at most this (nearest rank over all of them).",
            Single(Quantile(Relation.SESSION, _WAIT, percent, _WAITED), Count(Relation.SESSION, _WAITED)),
        )
        for percent in (50, 95)
    ),
    _share(
        "assistedResolutionRate",
        "Assisted resolution rate",
        "Escalated sessions that a person then resolved: an agent ended it as resolved, or its ticket was closed / "
        "escalated sessions.",
        "R13",
        _BY_A_PERSON,
        ESCALATED,
        _HANDOFF,
    ),
)

TICKETS: Final[tuple[Metric, ...]] = (
    _tickets("ticketsOpened", "Tickets opened", TicketState.OPENED, "opened", Direction.LOWER_IS_BETTER),
    _tickets("ticketsClosed", "Tickets closed", TicketState.CLOSED, "closed", Direction.NEUTRAL),
    _tickets("ticketsReopened", "Tickets reopened", TicketState.REOPENED, "reopened", Direction.LOWER_IS_BETTER),
    _metric(
        "ticketReopenRate",
        "Reopen rate",
        "Different tickets reopened in the range / different tickets closed in it. One may have been closed before "
        "the range, so this is no share.",
        "R13",
        Ratio(_tickets_in(TicketState.REOPENED), _tickets_in(TicketState.CLOSED)),
        Unit.NUMBER,
        direction=Direction.LOWER_IS_BETTER,
        required=_TICKET,
        family=Family.BUSINESS,
        precision=3,
    ),
)
