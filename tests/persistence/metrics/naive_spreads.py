"""Intervals a second way: the values one by one, and scipy."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy
from scipy import stats

from tests.persistence.metrics.naive import (
    DAY_MS,
    Cell,
    Row,
    confidences,
    converted,
    durations,
    full_responses,
    outcome,
    responses,
)
from tests.persistence.metrics.naive_events import waits

Ends = tuple[float, float] | None


def per_session(*columns: str) -> Callable[[Cell], list[float]]:
    return lambda cell: [float(sum(one[column] for column in columns)) for one in cell.sessions]


def tokens_of_sessions(*columns: str) -> Callable[[Cell], list[float]]:
    def found(cell: Cell) -> list[float]:
        told = [one for one in cell.sessions if one["answers"] == 0 or one["token_answers"] > 0]
        return [float(sum(one[column] for column in columns)) for one in told]

    return found


def tokens_of_answers(*columns: str) -> Callable[[Cell], list[float]]:
    def found(cell: Cell) -> list[float]:
        told = [one for one in cell.answers if one["input_tokens"] is not None or one["output_tokens"] is not None]
        return [float(sum(one[column] or 0 for column in columns)) for one in told]

    return found


def amounts(rows: Callable[[Cell], list[Row]], nano: str, currency: str) -> Callable[[Cell], list[float] | None]:
    """None if some amount has no rate."""

    def found(cell: Cell) -> list[float] | None:
        told = [one for one in rows(cell) if one[nano] is not None]
        days = [one["occurred_at_ms"] // DAY_MS for one in told]
        each = [converted(cell.world, [(one[currency], day, one[nano])]) for one, day in zip(told, days, strict=True)]
        return None if None in each else [float(one) for one in each if isinstance(one, Fraction)]

    return found


def in_seconds(values: Callable[[Cell], list[int]]) -> Callable[[Cell], list[float]]:
    return lambda cell: [one / 1000 for one in values(cell)]


MEANS: dict[str, Callable[[Cell], list[float] | None]] = {
    "messagesPerSession": per_session("user_messages", "bot_messages"),
    "userMessagesPerSession": per_session("user_messages"),
    "averageSessionDuration": in_seconds(durations),
    "averageHandoffWait": in_seconds(waits),
    "averageConfidence": lambda cell: [one / 1_000_000 for one in confidences(cell)],
    "averageResponseTime": in_seconds(responses),
    "averageFullResponseTime": in_seconds(full_responses),
    "costPerAnswer": amounts(lambda cell: cell.answers, "cost_nano", "cost_currency"),
    "averageGoalValue": amounts(lambda cell: cell.goals, "value_nano", "value_currency"),
    "tokensPerSession": tokens_of_sessions("input_tokens", "output_tokens"),
    "inputTokensPerSession": tokens_of_sessions("input_tokens"),
    "outputTokensPerSession": tokens_of_sessions("output_tokens"),
    "cachedTokensPerSession": tokens_of_sessions("cached_tokens"),
    "tokensPerAnswer": tokens_of_answers("input_tokens", "output_tokens"),
    "inputTokensPerAnswer": tokens_of_answers("input_tokens"),
}


def failed_and_first(cell: Cell) -> list[tuple[float, float]]:
    """Per attempt: failed, less a retry; and whether it begins a request."""
    return [
        (float((one["status"] in (2, 3)) - (one["attempt"] > 1)), float(one["attempt"] == 1)) for one in cell.operations
    ]


def costs_of_sessions(cell: Cell, *outcomes: str) -> list[tuple[float, float]] | None:
    """Of each session what it cost, and whether it is counted; None where one cost amounts in another currency."""
    pairs = []
    for one in cell.sessions:
        costs = cell.world.turns(cell.world.costs, one)
        if any(cost["currency"] != "USD" for cost in costs):
            return None
        known = one["answers"] == 0 or one["priced_answers"] > 0
        counted = known and (not outcomes or outcome(one, cell.as_of_ms) in outcomes)
        pairs.append((sum(cost["cost_nano"] for cost in costs) / 10**9, float(counted)))
    return pairs


SESSION_COSTS: dict[str, tuple[str, ...]] = {
    "costPerConversation": (),
    "costPerResolvedConversation": ("RESOLVED_CONFIRMED", "RESOLVED_ASSUMED"),
}


RATIOS: dict[str, Callable[[Cell], list[tuple[float, float]]]] = {"requestErrorRate": failed_and_first}


def interval(name: str, cell: Cell) -> Ends:
    """Of metrics named above; what is never below 0 is cut there."""
    if name in SESSION_COSTS:
        costs = costs_of_sessions(cell, *SESSION_COSTS[name])
        return None if costs is None else of_counted(costs)
    if name in RATIOS:
        return of_ratio(RATIOS[name](cell))
    values = MEANS[name](cell)
    return None if values is None else of_mean(values)


def of_mean(values: Sequence[float]) -> Ends:
    if len(values) < 2:
        return None
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    return cut(float(numpy.mean(values)), float(half))


def of_counted(pairs: Sequence[tuple[float, float]]) -> Ends:
    """As many degrees of freedom as there are counted cases, less one."""
    cases = sum(y for _, y in pairs)
    if cases < 2:
        return None
    ratio = sum(x for x, _ in pairs) / cases
    squares = sum((x - ratio * y) ** 2 for x, y in pairs)
    half = stats.t.ppf(0.975, cases - 1) * (squares / (cases - 1) / cases) ** 0.5
    return cut(ratio, float(half))


def of_ratio(pairs: Sequence[tuple[float, float]]) -> Ends:
    """By the covariances of the pairs."""
    total = sum(y for _, y in pairs)
    if len(pairs) < 2 or total == 0:
        return None
    rows: Any = numpy.array(pairs)
    ratio = rows[:, 0].sum() / total
    covariances = numpy.cov(rows, rowvar=False)
    spread = covariances[0, 0] - 2 * ratio * covariances[0, 1] + ratio**2 * covariances[1, 1]
    half = stats.t.ppf(0.975, len(pairs) - 1) * (max(spread, 0) / len(pairs)) ** 0.5 / rows[:, 1].mean()
    return cut(float(ratio), float(half))


def cut(centre: float, half: float) -> Ends:
    return (centre - half if centre < 0 else max(0.0, centre - half), centre + half)
