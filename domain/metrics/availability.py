"""Are the core and what it depends on up, as far as somebody looked?"""

from typing import Final

from domain.metrics.algebra import Column, Count, Formula, IsTrue, Known, Not, Quantile, Ratio, Relation, Single
from domain.metrics.metric import Direction, Family, Metric, Tier, Unit

_PROBES: Final = Count(Relation.PROBE)
_UP: Final = IsTrue(Column("up"))
_DURATION: Final = Column("duration_ms")


def _metric(
    name: str,
    title: str,
    definition: str,
    formula: Formula,
    unit: Unit = Unit.COUNT,
    *,
    direction: Direction,
    tier: Tier = Tier.DIAGNOSTIC,
    divisor: int = 1,
    precision: int = 0,
) -> Metric:
    return Metric(
        name=name,
        title=title,
        family=Family.RELIABILITY,
        tier=tier,
        unit=unit,
        direction=direction,
        formula=formula,
        definition=definition,
        source="items 115, 265",
        explains=() if tier is Tier.PRIMARY else ("availability",),
        divisor=divisor,
        precision=precision,
    )


AVAILABILITY: Final[tuple[Metric, ...]] = (
    _metric(
        "availability",
        "Availability",
        "Probes that found the component up / probes in the range. Group by COMPONENT. What nobody probed is not up "
        "but unknown: null.",
        Ratio(Count(Relation.PROBE, _UP), _PROBES, proportion=True),
        Unit.SHARE,
        direction=Direction.HIGHER_IS_BETTER,
        tier=Tier.PRIMARY,
        precision=5,
    ),
    _metric("probes", "Probes", "Probes in the range.", Single(_PROBES), direction=Direction.NEUTRAL),
    _metric(
        "failedProbes",
        "Failed probes",
        "Probes in the range that did not find the component up.",
        Single(Count(Relation.PROBE, Not(_UP))),
        direction=Direction.LOWER_IS_BETTER,
    ),
    _metric(
        "probeDurationP95",
        "Duration of probes, p95",
        "95 % of the probes that tell it took at most this (nearest rank over all of them).",
        Single(Quantile(Relation.PROBE, _DURATION, 95, Known(_DURATION)), Count(Relation.PROBE, Known(_DURATION))),
        Unit.SECONDS,
        direction=Direction.LOWER_IS_BETTER,
        divisor=1_000,
        precision=2,
    ),
)
