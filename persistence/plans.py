"""Quotas of plans, effective-dated. What has been used of them is asked at the metric door."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from domain.plans import PlanQuota
from domain.vocabulary import Plan
from persistence.tables.workspaces import PlanDefinitionRow
from persistence.tenancy import Reader, Writer

_QUOTAS = ("sessions", "messages", "leads", "storage_bytes", "chatbots")


async def quotas_in_force(reader: Reader, at_ms: int) -> Sequence[PlanQuota]:
    """The quota of each plan that was in force at a moment."""
    row = PlanDefinitionRow
    statement = (
        select(row.__table__)
        .where(row.workspace_id == reader.workspace_id, row.effective_from_ms <= at_ms)
        .ext(distinct_on(row.plan))
        .order_by(row.plan, row.effective_from_ms.desc())
    )
    return [
        PlanQuota(
            plan=Plan(found.plan),
            effective_from_ms=found.effective_from_ms,
            **{name: getattr(found, name) for name in _QUOTAS},
        )
        for found in await reader.connection.execute(statement)
    ]


async def set_quota(writer: Writer, quota: PlanQuota, *, now: datetime) -> PlanQuota:
    """From its moment on; an entry of the same moment is replaced."""
    values = {name: getattr(quota, name) for name in _QUOTAS}
    await writer.connection.execute(
        insert(PlanDefinitionRow)
        .values(
            workspace_id=writer.workspace_id,
            plan=quota.plan,
            effective_from_ms=quota.effective_from_ms,
            created_at=now,
            **values,
        )
        .on_conflict_do_update(
            index_elements=[
                PlanDefinitionRow.workspace_id,
                PlanDefinitionRow.plan,
                PlanDefinitionRow.effective_from_ms,
            ],
            set_=values,
        )
    )
    return quota
