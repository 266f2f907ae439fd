"""Is the bot fast and dependable enough?"""

from typing import Final

from domain.metrics.algebra import (
    ALWAYS,
    Case,
    Column,
    Constant,
    Count,
    Expression,
    Known,
    Minus,
    OneOf,
    Plus,
    Predicate,
    Quantile,
    Ratio,
    Relation,
    Single,
    Sum,
    at_least,
    equals,
    every,
)
from domain.metrics.metric import Direction, Family, Metric, Tier, Unit, needs
from domain.vocabulary import OperationClass, OperationStatus, Report

_WORSE: Final = Direction.LOWER_IS_BETTER
_RESPONSE: Final = Column("response_ms")
_FULL_RESPONSE: Final = Plus(_RESPONSE, Minus(Column("occurred_at_ms"), Column("first_byte_at_ms")))
_HAS_RESPONSE: Final = Known(_RESPONSE)
_HAS_FULL_RESPONSE: Final = every(_HAS_RESPONSE, Known(Column("first_byte_at_ms")))
_FAILED: Final = OneOf(Column("status"), (OperationStatus.ERROR, OperationStatus.TIMEOUT))
_DURATION: Final = Column("duration_ms")
_FIRST: Final = equals(Column("attempt"), 1)
_RETRY: Final = at_least(Column("attempt"), 2)


def _one_if(holds: Predicate) -> Expression:
    return Case(((holds, Constant(1)),), Constant(0))


def _mean(name: str, title: str, definition: str, source: str, *, of: Expression, where: Predicate) -> Metric:
    return Metric(
        name=name,
        title=title,
        family=Family.RELIABILITY,
        tier=Tier.PRIMARY,
        unit=Unit.SECONDS,
        direction=_WORSE,
        formula=Ratio(Sum(Relation.ANSWER, of, where), Count(Relation.ANSWER, where)),
        definition=definition,
        source=source,
        divisor=1_000,
        precision=2,
    )


def _percentile(
    name: str, what: str, percent: int, *, relation: Relation, of: Expression, where: Predicate, source: str
) -> Metric:
    return Metric(
        name=f"{name}P{percent}",
        title=f"{what}, p{percent}",
        family=Family.RELIABILITY,
        tier=Tier.PRIMARY if (name, percent) == ("responseTime", 95) else Tier.DIAGNOSTIC,
        unit=Unit.SECONDS,
        direction=_WORSE,
        formula=Single(Quantile(relation, of, percent, where), Count(relation, where)),
        definition=f"{percent} % of the values are at most this (nearest rank over all of them; never averaged).",
        source=source,
        explains=("averageResponseTime",) if relation is Relation.ANSWER else ("errorRate",),
        divisor=1_000,
        precision=2,
        needs=() if relation is Relation.ANSWER else needs(Report.ERROR),
    )


def _error_rate(name: str, title: str, what: str, source: str, *, among: Predicate, tier: Tier) -> Metric:
    return Metric(
        name=name,
        title=title,
        family=Family.RELIABILITY,
        tier=tier,
        unit=Unit.SHARE,
        direction=_WORSE,
        formula=Ratio(
            Count(Relation.OPERATION, every(among, _FAILED)),
            Count(Relation.OPERATION, among),
            proportion=True,
        ),
        definition=f"Failed or timed-out attempts / attempts of {what}; each retry is an attempt of its own.",
        source=source,
        explains=() if tier is Tier.PRIMARY else ("errorRate",),
        needs=needs(Report.ERROR),
        precision=4,
    )


def _class_rate(kind: OperationClass, name: str, title: str, what: str) -> Metric:
    return _error_rate(
        name,
        title,
        what,
        "items 263, 266" if kind is OperationClass.TOOL else "item 263",
        among=equals(Column("operation_class"), kind),
        tier=Tier.DIAGNOSTIC,
    )


