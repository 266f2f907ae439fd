"""What a metric or dimension means, so that a client needs no list of its own."""

import strawberry

from domain.dimensions import Closed, grains_of
from domain.dimensions import Dimension as DomainDimension
from domain.metrics.metric import Metric
from domain.queries.query import allowed_dimensions
from schema.types.metric_names import DimensionName, Direction, FactGrain, Family, Level, MetricName, Tier, Unit
from schema.types.vocabulary import Report


@strawberry.type(description="Kinds of facts of which one is enough.")
class ReportChoice:
    any_of: list[Report] = strawberry.field(description="Any of these.")


@strawberry.type(description="A metric of the catalogue.")
class MetricDefinition:
    metric: MetricName = strawberry.field(description="Its name in lists and orders.")
    field: str = strawberry.field(description="The field of totals, groups and series.")
    title: str = strawberry.field(description="Name for people.")
    definition: str = strawberry.field(description="What exactly is counted.")
    source: str = strawberry.field(description="Items and rulings of the product that settle it.")
    family: Family = strawberry.field(description="One of the six categories.")
    tier: Tier = strawberry.field(description="Primary KPI or diagnostic.")
    unit: Unit = strawberry.field(description="What it is measured in.")
    precision: int = strawberry.field(description="Decimals that are worth showing; a share in per cent has two less.")
    direction: Direction = strawberry.field(description="Which way is good.")
    additive: bool = strawberry.field(description="Whether values of groups and buckets sum to the whole.")
    fact_grain: FactGrain = strawberry.field(description="Whose time decides in which bucket it is counted.")
    requires: list[ReportChoice] = strawberry.field(description="What chatbots must report; every choice.")
    explains: list[MetricName] = strawberry.field(description="Metrics whose movement it helps to explain.")
    companions: list[MetricName] = strawberry.field(description="Metrics that it should be read with.")
    dimensions: list[DimensionName] = strawberry.field(description="What it can be split and filtered by.")

    @classmethod
    def from_domain(cls, metric: Metric) -> "MetricDefinition":
        return cls(
            metric=MetricName(metric.name),
            field=metric.name,
            title=metric.title,
            definition=metric.definition,
            source=metric.source,
            family=metric.family,
            tier=metric.tier,
            unit=metric.unit,
            precision=metric.precision,
            direction=metric.direction,
            additive=metric.is_additive,
            fact_grain=metric.fact_grain,
            requires=[ReportChoice(any_of=sorted(kinds)) for kinds in metric.needs],
            explains=[MetricName(name) for name in metric.explains],
            companions=[MetricName(name) for name in metric.companions],
            dimensions=[DimensionName(name) for name in allowed_dimensions(metric)],
        )


@strawberry.type(description="A dimension of the catalogue.")
class DimensionDefinition:
    dimension: DimensionName = strawberry.field(description="Its name in groupBy.")
    field: str = strawberry.field(description="The field of a filter.")
    title: str = strawberry.field(description="Name for people.")
    description: str = strawberry.field(description="What its values are.")
    level: Level = strawberry.field(
        description="SESSION: one value a session. TURN: several, so that groups of sessions overlap."
    )
    values: list[str] | None = strawberry.field(description="All values of a closed vocabulary; null if it is open.")
    fact_grains: list[FactGrain] = strawberry.field(description="Metrics of these grains can be split by it.")

    @classmethod
    def from_domain(cls, dimension: DomainDimension) -> "DimensionDefinition":
        return cls(
            dimension=DimensionName(dimension.name),
            field=dimension.name,
            title=dimension.title,
            description=dimension.description,
            level=dimension.level,
            values=list(dimension.values.codes) if isinstance(dimension.values, Closed) else None,
            fact_grains=list(grains_of(dimension)),
        )


@strawberry.type(description="How a question would be answered; nothing was computed.")
class MetricExplanation:
    engine: str = strawberry.field(
        description="What would answer: COLUMNS (the copy in memory), POSTGRES, or NONE if nothing has to be computed."
    )
    why: str = strawberry.field(description="Why it is this one.")
    rows_estimate: int = strawberry.field(description="About how many rows would be read.")
    planner_cost: float = strawberry.field(description="The database's own estimate, in its units.")
    buckets: int = strawberry.field(description="How many buckets a series would have.")
    legs: int = strawberry.field(description="How many kinds of facts and windows are scanned.")
    measures: int = strawberry.field(description="How many different counts, sums and the like are computed.")
    statement: str = strawberry.field(description="The statement, with $1... for its parameters.")
