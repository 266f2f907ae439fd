"""Questions as clients write them: ranges, filters and orders, parsed into the values of `domain.queries`."""

from collections.abc import Iterator
from datetime import date, datetime
from enum import Enum
from typing import Any, Final
from uuid import UUID

import strawberry
from strawberry import UNSET

from domain.dimensions import DIMENSIONS, Closed, Dimension
from domain.problems import InvalidInput, Refused
from domain.queries.filters import EVERYTHING, AllOf, AnyOf, Filter, In, InSegment, IsUnknown, NotThis
from domain.queries.query import Comparison as DomainComparison
from domain.queries.query import Order
from domain.time import Calendar, Dates, Moments, Rolling, TimeRange, milliseconds
from schema.paging import decode_id
from schema.types import vocabulary
from schema.types.metric_names import Comparison, MetricName, SortDirection


@strawberry.input(description="Half-open: from <= t < to.")
class MomentsInput:
    start: datetime = strawberry.field(name="from", description="First moment inside.")
    end: datetime = strawberry.field(name="to", description="First moment after.")


@strawberry.input(description="Whole local days, both included.")
class DatesInput:
    first: date = strawberry.field(description="First day.")
    last: date = strawberry.field(description="Last day.")


@strawberry.input(description="Which time is looked at: exactly one of these.", one_of=True)
class RangeInput:
    rolling: Rolling | None = strawberry.field(default=UNSET, description="Up to now.")
    calendar: Calendar | None = strawberry.field(default=UNSET, description="A local calendar period.")
    custom: MomentsInput | None = strawberry.field(default=UNSET, description="From one moment to another.")
    dates: DatesInput | None = strawberry.field(default=UNSET, description="Local days.")

    def to_domain(self) -> TimeRange:
        for given in (self.rolling, self.calendar):
            if given:
                return given
        return _custom(self.custom, self.dates, "range")


@strawberry.input(description="What to compare with: exactly one of these.", one_of=True)
class CompareToInput:
    custom: MomentsInput | None = strawberry.field(default=UNSET, description="From one moment to another.")
    dates: DatesInput | None = strawberry.field(default=UNSET, description="Local days.")


def _custom(moments: MomentsInput | None, dates: DatesInput | None, name: str) -> Moments | Dates:
    if moments:
        return Moments(milliseconds(moments.start), milliseconds(moments.end))
    if dates:
        return Dates(dates.first, dates.last)
    raise Refused(InvalidInput(message=f"{name} names nothing.", path=(name,)))


def comparison_of(compare: Comparison | None, to: CompareToInput | None) -> DomainComparison | Moments | Dates | None:
    if compare is Comparison.CUSTOM:
        if not to:
            raise Refused(InvalidInput(message="compare CUSTOM needs compareTo.", path=("compareTo",)))
        return _custom(to.custom, to.dates, "compareTo")
    if to:
        raise Refused(InvalidInput(message="compareTo needs compare: CUSTOM.", path=("compare",), allowed=("CUSTOM",)))
    return None if compare is None else DomainComparison(compare.name)


@strawberry.input(description="How groups are ordered.")
class MetricOrderInput:
    metric: MetricName | None = strawberry.field(default=None, description="By this metric; null: by label.")
    direction: SortDirection = strawberry.field(
        default=SortDirection.DESCENDING, description="Groups without a value come last either way."
    )

    def to_domain(self) -> Order:
        return Order(
            metric=None if self.metric is None else str(self.metric.value),
            descending=self.direction is SortDirection.DESCENDING,
        )


@strawberry.input(description="A condition on texts; what is given must all hold.")
class TextCondition:
    in_: list[str] | None = strawberry.field(name="in", default=None, description="One of these.")
    not_in: list[str] | None = strawberry.field(default=None, description="None of these; unknown ones are kept.")
    is_unknown: bool | None = strawberry.field(default=None, description="True: not known. False: known.")


def _condition_type(kind: type[Enum], name: str) -> type:
    """The same as `TextCondition`, over a closed vocabulary."""
    wanted: Any = list[kind] | None  # type: ignore[valid-type]
    namespace: dict[str, Any] = {
        "__annotations__": {"in_": wanted, "not_in": wanted, "is_unknown": bool | None},
        "in_": strawberry.field(name="in", default=None, description="One of these."),
        "not_in": strawberry.field(default=None, description="None of these; unknown ones are kept."),
        "is_unknown": strawberry.field(default=None, description="True: not known. False: known."),
    }
    made: type = type(f"{name}Condition", (), namespace)
    return strawberry.input(made, description=f"A condition on {name}; what is given must all hold.")


