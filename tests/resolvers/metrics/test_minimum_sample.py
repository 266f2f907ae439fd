"""Of fewer cases than asked for no share, mean or percentile is told; how many cases there are is."""

import random
from typing import Any

from domain.vocabulary import Basis, Channel
from tests.persistence.metrics.facts import DAY_MS, NOON_MS, Facts, a_session
from tests.resolvers.metrics.conftest import AskForFigures

LEAST = 5
RATE = "resolutionRate { value previous change changeRatio numerator denominator n status previousStatus reason }"
ESCALATED, ANSWERED = Basis.ESCALATED, Basis.ANSWERED


def drawn(seed: int) -> list[dict[str, Any]]:
    """Three channels of very different size, over the six days that range and comparison touch."""
    dice = random.Random(seed)
    channels = [Channel.WEBSITE] * 8 + [Channel.APP] * 3 + [Channel.VOICE]
    return [
        a_session(
            channel=dice.choice(channels),
            started_at_ms=NOON_MS + dice.choice((-4, -3, -2, -1, -1, 0, 0, 0, 1)) * DAY_MS,
            outcome_basis=dice.choice((ESCALATED, ANSWERED)),
        )
        for _ in range(60)
    ]


def expected(sessions: list[dict[str, Any]]) -> tuple[float | None, str, int]:
    n, resolved = len(sessions), sum(one["outcome_basis"] is ANSWERED for one in sessions)
    if n == 0:
        return (None, "NO_DATA", 0)
    return (resolved / n, "OK", n) if n >= LEAST else (None, "INSUFFICIENT_SAMPLE", n)


def told(value: dict[str, Any]) -> tuple[float | None, str, int]:
    return value["value"], value["status"], value["n"]


def on(sessions: list[dict[str, Any]], *days: int) -> list[dict[str, Any]]:
    return [one for one in sessions if (one["started_at_ms"] - NOON_MS) // DAY_MS in days]


async def test_totals_groups_series_and_what_they_are_compared_with(facts: Facts, figures: AskForFigures) -> None:
    sessions = drawn(seed=5)
    await facts.sessions(*sessions)
    table = await figures(
        f"totals {{ {RATE} sessions {{ value status }} }} groups {{ key {{ value }} metrics {{ {RATE} }} }}"
        "series { resolutionRate { values previous statuses n } }",
        groupBy="[CHANNEL]",
        grain="DAY",
        compare="PREVIOUS_PERIOD",
        minimumSample=str(LEAST),
    )
    now, before = on(sessions, -1, 0, 1), on(sessions, -4, -3, -2)
    total = table["totals"]["resolutionRate"]
    assert told(total) == expected(now)
    assert table["totals"]["sessions"] == {"value": len(now), "status": "OK"}
    seen = set()
    for group in table["groups"]:
        of_channel = [
            [one for one in part if one["channel"].name == group["key"][0]["value"]] for part in (now, before)
        ]
        found = group["metrics"]["resolutionRate"]
        assert told(found) == expected(of_channel[0])
        assert (found["previous"], found["previousStatus"]) == expected(of_channel[1])[:2]
        assert found["denominator"] == len(of_channel[0])
        assert (found["change"] is None) == (found["value"] is None or found["previous"] is None)
        seen |= {found["status"], found["previousStatus"]}
    assert {"OK", "INSUFFICIENT_SAMPLE"} <= seen
    series = table["series"]["resolutionRate"]
    by_day = [expected(on(now, day)) for day in (-1, 0, 1)]
    assert list(zip(series["values"], series["statuses"], series["n"], strict=True)) == by_day
    assert series["previous"] == [expected(on(before, day))[0] for day in (-4, -3, -2)]


async def test_groups_of_too_few_come_last(facts: Facts, figures: AskForFigures) -> None:
    """A rate of 1 out of 1 is the best of all and says nothing."""
    small = [a_session(channel=Channel.VOICE, outcome_basis=ANSWERED)]
    large = [a_session(channel=Channel.APP, outcome_basis=(ESCALATED, ANSWERED)[number % 2]) for number in range(6)]
    await facts.sessions(*small, *large)
    arguments = {"groupBy": "[CHANNEL]", "orderBy": "{metric: RESOLUTION_RATE, direction: DESCENDING}"}
    selection = f"groups {{ key {{ value }} metrics {{ {RATE} }} }}"
    plain = await figures(selection, **arguments)
    asked = await figures(selection, minimumSample=str(LEAST), **arguments)
    assert [group["key"][0]["value"] for group in plain["groups"]] == ["VOICE", "APP"]
    assert [group["key"][0]["value"] for group in asked["groups"]] == ["APP", "VOICE"]
    assert asked["groups"][1]["metrics"]["resolutionRate"]["reason"] == "1 of the 5 cases that were asked for."


async def test_a_sample_of_nothing_is_refused(post: AskForFigures) -> None:
    body = await post("{ metrics(range: {rolling: LAST_7D}, minimumSample: 0) { totals { sessions { value } } } }")
    (error,) = body["errors"]
    assert "minimumSample is 0; it takes 1 to 1000000." in str(error)
