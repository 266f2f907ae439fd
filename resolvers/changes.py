"""Root field of what stands behind a change of a value."""

from datetime import datetime

import strawberry

from domain.accounts import Scope
from domain.queries.change import ChangeQuery, explain_change
from domain.queries.query import NewTo, Part
from resolvers.asking import question, table_of
from resolvers.request import Info
from schema.cost import costs
from schema.inputs.metrics import CompareToInput, FilterInput, RangeInput, comparison_of
from schema.permissions import requires
from schema.scalars import TimeZone
from schema.selection import Selected, selected
from schema.types.changes import ExplainedChange
from schema.types.metric_names import Comparison, DimensionName, MetricName
from schema.types.vocabulary import Source


@strawberry.type
class ChangeQueries:
    @strawberry.field(
        description="Why did a value change? Its change against another range, told apart by group, each part split "
        "into what the group itself did (rate) and what its weight did (mix). Null only beside an error.",
        extensions=[requires(Scope.METRICS_READ), costs(20)],
    )
    async def explain_change(
        self,
        info: Info,
        metric: MetricName,
        range: RangeInput,
        group_by: list[DimensionName],
        compare: Comparison = Comparison.PREVIOUS_PERIOD,
        compare_to: CompareToInput | None = None,
        limit: int = 10,
        time_zone: TimeZone | None = None,
        filter: FilterInput | None = None,  # type: ignore[valid-type]
        as_of: datetime | None = None,
        sources: list[Source] | None = None,
        include_bots: bool = False,
        new_to: NewTo = NewTo.WORKSPACE,
    ) -> ExplainedChange | None:
        base = question(
            info,
            (str(metric.value),),
            range,
            time_zone=time_zone,
            filter=filter,
            as_of=as_of,
            sources=sources,
            include_bots=include_bots,
            new_to=new_to,
            group_by=tuple(str(one.value) for one in group_by),
            compare=comparison_of(compare, compare_to),
            parts=_parts(selected(info)),
        )
        query = ChangeQuery(base, limit)
        return ExplainedChange.from_domain(explain_change(query, await table_of(info, query.asked)))


def _parts(wanted: Selected) -> frozenset[Part]:
    intervals = any("interval" in wanted.below(*path) for path in (("figure",), ("groups", "figure")))
    found = {Part.EXCLUDED: "excluded" in wanted, Part.INTERVALS: intervals}
    return frozenset(part for part, is_wanted in found.items() if is_wanted)
