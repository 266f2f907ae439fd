"""What does the bot change for sales, support and operations?"""

from typing import Final

from domain.metrics.algebra import Column, Count, Distinct, Known, Ratio, Relation, Single, SumMoney, at_least, every
from domain.metrics.metric import Direction, Family, Metric, Needs, Tier, Unit, needs, needs_any
from domain.metrics.populations import ENGAGED
from domain.vocabulary import Report

_CONVERTED: Final = at_least(Column("conversions"), 1)
_GOAL_VALUE: Final = SumMoney(Relation.GOAL_COMPLETION, Column("value_nano"))
_BETTER: Final = Direction.HIGHER_IS_BETTER


def _session_share(name: str, title: str, definition: str, source: str, part: str, required: Needs) -> Metric:
    return Metric(
        name=name,
        title=title,
        family=Family.BUSINESS,
        tier=Tier.PRIMARY,
        unit=Unit.SHARE,
        direction=_BETTER,
        formula=Ratio(
            Count(Relation.SESSION, every(ENGAGED, at_least(Column(part), 1))),
            Count(Relation.SESSION, ENGAGED),
            proportion=True,
        ),
        definition=definition,
        source=source,
        needs=required,
        precision=3,
    )


def _count(name: str, title: str, definition: str, source: str, of: Count | Distinct, required: Needs) -> Metric:
    return Metric(
        name=name,
        title=title,
        family=Family.BUSINESS,
        tier=Tier.PRIMARY if name == "leads" else Tier.DIAGNOSTIC,
        unit=Unit.COUNT,
        direction=_BETTER,
        formula=Single(of),
        definition=definition,
        source=source,
        needs=required,
    )


def _value(name: str, title: str, definition: str, formula: Single | Ratio) -> Metric:
    return Metric(
        name=name,
        title=title,
        family=Family.BUSINESS,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.MONEY,
        direction=_BETTER,
        formula=formula,
        definition=definition,
        source="item 19, R7",
        explains=("goalCompletions",),
        needs=needs(Report.GOAL),
        divisor=1_000_000_000,
        precision=2,
    )


BUSINESS: Final[tuple[Metric, ...]] = (
    _count(
        "leads",
        "Leads collected",
        "Different leads told of in the range. Where no chatbot in scope collects leads the value is null, not 0.",
        "item 17",
        Distinct(Relation.LEAD_CAPTURE, Column("lead_ref")),
        needs(Report.LEAD),
    ),
    _session_share(
        "conversionRate",
        "Conversion rate",
        "Engaged sessions with at least one conversion (a goal or a lead) / engaged sessions.",
        "item 18, R32.16",
        "conversions",
        needs_any(Report.GOAL, Report.LEAD),
    ),
    _session_share(
        "leadCaptureRate",
        "Lead capture rate",
        "Engaged sessions with at least one lead / engaged sessions.",
        "items 70, 276",
        "leads",
        needs(Report.LEAD),
    ),
    _count(
        "goalCompletions",
        "Goal completions",
        "Goal events in the range, every one of a session counted.",
        "item 19",
        Count(Relation.GOAL_COMPLETION),
        needs(Report.GOAL),
    ),
    _value(
        "goalValue",
        "Value of goals",
        "What the goals reached in the range are worth, as the bot tells it; other currencies at the rate of the day.",
        Single(_GOAL_VALUE),
    ),
    _value(
        "averageGoalValue",
        "Average value of a goal",
        "Value of the goals reached in the range / those of them that tell a value.",
        Ratio(_GOAL_VALUE, Count(Relation.GOAL_COMPLETION, Known(Column("value_nano")))),
    ),
    _count(
        "convertingSessions",
        "Converting sessions",
        "Sessions started in the range with at least one conversion.",
        "item 19, R32.16",
        Count(Relation.SESSION, _CONVERTED),
        needs_any(Report.GOAL, Report.LEAD),
    ),
)
