"""Root fields of figures. What is computed is what is selected."""

from datetime import datetime
from typing import Any, Final

import strawberry

from domain.accounts import Scope
from domain.metrics.catalogue import METRICS
from domain.queries.query import NewTo, Order, Part
from domain.time import Grain
from resolvers.asking import question, table_of
from resolvers.request import Info
from schema.cost import costs
from schema.group_cursors import place_of
from schema.inputs.metrics import (
    CompareToInput,
    FilterInput,
    MetricOrderInput,
    RangeInput,
    comparison_of,
)
from schema.permissions import requires
from schema.scalars import TimeZone
from schema.selection import Selected, selected
from schema.types.metric_names import Comparison, DimensionName
from schema.types.metrics import MetricTable
from schema.types.vocabulary import Source

_PLACES_OF_METRICS: Final[tuple[tuple[str, ...], ...]] = (
    ("groups", "metrics"),
    ("totals",),
    ("series",),
    ("groups", "series"),
)
_OF_INTERVALS: Final = frozenset({"interval", "intervalReason", "lower", "upper"})


@strawberry.type
class MetricQueries:
    @strawberry.field(
        description="Figures over a range: totals, series and groups, as far as they are selected. Null only beside an "
        "error, so that one bad question does not spoil the others.",
        extensions=[requires(Scope.METRICS_READ), costs(10)],
    )
    async def metrics(
        self,
        info: Info,
        range: RangeInput,
        time_zone: TimeZone | None = None,
        grain: Grain | None = None,
        filter: FilterInput | None = None,  # type: ignore[valid-type]
        group_by: list[DimensionName] | None = None,
        compare: Comparison | None = None,
        compare_to: CompareToInput | None = None,
        order_by: MetricOrderInput | None = None,
        limit: int | None = None,
        after: str | None = None,
        as_of: datetime | None = None,
        sources: list[Source] | None = None,
        include_bots: bool = False,
        new_to: NewTo = NewTo.WORKSPACE,
        minimum_sample: int = 1,
    ) -> MetricTable | None:
        wanted = selected(info)
        metrics, parts = metrics_in(wanted), parts_in(wanted, grouped=bool(group_by))
        split = tuple(str(one.value) for one in group_by or ())
        order = default_order(metrics, parts) if order_by is None else order_by.to_domain()
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
            parts=parts,
            grain=grain,
            group_by=split,
            compare=comparison_of(compare, compare_to),
            order=order,
            limit=20 if limit is None else limit,
            after=place_of(after, order, split),
            minimum_sample=minimum_sample,
        )
        return MetricTable.from_domain(await table_of(info, asked))


def default_order(metrics: tuple[str, ...], parts: frozenset[Part]) -> Order | None:
    """Said outright, so that questions which differ in their metrics alone can share a scan."""
    if not {Part.GROUPS, Part.GROUP_SERIES} & parts:
        return None
    return Order(next((name for name in metrics if METRICS[name].is_orderable), None))


def parts_in(wanted: Selected, *, grouped: bool) -> frozenset[Part]:
    """What of the table is selected. Groups that are asked of an ungrouped question are an empty list."""
    found = {
        Part.TOTALS: "totals" in wanted or (grouped and _wants_shares(wanted)),
        Part.SERIES: "series" in wanted,
        Part.GROUPS: grouped and ("groups" in wanted or "groupCount" in wanted),
        Part.GROUP_SERIES: grouped and "series" in wanted.below("groups"),
        Part.EXCLUDED: "excluded" in wanted or "withoutTurn" in wanted,
        Part.INTERVALS: _wants_intervals(wanted),
    }
    return frozenset(part for part, is_wanted in found.items() if is_wanted)


def _wants_shares(wanted: Selected) -> bool:
    """A share is of the total, which is then computed too."""
    values = (wanted.below("groups", "figures"), *wanted.below("groups", "metrics").fields.values())
    return any("share" in value for value in values)


def _wants_intervals(wanted: Selected) -> bool:
    """Of means; those of shares cost nothing more."""
    named = [wanted.below(*place).fields for place in _PLACES_OF_METRICS]
    listed = (("totals",), ("groups", "figures"), ("series", "lines"), ("groups", "series", "lines"))
    asked = [below for fields in named for name, below in fields.items() if _is_no_share(name)]
    asked += [wanted.below(*place) for place in listed]
    return any(_OF_INTERVALS & below.fields.keys() for below in asked)


def _is_no_share(name: str) -> bool:
    return name in METRICS and not METRICS[name].is_proportion


def metrics_in(wanted: Selected) -> tuple[str, ...]:
    """Every metric that is selected anywhere, in order of first mention."""
    names: dict[str, Any] = {}
    for place in _PLACES_OF_METRICS:
        names.update(wanted.below(*place).fields)
    return tuple(name for name in names if name in METRICS)
