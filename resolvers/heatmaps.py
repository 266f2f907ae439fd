"""Root field of heatmaps. What is computed is what is selected."""

from datetime import datetime

import strawberry

from domain.accounts import Scope
from domain.cycles import Cycle
from domain.metrics.catalogue import METRICS
from domain.queries.query import MetricQuery, NewTo, Part
from domain.time import milliseconds
from resolvers.request import Info
from resolvers.tables import Question
from schema.cost import costs
from schema.inputs.metrics import FilterInput, RangeInput, filter_of
from schema.permissions import requires
from schema.scalars import TimeZone
from schema.selection import Selected, selected
from schema.types.heatmaps import Heatmap
from schema.types.vocabulary import Source


@strawberry.type
class HeatmapQueries:
    @strawberry.field(
        description="Figures by hour and day of the week, each cell out of everything that fell into it: when is the "
        "bot busy, and when does it do badly? Null only beside an error.",
        extensions=[requires(Scope.METRICS_READ), costs(10)],
    )
    async def heatmap(
        self,
        info: Info,
        range: RangeInput,
        cycle: Cycle = Cycle.HOUR_OF_WEEK,
        time_zone: TimeZone | None = None,
        filter: FilterInput | None = None,  # type: ignore[valid-type]
        as_of: datetime | None = None,
        sources: list[Source] | None = None,
        include_bots: bool = False,
        new_to: NewTo = NewTo.WORKSPACE,
    ) -> Heatmap | None:
        wanted = selected(info)
        query = MetricQuery(
            metrics=tuple(name for name in wanted.below("metrics").fields if name in METRICS),
            parts=_parts(wanted),
            range=range.to_domain(),
            time_zone=time_zone,
            cycle=cycle,
            where=filter_of(filter),
            as_of_ms=None if as_of is None else milliseconds(as_of),
            sources=None if sources is None else frozenset(sources),
            include_bots=include_bots,
            new_to=new_to,
            among=info.context.viewer.chatbot_ids,
        )
        question = Question(query, now_ms=milliseconds(info.context.clock()))
        return Heatmap.from_domain(await info.context.loaders.table_by_question.load(question))


def _parts(wanted: Selected) -> frozenset[Part]:
    return frozenset({Part.SERIES, Part.EXCLUDED} if "excluded" in wanted else {Part.SERIES})