@strawberry.enum(description="The answer to a question of yes or no.")
class YesNo(Enum):
    NO = "NO"
    YES = "YES"


@strawberry.enum(description="Whether it is the visitor's first session or a later one.")
class VisitorKind(Enum):
    FIRST = "FIRST"
    LATER = "LATER"


@strawberry.enum(description="Whether an intent is one of the few that 80 % of the sessions are about.")
class IntentVolume(Enum):
    HIGH_VOLUME = "HIGH_VOLUME"
    LONG_TAIL = "LONG_TAIL"


_VOCABULARIES: Final[dict[str, type[Enum]]] = {
    "chatbotType": vocabulary.ChatbotType,
    "plan": vocabulary.Plan,
    "channel": vocabulary.Channel,
    "device": vocabulary.Device,
    "authenticated": YesNo,
    "visitorKind": VisitorKind,
    "intentVolume": IntentVolume,
    "answerSource": vocabulary.AnswerSource,
    "operationClass": vocabulary.OperationClass,
    "errorClass": vocabulary.OperationClass,
    "fault": vocabulary.Fault,
    "ticketState": vocabulary.TicketState,
    "outcome": vocabulary.Outcome,
    "closingActor": vocabulary.EndActor,
    "handoffTarget": vocabulary.HandoffTarget,
    "handoffReason": vocabulary.HandoffReason,
    "source": vocabulary.Source,
}
"""The enum of each dimension with a closed vocabulary; a test finds one that is missing or differs."""

_CONDITION_OF: Final = {kind: _condition_type(kind, kind.__name__) for kind in dict.fromkeys(_VOCABULARIES.values())}
_CONDITIONS: Final[dict[str, type]] = {name: _CONDITION_OF[kind] for name, kind in _VOCABULARIES.items()}


def _condition_of(dimension: Dimension) -> type:
    return _CONDITIONS[dimension.name] if isinstance(dimension.values, Closed) else TextCondition


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _filter_type() -> type:
    """One field per dimension of the catalogue, and the three connectives."""
    namespace: dict[str, Any] = {
        "__annotations__": {
            "and_": 'list["FilterInput"] | None',
            "or_": 'list["FilterInput"] | None',
            "not_": '"FilterInput | None"',
            "segment": strawberry.ID | None,
        },
        "__module__": __name__,
        "and_": strawberry.field(name="and", default=None, description="All of these hold."),
        "or_": strawberry.field(name="or", default=None, description="At least one of these holds."),
        "not_": strawberry.field(name="not", default=None, description="This does not hold."),
        "segment": strawberry.field(default=None, description="The segment holds it, as the segment is now."),
    }
    for dimension in DIMENSIONS.values():
        namespace["__annotations__"][_snake(dimension.name)] = _condition_of(dimension) | None
        namespace[_snake(dimension.name)] = strawberry.field(
            name=dimension.name, default=None, description=dimension.description
        )
    return strawberry.input(
        type("FilterInput", (), namespace),
        description="Everything given must hold. A session with several turns needs one such turn.",
    )


FilterInput = _filter_type()


def filter_of(given: Any) -> Filter:
    """The tree that an input means."""
    if given is None:
        return EVERYTHING
    parts = tuple(_parts(given))
    return parts[0] if len(parts) == 1 else AllOf(parts)


def _parts(given: Any) -> Iterator[Filter]:
    for dimension in DIMENSIONS.values():
        condition = getattr(given, _snake(dimension.name))
        if condition is not None:
            yield from _conditions(dimension.name, condition)
    if given.segment is not None:
        yield InSegment(decode_id("Segment", given.segment, UUID))
    if given.and_ is not None:
        yield AllOf(tuple(filter_of(part) for part in given.and_))
    if given.or_ is not None:
        yield AnyOf(tuple(filter_of(part) for part in given.or_))
    if given.not_ is not None:
        yield NotThis(filter_of(given.not_))


def _conditions(dimension: str, condition: Any) -> Iterator[Filter]:
    if condition.in_ is not None:
        yield In(dimension, _names(condition.in_))
    if condition.not_in is not None:
        yield NotThis(In(dimension, _names(condition.not_in)))
    if condition.is_unknown is not None:
        unknown = IsUnknown(dimension)
        yield unknown if condition.is_unknown else NotThis(unknown)


def _names(values: list[Any]) -> tuple[str, ...]:
    return tuple(value.name if isinstance(value, Enum) else str(value) for value in values)
