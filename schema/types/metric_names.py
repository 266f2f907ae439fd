"""Enums of the metric catalogue, made from it: whoever declares a metric or a dimension has also named it here."""

from enum import Enum

import strawberry

from domain.dimensions import DIMENSIONS, Level
from domain.metrics.catalogue import METRICS
from domain.metrics.metric import Direction, FactGrain, Family, Tier, Unit
from domain.queries.query import Comparison as DomainComparison
from domain.queries.query import NewTo
from domain.queries.table import Status
from domain.time import Calendar, Grain, Rolling

__all__ = [
    "Calendar",
    "Comparison",
    "DimensionName",
    "Direction",
    "FactGrain",
    "Family",
    "Grain",
    "Level",
    "MetricName",
    "NewTo",
    "Rolling",
    "SortDirection",
    "Status",
    "Tier",
    "Unit",
]


class MetricName(Enum):
    _ignore_ = "metric"
    for metric in METRICS.values():
        vars()[metric.enum_name] = metric.name


class DimensionName(Enum):
    _ignore_ = "dimension"
    for dimension in DIMENSIONS.values():
        vars()[dimension.enum_name] = dimension.name


@strawberry.enum(description="What a range is compared with.")
class Comparison(Enum):
    PREVIOUS_PERIOD = strawberry.enum_value(
        DomainComparison.PREVIOUS_PERIOD,
        description="The period before: the calendar period before up to the same local time, as many local days, or "
        "as much time.",
    )
    SAME_PERIOD_LAST_YEAR = strawberry.enum_value(
        DomainComparison.SAME_PERIOD_LAST_YEAR,
        description="The same local days a year earlier; 29 becomes 28 February.",
    )
    CUSTOM = strawberry.enum_value(None, description="What `compareTo` says.")


@strawberry.enum(description="Which end of the order comes first.")
class SortDirection(Enum):
    ASCENDING = "ASCENDING"
    DESCENDING = "DESCENDING"


strawberry.enum(MetricName, description="Every metric; `metricDefinitions` explains them.")
strawberry.enum(DimensionName, name="Dimension", description="What figures can be split and filtered by.")
strawberry.enum(Direction, name="MetricDirection", description="Which way is good, for colours and arrows.")
strawberry.enum(FactGrain, description="The kind of fact whose own time decides in which bucket it is counted.")
strawberry.enum(Family, name="MetricFamily", description="The six categories of chatbot KPIs.")
strawberry.enum(Tier, name="MetricTier", description="Primary KPI, or a diagnostic that explains one.")
strawberry.enum(Unit, name="MetricUnit", description="What a value is measured in.")
strawberry.enum(Level, name="DimensionLevel", description="One value per session, or one per turn inside it.")
strawberry.enum(Grain, description="Width of a bucket, between local boundaries.")
strawberry.enum(Rolling, name="RollingRange", description="The last so-and-so long, up to now.")
strawberry.enum(
    Calendar, name="CalendarRange", description="A local calendar period; THIS_ and TODAY mean the period to date."
)
strawberry.enum(NewTo, description="Where a visitor counts as new.")
strawberry.enum(Status, name="ValueStatus", description="Why a value is as it is; a null value always has a reason.")
