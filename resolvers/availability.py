"""Root field of how far the whole was up; its figures come through the query door."""

from datetime import datetime

import strawberry

from domain.accounts import Scope
from domain.composite_availability import composite
from domain.problems import InvalidInput, Refused
from domain.queries.query import MOST_GROUPS, Order, Part
from domain.queries.table import MetricTable
from resolvers.asking import question, table_of
from resolvers.request import Info
from schema.cost import costs
from schema.inputs.metrics import FilterInput, RangeInput
from schema.permissions import requires
from schema.scalars import TimeZone
from schema.types.availability import Availability


@strawberry.type
class AvailabilityQuery:
    @strawberry.field(
        description="Was everything up that the bot needs? Each component that was probed, and all of them as one "
        "whole. Null only beside an error.",
        extensions=[requires(Scope.METRICS_READ), costs(10)],
    )
    async def availability(
        self,
        info: Info,
        range: RangeInput,
        time_zone: TimeZone | None = None,
        filter: FilterInput | None = None,  # type: ignore[valid-type]
        as_of: datetime | None = None,
    ) -> Availability | None:
        asked = question(
            info,
            ("availability", "failedProbes"),
            range,
            time_zone=time_zone,
            filter=filter,
            as_of=as_of,
            sources=None,
            include_bots=False,
            group_by=("component",),
            order=Order("availability", descending=False),
            parts=frozenset({Part.GROUPS}),
            limit=MOST_GROUPS,
        )
        table = await table_of(info, asked)
        return Availability.from_domain(table, composite(_shares(table)))


def _shares(table: MetricTable) -> dict[str, float]:
    if any(group.is_other for group in table.groups):
        message = f"There are {table.group_count} components, more than {MOST_GROUPS}; filter by component."
        raise Refused(InvalidInput(message=message, path=("filter",)))
    values = {str(group.key[0].value): group.figures["availability"].now.value for group in table.groups}
    return {name: value for name, value in values.items() if isinstance(value, float)}
