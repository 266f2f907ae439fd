"""One value of a metric, typed by its unit, with everything needed to judge it."""

from typing import Any, Final, cast

import strawberry

from domain.metrics.algebra import Histogram
from domain.metrics.metric import Metric, Unit
from domain.queries.funnel_table import Reached
from domain.queries.table import Figure, Reading, Series
from schema.scalars import BigInt, Money, big
from schema.types.metric_names import Status


@strawberry.type(
    description="A 95 % interval: Wilson's of a share, Student's of a mean, by the delta method of a ratio of sums; "
    "cases are taken as independent."
)
class Interval:
    lower: float = strawberry.field(description="Lower end, in the unit of the value.")
    upper: float = strawberry.field(description="Upper end.")


@strawberry.type(description="A 95 % interval of a mean amount, Student's; cases are taken as independent.")
class MoneyInterval:
    lower: Money = strawberry.field(description="Lower end, in the reporting currency.")
    upper: Money = strawberry.field(description="Upper end.")


@strawberry.interface(description="What every value of a metric tells beside itself.")
class MetricValue:
    figure: strawberry.Private[Figure]

    @strawberry.field(description="OK, or why the value is null or only part of the truth.")
    def status(self) -> Status:
        return self.figure.now.status

    @strawberry.field(description="The status in words; null if it is OK.")
    def reason(self) -> str | None:
        return self.figure.now.reason

    @strawberry.field(description="How many cases stand behind the value.")
    def n(self) -> BigInt | None:
        return big(self.figure.now.n)

    @strawberry.field(description="Share of the sessions that belong to chatbots which report what is needed, 0 to 1.")
    def coverage(self) -> float | None:
        return self.figure.now.coverage

    @strawberry.field(description="Status of the compared period's value; null without comparison.")
    def previous_status(self) -> Status | None:
        return None if self.figure.previous is None else self.figure.previous.status

    @strawberry.field(description="Change / previous value; null if that is null or 0.")
    def change_ratio(self) -> float | None:
        return self.figure.change_ratio


def _previous(figure: Figure) -> Any:
    return None if figure.previous is None else figure.previous.value


@strawberry.interface(description="What a value tells that is estimated from cases.")
class EstimatedValue(MetricValue):
    @strawberry.field(description="95 % interval; of what means and shares are, not of sums and percentiles.")
    def interval(self) -> Interval | None:
        return interval_of(self.figure.now)

    @strawberry.field(description="Why there is no interval; null where there is one.")
    def interval_reason(self) -> str | None:
        return self.figure.now.no_interval


@strawberry.type(description="A count.")
class CountValue(MetricValue):
    @strawberry.field(description="The count; 0 where nothing happened, null only with a reason.")
    def value(self) -> BigInt | None:
        return cast("BigInt | None", self.figure.now.value)

    @strawberry.field(description="The count of the compared period.")
    def previous(self) -> BigInt | None:
        return cast("BigInt | None", _previous(self.figure))

    @strawberry.field(description="Value less previous.")
    def change(self) -> BigInt | None:
        return cast("BigInt | None", self.figure.change)

    @strawberry.field(description="In a group, its share of the total, 0 to 1; null where groups do not add up.")
    def share(self) -> float | None:
        return self.figure.share


@strawberry.type(description="A share, 0 to 1: numerator / denominator.")
class RatioValue(EstimatedValue):
    @strawberry.field(description="The share; null where the denominator is 0.")
    def value(self) -> float | None:
        return cast("float | None", self.figure.now.value)

    @strawberry.field(description="The share in the compared period.")
    def previous(self) -> float | None:
        return cast("float | None", _previous(self.figure))

    @strawberry.field(description="Value less previous, in points of 1.")
    def change(self) -> float | None:
        return cast("float | None", self.figure.change)

    @strawberry.field(description="How many of the denominator it is true of.")
    def numerator(self) -> BigInt | None:
        return cast("BigInt | None", self.figure.now.numerator)

    @strawberry.field(description="Of how many.")
    def denominator(self) -> BigInt | None:
        return big(self.figure.now.denominator)


def interval_of(told: Reading | Reached) -> Interval | None:
    found = told.interval
    return None if found is None else Interval(lower=found.lower, upper=found.upper)


