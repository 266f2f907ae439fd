"""Does the bot find what it needs to answer?"""

from typing import Final

from domain.metrics.algebra import (
    Column,
    Count,
    Formula,
    IsTrue,
    Known,
    Not,
    Predicate,
    Quantile,
    Ratio,
    Relation,
    Single,
    every,
)
from domain.metrics.metric import Direction, Family, Metric, Tier, Unit, needs
from domain.vocabulary import Report

_FAILED: Final = Column("failed")
_DURATION: Final = Column("duration_ms")
_ERROR: Final = IsTrue(Column("error"))
_EMPTY: Final = every(IsTrue(_FAILED), Not(_ERROR))


def _metric(
    name: str,
    title: str,
    definition: str,
    source: str,
    formula: Formula,
    unit: Unit = Unit.COUNT,
    *,
    direction: Direction = Direction.LOWER_IS_BETTER,
    divisor: int = 1,
    precision: int = 0,
) -> Metric:
    return Metric(
        name=name,
        title=title,
        family=Family.QUALITY,
        tier=Tier.DIAGNOSTIC,
        unit=unit,
        direction=direction,
        formula=formula,
        definition=definition,
        source=source,
        explains=("unansweredRate",),
        needs=needs(Report.RETRIEVAL),
        divisor=divisor,
        precision=precision,
    )


def _rate(name: str, title: str, definition: str, source: str, part: Predicate) -> Metric:
    known = Known(_FAILED)
    formula = Ratio(Count(Relation.RETRIEVAL, every(known, part)), Count(Relation.RETRIEVAL, known), proportion=True)
    return _metric(name, title, definition, source, formula, Unit.SHARE, precision=3)


RETRIEVAL: Final[tuple[Metric, ...]] = (
    _metric(
        "retrievals",
        "Retrievals",
        "Retrieval attempts in the range.",
        "items 59, 134",
        Single(Count(Relation.RETRIEVAL)),
        direction=Direction.NEUTRAL,
    ),
    _metric(
        "failedRetrievals",
        "Failed retrievals",
        "Retrieval attempts in the range with no hit, a best hit under the threshold, or an error.",
        "items 59, 134",
        Single(Count(Relation.RETRIEVAL, IsTrue(_FAILED))),
    ),
    _rate(
        "retrievalFailureRate",
        "Retrieval failure rate",
        "Failed retrievals / retrievals of which it is known whether they failed.",
        "items 59, 134, R32.3",
        IsTrue(_FAILED),
    ),
    _rate(
        "emptyRetrievalRate",
        "Empty retrieval rate",
        "Retrievals that found nothing good enough, without an error / retrievals of which it is known whether they "
        "failed. A gap in the knowledge, where retrievalErrorRate is a fault of the system.",
        "item 59",
        _EMPTY,
    ),
    _rate(
        "retrievalErrorRate",
        "Retrieval error rate",
        "Retrievals that ended in an error / retrievals of which it is known whether they failed.",
        "item 59",
        _ERROR,
    ),
    *(
        _metric(
            f"retrievalDurationP{percent}",
            f"Duration of retrievals, p{percent}",
            f"{percent} % of the retrievals that tell it took at most this (nearest rank over all of them).",
            "items 117, 134, R10",
            Single(
                Quantile(Relation.RETRIEVAL, _DURATION, percent, Known(_DURATION)),
                Count(Relation.RETRIEVAL, Known(_DURATION)),
            ),
            Unit.SECONDS,
            divisor=1_000,
            precision=2,
        )
        for percent in (50, 95)
    ),
)
