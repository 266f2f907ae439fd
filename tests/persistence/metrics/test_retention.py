"""Who comes back: equal to plain loops over the rows, and the same from both engines."""

import random
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.problems import Refused
from domain.queries.filters import In
from domain.queries.query import MetricQuery, NewTo
from domain.queries.retention import COHORT_METRIC, RetentionQuery
from domain.queries.retention_table import RetentionTable
from domain.queries.table import Status
from domain.time import Grain, Moments
from persistence.columns.copies import Copies
from persistence.columns.layout import TABLES
from persistence.metrics.retention import answer_retention
from persistence.tenancy import reading
from tests.persistence.metrics.facts import DAY_MS, HOUR_MS, NOON_MS, Facts, a_session
from tests.persistence.metrics.naive import World
from tests.persistence.metrics.test_against_naive import Names, holds, random_filter
from tests.persistence.metrics.worlds import AS_OF_MS, LABELS, settle

ZONES = ("UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe")


async def ask_both(facts: Facts, copies: Copies, query: RetentionQuery, now_ms: int) -> RetentionTable:
    """From the database; the copy says the same."""
    await copies.load(facts.workspace_id, TABLES)
    before = copies.answered
    async with reading(facts.database, facts.workspace_id, snapshot=True) as reader:
        table = await answer_retention(reader, query, now_ms=now_ms)
    async with reading(replace(facts.database, columnar=copies), facts.workspace_id, snapshot=True) as reader:
        again = await answer_retention(reader, query, now_ms=now_ms)
    assert copies.answered == before + 1
    assert again == table
    return table


def period_of(at_ms: int, zone: str, grain: Grain) -> date:
    """The first local day of the period."""
    day = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)).astimezone(ZoneInfo(zone)).date()
    match grain:
        case Grain.WEEK:
            return day - timedelta(days=day.weekday())
        case Grain.MONTH:
            return day.replace(day=1)
        case _:
            return day


def periods_after(first: date, count: int, grain: Grain) -> list[date]:
    found = [first]
    while len(found) <= count:
        step = {Grain.DAY: 1, Grain.WEEK: 7}.get(grain)
        last = found[-1]
        found.append(last + timedelta(days=step) if step else (last.replace(day=1) + timedelta(days=32)).replace(day=1))
    return found


def naive(world: World, names: Names, query: RetentionQuery, zone: str) -> dict[date, list[int]]:
    """Of each cohort that has visitors, how many were there by periods later."""
    there = defaultdict(set)
    for one in world.sessions:
        counts = one["opened"] and one["merged_into"] is None and one["source"] == 1 and not one["is_bot"]
        counts = counts and one["visitor_id"] is not None and one["started_at_ms"] < AS_OF_MS
        counts = counts and (one["user_messages"] > 0 or not query.engaged_only)
        if counts and holds(query.base.where, world, names, "sessions", one):
            there[one["visitor_id"]].add(period_of(one["started_at_ms"], zone, query.grain))
    found: dict[date, list[int]] = {}
    for visitor, visited in there.items():
        cohort = period_of(world.first_seen[visitor], zone, query.grain)
        if cohort in visited:
            row = found.setdefault(cohort, [0] * (query.periods + 1))
            for later, period in enumerate(periods_after(cohort, query.periods, query.grain)):
                row[later] += period in visited
    return found


@pytest.mark.parametrize("seed", range(300, 306))
async def test_cohorts_equal_plain_loops(facts: Facts, copies: Copies, seed: int) -> None:
    await facts.chatbot(2)
    await facts.chatbot(3)
    world = await settle(facts, seed, size=60)
    names = Names({kind: await facts.labels(kind, *texts) for kind, texts in LABELS.items()})
    dice = random.Random(seed)
    were_there = 0
    for grain in (Grain.DAY, Grain.DAY, Grain.DAY, Grain.WEEK, Grain.MONTH):
        zone = dice.choice(ZONES)
        start = NOON_MS - 6 * DAY_MS + dice.randint(0, 40) * HOUR_MS
        filtered = grain is not Grain.MONTH and dice.random() < 0.6
        where = {"where": random_filter(dice, names, ["channel", "model", "country"])} if filtered else {}
        base = MetricQuery(
            metrics=(COHORT_METRIC,),
            range=Moments(start, start + dice.randint(20, 150) * HOUR_MS),
            time_zone=zone,
            **where,  # type: ignore[arg-type]
        )
        query = RetentionQuery(base=base, grain=grain, periods=dice.randint(1, 5), engaged_only=dice.random() < 0.5)
        table = await ask_both(facts, copies, query, AS_OF_MS)
        expected = naive(world, names, query, zone)
        check(table, expected, query, zone)
        were_there += sum(sum(row) for row in expected.values())
    assert were_there


