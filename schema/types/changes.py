"""The answer to `explainChange`: how much of a change each group brought about, and by what."""

from fractions import Fraction

import strawberry

from domain.metrics.metric import Metric, Unit
from domain.money import money_of
from domain.queries import change as domain
from schema.scalars import Money
from schema.types.figures import MetricFigure
from schema.types.metric_definitions import MetricDefinition
from schema.types.metrics import Answered, GroupKey, TimeRange, told_of


@strawberry.type(description="A part of a change, in the unit of the metric. All parts sum to the change.")
class ChangePart:
    value: float = strawberry.field(description="Points of 1 of a share, seconds, a number, or an amount of money.")
    amount: Money | None = strawberry.field(
        description="An amount of money exactly, but for its own rounding to 9 decimals; null for everything else."
    )

    @classmethod
    def from_domain(cls, metric: Metric, part: Fraction | None) -> "ChangePart | None":
        if part is None:
            return None
        is_money = metric.unit is Unit.MONEY
        return cls(value=float(part), amount=Money(money_of(part * metric.divisor)) if is_money else None)


@strawberry.type(description="One group and its part of the change.")
class ChangedGroup:
    key: list[GroupKey] = strawberry.field(description="One part per dimension, in the order of groupBy.")
    other: bool = strawberry.field(description="True for all the groups that contribute less, together.")
    figure: MetricFigure = strawberry.field(description="The value in the group, now and before.")
    weight: float | None = strawberry.field(
        description="The group's share of the denominator, 0 to 1; null for sums, and where it is hidden."
    )
    previous_weight: float | None = strawberry.field(description="The same in the compared range.")
    contribution: ChangePart | None = strawberry.field(
        description="Mix effect and rate effect together; of a sum the group's own change. Null where the group is "
        "hidden, or the whole has no value in one of the ranges."
    )
    rate_effect: ChangePart | None = strawberry.field(
        description="What the group itself got better or worse: the change of its ratio by its mean weight. Null for "
        "sums; 0 for a group that has cases in one range only."
    )
    mix_effect: ChangePart | None = strawberry.field(
        description="What comes of there being more or less of the group: the change of its weight by how far its "
        "ratio lies from the whole. Null for sums."
    )

    @classmethod
    def from_domain(cls, metric: Metric, group: domain.ChangedGroup) -> "ChangedGroup":
        effect = group.effect
        return cls(
            key=[GroupKey.from_domain(part) for part in group.key],
            other=group.is_other,
            figure=MetricFigure(of=metric, figure=group.figure),
            weight=None if group.weight is None else float(group.weight),
            previous_weight=None if group.previous_weight is None else float(group.previous_weight),
            contribution=None if effect is None else ChangePart.from_domain(metric, effect.contribution),
            rate_effect=None if effect is None else ChangePart.from_domain(metric, effect.rate),
            mix_effect=None if effect is None else ChangePart.from_domain(metric, effect.mix),
        )


@strawberry.type(description="A change of a value between two ranges, told apart by group.")
class ExplainedChange(Answered):
    previous_range: TimeRange = strawberry.field(description="What it is compared with.")
    definition: MetricDefinition = strawberry.field(description="What the metric means.")
    figure: MetricFigure = strawberry.field(description="The whole, now and before.")
    rate_effect: ChangePart | None = strawberry.field(
        description="Of all groups together: what the change would be had no weight moved. Null for sums, "
        "and where a group is hidden."
    )
    mix_effect: ChangePart | None = strawberry.field(
        description="Of all groups together: what only moving weights brought about. Null like the rate effect."
    )
    reversal: bool = strawberry.field(
        description="True if every group whose ratio moved did so against the whole (Simpson's paradox): the mix "
        "changed, not the groups."
    )
    groups: list[ChangedGroup] = strawberry.field(
        description="Those that contribute most, whichever way, first; the rest as one last group. Their contributions "
        "sum to the change."
    )
    group_count: int = strawberry.field(description="How many groups there are before the rest is put together.")

    @classmethod
    def from_domain(cls, found: domain.ExplainedChange) -> "ExplainedChange":
        table, metric = found.table, found.metric
        assert table.previous_window is not None
        effect = found.effect
        return cls(
            **told_of(table),
            previous_range=TimeRange.from_domain(table.previous_window),
            definition=MetricDefinition.from_domain(metric),
            figure=MetricFigure(of=metric, figure=found.figure),
            rate_effect=None if effect is None else ChangePart.from_domain(metric, effect.rate),
            mix_effect=None if effect is None else ChangePart.from_domain(metric, effect.mix),
            reversal=found.reversal,
            groups=[ChangedGroup.from_domain(metric, group) for group in found.groups],
            group_count=table.group_count,
        )
