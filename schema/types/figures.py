"""The answer to `figures`: metrics as data, every one in the same shape, for clients that do not name them."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import strawberry

from domain.metrics.metric import Metric
from domain.queries import table as domain
from domain.queries.query import Order
from domain.queries.table import Figure, Series
from schema.group_cursors import cursor_of
from schema.scalars import BigInt, Money, big
from schema.types.metric_definitions import MetricDefinition
from schema.types.metric_names import MetricName, Unit
from schema.types.metric_values import (
    Bin,
    EstimatedValue,
    MetricSeriesValues,
    bins_of,
    earlier_of,
    ends_of,
    values_of,
)
from schema.types.metrics import AnsweredTable, Bucket, GroupKey, told_of_table


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float | Decimal) else None


def _amount(value: Any) -> Money | None:
    return value if isinstance(value, Decimal) else None  # type: ignore[return-value]


@strawberry.type(description="One value of one metric.")
class MetricFigure(EstimatedValue):
    of: strawberry.Private[Metric]

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

    @strawberry.field(description="Of a share or mean: what is divided.")
    def numerator(self) -> float | None:
        return _number(self.figure.now.numerator)

    @strawberry.field(description="Of a share or mean: by what.")
    def denominator(self) -> BigInt | None:
        return big(self.figure.now.denominator)

    @strawberry.field(description="The value of the compared period.")
    def previous(self) -> float | None:
        before = self.figure.previous
        return None if before is None else _number(before.value)

    @strawberry.field(description="Value less previous.")
    def change(self) -> float | None:
        return _number(self.figure.change)

    @strawberry.field(description="In a group, a count's share of the total, 0 to 1; null where groups do not add up.")
    def share(self) -> float | None:
        return self.figure.share


@strawberry.type(description="One metric over the buckets: arrays as long as `buckets`.")
class MetricLine(MetricSeriesValues):
    @strawberry.field(description="Which metric.")
    def metric(self) -> MetricName:
        return MetricName(self.line.metric.name)

    @strawberry.field(description="What it is measured in.")
    def unit(self) -> Unit:
        return self.line.metric.unit

    @strawberry.field(description="One number per bucket; null where nothing happened, and for distributions.")
    def values(self) -> list[float | None]:
        return [_number(value) for value in values_of(self.line)]

    @strawberry.field(description="Amounts of money exactly; null for everything else.")
    def amounts(self) -> list[Money | None] | None:
        if self.line.metric.unit is not Unit.MONEY:
            return None
        return [_amount(value) for value in values_of(self.line)]

    @strawberry.field(description="The compared period, aligned by index; null without comparison.")
    def previous(self) -> list[float | None] | None:
        before = earlier_of(self.line)
        return None if before is None else [_number(value) for value in before]

    @strawberry.field(description="Lower end of each value's 95 % interval; null where there is none.")
    def lower(self) -> list[float | None]:
        return [low for low, _ in ends_of(self.line)]

    @strawberry.field(description="Upper end of each value's 95 % interval; null where there is none.")
    def upper(self) -> list[float | None]:
        return [high for _, high in ends_of(self.line)]


@strawberry.type(description="Metrics over the buckets.")
class FigureSeries:
    buckets: list[Bucket] = strawberry.field(description="The time axis.")
    previous_buckets: list[Bucket] = strawberry.field(description="The time axis of the compared period.")
    lines: list[MetricLine] = strawberry.field(description="One line per metric, in the order asked for.")


@strawberry.type(description="The figures of one value, or combination of values, of what is grouped by.")
class FigureGroup:
    told: strawberry.Private[domain.Group]
    order: strawberry.Private[Order | None]
    key: list[GroupKey] = strawberry.field(description="One part per dimension, in the order of groupBy.")
    other: bool = strawberry.field(description="True for the group of all that lies beyond the groups shown.")
    figures: list[MetricFigure] = strawberry.field(description="One per metric, in the order asked for.")
    series: FigureSeries = strawberry.field(description="The group over the buckets.")

    @strawberry.field(description="Pass it as `after` for the groups that follow; null for the rest.")
    def cursor(self) -> str | None:
        return cursor_of(self.told, self.order)


@strawberry.type(description="The answer to one question whose metrics are data.")
class FigureTable(AnsweredTable):
    definitions: list[MetricDefinition] = strawberry.field(
        description="What each metric means and how to show it, in the order asked for."
    )
    totals: list[MetricFigure] = strawberry.field(description="One per metric, in the order asked for.")
    series: FigureSeries = strawberry.field(description="Over the buckets.")
    groups: list[FigureGroup] = strawberry.field(
        description="By what is grouped by, in the order asked for, the rest as one last group."
    )

    @classmethod
    def from_domain(cls, table: domain.MetricTable, metrics: tuple[Metric, ...]) -> "FigureTable":
        """`metrics`: those to show, in their order."""
        return cls(
            **told_of_table(table),
            definitions=[MetricDefinition.from_domain(metric) for metric in metrics],
            totals=_figures(table.totals, metrics),
            series=_series(table, table.series, metrics),
            groups=[_group(table, group, metrics) for group in table.groups],
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
        told=group,
        order=table.order,
        figures=_figures(group.figures, metrics),
        series=_series(table, group.series, metrics),
    )
