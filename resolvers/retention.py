"""Root field of retention."""

from datetime import datetime

import strawberry

from domain.accounts import Scope
from domain.queries.query import NewTo
from domain.queries.retention import COHORT_METRIC, RetentionQuery
from domain.time import Grain, milliseconds
from persistence.metrics.retention import answer_retention
from persistence.tenancy import reading
from resolvers.asking import question
from resolvers.request import Info
from schema.cost import costs
from schema.inputs.metrics import FilterInput, RangeInput
from schema.permissions import requires
from schema.scalars import TimeZone
from schema.types.retention import Retention
from schema.types.vocabulary import Source


@strawberry.type
class RetentionQueries:
    @strawberry.field(
        description="Who comes back? New visitors by the period in which they came first, and how many of them were "
        "there in each period after it. Null only beside an error.",
        extensions=[requires(Scope.METRICS_READ), costs(20)],
    )
    async def retention(
        self,
        info: Info,
        range: RangeInput,
        grain: Grain = Grain.WEEK,
        periods: int = 8,
        engaged_only: bool = False,
        time_zone: TimeZone | None = None,
        filter: FilterInput | None = None,  # type: ignore[valid-type]
        as_of: datetime | None = None,
        sources: list[Source] | None = None,
        include_bots: bool = False,
        new_to: NewTo = NewTo.WORKSPACE,
    ) -> Retention | None:
        context = info.context
        query = RetentionQuery(
            base=question(
                info,
                (COHORT_METRIC,),
                range,
                time_zone=time_zone,
                filter=filter,
                as_of=as_of,
                sources=sources,
                include_bots=include_bots,
                new_to=new_to,
            ),
            grain=grain,
            periods=periods,
            engaged_only=engaged_only,
        )
        async with reading(context.database, context.viewer.workspace_id, snapshot=True) as reader:
            table = await answer_retention(reader, query, now_ms=milliseconds(context.clock()))
        return Retention.from_domain(table)
