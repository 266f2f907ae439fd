"""A question about metrics as one input: what saved queries keep, and what is asked where metrics are data."""

from typing import Final

import strawberry

from domain.checking import Checks
from domain.queries.query import MetricQuery, NewTo
from domain.time import Grain
from schema.inputs.metrics import (
    CompareToInput,
    FilterInput,
    MetricOrderInput,
    RangeInput,
    comparison_of,
    filter_of,
)
from schema.scalars import TimeZone
from schema.types.metric_names import Comparison, DimensionName, MetricName
from schema.types.vocabulary import Source

_MOST_METRICS: Final = 50


@strawberry.input(description="A question about metrics, as the field `metrics` takes it, with the metrics as a list.")
class MetricQueryInput:
    metrics: list[MetricName] = strawberry.field(description="1 to 50 metrics.")
    range: RangeInput = strawberry.field(description="Which time; a rolling or calendar range moves along.")
    time_zone: TimeZone | None = strawberry.field(default=None, description="Default: the workspace's.")
    grain: Grain | None = strawberry.field(default=None, description="Width of buckets; default by the range.")
    filter: FilterInput | None = strawberry.field(default=None, description="Of what.")  # type: ignore[valid-type]
    group_by: list[DimensionName] | None = strawberry.field(default=None, description="Split how; at most 3.")
    compare: Comparison | None = strawberry.field(default=None, description="With what.")
    compare_to: CompareToInput | None = strawberry.field(default=None, description="With compare CUSTOM.")
    order_by: MetricOrderInput | None = strawberry.field(default=None, description="Order of groups.")
    limit: int | None = strawberry.field(default=None, description="Groups shown; the rest is OTHER.")
    sources: list[Source] | None = strawberry.field(default=None, description="Default: LIVE.")
    include_bots: bool = strawberry.field(default=False, description="Also traffic of robots.")
    new_to: NewTo = strawberry.field(default=NewTo.WORKSPACE, description="Where a visitor counts as new.")
    minimum_sample: int = strawberry.field(
        default=1, description="Shares, means and percentiles of fewer cases are null with INSUFFICIENT_SAMPLE."
    )

    def to_domain(self) -> MetricQuery:
        checks = Checks("input", "query")
        checks.whole(len(self.metrics), "metrics", least=1, most=_MOST_METRICS)
        checks.refuse()
        return MetricQuery(
            metrics=tuple(dict.fromkeys(str(one.value) for one in self.metrics)),
            range=self.range.to_domain(),
            time_zone=self.time_zone,
            grain=self.grain,
            where=filter_of(self.filter),
            group_by=tuple(str(one.value) for one in self.group_by or ()),
            compare=comparison_of(self.compare, self.compare_to),
            order=None if self.order_by is None else self.order_by.to_domain(),
            limit=20 if self.limit is None else self.limit,
            sources=None if self.sources is None else frozenset(self.sources),
            include_bots=self.include_bots,
            new_to=self.new_to,
            minimum_sample=self.minimum_sample,
        )
