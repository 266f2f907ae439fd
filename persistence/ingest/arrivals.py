"""What comes in and what is answered: parcels of events, and one result for each event."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from domain.events import AnyEvent
from domain.facts import Record
from domain.origin import Origin
from domain.reporting import Reported

ACCEPTED = "accepted"
DUPLICATE = "duplicate"
CONFLICT = "conflict"
REJECTED = "rejected"


class Parcel(Struct, frozen=True, gc=False, kw_only=True):
    """The events of one request. `origins` by place in `events`; `among` are the chatbots that the sender may write
    to, None for all (and for new ones)."""

    events: Sequence[Reported]
    received_at_ms: int
    origins: Mapping[int, Origin] = {}
    among: frozenset[int] | None = None


class EventProblem(Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """One thing that is wrong with an event."""

    code: str
    field: str | None
    message: str
    allowed: tuple[str, ...] = ()
    suggestion: str | None = None


class EventResult(Struct, gc=False, omit_defaults=True, rename="camel"):
    """What became of one event. The other fields say what was wrong first with a rejected one, and what is allowed;
    `problems` all that was wrong."""

    index: int
    status: str
    event_id: str | None = None
    code: str | None = None
    field: str | None = None
    message: str | None = None
    allowed: tuple[str, ...] = ()
    suggestion: str | None = None
    problems: tuple[EventProblem, ...] = ()


class Arrival(Struct, gc=False):
    """One event on its way through the append."""

    event: AnyEvent
    event_id: str
    body_hash: bytes
    at_ms: int
    received_at_ms: int
    result: EventResult
    origin: Origin | None
    among: frozenset[int] | None
    chatbot_id: int = 0
    record: Record | None = None
    context: Record | None = None
    named: str | None = None  # the message that it is, or speaks of
    follows: "Arrival | None" = None  # the new message whose session it shares
    waits_for: str | None = None  # the message that it names and that has not come
    session_ref: str | None = None
    thread_id: int | None = None
    visitor_id: int | None = None


def arrivals_of(parcels: Sequence[Parcel]) -> list[Arrival]:
    arrivals: list[Arrival] = []
    for parcel in parcels:
        origins, received, among = parcel.origins, parcel.received_at_ms, parcel.among
        for place, told in enumerate(parcel.events):
            arrivals.append(
                Arrival(
                    told.event,
                    told.event_id,
                    told.body_hash,
                    told.occurred_at_ms,
                    received,
                    EventResult(told.index, ACCEPTED, told.event_id),
                    origins.get(place) if origins else None,
                    among,
                )
            )
    return arrivals


def reject(arrival: Arrival, code: str, field: str, message: str) -> None:
    result = arrival.result
    result.status, result.code, result.field, result.message = REJECTED, code, field, message
    result.problems = (EventProblem(code, field, message),)
