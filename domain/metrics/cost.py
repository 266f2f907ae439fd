"""Is the bot affordable? Money and tokens of sessions, by the session's start."""

from typing import Final

from domain.metrics.algebra import (
    Case,
    Column,
    Constant,
    Count,
    Expression,
    Known,
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
from domain.metrics.metric import Direction, Family, Metric, Needs, Tier, Unit, needs
from domain.metrics.populations import RESOLVED
from domain.vocabulary import Report

_NANO: Final = 1_000_000_000
_COST: Final = SumMoney(Relation.SESSION_COST, Column("cost_nano"))
_ANSWER_COST: Final = SumMoney(Relation.ANSWER, Column("cost_nano"))
_WITHOUT_ANSWERS: Final = equals(Column("answers"), 0)
_COST_KNOWN: Final[Predicate] = either(_WITHOUT_ANSWERS, at_least(Column("priced_answers"), 1))
"""No answer costs nothing and counts; answers of which none is priced are in neither part (R32.5)."""
_TOKENS_KNOWN: Final[Predicate] = either(_WITHOUT_ANSWERS, at_least(Column("token_answers"), 1))
_INPUT: Final = Column("input_tokens")
_OUTPUT: Final = Column("output_tokens")
_PRICED: Final = needs(Report.COST)
_TOLD: Final = either(Known(_INPUT), Known(_OUTPUT))
"""Where only one of the two is told, the other counts as 0, as in the session's sums."""


def _money(
    name: str,
    title: str,
    definition: str,
    source: str,
    formula: Single | Ratio,
    tier: Tier = Tier.DIAGNOSTIC,
    *,
    required: Needs = _PRICED,
) -> Metric:
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
        needs=required,
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


def _cost_per(name: str, title: str, what: str, of: str, *reports: Report) -> Metric:
    return _money(
        name,
        title,
        f"Total cost of the sessions that started in the range / the {what} of those sessions.",
        "R13 (141a), R3, R32.5",
        Ratio(_COST, Sum(Relation.SESSION, Column(of), _COST_KNOWN)),
        required=(*_PRICED, frozenset(reports)),
    )


def _tokens_per_answer(name: str, title: str, what: str, of: Expression) -> Metric:
    return Metric(
        name=name,
        title=title,
        family=Family.COST,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.NUMBER,
        direction=Direction.LOWER_IS_BETTER,
        formula=Ratio(Sum(Relation.ANSWER, of, _TOLD), Count(Relation.ANSWER, _TOLD)),
        definition=f"{what} of the answers in the range that tell their tokens / those answers.",
        source="items 269, 306, R13",
        explains=("tokensPerSession",),
        needs=needs(Report.TOKENS),
        precision=1,
    )


def _or_zero(column: Column) -> Expression:
    return Case(((Known(column), column),), Constant(0))


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


_BOTH: Final = Plus(_or_zero(_INPUT), _or_zero(_OUTPUT))

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
    _cost_per("costPerLead", "Cost per lead", "leads", "leads", Report.LEAD),
    _cost_per("costPerGoal", "Cost per goal completion", "goal completions", "goal_completions", Report.GOAL),
    _cost_per("costPerConversion", "Cost per conversion", "conversions", "conversions", Report.GOAL, Report.LEAD),
    _money(
        "answerCost",
        "Cost of answers",
        "What the answers in the range cost, each by its own time; group by INTENT, MODEL or a version. Other "
        "currencies at the rate of the amount's day.",
        "item 270, R3, R7",
        Single(_ANSWER_COST),
    ),
    _money(
        "costPerAnswer",
        "Cost per answer",
        "Cost of the answers in the range / those of them that tell a cost.",
        "items 270, 306, R3",
        Ratio(_ANSWER_COST, Count(Relation.ANSWER, Known(Column("cost_nano")))),
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
    _tokens_per_answer("tokensPerAnswer", "Tokens per answer", "Input and output tokens", _BOTH),
    _tokens_per_answer("inputTokensPerAnswer", "Input tokens per answer", "Input tokens", _or_zero(_INPUT)),
    _tokens("cachedTokensPerSession", "Cached tokens per session", "Cached input tokens", Column("cached_tokens")),
    _told_share("pricedShare", "Share of priced answers", "priced_answers", "cost", Report.COST),
    _told_share("tokenShare", "Share of answers with tokens", "token_answers", "token count", Report.TOKENS),
)