@strawberry.type(description="A length of time in seconds.")
class DurationValue(EstimatedValue):
    @strawberry.field(description="Seconds.")
    def value(self) -> float | None:
        return cast("float | None", self.figure.now.value)

    @strawberry.field(description="Seconds in the compared period.")
    def previous(self) -> float | None:
        return cast("float | None", _previous(self.figure))

    @strawberry.field(description="Value less previous, in seconds.")
    def change(self) -> float | None:
        return cast("float | None", self.figure.change)

    @strawberry.field(description="For a mean: the sum of seconds.")
    def numerator(self) -> float | None:
        return cast("float | None", self.figure.now.numerator)

    @strawberry.field(description="For a mean: of how many.")
    def denominator(self) -> BigInt | None:
        return big(self.figure.now.denominator)


@strawberry.type(description="An amount of money in the workspace's reporting currency.")
class MoneyValue(MetricValue):
    money: strawberry.Private[str]

    @strawberry.field(description="ISO 4217 code of the reporting currency.")
    def currency(self) -> str:
        return self.money

    @strawberry.field(description="The amount.")
    def value(self) -> Money | None:
        return cast("Money | None", self.figure.now.value)

    @strawberry.field(description="The amount in the compared period.")
    def previous(self) -> Money | None:
        return cast("Money | None", _previous(self.figure))

    @strawberry.field(description="Value less previous.")
    def change(self) -> Money | None:
        return cast("Money | None", self.figure.change)

    @strawberry.field(description="The whole amount.")
    def numerator(self) -> Money | None:
        return cast("Money | None", self.figure.now.numerator)

    @strawberry.field(description="For an amount per something: of how many.")
    def denominator(self) -> BigInt | None:
        return big(self.figure.now.denominator)

    @strawberry.field(description="95 % interval of a mean amount.")
    def interval(self) -> MoneyInterval | None:
        found = self.figure.now.money_interval
        return None if found is None else MoneyInterval(lower=Money(found[0]), upper=Money(found[1]))

    @strawberry.field(description="Why there is no interval; null where there is one.")
    def interval_reason(self) -> str | None:
        return self.figure.now.no_interval


@strawberry.type(description="A mean or another plain number.")
class NumberValue(EstimatedValue):
    @strawberry.field(description="The number.")
    def value(self) -> float | None:
        return cast("float | None", self.figure.now.value)

    @strawberry.field(description="The number in the compared period.")
    def previous(self) -> float | None:
        return cast("float | None", _previous(self.figure))

    @strawberry.field(description="Value less previous.")
    def change(self) -> float | None:
        return cast("float | None", self.figure.change)

    @strawberry.field(description="For a mean: the sum.")
    def numerator(self) -> float | None:
        return cast("float | None", self.figure.now.numerator)

    @strawberry.field(description="For a mean: of how many.")
    def denominator(self) -> BigInt | None:
        return big(self.figure.now.denominator)


@strawberry.type(description="One bar of a histogram.")
class Bin:
    lower: float = strawberry.field(description="Lower edge, included.")
    upper: float = strawberry.field(description="Upper edge; included in the last bin only.")
    count: BigInt = strawberry.field(description="How many cases fall between.")


@strawberry.type(description="A distribution over consecutive bins.")
class DistributionValue(MetricValue):
    @strawberry.field(description="The bins in order; null only with a reason.")
    def bins(self) -> list[Bin] | None:
        return bins_of(self.figure.now)

    @strawberry.field(description="The bins of the compared period.")
    def previous_bins(self) -> list[Bin] | None:
        return None if self.figure.previous is None else bins_of(self.figure.previous)


def bins_of(reading: Reading) -> list[Bin] | None:
    formula, counts = reading.metric.formula, reading.value
    if not isinstance(formula, Histogram) or not isinstance(counts, tuple):
        return None
    edges = [edge / reading.metric.divisor for edge in formula.edges]
    return [
        Bin(lower=lower, upper=upper, count=BigInt(count))
        for lower, upper, count in zip(edges, edges[1:], counts, strict=False)
    ]


