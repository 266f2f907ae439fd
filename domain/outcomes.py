"""How did a session end? Exactly one outcome, by the first row that matches (R1).

`outcome_basis` is what the session's own events say and is stored; the query's `asOf` adds what time says: OPEN
before all rows, and for ANSWERED whether the visitor returned.
"""

from collections.abc import Callable
from typing import Final

from domain.facts import SessionFact
from domain.vocabulary import Basis, EndReason, HandoffReason, LastAnswer, Outcome, Signal

RETURN_WINDOW_MS: Final = 86_400_000
IDLE_END_REASONS: Final = frozenset({EndReason.CHANNEL_LIMIT, EndReason.IDLE})
"""End events that only state what idleness or the channel did; no end event at all is idleness too."""


def signal_of(fact: SessionFact) -> int | None:
    """The latest signal. A vote on the last answer is always later than the session's own signal, which clears it."""
    return fact.signal if fact.answer_signal is None else fact.answer_signal


def closed_by_limit(fact: SessionFact) -> bool:
    return fact.ended_at_ms is None or fact.end_reason in IDLE_END_REASONS


BASIS_ROWS: Final[tuple[tuple[Basis, Callable[[SessionFact], bool]], ...]] = (
    (Basis.NOT_ENGAGED, lambda fact: fact.user_messages == 0),
    (
        Basis.ESCALATED_USAGE_LIMIT,
        lambda fact: fact.handoff_performed_at_ms is not None and fact.handoff_reason == HandoffReason.USAGE_LIMIT,
    ),
    (Basis.ESCALATED, lambda fact: fact.handoff_performed_at_ms is not None),
    (Basis.RESOLVED_CONFIRMED, lambda fact: signal_of(fact) == Signal.POSITIVE),
    (Basis.UNRESOLVED, lambda fact: signal_of(fact) == Signal.NEGATIVE or _ended_unresolved(fact)),
    (
        Basis.TIMED_OUT,
        lambda fact: closed_by_limit(fact) and (bool(fact.open_runs) or fact.last_answer == LastAnswer.OWED),
    ),
    (Basis.ANSWERED, lambda fact: fact.last_answer == LastAnswer.GOOD),
    (Basis.ABANDONED, lambda fact: True),
)
"""R1 rows 2 to 8, in order of precedence."""

CLOSED_OUTCOMES: Final[dict[Basis, Outcome]] = {
    Basis.NOT_ENGAGED: Outcome.NOT_ENGAGED,
    Basis.ESCALATED: Outcome.ESCALATED,
    Basis.ESCALATED_USAGE_LIMIT: Outcome.ESCALATED,
    Basis.RESOLVED_CONFIRMED: Outcome.RESOLVED_CONFIRMED,
    Basis.UNRESOLVED: Outcome.UNRESOLVED,
    Basis.TIMED_OUT: Outcome.TIMED_OUT,
    Basis.ANSWERED: Outcome.RESOLVED_ASSUMED,
    Basis.ABANDONED: Outcome.ABANDONED,
}
"""Of a closed session; ANSWERED becomes ABANDONED when `returned`."""

CLOSED_ENGAGED: Final = frozenset(Basis) - {Basis.NOT_ENGAGED}
CONTAINMENT_LEAVES_OUT: Final = frozenset({Basis.ESCALATED_USAGE_LIMIT})
RESOLVED: Final = frozenset({Outcome.RESOLVED_CONFIRMED, Outcome.RESOLVED_ASSUMED})


def outcome_basis(fact: SessionFact) -> Basis:
    for basis, matches in BASIS_ROWS:
        if matches(fact):
            return basis
    raise AssertionError("the last row matches everything")


def is_open(fact: SessionFact, as_of_ms: int) -> bool:
    """R1 row 1. A gap of exactly the idle timeout closes (R32.8)."""
    if fact.last_activity_at_ms is None:
        return False
    return fact.ended_at_ms is None and as_of_ms - fact.last_activity_at_ms < fact.idle_timeout_ms


def returned(fact: SessionFact) -> bool:
    """The visitor's next contact came less than 24 hours after this session's last activity (R32.2)."""
    if fact.next_contact_at_ms is None or fact.last_activity_at_ms is None:
        return False
    return fact.next_contact_at_ms - fact.last_activity_at_ms < RETURN_WINDOW_MS


def outcome(fact: SessionFact, as_of_ms: int) -> Outcome:
    if is_open(fact, as_of_ms):
        return Outcome.OPEN
    basis = Basis(fact.outcome_basis)
    if basis == Basis.ANSWERED and returned(fact):
        return Outcome.ABANDONED
    return CLOSED_OUTCOMES[basis]


def is_provisional(fact: SessionFact, as_of_ms: int) -> bool:
    """Assumed resolved, but the visitor may still return; `provisionalShare` is these over all resolved."""
    if fact.last_activity_at_ms is None or outcome(fact, as_of_ms) is not Outcome.RESOLVED_ASSUMED:
        return False
    return as_of_ms - fact.last_activity_at_ms < RETURN_WINDOW_MS


def _ended_unresolved(fact: SessionFact) -> bool:
    return fact.end_resolved is False
