"""A session's cost stands on a row per currency and day; for its interval it is one amount, in both engines."""

import random
from decimal import Decimal
from typing import Any

import pytest

from domain.metrics.spread import SEVERAL_CURRENCIES
from domain.queries.query import Part
from domain.queries.table import Reading
from domain.time import Grain
from domain.vocabulary import Basis, Channel
from persistence.tables.sessions import SessionCostRow
from persistence.tables.workspaces import ExchangeRateRow
from tests.build import NOON
from tests.persistence.metrics.conftest import Ask
from tests.persistence.metrics.facts import DAY_MS, NOON_MS, Facts, a_session
from tests.persistence.metrics.naive_spreads import of_counted

PARTS = frozenset({Part.TOTALS, Part.SERIES, Part.GROUPS, Part.GROUP_SERIES, Part.INTERVALS})
BOTH = ("costPerConversation", "costPerResolvedConversation")
RESOLVED = Basis.RESOLVED_CONFIRMED


def drawn(seed: int, currency: str = "USD") -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    dice = random.Random(seed)
    sessions = [
        a_session(
            channel=dice.choice((Channel.WEBSITE, Channel.APP)),
            started_at_ms=NOON_MS + dice.choice((-1, 0)) * DAY_MS,
            outcome_basis=dice.choice((RESOLVED, Basis.UNRESOLVED)),
            answers=1,
            priced_answers=dice.choice((0, 1, 1)),
        )
        for _ in range(50)
    ]
    costs = [
        {
            "session_id": one["session_id"],
            "currency": currency,
            "day": one["started_at_ms"] // DAY_MS + later,
            "cost_nano": dice.randint(0, 10**9),
        }
        for one in sessions
        if one["priced_answers"]
        for later in range(dice.choice((0, 1, 1, 2, 3)))
    ]
    return sessions, costs


def check(found: Reading, sessions: list[dict[str, Any]], costs: list[dict[str, Any]]) -> None:
    only_resolved = found.metric.name == "costPerResolvedConversation"
    pairs = [
        (
            sum(cost["cost_nano"] for cost in costs if cost["session_id"] == one["session_id"]) / 10**9,
            float(one["priced_answers"] > 0 and (not only_resolved or one["outcome_basis"] is RESOLVED)),
        )
        for one in sessions
    ]
    told, expected = found.interval, of_counted(pairs)
    assert (told is None) == (expected is None)
    if told is not None:
        assert (told.lower, told.upper) == pytest.approx(expected, rel=1e-9)
    if told is not None and found.money_interval is not None:
        assert [float(end) for end in found.money_interval] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
async def test_days_of_a_session_are_one_amount(facts: Facts, ask: Ask, ask_copy: Ask, seed: int) -> None:
    sessions, costs = drawn(seed)
    await facts.sessions(*sessions)
    await facts.put(SessionCostRow, costs)
    given: dict[str, Any] = {"parts": PARTS, "group_by": ("channel",), "grain": Grain.DAY}
    table = await ask(*BOTH, **given)
    assert await ask_copy(*BOTH, **given) == table
    for name in BOTH:
        check(table.totals[name].now, sessions, costs)
        for group in table.groups:
            mine = [one for one in sessions if one["channel"].name == group.key[0].value]
            check(group.figures[name].now, mine, costs)
            for bucket, reading in zip(table.buckets, group.series[name].now, strict=True):
                inside = [one for one in mine if bucket.from_ms <= one["started_at_ms"] < bucket.to_ms]
                check(reading, inside, costs)


async def test_amounts_in_another_currency_have_none(facts: Facts, ask: Ask, ask_copy: Ask) -> None:
    sessions, costs = drawn(1, currency="EUR")
    await facts.sessions(*sessions)
    await facts.put(SessionCostRow, costs)
    rate = {"base_currency": "EUR", "quote_currency": "USD", "effective_day": 0, "rate": Decimal("1.1")}
    await facts.put(ExchangeRateRow, [{**rate, "created_at": NOON}])
    parts = frozenset({Part.TOTALS, Part.INTERVALS})
    table = await ask("costPerConversation", parts=parts)
    found = table.totals["costPerConversation"].now
    assert found.value is not None
    assert (found.interval, found.money_interval, found.no_interval) == (None, None, SEVERAL_CURRENCIES)
    assert await ask_copy("costPerConversation", parts=parts) == table
