"""Random worlds: the parts of a change sum to it exactly, and each is what a plain count of its rows says."""

import random
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from domain.metrics.algebra import Ratio
from domain.metrics.catalogue import METRICS
from domain.problems import Refused
from domain.queries.change import ChangedGroup, ChangeQuery, ExplainedChange, adds_up, explain_change
from domain.queries.query import Comparison, MetricQuery
from domain.time import Moments
from persistence.metrics.answer import answer
from persistence.tenancy import reading
from tests.persistence.metrics.facts import DAY_MS, HOUR_MS, NOON_MS, Facts
from tests.persistence.metrics.naive import Row, counts
from tests.persistence.metrics.worlds import AS_OF_MS, settle

DIMENSIONS = ("channel", "device", "country", "chatbot", "plan", "primaryIntent", "authenticated")


async def explained(facts: Facts, query: ChangeQuery) -> ExplainedChange:
    async with reading(facts.database, facts.workspace_id, snapshot=True) as reader:
        return explain_change(query, await answer(reader, query.asked, now_ms=AS_OF_MS))


def a_query(dice: random.Random, metric: str) -> ChangeQuery:
    start = NOON_MS - 2 * DAY_MS + dice.randint(0, 48) * HOUR_MS
    return ChangeQuery(
        MetricQuery(
            metrics=(metric,),
            range=Moments(start, start + dice.randint(12, 60) * HOUR_MS),
            group_by=tuple(dice.sample(DIMENSIONS, dice.choice((1, 1, 2)))),
            compare=dice.choice((Comparison.PREVIOUS_PERIOD, Moments(start - DAY_MS, start))),
        ),
        shown=dice.choice((1, 3, 100)),
    )


def check_sums(found: ExplainedChange) -> None:
    now, before = found.figure.now, found.figure.previous
    assert before is not None
    effects = [group.effect for group in found.groups]
    if now.value is None or before.value is None:
        assert effects == [None] * len(effects)
        assert found.effect is None
        return
    assert now.stored is not None
    assert before.stored is not None
    of_ratio = isinstance(found.metric.formula, Ratio)
    change = Fraction(now.stored, now.denominator or 1) - Fraction(before.stored, before.denominator or 1)
    assert sum(one.contribution for one in effects if one) == change / found.metric.divisor
    assert found.effect is not None
    for group in found.groups:
        assert group.effect is not None
        if of_ratio:
            assert group.effect.mix is not None
            assert group.effect.rate is not None
            assert group.effect.mix + group.effect.rate == group.effect.contribution
        else:
            assert (group.effect.mix, group.effect.rate, group.weight) == (None, None, None)
    if of_ratio:
        assert found.effect.mix == sum(one.mix for one in effects if one and one.mix is not None)
        assert found.effect.rate == sum(one.rate for one in effects if one and one.rate is not None)
        assert sum(one.weight for one in found.groups if one.weight is not None) == 1


@pytest.mark.parametrize("seed", range(3))
async def test_all_parts_sum_to_the_change(facts: Facts, seed: int) -> None:
    await facts.chatbot(2)
    await facts.chatbot(3)
    await settle(facts, seed, size=40)
    dice = random.Random(seed)
    usable = [name for name, metric in METRICS.items() if adds_up(metric) and metric.fact_grain.name != "PROBE"]
    explained_ones = 0
    for metric in dice.sample(usable, 25):
        found = await explained(facts, a_query(dice, metric))
        check_sums(found)
        explained_ones += found.effect is not None
    assert explained_ones > 10


COLUMNS = {"channel": "channel", "device": "device", "country": "country", "plan": "plan", "chatbot": "chatbot_id"}


def parts_of(rows: list[Row]) -> tuple[int, int]:
    """Engaged sessions and all."""
    return sum(row["user_messages"] > 0 for row in rows), len(rows)


def kitagawa(now: list[Row], before: list[Row], column: str) -> dict[Any, tuple[Fraction, Fraction]]:
    """Rate and mix of each value, from the published formula with weights and rates written out."""
    found = {}
    (x1, y1), (x0, y0) = parts_of(now), parts_of(before)
    middle = (Fraction(x1, y1) + Fraction(x0, y0)) / 2
    for value in {row[column] for row in (*now, *before)}:
        (a1, b1), (a0, b0) = (parts_of([row for row in part if row[column] == value]) for part in (now, before))
        w1, w0 = Fraction(b1, y1), Fraction(b0, y0)
        if b1 and b0:
            r1, r0 = Fraction(a1, b1), Fraction(a0, b0)
        else:
            r1 = r0 = Fraction(a1 + a0, b1 + b0)
        found[value] = ((w1 + w0) / 2 * (r1 - r0), (w1 - w0) * ((r1 + r0) / 2 - middle))
    return found


@pytest.mark.parametrize(("seed", "dimension"), list(product(range(3), ("channel", "device", "plan"))))
async def test_rate_and_mix_as_published(facts: Facts, seed: int, dimension: str) -> None:
    await facts.chatbot(2)
    await facts.chatbot(3)
    world = await settle(facts, seed, size=60)
    start = NOON_MS - DAY_MS
    query = ChangeQuery(
        MetricQuery(
            metrics=("engagementRate",),
            range=Moments(start, start + 2 * DAY_MS),
            group_by=(dimension,),
            compare=Comparison.PREVIOUS_PERIOD,
        ),
        shown=100,
    )
    found = await explained(facts, query)
    now, before = (
        [row for row in world.sessions if counts(row) and begin <= row["started_at_ms"] < begin + 2 * DAY_MS]
        for begin in (start, start - 2 * DAY_MS)
    )
    expected = kitagawa(now, before, COLUMNS[dimension])
    effects = [(group.effect.rate, group.effect.mix) for group in found.groups if group.effect]
    assert sorted(effects) == sorted(expected.values())
    sizes = [abs(rate + mix) for rate, mix in effects if rate is not None and mix is not None]
    assert sizes == sorted(sizes, reverse=True)
    few = await explained(facts, replace(query, shown=1))
    check_other(few.groups, found.groups)


def check_other(few: tuple[ChangedGroup, ...], all_of_them: tuple[ChangedGroup, ...]) -> None:
    """The rest as one group: its effects are the sums of theirs, its value that of all their rows."""
    first, other = few
    rest = all_of_them[1:]
    assert first == all_of_them[0]
    assert other.is_other
    assert other.effect is not None
    assert other.effect.rate == sum(one.effect.rate for one in rest if one.effect and one.effect.rate is not None)
    assert other.weight == sum(one.weight for one in rest if one.weight is not None)
    assert other.figure.now.denominator == sum(one.figure.now.denominator or 0 for one in rest)


@pytest.mark.parametrize(
    ("metric", "split", "words"),
    [
        ("uniqueVisitors", ("channel",), "uniqueVisitors of a whole does not follow from that of its groups."),
        ("responseTimeP95", ("channel",), "responseTimeP95 of a whole does not follow"),
        ("openSessions", ("channel",), "openSessions of a whole does not follow"),
        ("resolutionRate", ("intent",), "can stand in several groups by intent"),
        ("resolutionRate", (), "groupBy names nothing"),
    ],
)
def test_what_does_not_add_up_is_refused(metric: str, split: tuple[str, ...], words: str) -> None:
    base = MetricQuery(
        metrics=(metric,),
        range=Moments(NOON_MS, NOON_MS + DAY_MS),
        group_by=split,
        compare=Comparison.PREVIOUS_PERIOD,
    )
    with pytest.raises(Refused) as refused:
        ChangeQuery(base)
    (problem,) = refused.value.problems
    assert words in problem.message
    assert problem.allowed
