"""Who is a session's visitor? What its events say, unless an identify that reaches it says better (R6, R32.14)."""

from collections.abc import Iterable, Sequence

from domain.facts import IdentifyRecord, SessionFact


def closes_at_ms(fact: SessionFact) -> int | None:
    """When an end event or idleness closed it, or will if nothing more comes; None for what never opened."""
    if fact.last_activity_at_ms is None:
        return None
    if fact.ended_at_ms is not None:
        return fact.ended_at_ms
    return fact.last_activity_at_ms + fact.idle_timeout_ms


def reaching(own_visitor_id: int, closes_at: int, identifies: Iterable[IdentifyRecord]) -> list[IdentifyRecord]:
    """The identifies that re-stamp a session, in order: those of its visitor, or of whom it was already stamped
    with, made before it closed (so while it was open or before it began), or with `relink` at any time."""
    stamp = own_visitor_id
    reached: list[IdentifyRecord] = []
    for identify in sorted(identifies, key=_order_of):
        known = identify.visitor_id in (own_visitor_id, stamp)
        if known and (identify.relink or identify.occurred_at_ms < closes_at):
            stamp = identify.known_visitor_id
            reached.append(identify)
    return reached


def stamp(own_visitor_id: int, closes_at: int, identifies: Iterable[IdentifyRecord]) -> int:
    reached = reaching(own_visitor_id, closes_at, identifies)
    return reached[-1].known_visitor_id if reached else own_visitor_id


def stamp_session(fact: SessionFact, identifies: Sequence[IdentifyRecord]) -> None:
    """Sets `visitor_id`; traits that an identify tells fill only what the session itself left open."""
    fact.visitor_id = fact.own_visitor_id
    closes_at = closes_at_ms(fact)
    if not identifies or fact.own_visitor_id is None or closes_at is None:
        return
    reached = reaching(fact.own_visitor_id, closes_at, identifies)
    if reached:
        fact.visitor_id = reached[-1].known_visitor_id
    for identify in reached:
        fact.user_type = identify.user_type if fact.user_type is None else fact.user_type
        if fact.authenticated is None:
            fact.authenticated = identify.authenticated


def _order_of(identify: IdentifyRecord) -> tuple[int, str]:
    return identify.occurred_at_ms, identify.event_id
