"""The answer to `availability`."""

from datetime import datetime

import strawberry

from domain.composite_availability import CompositeAvailability
from domain.queries import table as domain
from schema.scalars import BigInt, TimeZone, big
from schema.types.metric_values import RatioValue
from schema.types.metrics import TimeRange, moment


@strawberry.type(description="One component that was probed.")
class ComponentAvailability:
    component: str = strawberry.field(description="Its name, as probes tell it.")
    availability: RatioValue = strawberry.field(description="Probes that found it up / probes.")
    failed_probes: BigInt | None = strawberry.field(description="Probes that did not find it up.")

    @classmethod
    def from_domain(cls, group: domain.Group) -> "ComponentAvailability":
        failed = group.figures["failedProbes"].now.value
        return cls(
            component=str(group.key[0].value),
            availability=RatioValue(figure=group.figures["availability"]),
            failed_probes=big(failed if isinstance(failed, int) else None),
        )


@strawberry.type(
    description="How far the whole was up, which needs all of its components. What nobody probed is not up but unknown "
    "and left out."
)
class Availability:
    as_of: datetime = strawberry.field(description="The moment that is looked from.")
    fresh_through: datetime = strawberry.field(description="Every event acknowledged before this moment is counted.")
    time_zone: TimeZone = strawberry.field(description="Zone of the range.")
    range: TimeRange = strawberry.field(description="The range, resolved.")
    worst: float | None = strawberry.field(
        description="Availability of the worst component, 0 to 1: the most that the whole can have been up. Null if "
        "nothing was probed."
    )
    worst_component: str | None = strawberry.field(description="Which one that is; the first by name among equals.")
    product: float | None = strawberry.field(
        description="All availabilities multiplied, 0 to 1: that of the whole if its components fail independently "
        "(serial reliability). Null if nothing was probed."
    )
    components: list[ComponentAvailability] = strawberry.field(
        description="Every component that was probed, the worst first, at most 1,000."
    )

    @classmethod
    def from_domain(cls, table: domain.MetricTable, whole: CompositeAvailability | None) -> "Availability":
        return cls(
            as_of=moment(table.as_of_ms),
            fresh_through=moment(table.fresh_through_ms),
            time_zone=TimeZone(table.time_zone),
            range=TimeRange.from_domain(table.window),
            worst=None if whole is None else whole.worst,
            worst_component=None if whole is None else whole.worst_component,
            product=None if whole is None else whole.product,
            components=[ComponentAvailability.from_domain(group) for group in table.groups],
        )
