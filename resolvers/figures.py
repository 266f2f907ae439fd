"""Root field of figures whose metrics are data. What is computed is what is selected."""

from dataclasses import replace

import strawberry

from domain.accounts import Scope
from domain.metrics.catalogue import METRICS
from domain.queries.query import MetricQuery
from resolvers.asking import table_of
from resolvers.metrics import default_order, parts_in
from resolvers.request import Info
from schema.cost import costs
from schema.group_cursors import place_of
from schema.inputs.metric_query import MetricQueryInput
from schema.permissions import requires
from schema.selection import selected
from schema.types.figures import FigureTable


@strawberry.type
class FigureQueries:
    @strawberry.field(
        description="The same as `metrics`, with the metrics as a list of names and every value in one shape: for "
        "dashboards that are put together by people or programs. Null only beside an error.",
        extensions=[requires(Scope.METRICS_READ), costs(10)],
    )
    async def figures(self, info: Info, query: MetricQueryInput, after: str | None = None) -> FigureTable | None:
        return await answered(info, query.to_domain(), after)


async def answered(info: Info, asked: MetricQuery, after: str | None = None) -> FigureTable:
    """`after`: the cursor of a group."""
    parts = parts_in(selected(info), grouped=bool(asked.group_by))
    order = asked.order or default_order(asked.metrics, parts)
    place = place_of(after, order, asked.group_by)
    query = replace(asked, parts=parts, order=order, after=place, among=info.context.viewer.chatbot_ids)
    table = await table_of(info, query)
    return FigureTable.from_domain(table, tuple(METRICS[name] for name in asked.metrics))