RELIABILITY: Final[tuple[Metric, ...]] = (
    _mean(
        "averageResponseTime",
        "Average response time",
        "From the earliest unanswered user message to the first byte of the bot's reply, over replies in the range. "
        "A burst of user messages is one wait; greetings, proactive messages and human replies do not count.",
        "items 4, 262",
        of=_RESPONSE,
        where=_HAS_RESPONSE,
    ),
    *(
        _percentile(
            "responseTime",
            "Response time",
            percent,
            relation=Relation.ANSWER,
            of=_RESPONSE,
            where=_HAS_RESPONSE,
            source="items 4, 262, R10",
        )
        for percent in (50, 90, 95, 99)
    ),
    _mean(
        "averageFullResponseTime",
        "Average time to the full reply",
        "Like averageResponseTime, but to the end of the reply; only replies that tell when they began.",
        "item 262",
        of=_FULL_RESPONSE,
        where=_HAS_FULL_RESPONSE,
    ),
    *(
        _percentile(
            "fullResponseTime",
            "Time to the full reply",
            percent,
            relation=Relation.ANSWER,
            of=_FULL_RESPONSE,
            where=_HAS_FULL_RESPONSE,
            source="item 262, R10",
        )
        for percent in (50, 95)
    ),
    _error_rate("errorRate", "Error rate", "all operations", "items 116, 263", among=ALWAYS, tier=Tier.PRIMARY),
    _class_rate(OperationClass.MODEL, "modelErrorRate", "Model error rate", "calls of models"),
    _class_rate(OperationClass.API, "apiErrorRate", "API error rate", "API calls"),
    _class_rate(OperationClass.MIDDLEWARE, "middlewareErrorRate", "Middleware error rate", "middleware"),
    _class_rate(OperationClass.WEBHOOK, "webhookErrorRate", "Webhook error rate", "webhooks"),
    _class_rate(OperationClass.INTEGRATION, "integrationErrorRate", "Integration error rate", "integrations"),
    _class_rate(OperationClass.TOOL, "toolFailureRate", "Tool failure rate", "tools and actions"),
    Metric(
        name="operationTimeoutRate",
        title="Operation timeout rate",
        family=Family.RELIABILITY,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.SHARE,
        direction=_WORSE,
        formula=Ratio(
            Count(Relation.OPERATION, equals(Column("status"), OperationStatus.TIMEOUT)),
            Count(Relation.OPERATION),
            proportion=True,
        ),
        definition="Timed-out attempts / attempts of all operations.",
        source="item 263",
        explains=("errorRate",),
        needs=needs(Report.ERROR),
        precision=4,
    ),
    Metric(
        name="operationErrors",
        title="Operation errors",
        family=Family.RELIABILITY,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.COUNT,
        direction=_WORSE,
        formula=Single(Count(Relation.OPERATION, _FAILED)),
        definition="Attempts of operations in the range that failed or timed out.",
        source="items 116, 263",
        explains=("errorRate",),
        needs=needs(Report.ERROR),
    ),
    Metric(
        name="requestErrorRate",
        title="Failed requests per request",
        family=Family.RELIABILITY,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.NUMBER,
        direction=_WORSE,
        formula=Ratio(
            Sum(Relation.OPERATION, Minus(_one_if(_FAILED), _one_if(_RETRY))),
            Count(Relation.OPERATION, _FIRST),
        ),
        definition="Requests that failed in spite of all retries / requests. A request is a first attempt; each retry "
        "follows a failed attempt, so requests failed for good are failed attempts less retries. It holds where every "
        "attempt is told, and at the edges of a range a retry may fall outside.",
        source="item 263",
        explains=("errorRate",),
        needs=needs(Report.ERROR),
        precision=4,
    ),
    Metric(
        name="retryShare",
        title="Share of retries",
        family=Family.RELIABILITY,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.SHARE,
        direction=_WORSE,
        formula=Ratio(Count(Relation.OPERATION, _RETRY), Count(Relation.OPERATION), proportion=True),
        definition="Attempts that repeat a failed one / attempts of all operations.",
        source="items 263, 306",
        explains=("errorRate",),
        needs=needs(Report.ERROR),
        precision=4,
    ),
    Metric(
        name="operationAttempts",
        title="Operation attempts",
        family=Family.RELIABILITY,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.COUNT,
        direction=Direction.NEUTRAL,
        formula=Single(Count(Relation.OPERATION)),
        definition="Attempts of operations in the range; each retry is one.",
        source="item 263",
        explains=("errorRate",),
        needs=needs(Report.ERROR),
    ),
    *(
        _percentile(
            "operationDuration",
            "Duration of operations",
            percent,
            relation=Relation.OPERATION,
            of=_DURATION,
            where=Known(_DURATION),
            source="item 117, R10",
        )
        for percent in (50, 95, 99)
    ),
)
