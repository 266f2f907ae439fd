"""Who comes back, as one SELECT on either engine: the periods in which each visitor was there, beside the first."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import BigInteger, Integer, Select, and_, func, literal, select
from sqlalchemy.sql.selectable import Subquery

from domain.queries.retention import FIRST_SEEN, VISITOR, RetentionPlan, RetentionQuery, activity_of, plan_retention
from domain.queries.retention_table import RetentionTable, assemble_retention
from persistence.metrics import moving
from persistence.metrics.answer import scope_for
from persistence.metrics.engines import rows_from
from persistence.metrics.legs import Leg, column_name, opened
from persistence.metrics.rows import rows_of
from persistence.metrics.shapes import kept
from persistence.segments import with_segments
from persistence.tenancy import Reader


async def answer_retention(reader: Reader, query: RetentionQuery, *, now_ms: int) -> RetentionTable:
    """From one snapshot, if the reader has one."""
    query = replace(query, base=await with_segments(reader, query.base))
    scope = await scope_for(reader, query.base, now_ms=now_ms)
    retention = plan_retention(query, scope, now_ms)
    # Cohorts and periods are counted from 1 in the statement.
    counts = {(row[0] - 1, row[1] - row[0]): row[2] for row in await _rows(reader, retention)}
    return assemble_retention(retention, counts, fresh_through_ms=now_ms)


async def _rows(reader: Reader, retention: RetentionPlan) -> Sequence[Any]:
    def build(in_copy: bool) -> Select[Any]:
        return statement_of(retention, in_copy=in_copy)

    return await rows_from(reader, retention.plan, [activity_of(retention)], build, _cohorts(retention))


def statement_of(retention: RetentionPlan, *, in_copy: bool) -> Select[Any]:
    """Made once for each shape of question."""
    query = retention.query
    rest = (query.grain, query.periods, query.engaged_only, in_copy)
    return kept(retention.plan, ("retention", *rest), lambda: build_retention(retention, in_copy=in_copy))


def _cohorts(retention: RetentionPlan) -> dict[str, object]:
    edges = retention.edges
    return {
        "cohort_numbers": list(range(1, retention.cohorts + 1)),
        "cohort_starts": list(edges[: retention.cohorts]),
        "cohort_ends": list(edges[1 : retention.cohorts + 1]),
    }


def build_retention(retention: RetentionPlan, *, in_copy: bool) -> Select[Any]:
    """A row per cohort and period: their numbers from 1, and how many visitors of the one were there in the other."""
    leg = opened(retention.plan, activity_of(retention), in_copy=in_copy)
    first, active = _first_periods(leg), _active_periods(leg)
    after, cohort = active.c.bucket, first.c.cohort
    later = and_(after >= cohort, after - cohort <= literal(retention.query.periods, Integer))
    joined = first.join(active, and_(active.c.visitor == first.c.visitor, later))
    return select(cohort, after, func.count()).select_from(joined).group_by(cohort, after)


def _active_periods(leg: Leg) -> Subquery:
    rows = rows_of(leg).subquery("sessions_of_periods")
    visitor = rows.c[column_name(leg, VISITOR)].label("visitor")
    return select(visitor, rows.c.bucket).distinct().subquery("active")


def _first_periods(leg: Leg) -> Subquery:
    """Of each visitor the period in which the very first session lies, if a session of that period counts."""
    rows = rows_of(leg).subquery("sessions_of_cohorts")
    cohorts = select(
        func.unnest(moving.whole_numbers("cohort_numbers"), type_=Integer).label("cohort"),
        func.unnest(moving.moments("cohort_starts"), type_=BigInteger).label("start_ms"),
        func.unnest(moving.moments("cohort_ends"), type_=BigInteger).label("end_ms"),
    ).subquery("cohorts")
    first_seen = rows.c[column_name(leg, FIRST_SEEN)]
    inside = and_(
        cohorts.c.cohort == rows.c.bucket, first_seen >= cohorts.c.start_ms, first_seen < cohorts.c.end_ms
    )
    visitor = rows.c[column_name(leg, VISITOR)].label("visitor")
    return select(visitor, cohorts.c.cohort).select_from(rows.join(cohorts, inside)).distinct().subquery("first")
