"""Is the bot affordable? Money and tokens of sessions, by the session's start."""

from typing import Final

from domain.metrics.algebra import (
    Column,
    Count,
    Plus,
    Predicate,
    Ratio,
    Relation,
    Single,
    Sum,
    SumMoney,
    at_least,
    either,
    equals,
    every,
)
from domain.metrics.metric import Direction, Family, Metric, Tier, Unit, needs
from domain.metrics.populations import RESOLVED
from domain.vocabulary import Report

_NANO: Final = 1_000_000_000
_COST: Final = SumMoney(Relation.SESSION_COST, Column("cost_nano"))
_WITHOUT_ANSWERS: Final = equals(Column("answers"), 0)
_COST_KNOWN: Final[Predicate] = either(_WITHOUT_ANSWERS, at_least(Column("priced_answers"), 1))
"""No answer costs nothing and counts; answers of which none is priced are in neither part (R32.5)."""
_TOKENS_KNOWN: Final[Predicate] = either(_WITHOUT_ANSWERS, at_least(Column("token_answers"), 1))
_INPUT: Final = Column("input_tokens")
_OUTPUT: Final = Column("output_tokens")


def _money(name: str, title: str, definition: str, source: str, formula: Single | Ratio, tier: Tier) -> Metric:
    return Metric(
        name=name,
        title=title,
        family=Family.COST,
        tier=tier,
        unit=Unit.MONEY,
        direction=Direction.LOWER_IS_BETTER,
        formula=formula,
        definition=definition,
        source=source,
        companions=("pricedShare",),
        needs=needs(Report.COST),
        divisor=_NANO,
        precision=4,
    )


def _tokens(name: str, title: str, what: str, of: Column | Plus, tier: Tier = Tier.DIAGNOSTIC) -> Metric:
    return Metric(
        name=name,
        title=title,
        family=Family.COST,
        tier=tier,
        unit=Unit.NUMBER,
        direction=Direction.LOWER_IS_BETTER,
        formula=Ratio(Sum(Relation.SESSION, of, _TOKENS_KNOWN), Count(Relation.SESSION, _TOKENS_KNOWN)),
        definition=f"{what} of the sessions that started in the range / those sessions. Sessions whose answers "
        "tell no tokens are in neither part; those without answers count as 0.",
        source="item 269, R3, R32.5",
        explains=("costPerConversation",),
        companions=("tokenShare",),
        needs=needs(Report.TOKENS),
        precision=1,
    )


def _told_share(name: str, title: str, part: str, what: str, report: Report) -> Metric:
    return Metric(
        name=name,
        title=title,
        family=Family.COST,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.SHARE,
        direction=Direction.HIGHER_IS_BETTER,
        formula=Ratio(Sum(Relation.SESSION, Column(part)), Sum(Relation.SESSION, Column("answers")), proportion=True),
        definition=f"Answers with a known {what} / answers, of the sessions that started in the range.",
        source="R32.5",
        needs=needs(report),
        precision=3,
    )


COST: Final[tuple[Metric, ...]] = (
    _money(
        "totalCost",
        "Operating cost",
        "What the answers of the sessions that started in the range cost, in the workspace's reporting currency; "
        "other currencies at the rate of the amount's day.",
        "items 101, 267, R7, R32.15",
        Single(_COST),
        Tier.DIAGNOSTIC,
    ),
    _money(
        "costPerConversation",
        "Cost per conversation",
        "Cost of the sessions that started in the range / those sessions. Sessions without answers cost 0 and "
        "count; those with answers of which none is priced are in neither part.",
        "items 101, 267, R3, R32.5",
        Ratio(_COST, Count(Relation.SESSION, _COST_KNOWN)),
        Tier.PRIMARY,
    ),
    _money(
        "costPerResolvedConversation",
        "Cost per resolved conversation",
        "Total cost of the sessions that started in the range, resolved or not / the resolved ones.",
        "item 268, R1, R32.5",
        Ratio(_COST, Count(Relation.SESSION, every(RESOLVED, _COST_KNOWN))),
        Tier.PRIMARY,
    ),
    _tokens(
        "tokensPerSession",
        "Tokens per session",
        "Input and output tokens",
        Plus(_INPUT, _OUTPUT),
        Tier.PRIMARY,
    ),
    _tokens("inputTokensPerSession", "Input tokens per session", "Input tokens", _INPUT),
    _tokens("outputTokensPerSession", "Output tokens per session", "Output tokens", _OUTPUT),
    _tokens("cachedTokensPerSession", "Cached tokens per session", "Cached input tokens", Column("cached_tokens")),
    _told_share("pricedShare", "Share of priced answers", "priced_answers", "cost", Report.COST),
    _told_share("tokenShare", "Share of answers with tokens", "token_answers", "token count", Report.TOKENS),
)
