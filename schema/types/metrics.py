"""The answer to `metrics`: totals, groups and series with one named, typed field per metric of the catalogue.

The fields are made from the declarations, so that a metric is added in one place.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, cast

import strawberry
from strawberry.types.field import StrawberryField

from domain.buckets import Bucket as DomainBucket
from domain.dimensions import Dimension as DomainDimension
from domain.metrics.catalogue import METRICS
from domain.metrics.metric import Metric
from domain.queries import table as domain
from domain.queries.query import Order
from domain.queries.table import Figure, Series
from domain.time import Window
from schema.group_cursors import cursor_of
from schema.scalars import BigInt, TimeZone, big
from schema.types.metric_names import DimensionName, Grain
from schema.types.metric_values import SERIES_TYPES, VALUE_TYPES, series_of, value_of
from schema.types.vocabulary import Instrument

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)


class Figures:
    """What the fields of totals and groups read: values by metric."""

    __slots__ = ("currency", "figures")

    def __init__(self, figures: Mapping[str, Figure], currency: str) -> None:
        self.figures = figures
        self.currency = currency


class Lines:
    """What the fields of a series read: lines by metric, and the buckets they lie on."""

    __slots__ = ("buckets", "currency", "lines", "previous_buckets")

    def __init__(self, lines: Mapping[str, Series], table: domain.MetricTable) -> None:
        self.lines = lines
        self.currency = table.currency
        self.buckets = table.buckets
        self.previous_buckets = table.previous_buckets


def described(metric: Metric) -> str:
    return f"{metric.title}. {metric.definition}"


def _value_field(metric: Metric) -> StrawberryField:
    def resolve(root: Any) -> Any:
        return value_of(metric, root.figures[metric.name], root.currency)

    return _made(metric, resolve, VALUE_TYPES[metric.unit])


def _series_field(metric: Metric) -> StrawberryField:
    def resolve(root: Any) -> Any:
        return series_of(metric, root.lines[metric.name], root.currency)

    return _made(metric, resolve, SERIES_TYPES[metric.unit])


def _made(metric: Metric, resolve: Callable[[Any], Any], kind: type) -> StrawberryField:
    resolve.__name__ = metric.name
    made = strawberry.field(resolver=resolve, name=metric.name, description=described(metric), graphql_type=kind)
    return cast("StrawberryField", made)


def type_of(name: str, description: str, fields: list[StrawberryField]) -> type:
    """A GraphQL type whose objects are plain Python ones of another class."""
    namespace: dict[str, Any] = {field.python_name or field.name: field for field in fields}
    namespace["__annotations__"] = {field.python_name or field.name: Any for field in fields}
    namespace["is_type_of"] = classmethod(lambda cls, value, info: True)
    return strawberry.type(type(name, (), namespace), description=description)


@strawberry.type(description="A resolved range, half-open: from <= t < to.")
class TimeRange:
    start: datetime = strawberry.field(name="from", description="First moment inside.")
    end: datetime = strawberry.field(name="to", description="First moment after.")

    @classmethod
    def from_domain(cls, window: Window) -> "TimeRange":
        return cls(start=moment(window.from_ms), end=moment(window.to_ms))


@strawberry.type(description="One cell of the time axis, between local boundaries, cut to the range.")
class Bucket:
    start: datetime = strawberry.field(description="First moment inside.")
    end: datetime = strawberry.field(description="First moment after.")
    label: str = strawberry.field(description="Local name: 2026-03-29T01:00+02:00, 2026-03-29, 2026-03, 2026-Q1, 2026.")
    complete: bool = strawberry.field(description="False if the range or the present cuts it short.")
    duration_seconds: float = strawberry.field(description="Its real length; days have 23 to 25 hours.")

    @classmethod
    @lru_cache(maxsize=5_000)  # The same days are told again and again, and nobody changes one.
    def from_domain(cls, bucket: DomainBucket) -> "Bucket":
        return cls(
            start=moment(bucket.from_ms),
            end=moment(bucket.to_ms),
            label=bucket.label,
            complete=bucket.complete,
            duration_seconds=bucket.duration_seconds,
        )


def _buckets(root: Any) -> list[Bucket]:
    return [Bucket.from_domain(bucket) for bucket in root.buckets]


def _previous_buckets(root: Any) -> list[Bucket]:
    return [Bucket.from_domain(bucket) for bucket in root.previous_buckets]


MetricTotals = type_of(
    "MetricTotals",
    "Every metric; only those that are selected are computed.",
    [_value_field(one) for one in METRICS.values()],
)

MetricSeries = type_of(
    "MetricSeries",
    "Every metric over the buckets; only those that are selected are computed.",
    [
        cast(
            "StrawberryField",
            strawberry.field(
                resolver=_buckets, name="buckets", description="The time axis.", graphql_type=list[Bucket]
            ),
        ),
        cast(
            "StrawberryField",
            strawberry.field(
                resolver=_previous_buckets,
                name="previousBuckets",
                description="The time axis of the compared period.",
                graphql_type=list[Bucket],
            ),
        ),
        *(_series_field(one) for one in METRICS.values()),
    ],
)


@strawberry.type(description="One part of a group's name.")
class GroupKey:
    dimension: DimensionName = strawberry.field(description="By what it is split.")
    value: str | None = strawberry.field(description="What a filter takes; null for unknown and for the rest.")
    label: str = strawberry.field(description="Name for people.")

    @classmethod
    def from_domain(cls, part: domain.KeyPart) -> "GroupKey":
        return cls(dimension=DimensionName(_name_of(part.dimension)), value=part.value, label=part.label)


def _name_of(dimension: DomainDimension) -> str:
    return dimension.name


@strawberry.type(description="The figures of one value, or combination of values, of what is grouped by.")
class MetricGroup:
    told: strawberry.Private[domain.Group]
    order: strawberry.Private[Order | None]
    key: list[GroupKey] = strawberry.field(description="One part per dimension, in the order of groupBy.")
    other: bool = strawberry.field(description="True for the group of all that lies beyond the groups shown.")
    metrics: MetricTotals = strawberry.field(description="Totals of the group.")  # type: ignore[valid-type]
    series: MetricSeries = strawberry.field(description="The group over the buckets.")  # type: ignore[valid-type]

    @strawberry.field(description="Pass it as `after` for the groups that follow; null for the rest.")
    def cursor(self) -> str | None:
        return cursor_of(self.told, self.order)

    @classmethod
    def from_domain(cls, group: domain.Group, table: domain.MetricTable) -> "MetricGroup":
        return cls(
            key=[GroupKey.from_domain(part) for part in group.key],
            other=group.is_other,
            told=group,
            order=table.order,
            metrics=Figures(group.figures, table.currency),
            series=Lines(group.series, table),
        )


@strawberry.type(description="Sessions of the range that the figures leave out, by reason.")
class ExcludedSessions:
    bots: BigInt = strawberry.field(description="Of automatic visitors.")
    playground: BigInt = strawberry.field(description="Tried out in a playground.")
    evaluation: BigInt = strawberry.field(description="Of evaluation runs.")
    api: BigInt = strawberry.field(description="Made by programs through the API.")
    live: BigInt = strawberry.field(description="Live ones, where the question is about others only.")

    @classmethod
    def from_domain(cls, excluded: Mapping[str, int]) -> "ExcludedSessions":
        return cls(
            bots=BigInt(excluded.get("bots", 0)),
            playground=BigInt(excluded.get("playground", 0)),
            evaluation=BigInt(excluded.get("eval", 0)),
            api=BigInt(excluded.get("api", 0)),
            live=BigInt(excluded.get("live", 0)),
        )


@strawberry.type
class Answered:
    """What every answer of figures tells of its question. GraphQL types take it over; it is none itself."""

    as_of: datetime = strawberry.field(description="The moment that outcomes and open sessions are judged at.")
    fresh_through: datetime = strawberry.field(description="Every event acknowledged before this moment is counted.")
    time_zone: TimeZone = strawberry.field(description="Zone of ranges, clock and calendar.")
    currency: str = strawberry.field(description="ISO 4217 code that money is told in.")
    satisfaction_instrument: Instrument = strawberry.field(description="What `satisfaction` goes by.")
    range: TimeRange = strawberry.field(description="The range, resolved.")
    excluded: ExcludedSessions = strawberry.field(description="Sessions that the figures leave out.")


@strawberry.type
class AnsweredTable(Answered):
    """The same of tables, which have buckets and groups."""

    grain: Grain = strawberry.field(description="Width of the buckets.")
    previous_range: TimeRange | None = strawberry.field(description="What it is compared with.")
    group_count: int = strawberry.field(description="How many groups there are before the rest is put together.")
    overlap: bool = strawberry.field(
        description="True if a session can stand in several groups, so that rows do not sum to the total."
    )
    without_turn: BigInt | None = strawberry.field(
        description="Sessions that have no turn of what is grouped by and stand in no group; null if none could."
    )


def told_of(table: domain.MetricTable) -> dict[str, Any]:
    """The fields of `Answered`."""
    return {
        "as_of": moment(table.as_of_ms),
        "fresh_through": moment(table.fresh_through_ms),
        "time_zone": TimeZone(table.time_zone),
        "currency": table.currency,
        "satisfaction_instrument": table.satisfaction_instrument,
        "range": TimeRange.from_domain(table.window),
        "excluded": ExcludedSessions.from_domain(table.excluded),
    }


def told_of_table(table: domain.MetricTable) -> dict[str, Any]:
    """The fields of `AnsweredTable`."""
    previous = table.previous_window
    return told_of(table) | {
        "grain": table.grain,
        "previous_range": None if previous is None else TimeRange.from_domain(previous),
        "group_count": table.group_count,
        "overlap": table.overlap,
        "without_turn": big(table.without_turn),
    }


@strawberry.type(description="The answer to one question.")
class MetricTable(AnsweredTable):
    totals: MetricTotals = strawberry.field(description="Over the whole range.")  # type: ignore[valid-type]
    series: MetricSeries = strawberry.field(description="Over the buckets.")  # type: ignore[valid-type]
    groups: list[MetricGroup] = strawberry.field(
        description="By what is grouped by, in the order asked for, the rest as one last group."
    )

    @classmethod
    def from_domain(cls, table: domain.MetricTable) -> "MetricTable":
        return cls(
            **told_of_table(table),
            totals=Figures(table.totals, table.currency),
            series=Lines(table.series, table),
            groups=[MetricGroup.from_domain(group, table) for group in table.groups],
        )
