"""Intervals as a client gets them, beside scipy over the very values; and in words why there are none."""

import random
from decimal import Decimal
from typing import Any

import pytest
from scipy import stats

from domain.vocabulary import Channel
from persistence.tables.workspaces import ExchangeRateRow
from tests.build import NOON
from tests.persistence.metrics.facts import DAY_MS, NOON_MS, Facts, a_message, a_session
from tests.resolvers.metrics.conftest import AskForFigures

ENDS = "value n interval { lower upper } intervalReason"
CHANNELS = (Channel.WEBSITE, Channel.APP)


def ends(values: list[float]) -> tuple[float, float] | None:
    if len(values) < 2:
        return None
    mean, half = sum(values) / len(values), stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    return max(0.0, mean - half), mean + half


def told(value: dict[str, Any]) -> tuple[float, float] | None:
    found = value["interval"]
    return None if found is None else (float(found["lower"]), float(found["upper"]))


def close(expected: tuple[float, float] | None) -> Any:
    return None if expected is None else pytest.approx(expected, rel=1e-8)


def drawn(seed: int) -> list[dict[str, Any]]:
    dice = random.Random(seed)
    found = []
    for _ in range(80):
        started = NOON_MS + dice.choice((-1, 0, 0, 0, 1)) * DAY_MS
        found.append(
            a_session(
                channel=CHANNELS[dice.random() < 0.1],
                started_at_ms=started,
                last_activity_at_ms=started + round(dice.lognormvariate(12, 1)),
                user_messages=dice.randint(1, 9),
                bot_messages=dice.randint(1, 9),
            )
        )
    return found


def seconds(sessions: list[dict[str, Any]]) -> list[float]:
    return [(one["last_activity_at_ms"] - one["started_at_ms"]) / 1000 for one in sessions]


def messages(sessions: list[dict[str, Any]]) -> list[float]:
    return [float(one["user_messages"] + one["bot_messages"]) for one in sessions]


@pytest.mark.spec(246)
async def test_means_in_totals_groups_and_series(facts: Facts, figures: AskForFigures) -> None:
    sessions = drawn(seed=4)
    await facts.sessions(*sessions)
    both = f"averageSessionDuration {{ {ENDS} }} messagesPerSession {{ {ENDS} }}"
    table = await figures(
        f"totals {{ {both} }} groups {{ key {{ value }} metrics {{ {both} }} }}"
        "series { averageSessionDuration { values lower upper } }",
        groupBy="[CHANNEL]",
        grain="DAY",
    )
    total = table["totals"]
    assert told(total["averageSessionDuration"]) == close(ends(seconds(sessions)))
    assert told(total["messagesPerSession"]) == close(ends(messages(sessions)))
    assert total["messagesPerSession"]["intervalReason"] is None
    for group in table["groups"]:
        mine = [one for one in sessions if one["channel"].name == group["key"][0]["value"]]
        assert told(group["metrics"]["averageSessionDuration"]) == close(ends(seconds(mine)))
    series = table["series"]["averageSessionDuration"]
    for day, lower, upper in zip((-1, 0, 1), series["lower"], series["upper"], strict=True):
        mine = [one for one in sessions if (one["started_at_ms"] - NOON_MS) // DAY_MS == day]
        assert (lower, upper) == close(ends(seconds(mine)))


async def test_amounts_in_two_currencies(facts: Facts, figures: AskForFigures) -> None:
    session = a_session()
    await facts.sessions(session)
    rate = {"base_currency": "EUR", "quote_currency": "USD", "effective_day": 0, "rate": Decimal("1.1")}
    await facts.put(ExchangeRateRow, [{**rate, "created_at": NOON}])
    costs = [(3, "USD"), (10, "EUR"), (4, "USD"), (1, "EUR")]
    await facts.messages(
        *(a_message(session, cost_nano=cents * 10**7, cost_currency=currency) for cents, currency in costs)
    )
    table = await figures(f"totals {{ costPerAnswer {{ {ENDS} }} }}")
    amounts = [cents / 100 * (1.1 if currency == "EUR" else 1) for cents, currency in costs]
    assert told(table["totals"]["costPerAnswer"]) == close(ends(amounts))


async def test_metrics_as_data_tell_them_too(facts: Facts, post: AskForFigures) -> None:
    sessions = drawn(seed=9)
    await facts.sessions(*sessions)
    body = await post(
        """{ figures(query: {metrics: [MESSAGES_PER_SESSION, ENGAGEMENT_RATE], grain: DAY,
             range: {dates: {first: "2026-03-09", last: "2026-03-11"}}}) {
             totals { value interval { lower upper } } series { lines { lower upper } } } }"""
    )
    mean, share = body["data"]["figures"]["totals"]
    assert told(mean) == close(ends(messages(sessions)))
    assert share["interval"]["upper"] == 1
    lines = body["data"]["figures"]["series"]["lines"]
    first_day = [one for one in sessions if one["started_at_ms"] < NOON_MS - DAY_MS // 2]
    assert (lines[0]["lower"][0], lines[0]["upper"][0]) == close(ends(messages(first_day)))


async def test_why_there_is_none(facts: Facts, figures: AskForFigures) -> None:
    await facts.sessions(a_session(leads=1, priced_answers=1))
    reason = "{ interval { lower } intervalReason }"
    names = ("messagesPerSession", "responseTimeP95", "costPerLead", "totalCost", "medianSessionDuration")
    table = await figures("totals { " + " ".join(f"{name} {reason}" for name in names) + " }")
    assert {name: (value["interval"], value["intervalReason"]) for name, value in table["totals"].items()} == {
        "messagesPerSession": (None, "A single case does not tell how far others lie apart."),
        "responseTimeP95": (None, "There is no value."),
        "costPerLead": (None, "Numerator and denominator are counted on different kinds of facts, and both vary."),
        "totalCost": (None, "What happened is counted or summed, not estimated."),
        "medianSessionDuration": (None, "None is told of percentiles and extremes."),
    }
