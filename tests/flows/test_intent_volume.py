"""High-volume and long-tail intents over HTTP: equal to a plain look at what was sent."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

import pytest

from tests.flows.serving_process import Installation

START = datetime(2026, 5, 1, tzinfo=UTC)
BEFORE = START - timedelta(days=30)
END = START + timedelta(days=30)
Period = dict[str, dict[Any, int]]
NOW: Period = {"shop": {"order": 50, "refund": 29, "hours": 12, "gift": 6, "rare": 3, None: 10}, "help": {"login": 40}}
EARLIER: Period = {"shop": {"gift": 60, "order": 21, "refund": 2, "old": 5}, "help": {"login": 7}}
"""Sessions by chatbot and intent: gifts are seasonal."""


def session(bot: str, intent: str | None, at: datetime, number: int) -> dict[str, Any]:
    told = {} if intent is None else {"intent": intent}
    name = f"{bot}-{intent}-{at:%m%d}-{number}"
    where = {"chatbotId": bot, "sessionId": name, "eventId": name, "occurredAt": at.isoformat()}
    return {"type": "message", "role": "USER", "text": "hello", **where, **told}


@pytest.fixture(scope="module")
def told(service: Installation) -> Installation:
    for bot in NOW:
        service.graphql(f'mutation {{ createChatbot(input: {{slug: "{bot}", type: TEXT}}) {{ __typename }} }}')
    events = [
        session(bot, intent, first + timedelta(minutes=number), number)
        for first, period in ((START, NOW), (BEFORE, EARLIER))
        for bot, intents in period.items()
        for intent, count in intents.items()
        for number in range(count)
    ]
    assert {one["status"] for one in service.send(events)["results"]} == {"accepted"}
    return service


def high_volume(sessions: Counter[str]) -> set[str]:
    """The shortest beginning of the intents by size that holds four fifths of the sessions."""
    ordered = sessions.most_common()
    reached = list(accumulate(count for _, count in ordered))
    needed = next(place for place, count in enumerate(reached) if 5 * count >= 4 * reached[-1])
    return {intent for intent, _ in ordered[: needed + 1]}


def sizes(period: Period, bots: tuple[str, ...]) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for bot in bots:
        found.update(period[bot])
    return found


def kind(intent: str | None, frequent: set[str]) -> str | None:
    return None if intent is None else "HIGH_VOLUME" if intent in frequent else "LONG_TAIL"


def grouped(period: Counter[Any], frequent: set[str]) -> dict[str | None, int]:
    found: Counter[str | None] = Counter()
    for intent, count in period.items():
        found[kind(intent, frequent)] += count
    return dict(found)


def volumes(told: Installation, rest: str) -> dict[str | None, tuple[int, int]]:
    """Sessions now and in the compared period, by value."""
    period = f'{{custom: {{from: "{START.isoformat()}", to: "{END.isoformat()}"}}}}'
    groups = told.graphql(
        f"{{ metrics(range: {period}, groupBy: [INTENT_VOLUME], compare: PREVIOUS_PERIOD {rest}) "
        "{ groups { key { value } metrics { sessions { value previous } } } } }"
    )["metrics"]["groups"]
    found = {one["key"][0]["value"]: one["metrics"]["sessions"] for one in groups}
    return {value: (one["value"], one["previous"] or 0) for value, one in found.items()}


@pytest.mark.spec(294)
@pytest.mark.parametrize(("rest", "bots"), [("", ("shop", "help")), ('filter: {chatbot: {in: ["shop"]}}', ("shop",))])
def test_the_set_is_frozen_for_the_comparison(told: Installation, rest: str, bots: tuple[str, ...]) -> None:
    """Gifts were most of the month before, and are of the long tail in both, as they are now."""
    now, earlier = sizes(NOW, bots), sizes(EARLIER, bots)
    frequent = high_volume(Counter({intent: count for intent, count in now.items() if intent is not None}))
    assert "gift" not in frequent
    expected, before = grouped(now, frequent), grouped(earlier, frequent)
    assert volumes(told, rest) == {
        value: (expected.get(value, 0), before.get(value, 0)) for value in expected.keys() | before.keys()
    }


@pytest.mark.spec(294)
def test_as_a_filter_of_any_figure(told: Installation) -> None:
    frequent = high_volume(Counter({intent: count for bot in NOW.values() for intent, count in bot.items() if intent}))
    period = f'{{custom: {{from: "{START.isoformat()}", to: "{END.isoformat()}"}}}}'
    for value in ("HIGH_VOLUME", "LONG_TAIL"):
        condition = f'{{and: [{{intentVolume: {{in: [{value}]}}}}, {{chatbot: {{notIn: ["help"]}}}}]}}'
        found = told.graphql(
            f"{{ metrics(range: {period}, filter: {condition}, groupBy: [PRIMARY_INTENT]) "
            "{ groups { key { value } metrics { sessions { value } } } } }"
        )["metrics"]["groups"]
        mine = high_volume(Counter({intent: count for intent, count in NOW["shop"].items() if intent}))
        assert {one["key"][0]["value"]: one["metrics"]["sessions"]["value"] for one in found} == {
            intent: count for intent, count in NOW["shop"].items() if kind(intent, mine) == value
        }
    assert frequent != mine
