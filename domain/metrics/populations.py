"""Which sessions a metric speaks of: predicates shared by the families, R1 among them."""

from typing import Final

from domain.metrics.algebra import (
    AsOf,
    Case,
    Column,
    Compare,
    Constant,
    Expression,
    IsTrue,
    Known,
    Minus,
    Not,
    OneOf,
    Place,
    Predicate,
    Sign,
    at_least,
    either,
    equals,
    every,
)
from domain.outcomes import CLOSED_OUTCOMES, CONTAINMENT_LEAVES_OUT, RETURN_WINDOW_MS
from domain.time import DAY_MS
from domain.vocabulary import Basis, Outcome

SESSION: Final = Place.SESSION
"""On rows of the session relation this is the row itself."""

_LAST_ACTIVITY: Final = Column("last_activity_at_ms", SESSION)
_BASIS: Final = Column("outcome_basis", SESSION)

OPEN: Final[Predicate] = every(
    Not(Known(Column("ended_at_ms", SESSION))),
    Compare(Minus(AsOf(), _LAST_ACTIVITY), Sign.LESS, Column("idle_timeout_ms", SESSION)),
)
"""R1 row 1."""

CLOSED: Final[Predicate] = Not(OPEN)

RETURNED: Final[Predicate] = Compare(
    Minus(Column("next_contact_at_ms", SESSION), _LAST_ACTIVITY), Sign.LESS, Constant(RETURN_WINDOW_MS)
)
"""The visitor came back less than 24 hours after the last activity (R32.2)."""

ENGAGED: Final[Predicate] = at_least(Column("user_messages", SESSION), 1)
ANSWERED_AT_ALL: Final[Predicate] = at_least(Column("answers", SESSION), 1)

COUNTED: Final[Predicate] = every(IsTrue(Column("opened", SESSION)), Not(Known(Column("merged_into", SESSION))))
"""What is a session at all, wherever it comes from."""

OUTCOME_CODES: Final = {outcome: code for code, outcome in enumerate(Outcome, start=1)}


def _bases_of(outcomes: frozenset[Outcome]) -> tuple[int, ...]:
    return tuple(sorted(basis.value for basis, outcome in CLOSED_OUTCOMES.items() if outcome in outcomes))


def closed_with(*outcomes: Outcome) -> Predicate:
    """Closed sessions with one of these outcomes at `asOf`."""
    wanted = frozenset(outcomes)
    parts: list[Predicate] = []
    # ANSWERED is the one basis that time can turn: into ABANDONED, if the visitor returned.
    steady = frozenset(wanted - {Outcome.RESOLVED_ASSUMED})
    if steady:
        parts.append(OneOf(_BASIS, _bases_of(steady)))
    if Outcome.RESOLVED_ASSUMED in wanted and Outcome.ABANDONED in wanted:
        parts.append(equals(_BASIS, Basis.ANSWERED))
    elif Outcome.RESOLVED_ASSUMED in wanted:
        parts.append(every(equals(_BASIS, Basis.ANSWERED), Not(RETURNED)))
    elif Outcome.ABANDONED in wanted:
        parts.append(every(equals(_BASIS, Basis.ANSWERED), RETURNED))
    return every(CLOSED, either(*parts))


CLOSED_ENGAGED: Final[Predicate] = every(CLOSED, Not(equals(_BASIS, Basis.NOT_ENGAGED)))
"""Rows 3 to 8 of R1."""

RESOLVED: Final[Predicate] = closed_with(Outcome.RESOLVED_CONFIRMED, Outcome.RESOLVED_ASSUMED)
CONFIRMED: Final[Predicate] = closed_with(Outcome.RESOLVED_CONFIRMED)
ESCALATED: Final[Predicate] = closed_with(Outcome.ESCALATED)
ABANDONED: Final[Predicate] = closed_with(Outcome.ABANDONED)
TIMED_OUT: Final[Predicate] = closed_with(Outcome.TIMED_OUT)

PROVISIONAL: Final[Predicate] = every(
    closed_with(Outcome.RESOLVED_ASSUMED),
    Compare(Minus(AsOf(), _LAST_ACTIVITY), Sign.LESS, Constant(RETURN_WINDOW_MS)),
)
"""Assumed resolved, and the visitor may still come back."""

IN_CONTAINMENT: Final[Predicate] = every(
    CLOSED_ENGAGED, Not(OneOf(_BASIS, tuple(sorted(basis.value for basis in CONTAINMENT_LEAVES_OUT))))
)
"""Hand-overs because of a usage limit are blocked demand, not failures of the bot (R32.10)."""

CONTAINED: Final[Predicate] = every(IN_CONTAINMENT, Not(equals(_BASIS, Basis.ESCALATED)))

FALSELY_CONTAINED: Final[Predicate] = every(CONTAINED, Not(RESOLVED))
"""Nobody was called, and the matter was not settled either."""

DURABLE_WINDOW_MS: Final = 7 * DAY_MS

DURABLY_JUDGED: Final[Predicate] = every(
    CLOSED_ENGAGED, Compare(Minus(AsOf(), _LAST_ACTIVITY), Sign.AT_LEAST, Constant(DURABLE_WINDOW_MS))
)
"""Old enough that a visitor who comes back within the window has done so."""

DURABLY_RESOLVED: Final[Predicate] = every(
    RESOLVED,
    Not(Compare(Minus(Column("next_contact_at_ms", SESSION), _LAST_ACTIVITY), Sign.LESS, Constant(DURABLE_WINDOW_MS))),
)

OUTCOME: Final[Expression] = Case(
    (
        (OPEN, Constant(OUTCOME_CODES[Outcome.OPEN])),
        (every(equals(_BASIS, Basis.ANSWERED), RETURNED), Constant(OUTCOME_CODES[Outcome.ABANDONED])),
        *((equals(_BASIS, basis), Constant(OUTCOME_CODES[outcome])) for basis, outcome in CLOSED_OUTCOMES.items()),
    ),
    otherwise=Constant(OUTCOME_CODES[Outcome.ABANDONED]),
)