def check(table: RetentionTable, expected: dict[date, list[int]], query: RetentionQuery, zone: str) -> None:
    last = period_of(AS_OF_MS - 1, zone, query.grain)
    over = [[0, 0] for _ in range(query.periods + 1)]
    for cohort in table.cohorts:
        first = period_of(cohort.period.from_ms, zone, query.grain)
        assert period_of(cohort.period.to_ms, zone, query.grain) == periods_after(first, 1, query.grain)[1]
        row = expected.get(first, [0] * (query.periods + 1))
        for later, period in enumerate(periods_after(first, query.periods, query.grain)):
            found = cohort.returned[later]
            if period > last:
                assert (found.status, found.visitors) == (Status.NOT_APPLICABLE, None)
                continue
            assert (found.visitors, found.of) == (row[later], row[0])
            assert found.share == (row[later] / row[0] if row[0] else None)
            assert found.complete == (period < last)
            if found.complete:
                over[later][0] += row[later]
                over[later][1] += row[0]
    assert [[one.visitors or 0, one.of or 0] for one in table.together] == over


async def test_new_to_a_chatbot_goes_by_its_own_first_sessions(facts: Facts, copies: Copies) -> None:
    """A visitor whom another chatbot knew for long is new here; without one chatbot there is nothing to be new to."""
    await facts.sessions(*(a_session(visitor_id=1, started_at_ms=at) for at in (NOON_MS, NOON_MS + DAY_MS)))
    await facts.visitors({1: NOON_MS - 90 * DAY_MS})
    await facts.visitors_of_chatbot({(1, 1): NOON_MS})
    at = Moments(NOON_MS, NOON_MS + 1)
    base = MetricQuery(metrics=(COHORT_METRIC,), range=at, new_to=NewTo.CHATBOT, where=In("chatbot", ("bot-1",)))
    query = RetentionQuery(base=base, grain=Grain.DAY, periods=2)
    table = await ask_both(facts, copies, query, NOON_MS + 30 * DAY_MS)
    assert [[found.visitors for found in cohort.returned] for cohort in table.cohorts] == [[1, 1, 0]]
    everywhere = replace(query, base=replace(base, new_to=NewTo.WORKSPACE))
    table = await ask_both(facts, copies, everywhere, NOON_MS + 30 * DAY_MS)
    assert [[found.visitors for found in cohort.returned] for cohort in table.cohorts] == [[0, 0, 0]]
    with pytest.raises(Refused, match="needs one chatbot"):
        replace(base, where=MetricQuery(metrics=(), range=at).where)


async def test_a_limited_key_is_told_of_nobody_in_particular(facts: Facts, copies: Copies) -> None:
    """Of 12 new visitors 7 come back the day after and 2 on the third: fewer than 5 are hidden, as are fewer than 5
    who stay away, and the curve beside them."""
    returning = {1: range(7), 2: range(2), 3: range(10)}
    rows = [
        a_session(visitor_id=visitor + 1, started_at_ms=NOON_MS + later * DAY_MS)
        for later, some in {0: range(12), **returning}.items()
        for visitor in some
    ]
    await facts.sessions(*rows)
    await facts.visitors({number: NOON_MS for number in range(1, 13)})
    await facts.visitors_of_chatbot({(number, 1): NOON_MS for number in range(1, 13)})
    base = MetricQuery(metrics=(COHORT_METRIC,), range=Moments(NOON_MS, NOON_MS + 1), among=frozenset({1}))
    query = RetentionQuery(base=base, grain=Grain.DAY, periods=4)
    table = await ask_both(facts, copies, query, NOON_MS + 30 * DAY_MS)
    assert [found.visitors for found in table.cohorts[0].returned] == [12, 7, None, None, 0]
    assert [found.status for found in table.together] == [
        *(Status.OK, Status.OK, Status.SUPPRESSED, Status.SUPPRESSED, Status.OK)
    ]
    everything = replace(query, base=replace(base, among=None, new_to=NewTo.WORKSPACE))
    table = await ask_both(facts, copies, everything, NOON_MS + 30 * DAY_MS)
    assert [found.visitors for found in table.cohorts[0].returned] == [12, 7, 2, 10, 0]
