"""Root field of the sessions behind a value."""

from datetime import datetime

import strawberry

from domain.accounts import Scope
from domain.queries.cases import CasePart, CasesQuery
from domain.queries.query import NewTo
from domain.time import milliseconds
from persistence import sessions as store
from persistence.metrics.cases import explain_metric
from persistence.tenancy import reading
from resolvers.asking import question
from resolvers.request import Info
from schema.cost import costs
from schema.inputs.metrics import FilterInput, RangeInput
from schema.paging import connection, page_window
from schema.permissions import requires
from schema.scalars import TimeZone
from schema.selection import selected
from schema.types.cases import ExplainedMetric, MetricCase
from schema.types.metric_names import MetricName
from schema.types.vocabulary import Source


@strawberry.type
class CaseQueries:
    @strawberry.field(
        description="Where does a number come from? The value of one metric with the sessions it is made of, and what "
        "each adds to it. Null only beside an error.",
        extensions=[requires(Scope.METRICS_READ, Scope.CONVERSATIONS_READ), costs(20)],
    )
    async def explain_metric(
        self,
        info: Info,
        metric: MetricName,
        range: RangeInput,
        part: CasePart = CasePart.ALL,
        first: int = 50,
        after: str | None = None,
        time_zone: TimeZone | None = None,
        filter: FilterInput | None = None,  # type: ignore[valid-type]
        as_of: datetime | None = None,
        sources: list[Source] | None = None,
        include_bots: bool = False,
        new_to: NewTo = NewTo.WORKSPACE,
    ) -> ExplainedMetric | None:
        context = info.context
        window = page_window("MetricCase", first=first, after=after, key_types=(int, int))
        query = CasesQuery(
            question(
                info,
                (str(metric.value),),
                range,
                time_zone=time_zone,
                filter=filter,
                as_of=as_of,
                sources=sources,
                include_bots=include_bots,
                new_to=new_to,
            ),
            part,
        )
        async with reading(context.database, context.viewer.workspace_id, snapshot=True) as reader:
            found = await explain_metric(
                reader,
                query,
                now_ms=milliseconds(context.clock()),
                limit=window.limit,
                after=(window.key[0], window.key[1]) if window.key else None,
                with_count="sessionCount" in selected(info),
            )
            views = await store.sessions_by_ids(
                reader, [case.session_id for case in found.cases], among=context.viewer.chatbot_ids
            )
        page = connection(
            window,
            found.cases,
            node=lambda case: MetricCase.from_domain(found, case, views[case.session_id]),
            key=lambda case: (case.started_at_ms, case.session_id),
        )
        return ExplainedMetric.from_domain(found, page)
