"""Root field of heatmaps. What is computed is what is selected."""

from datetime import datetime

import strawberry

from domain.accounts import Scope
from domain.cycles import Cycle
from domain.metrics.catalogue import METRICS
from domain.queries.query import NewTo, Part
from resolvers.asking import question, table_of
from resolvers.request import Info
from schema.cost import costs
from schema.inputs.metrics import FilterInput, RangeInput
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
        metrics = tuple(name for name in wanted.below("metrics").fields if name in METRICS)
        asked = question(
            info,
            metrics,
            range,
            time_zone=time_zone,
            filter=filter,
            as_of=as_of,
            sources=sources,
            include_bots=include_bots,
            new_to=new_to,
            parts=_parts(wanted),
            cycle=cycle,
        )
        return Heatmap.from_domain(await table_of(info, asked))


def _parts(wanted: Selected) -> frozenset[Part]:
    return frozenset({Part.SERIES, Part.EXCLUDED} if "excluded" in wanted else {Part.SERIES})
