"""Root field of funnels."""

from datetime import datetime

import strawberry

from domain.accounts import Scope
from domain.queries.funnel import FunnelQuery, FunnelUnit
from domain.time import DAY_MS, milliseconds
from persistence.metrics.funnel import answer_funnel
from persistence.tenancy import reading
from resolvers.asking import question
from resolvers.request import Info
from schema.cost import costs
from schema.inputs.funnels import FunnelStepInput
from schema.inputs.metrics import FilterInput, RangeInput
from schema.permissions import requires
from schema.scalars import TimeZone
from schema.types.funnels import Funnel
from schema.types.metric_names import DimensionName
from schema.types.vocabulary import Source


@strawberry.type
class FunnelQueries:
    @strawberry.field(
        description="How far do people come, step by step in order, and how long does each step take? Null only "
        "beside an error.",
        extensions=[requires(Scope.METRICS_READ), costs(20)],
    )
    async def funnel(
        self,
        info: Info,
        range: RangeInput,
        steps: list[FunnelStepInput],
        within_seconds: int = DAY_MS // 1000,
        per: FunnelUnit = FunnelUnit.SESSION,
        time_zone: TimeZone | None = None,
        filter: FilterInput | None = None,  # type: ignore[valid-type]
        group_by: list[DimensionName] | None = None,
        limit: int | None = None,
        as_of: datetime | None = None,
        sources: list[Source] | None = None,
        include_bots: bool = False,
    ) -> Funnel | None:
        context = info.context
        query = FunnelQuery(
            base=question(
                info,
                (),
                range,
                time_zone=time_zone,
                filter=filter,
                as_of=as_of,
                sources=sources,
                include_bots=include_bots,
                group_by=tuple(str(one.value) for one in group_by or ()),
                limit=20 if limit is None else limit,
            ),
            steps=tuple(step.to_domain() for step in steps),
            within_ms=within_seconds * 1000,
            unit=per,
        )
        async with reading(context.database, context.viewer.workspace_id, snapshot=True) as reader:
            table = await answer_funnel(reader, query, now_ms=milliseconds(context.clock()))
        return Funnel.from_domain(table)
