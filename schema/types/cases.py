"""The answer to `explainMetric`: a value, and the sessions that it is made of."""

from datetime import datetime

import strawberry

from domain.conversations import SessionView
from domain.queries import cases as domain
from schema.paging import Connection
from schema.scalars import BigInt, TimeZone, big
from schema.types.figures import MetricFigure
from schema.types.metric_definitions import MetricDefinition
from schema.types.metrics import TimeRange, moment
from schema.types.sessions import Session

strawberry.enum(
    domain.CasePart,
    description="Which sessions: all that add to the value, those that add to the numerator, or those that add to the "
    "denominator alone, as the unresolved ones of a resolution rate.",
)


@strawberry.type(description="A session, and what it adds to the value.")
class MetricCase:
    session: Session = strawberry.field(description="The session, its outcome judged at asOf.")
    numerator: float | None = strawberry.field(
        description="What it adds to the count or numerator: all pages together sum to the figure's. Of percentiles "
        "its largest value; of distributions how many values; of uniques 1. Null for money, which `session` tells."
    )
    denominator: BigInt | None = strawberry.field(
        description="What it adds to the denominator; null where there is none."
    )

    @classmethod
    def from_domain(cls, explained: domain.Explained, case: domain.Case, view: SessionView) -> "MetricCase":
        numerator, denominator = explained.numerator(case), explained.denominator(case)
        return cls(
            session=Session.from_domain(view, explained.table.as_of_ms),
            numerator=None if numerator is None else float(numerator),
            denominator=big(denominator),
        )


@strawberry.type(description="A value and the sessions behind it, from one moment of the data.")
class ExplainedMetric:
    as_of: datetime = strawberry.field(description="The moment that outcomes and open sessions are judged at.")
    fresh_through: datetime = strawberry.field(description="Every event acknowledged before this moment is counted.")
    time_zone: TimeZone = strawberry.field(description="Zone of the range.")
    range: TimeRange = strawberry.field(description="The range, resolved.")
    definition: MetricDefinition = strawberry.field(description="What the metric means.")
    figure: MetricFigure = strawberry.field(description="The value, as every other field tells it.")
    session_count: BigInt | None = strawberry.field(
        description="How many sessions stand behind it, or behind the part asked for; null if the value is hidden."
    )
    sessions: Connection[MetricCase] = strawberry.field(
        description="Newest first. None if the value is hidden because too few people stand behind it."
    )

    @classmethod
    def from_domain(cls, explained: domain.Explained, sessions: Connection[MetricCase]) -> "ExplainedMetric":
        table = explained.table
        return cls(
            as_of=moment(table.as_of_ms),
            fresh_through=moment(table.fresh_through_ms),
            time_zone=TimeZone(table.time_zone),
            range=TimeRange.from_domain(table.window),
            definition=MetricDefinition.from_domain(explained.metric),
            figure=MetricFigure(of=explained.metric, figure=explained.figure),
            session_count=big(explained.count),
            sessions=sessions,
        )
