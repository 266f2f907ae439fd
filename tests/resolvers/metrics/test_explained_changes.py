"""Why a value changed, as a client gets it, beside plain arithmetic over the sessions."""

from decimal import Decimal
from typing import Any

import pytest

from domain.accounts import Scope
from domain.vocabulary import Basis, Channel
from persistence.tables.sessions import SessionCostRow
from tests.persistence.metrics.facts import DAY_MS, NOON_MS, Facts, a_session
from tests.resolvers.metrics.conftest import AskForFigures, key_for

PART = "{ value amount }"
DOCUMENT = f"""query ($metric: MetricName!, $limit: Int = 10) {{
  explainChange(metric: $metric, groupBy: [CHANNEL], limit: $limit,
    range: {{dates: {{first: "2026-03-10", last: "2026-03-10"}}}}) {{
    figure {{ value previous change }} reversal groupCount mixEffect {PART} rateEffect {PART}
    range {{ from }} previousRange {{ from }}
    groups {{ key {{ value label }} other weight previousWeight
      figure {{ value previous n interval {{ lower }} }}
      mixEffect {PART} rateEffect {PART} contribution {PART} }} }} }}"""


def sessions(day: int, channel: Channel, resolved: int, others: int) -> list[dict[str, Any]]:
    bases = [Basis.RESOLVED_CONFIRMED] * resolved + [Basis.UNRESOLVED] * others
    return [
        a_session(channel=channel, started_at_ms=NOON_MS + day * DAY_MS, outcome_basis=basis, priced_answers=1)
        for basis in bases
    ]


async def ask(post: AskForFigures, metric: str, **given: Any) -> dict[str, Any]:
    body = await post(DOCUMENT, metric=metric, **given)
    assert "errors" not in body, body
    found: dict[str, Any] = body["data"]["explainChange"]
    return found


async def test_both_groups_got_better_and_the_whole_got_worse(facts: Facts, post: AskForFigures) -> None:
    """Simpson's paradox, by hand: the website rises from 80 to 90 %, the app from 20 to 30 %, and there is much more
    of the app."""
    before = sessions(-1, Channel.WEBSITE, 64, 16) + sessions(-1, Channel.APP, 4, 16)
    now = sessions(0, Channel.WEBSITE, 18, 2) + sessions(0, Channel.APP, 24, 56)
    await facts.sessions(*before, *now)
    found = await ask(post, "RESOLUTION_RATE")
    assert (found["figure"]["value"], found["figure"]["previous"]) == (0.42, 0.68)
    assert found["reversal"] is True
    website, app = sorted(found["groups"], key=lambda group: group["key"][0]["value"], reverse=True)
    assert (website["weight"], website["previousWeight"]) == (0.2, 0.8)
    # Mean of the totals 0.55; mean ratios 0.85 and 0.25; weights move by -0.6 and +0.6, their mean is 0.5.
    assert website["rateEffect"]["value"] == pytest.approx(0.5 * 0.1)
    assert website["mixEffect"]["value"] == pytest.approx(-0.6 * (0.85 - 0.55))
    assert app["rateEffect"]["value"] == pytest.approx(0.5 * 0.1)
    assert app["mixEffect"]["value"] == pytest.approx(0.6 * (0.25 - 0.55))
    assert found["rateEffect"]["value"] == pytest.approx(0.1)
    assert found["mixEffect"]["value"] == pytest.approx(-0.36)
    assert website["contribution"]["value"] + app["contribution"]["value"] == pytest.approx(found["figure"]["change"])


async def test_money_is_told_exactly(facts: Facts, post: AskForFigures) -> None:
    before = sessions(-1, Channel.WEBSITE, 2, 0)
    now = sessions(0, Channel.WEBSITE, 1, 0) + sessions(0, Channel.APP, 2, 0)
    await facts.sessions(*before, *now)
    costs = [
        {
            "session_id": one["session_id"],
            "currency": "USD",
            "day": one["started_at_ms"] // DAY_MS,
            "cost_nano": (3 if one["channel"] is Channel.APP else 1) * 10**9,
        }
        for one in (*before, *now)
    ]
    await facts.put(SessionCostRow, costs)
    per_session = await ask(post, "COST_PER_CONVERSATION")
    assert Decimal(per_session["mixEffect"]["amount"]) + Decimal(per_session["rateEffect"]["amount"]) == pytest.approx(
        Decimal(7) / 3 - 1, abs=Decimal("1e-8")
    )
    total = await ask(post, "TOTAL_COST")
    assert (total["mixEffect"], total["rateEffect"]) == (None, None)
    by_channel = {group["key"][0]["value"]: group["contribution"]["amount"] for group in total["groups"]}
    assert {name: Decimal(amount) for name, amount in by_channel.items()} == {"APP": 6, "WEBSITE": -1}


async def test_counts_and_the_rest(facts: Facts, post: AskForFigures) -> None:
    sizes = {Channel.WEBSITE: (1, 9), Channel.APP: (5, 2), Channel.VOICE: (3, 2), Channel.SLACK: (2, 2)}
    for channel, (earlier, later) in sizes.items():
        await facts.sessions(*sessions(-1, channel, earlier, 0), *sessions(0, channel, later, 0))
    found = await ask(post, "SESSIONS", limit=2)
    told = [
        (group["key"][0]["label"], *(group["figure"][name] for name in ("previous", "value")), of["value"])
        for group in found["groups"]
        if (of := group["contribution"])
    ]
    assert told == [("Website", 1, 9, 8), ("App", 5, 2, -3), ("Other", 5, 4, -1)]
    assert (found["groupCount"], found["figure"]["change"]) == (4, 4)


async def test_nothing_before_explains_nothing(facts: Facts, post: AskForFigures) -> None:
    await facts.sessions(*sessions(0, Channel.APP, 3, 1))
    found = await ask(post, "RESOLUTION_RATE")
    assert (found["figure"]["previous"], found["mixEffect"], found["reversal"]) == (None, None, False)
    assert [group["contribution"] for group in found["groups"]] == [None]


async def test_small_groups_stay_hidden_from_a_limited_key(facts: Facts, post: AskForFigures) -> None:
    for day, sizes in ((-1, (9, 8, 2)), (0, (8, 9, 7))):
        for channel, size in zip((Channel.WEBSITE, Channel.APP, Channel.VOICE), sizes, strict=True):
            await facts.sessions(*sessions(day, channel, size, 1))
    limited = await key_for(facts, chatbot_ids=frozenset({1}), scopes=frozenset({Scope.METRICS_READ}))
    body = await post(DOCUMENT, key=limited, metric="RESOLUTION_RATE")
    groups = {group["key"][0]["value"]: group for group in body["data"]["explainChange"]["groups"]}
    assert groups["VOICE"]["contribution"] is None
    assert [name for name, group in groups.items() if group["contribution"] is not None] == ["WEBSITE"]


async def test_what_cannot_be_told_apart_is_refused_with_what_can(post: AskForFigures) -> None:
    body = await post(DOCUMENT, metric="UNIQUE_VISITORS")
    (error,) = body["errors"]
    assert "uniqueVisitors of a whole does not follow from that of its groups." in str(error)
    assert "resolutionRate" in str(error)
