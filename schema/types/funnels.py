"""The answer to `funnel`."""

from datetime import datetime

import strawberry

from domain.queries import funnel_table as domain
from domain.queries.funnel import FunnelEvent, FunnelUnit
from schema.scalars import BigInt, TimeZone, big
from schema.types.metric_names import Status
from schema.types.metric_values import Interval, interval_of
from schema.types.metrics import GroupKey, TimeRange, moment


@strawberry.type(description="How many came as far as one step.")
class FunnelStep:
    event: FunnelEvent = strawberry.field(description="What happens at the step.")
    status: Status = strawberry.field(description="OK, or why there is no count.")
    reason: str | None = strawberry.field(description="The status in words; null if it is OK.")
    count: BigInt | None = strawberry.field(description="How many reached it, in order and in time.")
    share: float | None = strawberry.field(description="Of all who entered, 0 to 1; null if nobody did.")
    interval: Interval | None = strawberry.field(description="95 % interval of the share (Wilson score).")
    share_of_previous: float | None = strawberry.field(
        description="Of those who reached the step before, 0 to 1; null at the first step and if nobody did."
    )
    dropped: BigInt | None = strawberry.field(description="How many of the step before did not come to this one.")
    median_seconds: float | None = strawberry.field(
        description="Median time since the step before (nearest-rank); null at the first step and in OTHER."
    )

    @classmethod
    def from_domain(cls, event: FunnelEvent, reached: domain.Reached) -> "FunnelStep":
        return cls(
            event=event,
            status=reached.status,
            reason=reached.reason,
            count=big(reached.count),
            share=reached.share,
            interval=interval_of(reached),
            share_of_previous=reached.share_of_previous,
            dropped=big(reached.dropped),
            median_seconds=None if reached.median_ms is None else reached.median_ms / 1000,
        )


def _steps(table: domain.FunnelTable, reached: tuple[domain.Reached, ...]) -> list[FunnelStep]:
    return [FunnelStep.from_domain(step.event, one) for step, one in zip(table.query.steps, reached, strict=True)]


@strawberry.type(description="The steps of one value, or combination of values, of what is grouped by.")
class FunnelGroup:
    key: list[GroupKey] = strawberry.field(description="One part per dimension, in the order of groupBy.")
    other: bool = strawberry.field(description="True for the group of all that lies beyond the first groups.")
    steps: list[FunnelStep] = strawberry.field(description="In their order.")

    @classmethod
    def from_domain(cls, table: domain.FunnelTable, group: domain.FunnelGroup) -> "FunnelGroup":
        return cls(
            key=[GroupKey.from_domain(part) for part in group.key],
            other=group.is_other,
            steps=_steps(table, group.steps),
        )


@strawberry.type(
    description="How far people come. Whoever does the first step within the range is in, by the first time; every "
    "further step counts at the earliest moment after the one before and within the window from the first step, also "
    "behind the end of the range."
)
class Funnel:
    as_of: datetime = strawberry.field(description="The moment that outcomes are judged at.")
    fresh_through: datetime = strawberry.field(description="Every event acknowledged before this moment is counted.")
    time_zone: TimeZone = strawberry.field(description="Zone of the range.")
    range: TimeRange = strawberry.field(description="In which the first step is done.")
    within_seconds: int = strawberry.field(description="The window from the first step.")
    per: FunnelUnit = strawberry.field(description="What goes through the steps.")
    steps: list[FunnelStep] = strawberry.field(description="In their order.")
    groups: list[FunnelGroup] = strawberry.field(
        description="Those with most entries first, the rest as one last group; empty without groupBy."
    )
    group_count: int = strawberry.field(description="How many groups there are before the rest is put together.")
    left_out: list[str] = strawberry.field(
        description="Chatbots, by the ids that events name, whose sessions are left out because they do not report "
        "what some step needs."
    )

    @classmethod
    def from_domain(cls, table: domain.FunnelTable) -> "Funnel":
        return cls(
            as_of=moment(table.as_of_ms),
            fresh_through=moment(table.fresh_through_ms),
            time_zone=TimeZone(table.time_zone),
            range=TimeRange.from_domain(table.window),
            within_seconds=table.query.within_ms // 1000,
            per=table.query.unit,
            steps=_steps(table, table.steps),
            groups=[FunnelGroup.from_domain(table, group) for group in table.groups],
            group_count=table.group_count,
            left_out=list(table.left_out),
        )
