"""The answer to `figures`: metrics as data, every one in the same shape, for clients that do not name them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry

from domain.metrics.metric import Metric
from domain.queries import table as domain
from domain.queries.table import Figure, Reading, Series
from schema.scalars import BigInt, Money, TimeZone
from schema.types.metric_definitions import MetricDefinition
from schema.types.metric_names import Grain, MetricName, Status, Unit
from schema.types.metric_values import Bin, Interval, bins_of, interval_of
from schema.types.metrics import Bucket, ExcludedSessions, GroupKey, TimeRange, moment
from schema.types.vocabulary import Instrument


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float | Decimal) else None


def _amount(value: Any) -> Money | None:
    return value if isinstance(value, Decimal) else None  # type: ignore[return-value]


@strawberry.type(description="One value of one metric.")
class MetricFigure:
    of: strawberry.Private[Metric]
    figure: strawberry.Private[Figure]

    @strawberry.field(description="Which metric.")
    def metric(self) -> MetricName:
        return MetricName(self.of.name)

    @strawberry.field(description="What it is measured in.")
    def unit(self) -> Unit:
        return self.of.unit

    @strawberry.field(description="The value: a count, share 0 to 1, seconds, amount or mean; null with a reason.")
    def value(self) -> float | None:
        return _number(self.figure.now.value)

    @strawberry.field(description="An amount of money exactly; null for everything else.")
    def amount(self) -> Money | None:
        return _amount(self.figure.now.value)

    @strawberry.field(description="The bins of a distribution; null for everything else.")
    def bins(self) -> list[Bin] | None:
        return bins_of(self.figure.now)

    @strawberry.field(description="OK, or why the value is null or only part of the truth.")
    def status(self) -> Status:
        return self.figure.now.status

    @strawberry.field(description="The status in words; null if it is OK.")
    def reason(self) -> str | None:
        return self.figure.now.reason

    @strawberry.field(description="Of a share or mean: what is divided.")
    def numerator(self) -> float | None:
        return _number(self.figure.now.numerator)

    @strawberry.field(description="Of a share or mean: by what.")
    def denominator(self) -> BigInt | None:
        return _big(self.figure.now.denominator)

    @strawberry.field(description="How many cases stand behind the value.")
    def n(self) -> BigInt | None:
        return _big(self.figure.now.n)

    @strawberry.field(description="95 % interval of a share (Wilson score).")
    def interval(self) -> Interval | None:
        return interval_of(self.figure.now)

    @strawberry.field(description="Share of the sessions that belong to chatbots which report what is needed, 0 to 1.")
    def coverage(self) -> float | None:
        return self.figure.now.coverage

    @strawberry.field(description="The value of the compared period.")
    def previous(self) -> float | None:
        before = self.figure.previous
        return None if before is None else _number(before.value)

    @strawberry.field(description="Status of the compared period's value; null without comparison.")
    def previous_status(self) -> Status | None:
        return None if self.figure.previous is None else self.figure.previous.status

    @strawberry.field(description="Value less previous.")
    def change(self) -> float | None:
        return _number(self.figure.change)

    @strawberry.field(description="Change / previous value; null if that is null or 0.")
    def change_ratio(self) -> float | None:
        return self.figure.change_ratio

    @strawberry.field(description="In a group, a count's share of the total, 0 to 1; null where groups do not add up.")
    def share(self) -> float | None:
        return self.figure.share


def _big(value: Any) -> BigInt | None:
    return None if value is None else BigInt(value)


@strawberry.type(description="One metric over the buckets: arrays as long as `buckets`.")
class MetricLine:
    line: strawberry.Private[Series]

    @strawberry.field(description="Which metric.")
    def metric(self) -> MetricName:
        return MetricName(self.line.metric.name)

    @strawberry.field(description="What it is measured in.")
    def unit(self) -> Unit:
        return self.line.metric.unit

    @strawberry.field(description="One number per bucket; null where nothing happened, and for distributions.")
    def values(self) -> list[float | None]:
        return [_number(reading.value) for reading in self.line.now]

    @strawberry.field(description="Amounts of money exactly; null for everything else.")
    def amounts(self) -> list[Money | None] | None:
        if self.line.metric.unit is not Unit.MONEY:
            return None
        return [_amount(reading.value) for reading in self.line.now]

    @strawberry.field(description="The compared period, aligned by index; null without comparison.")
    def previous(self) -> list[float | None] | None:
        before = self.line.previous
        if before is None:
            return None
        known: list[Reading | None] = [*before[: len(self.line.now)]]
        known += [None] * (len(self.line.now) - len(known))
        return [None if reading is None else _number(reading.value) for reading in known]

    @strawberry.field(description="Status of each value.")
    def statuses(self) -> list[Status]:
        return [reading.status for reading in self.line.now]

    @strawberry.field(description="How many cases stand behind each value.")
    def n(self) -> list[BigInt | None]:
        return [_big(reading.n) for reading in self.line.now]


@strawberry.type(description="Metrics over the buckets.")
class FigureSeries:
    buckets: list[Bucket] = strawberry.field(description="The time axis.")
    previous_buckets: list[Bucket] = strawberry.field(description="The time axis of the compared period.")
    lines: list[MetricLine] = strawberry.field(description="One line per metric, in the order asked for.")


@strawberry.type(description="The figures of one value, or combination of values, of what is grouped by.")
class FigureGroup:
    key: list[GroupKey] = strawberry.field(description="One part per dimension, in the order of groupBy.")
    other: bool = strawberry.field(description="True for the group of all that lies beyond the first groups.")
    figures: list[MetricFigure] = strawberry.field(description="One per metric, in the order asked for.")
    series: FigureSeries = strawberry.field(description="The group over the buckets.")


@strawberry.type(description="The answer to one question whose metrics are data.")
class FigureTable:
    as_of: datetime = strawberry.field(description="The moment that outcomes and open sessions are judged at.")
    fresh_through: datetime = strawberry.field(description="Every event acknowledged before this moment is counted.")
    time_zone: TimeZone = strawberry.field(description="Zone of ranges and buckets.")
    currency: str = strawberry.field(description="ISO 4217 code that money is told in.")
    satisfaction_instrument: Instrument = strawberry.field(description="What `satisfaction` goes by.")
    grain: Grain = strawberry.field(description="Width of the buckets.")
    range: TimeRange = strawberry.field(description="The range, resolved.")
    previous_range: TimeRange | None = strawberry.field(description="What it is compared with.")
    definitions: list[MetricDefinition] = strawberry.field(
        description="What each metric means and how to show it, in the order asked for."
    )
    totals: list[MetricFigure] = strawberry.field(description="One per metric, in the order asked for.")
    series: FigureSeries = strawberry.field(description="Over the buckets.")
    groups: list[FigureGroup] = strawberry.field(
        description="By what is grouped by, in the order asked for, the rest as one last group."
    )
    group_count: int = strawberry.field(description="How many groups there are before the rest is put together.")
    overlap: bool = strawberry.field(
        description="True if a session can stand in several groups, so that rows do not sum to the total."
    )
    without_turn: BigInt | None = strawberry.field(
        description="Sessions that have no turn of what is grouped by and stand in no group; null if none could."
    )
    excluded: ExcludedSessions = strawberry.field(description="Sessions that the figures leave out.")

    @classmethod
    def from_domain(cls, table: domain.MetricTable, metrics: tuple[Metric, ...]) -> "FigureTable":
        """`metrics`: those to show, in their order."""
        previous = table.previous_window
        return cls(
            as_of=moment(table.as_of_ms),
            fresh_through=moment(table.fresh_through_ms),
            time_zone=TimeZone(table.time_zone),
            currency=table.currency,
            satisfaction_instrument=table.satisfaction_instrument,
            grain=table.grain,
            range=TimeRange.from_domain(table.window),
            previous_range=None if previous is None else TimeRange.from_domain(previous),
            definitions=[MetricDefinition.from_domain(metric) for metric in metrics],
            totals=_figures(table.totals, metrics),
            series=_series(table, table.series, metrics),
            groups=[_group(table, group, metrics) for group in table.groups],
            group_count=table.group_count,
            overlap=table.overlap,
            without_turn=_big(table.without_turn),
            excluded=ExcludedSessions.from_domain(table.excluded),
        )


def _figures(figures: Mapping[str, Figure], metrics: Iterable[Metric]) -> list[MetricFigure]:
    return [MetricFigure(of=metric, figure=figures[metric.name]) for metric in metrics if metric.name in figures]


def _series(table: domain.MetricTable, lines: Mapping[str, Series], metrics: Iterable[Metric]) -> FigureSeries:
    return FigureSeries(
        buckets=[Bucket.from_domain(bucket) for bucket in table.buckets],
        previous_buckets=[Bucket.from_domain(bucket) for bucket in table.previous_buckets],
        lines=[MetricLine(line=lines[metric.name]) for metric in metrics if metric.name in lines],
    )


def _group(table: domain.MetricTable, group: domain.Group, metrics: tuple[Metric, ...]) -> FigureGroup:
    return FigureGroup(
        key=[GroupKey.from_domain(part) for part in group.key],
        other=group.is_other,
        figures=_figures(group.figures, metrics),
        series=_series(table, group.series, metrics),
    )
