"""Small things to test with, each with defaults; at most 25 factories. Events are built as a client sends them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from persistence.workspaces import NewWorkspace

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
"""The moment most tests speak of; nothing depends on today."""


def a_workspace(**given: Any) -> NewWorkspace:
    return NewWorkspace(**{"name": "Harbour Lights", **given})


def moment(minutes: float = 0, *, start: datetime = NOON) -> str:
    """A wire timestamp some minutes after noon."""
    return (start + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def month_of(at: datetime) -> int:
    return at.year * 12 + at.month - 1


def milliseconds(at: datetime) -> int:
    return int(at.timestamp()) * 1000 + at.microsecond // 1000


def an_event(kind: str, **given: Any) -> dict[str, Any]:
    """Any event kind; `minutes` places it after noon."""
    minutes = given.pop("minutes", 0)
    defaults = {
        "type": kind,
        "eventId": str(uuid4()),
        "occurredAt": moment(minutes),
        "chatbotId": "concierge",
        "sessionId": "s-1",
    }
    return {name: value for name, value in {**defaults, **given}.items() if value is not None}


def a_user_message(**given: Any) -> dict[str, Any]:
    return an_event("message", **{"role": "USER", "text": "Where is my parcel?", **given})


def a_bot_message(**given: Any) -> dict[str, Any]:
    return an_event("message", **{"role": "BOT", "text": "It arrives tomorrow.", **given})


def an_identity(number: int) -> UUID:
    """The same small id in every workspace: equal ids must never meet."""
    return UUID(int=number)
