"""Figures by hour and day of the week: one array per metric over the cells of a cycle."""

from typing import Any, Final, cast

import strawberry

from domain.cycles import Cells, Cycle
from domain.metrics.catalogue import METRICS
from domain.metrics.metric import Metric, Unit
from domain.queries import heatmap as domain
from domain.queries import table as answered
from domain.queries.table import Series
from schema.scalars import BigInt, Money, big
from schema.types.metric_names import Status
from schema.types.metric_values import values_of
from schema.types.metrics import Answered, described, told_of, type_of

strawberry.enum(Cycle, description="What comes again, by local clock and calendar; weeks begin on Monday.")


@strawberry.type(description="The cells, as arrays of one length; weeks from Monday, days from midnight.")
class HeatmapCells:
    weekdays: list[int] | None = strawberry.field(description="1 = Monday to 7; null for HOUR_OF_DAY.")
    hours: list[int] | None = strawberry.field(description="0 to 23; null for DAY_OF_WEEK.")
    occurrences: list[float] = strawberry.field(
        description="How often the hour or day was there in the range so far; one that the range or the present cuts "
        "off counts by the share of its length."
    )


@strawberry.type(description="The highest cell.")
class HeatmapPeak:
    index: int = strawberry.field(description="Its place in the arrays.")
    weekday: int | None = strawberry.field(description="1 = Monday to 7; null for HOUR_OF_DAY.")
    hour: int | None = strawberry.field(description="0 to 23; null for DAY_OF_WEEK.")
    level: float = strawberry.field(description="What it is per occurrence; for what does not add up, its value.")


@strawberry.interface(description="A metric over the cells: arrays as long as those of `cells`.")
class MetricHeatmapValues:
    line: strawberry.Private[Series]
    over: strawberry.Private[Cells]

    @strawberry.field(description="Status of each value.")
    def statuses(self) -> list[Status]:
        return [reading.status for reading in self.line.now]

    @strawberry.field(description="How many cases stand behind each value.")
    def n(self) -> list[BigInt | None]:
        return [big(reading.n) for reading in self.line.now]

    @strawberry.field(
        description="The highest cell: per occurrence where values add up, among cells that occurred at least once if "
        "there are any; null where nothing happened."
    )
    def peak(self) -> HeatmapPeak | None:
        found = domain.peak(self.line, self.over)
        if found is None:
            return None
        cell = self.over.cycle.cells[found.cell]
        return HeatmapPeak(index=found.cell, weekday=cell.weekday, hour=cell.hour, level=float(found.level))


@strawberry.type(description="Counts over the cells.")
class CountHeatmap(MetricHeatmapValues):
    @strawberry.field(description="One count per cell, over the whole range.")
    def values(self) -> list[BigInt | None]:
        return values_of(self.line)

    @strawberry.field(
        description="Count / occurrences, so that weekdays that are there more often do not look busier; null for "
        "counts of people, which do not add up."
    )
    def per_occurrence(self) -> list[float | None] | None:
        return cast("list[float | None] | None", domain.per_occurrence(self.line, self.over))


@strawberry.type(description="Numbers over the cells: shares 0 to 1, seconds, means; null where nothing happened.")
class NumberHeatmap(MetricHeatmapValues):
    @strawberry.field(description="One number per cell, out of everything in it.")
    def values(self) -> list[float | None]:
        return values_of(self.line)


@strawberry.type(description="Amounts over the cells, in the workspace's reporting currency.")
class MoneyHeatmap(MetricHeatmapValues):
    money: strawberry.Private[str]

    @strawberry.field(description="ISO 4217 code of the reporting currency.")
    def currency(self) -> str:
        return self.money

    @strawberry.field(description="One amount per cell.")
    def values(self) -> list[Money | None]:
        return values_of(self.line)

    @strawberry.field(description="Amount / occurrences; null for means.")
    def per_occurrence(self) -> list[Money | None] | None:
        return cast("list[Money | None] | None", domain.per_occurrence(self.line, self.over))


_TYPES: Final[dict[Unit, type[MetricHeatmapValues]]] = {
    Unit.COUNT: CountHeatmap,
    Unit.SHARE: NumberHeatmap,
    Unit.NUMBER: NumberHeatmap,
    Unit.SECONDS: NumberHeatmap,
    Unit.MONEY: MoneyHeatmap,
}


class Lines:
    """What the fields of a heatmap's metrics read."""

    __slots__ = ("cells", "currency", "lines")

    def __init__(self, table: answered.MetricTable, cells: Cells) -> None:
        self.lines = table.series
        self.currency = table.currency
        self.cells = cells


def _field(metric: Metric) -> Any:
    kind = _TYPES[metric.unit]
    money = metric.unit is Unit.MONEY

    def resolve(root: Any) -> Any:
        told = {"money": root.currency} if money else {}
        return kind(line=root.lines[metric.name], over=root.cells, **told)

    resolve.__name__ = metric.name
    return strawberry.field(resolver=resolve, name=metric.name, description=described(metric), graphql_type=kind)


HeatmapMetrics = type_of(
    "HeatmapMetrics",
    "Every metric over the cells, but for distributions; only those that are selected are computed.",
    [_field(metric) for metric in METRICS.values() if metric.unit in _TYPES],
)


@strawberry.type(description="Figures by what comes again: hour of the week, hour of the day, day of the week.")
class Heatmap(Answered):
    cycle: Cycle = strawberry.field(description="What comes again.")
    cells: HeatmapCells = strawberry.field(description="The cells and how often each occurred.")
    metrics: HeatmapMetrics = strawberry.field(description="The figures.")  # type: ignore[valid-type]

    @classmethod
    def from_domain(cls, table: answered.MetricTable) -> "Heatmap":
        cells = table.cells
        assert cells is not None
        return cls(
            **told_of(table),
            cycle=cells.cycle,
            cells=HeatmapCells(
                weekdays=_told([cell.weekday for cell in cells.cycle.cells]),
                hours=_told([cell.hour for cell in cells.cycle.cells]),
                occurrences=list(cells.occurrences),
            ),
            metrics=Lines(table, cells),
        )


def _told(numbers: list[int | None]) -> list[int] | None:
    known = [number for number in numbers if number is not None]
    return known or None
