"""When did a session's visitor come back to the chatbot (R1 row 7, R32.2)?"""

from collections.abc import Iterable
from operator import attrgetter

from msgspec import Struct

from domain.facts import SessionFact
from domain.vocabulary import Source


class Contact(Struct, frozen=True, gc=False):
    """One session of a visitor on a chatbot. Only what `is_contact` counts as coming back."""

    session_id: int
    started_at_ms: int
    counts: bool


def is_contact(fact: SessionFact) -> bool:
    """An engaged LIVE session of a person."""
    return (
        fact.opened
        and fact.user_messages > 0
        and fact.source == Source.LIVE
        and not fact.is_bot
        and fact.merged_into is None
    )


def next_contacts(contacts: Iterable[Contact]) -> dict[int, int | None]:
    """The start of the next counting session after each, of all sessions of one stamped visitor and one chatbot.

    A window is enough: to place a session that starts at t, give those that start after t up to the first counting
    one, and those before t down to and including all of the last counting start.
    """
    following: dict[int, int | None] = {}
    next_ms: int | None = None
    waiting: list[Contact] = []  # same start: neither comes after the other
    for contact in sorted(contacts, key=attrgetter("started_at_ms", "session_id"), reverse=True):
        if waiting and waiting[0].started_at_ms != contact.started_at_ms:
            next_ms = waiting[0].started_at_ms if any(other.counts for other in waiting) else next_ms
            waiting = []
        following[contact.session_id] = next_ms
        waiting.append(contact)
    return following
