"""What became of the events of one request."""

from collections import Counter
from collections.abc import Sequence
from enum import Enum
from typing import Protocol, Self

import strawberry


@strawberry.enum(description="What became of an event.")
class EventStatus(Enum):
    ACCEPTED = strawberry.enum_value("accepted", description="Stored.")
    DUPLICATE = strawberry.enum_value("duplicate", description="The same event was stored before; nothing changed.")
    CONFLICT = strawberry.enum_value(
        "conflict", description="Another event of this id was stored before; the first one was kept."
    )
    REJECTED = strawberry.enum_value("rejected", description="Not stored: the event is wrong.")


class _Result(Protocol):
    index: int
    status: str
    event_id: str | None
    code: str | None
    field: str | None
    message: str | None
    allowed: tuple[str, ...]
    suggestion: str | None


@strawberry.type(description="What became of one event; the last five say what was wrong with a rejected one.")
class RecordedEvent:
    index: int = strawberry.field(description="Place in the request, from 0.")
    status: EventStatus = strawberry.field(description="What became of it.")
    event_id: strawberry.ID | None = strawberry.field(description="Its identity, also where the sender gave none.")
    code: str | None = strawberry.field(description="MALFORMED, MISSING, UNKNOWN, OUT_OF_RANGE, INVALID or TOO_OLD.")
    wrong_field: str | None = strawberry.field(name="field", description="Dotted name of the field that is wrong.")
    message: str | None = strawberry.field(description="What is wrong, in words.")
    allowed: list[str] = strawberry.field(description="What would be right.")
    suggestion: str | None = strawberry.field(description="The nearest right name.")

    @classmethod
    def from_domain(cls, result: _Result) -> Self:
        return cls(
            index=result.index,
            status=EventStatus(result.status),
            event_id=None if result.event_id is None else strawberry.ID(result.event_id),
            code=result.code,
            wrong_field=result.field,
            message=result.message,
            allowed=list(result.allowed),
            suggestion=result.suggestion,
        )


@strawberry.type(description="How many events fared how, and each one's result in order.")
class RecordedEvents:
    accepted: int = strawberry.field(description="Stored now.")
    duplicate: int = strawberry.field(description="Stored before.")
    conflict: int = strawberry.field(description="Of an id that another event has.")
    rejected: int = strawberry.field(description="Wrong.")
    results: list[RecordedEvent] = strawberry.field(description="One for each event, in order.")

    @classmethod
    def from_domain(cls, results: Sequence[_Result]) -> Self:
        counts = Counter(result.status for result in results)
        return cls(
            accepted=counts["accepted"],
            duplicate=counts["duplicate"],
            conflict=counts["conflict"],
            rejected=counts["rejected"],
            results=[RecordedEvent.from_domain(result) for result in results],
        )
