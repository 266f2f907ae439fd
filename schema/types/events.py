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


class _Problem(Protocol):
    @property
    def code(self) -> str: ...
    @property
    def field(self) -> str | None: ...
    @property
    def message(self) -> str: ...
    @property
    def allowed(self) -> tuple[str, ...]: ...
    @property
    def suggestion(self) -> str | None: ...


@strawberry.type(description="One thing that is wrong with an event.")
class EventProblem:
    code: str = strawberry.field(description="MALFORMED, MISSING, UNKNOWN, OUT_OF_RANGE, INVALID or TOO_OLD.")
    wrong_field: str | None = strawberry.field(name="field", description="Dotted name of the field that is wrong.")
    message: str = strawberry.field(description="What is wrong, in words.")
    allowed: list[str] = strawberry.field(description="What would be right.")
    suggestion: str | None = strawberry.field(description="The nearest right name.")

    @classmethod
    def from_domain(cls, problem: _Problem) -> Self:
        return cls(
            code=problem.code,
            wrong_field=problem.field,
            message=problem.message,
            allowed=list(problem.allowed),
            suggestion=problem.suggestion,
        )


class _Result(Protocol):
    index: int
    status: str
    event_id: str | None
    code: str | None
    field: str | None
    message: str | None
    allowed: tuple[str, ...]
    suggestion: str | None

    @property
    def problems(self) -> Sequence[_Problem]: ...


@strawberry.type(
    description="What became of one event; code to suggestion say what was wrong first with a rejected one."
)
class RecordedEvent:
    index: int = strawberry.field(description="Place in the request, from 0.")
    status: EventStatus = strawberry.field(description="What became of it.")
    event_id: strawberry.ID | None = strawberry.field(description="Its identity, also where the sender gave none.")
    code: str | None = strawberry.field(description="MALFORMED, MISSING, UNKNOWN, OUT_OF_RANGE, INVALID or TOO_OLD.")
    wrong_field: str | None = strawberry.field(name="field", description="Dotted name of the field that is wrong.")
    message: str | None = strawberry.field(description="What is wrong, in words.")
    allowed: list[str] = strawberry.field(description="What would be right.")
    suggestion: str | None = strawberry.field(description="The nearest right name.")
    problems: list[EventProblem] = strawberry.field(description="All that is wrong with a rejected one, at most 20.")

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
            problems=[EventProblem.from_domain(problem) for problem in result.problems],
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