@strawberry.interface(description="A metric over the buckets: arrays as long as `buckets`.")
class MetricSeriesValues:
    line: strawberry.Private[Series]

    @strawberry.field(description="Status of each value.")
    def statuses(self) -> list[Status]:
        return [reading.status for reading in self.line.now]

    @strawberry.field(description="How many cases stand behind each value.")
    def n(self) -> list[BigInt | None]:
        return [big(reading.n) for reading in self.line.now]


def values_of(line: Series) -> list[Any]:
    return [reading.value for reading in line.now]


def earlier_of(line: Series) -> list[Any] | None:
    """Aligned by index: as long as the present line, null where the earlier period has no such bucket."""
    if line.previous is None:
        return None
    known = [reading.value for reading in line.previous[: len(line.now)]]
    return known + [None] * (len(line.now) - len(known))


def ends_of(line: Series) -> list[tuple[float, float] | tuple[None, None]]:
    found = [reading.interval for reading in line.now]
    return [(None, None) if one is None else (one.lower, one.upper) for one in found]


@strawberry.type(description="Counts over the buckets; 0 where nothing happened.")
class CountSeries(MetricSeriesValues):
    @strawberry.field(description="One count per bucket.")
    def values(self) -> list[BigInt | None]:
        return values_of(self.line)

    @strawberry.field(description="The compared period, aligned by index.")
    def previous(self) -> list[BigInt | None] | None:
        return earlier_of(self.line)


@strawberry.type(description="Numbers over the buckets: shares 0 to 1, seconds, means; null where nothing happened.")
class NumberSeries(MetricSeriesValues):
    @strawberry.field(description="One number per bucket.")
    def values(self) -> list[float | None]:
        return values_of(self.line)

    @strawberry.field(description="The compared period, aligned by index.")
    def previous(self) -> list[float | None] | None:
        return earlier_of(self.line)

    @strawberry.field(description="Lower end of each value's 95 % interval; null where there is none.")
    def lower(self) -> list[float | None]:
        return [low for low, _ in ends_of(self.line)]

    @strawberry.field(description="Upper end of each value's 95 % interval; null where there is none.")
    def upper(self) -> list[float | None]:
        return [high for _, high in ends_of(self.line)]


@strawberry.type(description="Amounts over the buckets, in the workspace's reporting currency.")
class MoneySeries(MetricSeriesValues):
    money: strawberry.Private[str]

    @strawberry.field(description="ISO 4217 code of the reporting currency.")
    def currency(self) -> str:
        return self.money

    @strawberry.field(description="One amount per bucket.")
    def values(self) -> list[Money | None]:
        return values_of(self.line)

    @strawberry.field(description="The compared period, aligned by index.")
    def previous(self) -> list[Money | None] | None:
        return earlier_of(self.line)


@strawberry.type(description="Distributions over the buckets.")
class DistributionSeries(MetricSeriesValues):
    @strawberry.field(description="Per bucket, the counts of the bins in order.")
    def values(self) -> list[list[BigInt] | None]:
        return [None if value is None else list(value) for value in values_of(self.line)]


VALUE_TYPES: Final[dict[Unit, type[MetricValue]]] = {
    Unit.COUNT: CountValue,
    Unit.SHARE: RatioValue,
    Unit.NUMBER: NumberValue,
    Unit.SECONDS: DurationValue,
    Unit.MONEY: MoneyValue,
    Unit.BINS: DistributionValue,
}

SERIES_TYPES: Final[dict[Unit, type[MetricSeriesValues]]] = {
    Unit.COUNT: CountSeries,
    Unit.SHARE: NumberSeries,
    Unit.NUMBER: NumberSeries,
    Unit.SECONDS: NumberSeries,
    Unit.MONEY: MoneySeries,
    Unit.BINS: DistributionSeries,
}


def value_of(metric: Metric, figure: Figure, currency: str) -> MetricValue:
    if metric.unit is Unit.MONEY:
        return MoneyValue(figure=figure, money=currency)
    return VALUE_TYPES[metric.unit](figure=figure)


def series_of(metric: Metric, line: Series, currency: str) -> MetricSeriesValues:
    if metric.unit is Unit.MONEY:
        return MoneySeries(line=line, money=currency)
    return SERIES_TYPES[metric.unit](line=line)
