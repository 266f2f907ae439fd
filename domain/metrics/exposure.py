"""Who has seen which variant of an experiment?"""

from typing import Final

from domain.metrics.algebra import SESSION_NUMBER, Column, Count, Distinct, Place, Relation, Single
from domain.metrics.metric import Direction, Family, Metric, Tier, Unit, needs
from domain.vocabulary import Report


def _count(name: str, title: str, definition: str, of: Count | Distinct) -> Metric:
    return Metric(
        name=name,
        title=title,
        family=Family.ADOPTION,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.COUNT,
        direction=Direction.NEUTRAL,
        formula=Single(of),
        definition=definition,
        source="items 229, 233",
        explains=("engagementRate",),
        needs=needs(Report.EXPERIMENT),
    )


EXPOSURES: Final[tuple[Metric, ...]] = (
    _count(
        "exposures",
        "Exposures",
        "Exposure events in the range; group by EXPERIMENT and VARIANT.",
        Count(Relation.EXPOSURE),
    ),
    _count(
        "exposedSessions",
        "Exposed sessions",
        "Different sessions with an exposure in the range. A session may see several experiments: rows do not sum.",
        Distinct(Relation.EXPOSURE, SESSION_NUMBER),
    ),
    _count(
        "exposedVisitors",
        "Exposed visitors",
        "Different visitors with an exposure in the range; who saw two variants counts in each.",
        Distinct(Relation.EXPOSURE, Column("visitor_id", Place.SESSION)),
    ),
)
