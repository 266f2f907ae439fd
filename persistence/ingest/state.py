"""What one append knows of sessions, keys and rows that may have to move."""

from typing import Final, NamedTuple, Protocol

from msgspec import Struct

from domain.facts import SessionFact
from domain.vocabulary import Source


class Standing(NamedTuple):
    """What of a session concerns others: its visitor's contacts and first-seen, and what goes by time."""

    chatbot_id: int
    started_at_ms: int | None
    last_activity_at_ms: int | None
    visitor_id: int | None
    own_visitor_id: int | None
    is_contact: bool
    is_seen: bool


def standing_of(fact: SessionFact) -> Standing:
    """`domain.contacts.is_contact` in other words, as this is asked for every session of every batch."""
    seen = fact.opened and fact.source == _LIVE and not fact.is_bot and fact.merged_into is None
    return Standing(
        fact.chatbot_id,
        fact.started_at_ms,
        fact.last_activity_at_ms,
        fact.visitor_id,
        fact.own_visitor_id,
        seen and fact.user_messages > 0,
        seen,
    )


_LIVE: Final = int(Source.LIVE)


class Place(Struct, gc=False):
    """One session in this transaction."""

    fact: SessionFact
    month: int
    thread_id: int | None
    stored: bool
    before: Standing | None
    """None for a session of this transaction."""
    after: Standing | None = None
    changed: bool = False


class Remembered(Protocol):
    """Sessions in this process's memory; what is taken is this transaction's alone."""

    def take_by_ref(self, reference: tuple[int, str]) -> Place | None: ...

    def take(self, session_id: int) -> Place | None: ...


class Key(NamedTuple):
    """Where a known event or message lies. `body_hash` is None for the name of a message that has not come yet."""

    body_hash: bytes | None
    month: int
    session_id: int | None


KeyRow = tuple[str, bytes | None, int, int | None]
"""Event id, body hash, month, session."""


class Loose(NamedTuple):
    """A row of `loose_event`."""

    event_id: str
    kind: int
    chatbot_id: int
    month: int
    occurred_at_ms: int
    thread_id: int | None
    visitor_id: int | None
    message_key: str | None
    session_ref: str | None
    session_id: int | None
