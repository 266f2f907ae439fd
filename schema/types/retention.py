"""The answer to `retention`: a row per cohort, its periods as arrays."""

from datetime import datetime

import strawberry

from domain.queries import retention_table as domain
from domain.time import Grain
from schema.scalars import BigInt, TimeZone, big
from schema.types.metric_names import Status
from schema.types.metrics import Bucket, TimeRange, moment


@strawberry.type(description="Visitors who came first in one period. Arrays are by periods later, from 0 on.")
class RetentionCohort:
    period: Bucket = strawberry.field(description="In which they came first.")
    visitors: BigInt | None = strawberry.field(description="How many they are; null if that is hidden.")
    returned: list[BigInt | None] = strawberry.field(
        description="How many of them were there; null where the period has not begun."
    )
    shares: list[float | None] = strawberry.field(
        description="Of the visitors of the cohort, 0 to 1; null also if there are none."
    )
    complete: list[bool] = strawberry.field(description="False where the period is not over.")
    statuses: list[Status] = strawberry.field(
        description="Status of each number: NOT_APPLICABLE where the period has not begun."
    )

    @classmethod
    def from_domain(cls, cohort: domain.Cohort) -> "RetentionCohort":
        return cls(
            period=Bucket.from_domain(cohort.period),
            visitors=big(cohort.returned[0].visitors),
            returned=[big(one.visitors) for one in cohort.returned],
            shares=[one.share for one in cohort.returned],
            complete=[one.complete for one in cohort.returned],
            statuses=[one.status for one in cohort.returned],
        )


@strawberry.type(
    description="All cohorts together, as arrays by periods later, from 0 on: at each place those cohorts for which "
    "that period is over, so that young ones do not pull it down."
)
class RetentionCurve:
    visitors: list[BigInt | None] = strawberry.field(description="How many visitors these cohorts have.")
    returned: list[BigInt | None] = strawberry.field(description="How many of them were there.")
    shares: list[float | None] = strawberry.field(description="Returned / visitors, 0 to 1.")
    lower: list[float | None] = strawberry.field(description="Lower end of the 95 % interval (Wilson score).")
    upper: list[float | None] = strawberry.field(description="Upper end of the 95 % interval.")
    statuses: list[Status] = strawberry.field(
        description="Status of each share: NOT_APPLICABLE where that period is over for no cohort."
    )

    @classmethod
    def from_domain(cls, together: tuple[domain.Returned, ...]) -> "RetentionCurve":
        intervals = [one.interval for one in together]
        return cls(
            visitors=[big(one.of) for one in together],
            returned=[big(one.visitors) for one in together],
            shares=[one.share for one in together],
            lower=[None if one is None else one.lower for one in intervals],
            upper=[None if one is None else one.upper for one in intervals],
            statuses=[one.status for one in together],
        )


@strawberry.type(
    description="Who comes back. Cohorts are the whole local periods that the range touches. A visitor belongs to the "
    "period of the first session ever, if a session of that period passes the filter, and was there in a later one if "
    "a session of that one does."
)
class Retention:
    as_of: datetime = strawberry.field(description="The moment that periods are judged at.")
    fresh_through: datetime = strawberry.field(description="Every event acknowledged before this moment is counted.")
    time_zone: TimeZone = strawberry.field(description="Zone of the periods.")
    grain: Grain = strawberry.field(description="Length of a period.")
    range: TimeRange = strawberry.field(description="From the start of the first cohort to the end of the last.")
    cohorts: list[RetentionCohort] = strawberry.field(description="In order of time.")
    together: RetentionCurve = strawberry.field(description="All cohorts as one curve.")

    @classmethod
    def from_domain(cls, table: domain.RetentionTable) -> "Retention":
        plan = table.plan.plan
        return cls(
            as_of=moment(plan.as_of_ms),
            fresh_through=moment(table.fresh_through_ms),
            time_zone=TimeZone(plan.scope.zone.name),
            grain=table.plan.query.grain,
            range=TimeRange.from_domain(table.window),
            cohorts=[RetentionCohort.from_domain(cohort) for cohort in table.cohorts],
            together=RetentionCurve.from_domain(table.together),
        )
