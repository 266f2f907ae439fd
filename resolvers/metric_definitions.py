"""The catalogue for clients, and what a question would cost before it is asked."""

from dataclasses import asdict, replace

import strawberry

from domain.accounts import Scope
from domain.dimensions import DIMENSIONS
from domain.metrics.catalogue import METRICS
from domain.queries.query import Part
from domain.time import milliseconds
from persistence.metrics.explain import explain as explanation_of
from persistence.tenancy import reading
from resolvers.request import Info
from schema.cost import costs
from schema.inputs.metric_query import MetricQueryInput
from schema.permissions import requires
from schema.types.metric_definitions import DimensionDefinition, MetricDefinition, MetricExplanation
from schema.types.metric_names import Family, MetricName, Tier


@strawberry.type
class MetricDefinitionQueries:
    @strawberry.field(
        description="Every metric with its meaning; narrowed by name, family or tier.",
        extensions=[requires(Scope.METRICS_READ)],
    )
    def metric_definitions(
        self, names: list[MetricName] | None = None, family: Family | None = None, tier: Tier | None = None
    ) -> list[MetricDefinition]:
        wanted = None if names is None else {str(name.value) for name in names}
        return [
            MetricDefinition.from_domain(metric)
            for metric in METRICS.values()
            if (wanted is None or metric.name in wanted)
            and (family is None or metric.family is family)
            and (tier is None or metric.tier is tier)
        ]

    @strawberry.field(
        description="Everything that figures can be split and filtered by.", extensions=[requires(Scope.METRICS_READ)]
    )
    def dimension_definitions(self) -> list[DimensionDefinition]:
        return [DimensionDefinition.from_domain(dimension) for dimension in DIMENSIONS.values()]

    @strawberry.field(
        description="How a question would be answered and what that would cost, without answering it.",
        extensions=[requires(Scope.METRICS_READ), costs(5)],
    )
    async def explain(self, info: Info, query: MetricQueryInput, series: bool = False) -> MetricExplanation:
        context = info.context
        asked = query.to_domain()
        wanted = {Part.TOTALS} | ({Part.SERIES} if series else set()) | ({Part.GROUPS} if asked.group_by else set())
        question = replace(asked, parts=frozenset(wanted), among=context.viewer.chatbot_ids)
        async with reading(context.database, context.viewer.workspace_id, snapshot=True) as reader:
            found = await explanation_of(reader, question, now_ms=milliseconds(context.clock()))
        return MetricExplanation(**asdict(found))
