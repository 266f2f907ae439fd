"""The sessions behind a value: for each, plain loops over its rows alone; together, the value. Both engines agree."""

import random
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from domain.metrics.algebra import OUTSIDE_SESSIONS, Count, Distinct, Quantile, Ratio, Single, Sum, SumMoney
from domain.metrics.catalogue import METRICS
from domain.metrics.metric import Metric, Unit
from domain.problems import Refused
from domain.queries.cases import Case, CasePart, CasesQuery, Explained
from domain.queries.filters import In
from domain.queries.query import MetricQuery, allowed_dimensions
from domain.queries.table import Status
from domain.time import Moments
from domain.vocabulary import Report
from persistence.columns.copies import Copies
from persistence.columns.layout import TABLES
from persistence.metrics.cases import explain_metric
from persistence.tenancy import reading
from tests.persistence.metrics.facts import DAY_MS, NOON_MS, Facts, a_session
from tests.persistence.metrics.naive import Row, World, cell
from tests.persistence.metrics.naive_events import EVERY_DEFINITION
from tests.persistence.metrics.test_against_naive import KINDS, Names, holds, random_filter
from tests.persistence.metrics.worlds import AS_OF_MS, LABELS, settle

RANGE = Moments(NOON_MS - 2 * DAY_MS, NOON_MS + DAY_MS // 2)
SLICES = ("channel", "chatbot", "country", "plan", "visitorKind", "model", "intent")
EXPLAINED = {name: one for name, one in METRICS.items() if not OUTSIDE_SESSIONS.intersection(one.relations)}


class Asker:
    """Asks both engines, page after page."""

    def __init__(self, facts: Facts, copies: Copies) -> None:
        self.facts = facts
        self.copies = copies
        self.columnar = replace(facts.database, columnar=copies)

    async def page(self, query: CasesQuery, *, limit: int = 1_000, after: Case | None = None) -> Explained:
        found = []
        for database in (self.facts.database, self.columnar):
            async with reading(database, self.facts.workspace_id, snapshot=True) as reader:
                key = None if after is None else (after.started_at_ms, after.session_id)
                found.append(
                    await explain_metric(
                        reader, query, now_ms=AS_OF_MS, limit=limit, after=key, with_count=after is None
                    )
                )
        assert found[0] == found[1]
        return found[0]

    async def everything(self, query: CasesQuery, *, limit: int) -> Explained:
        first = await self.page(query, limit=limit)
        cases = list(first.cases)
        while cases and len(more := (await self.page(query, limit=limit, after=cases[-1])).cases):
            cases += more
        return replace(first, cases=tuple(cases))


@pytest.fixture
def asker(facts: Facts, copies: Copies) -> Asker:
    return Asker(facts, copies)


def alone(world: World, session: Row, names: Names, query: CasesQuery) -> Any:
    """The metric over the rows of this one session."""

    def kept(kind: str, row: Row) -> bool:
        return row["session_id"] == session["session_id"] and holds(query.base.where, world, names, kind, row)

    found = cell(world, RANGE.from_ms, RANGE.to_ms, AS_OF_MS, kept)
    return EVERY_DEFINITION[query.metric.name](found)


def adds_as_told(explained: Explained, case: Case, expected: Any) -> None:
    metric, formula = explained.metric, explained.metric.formula
    over, under = explained.numerator(case), explained.denominator(case)
    if metric.unit is Unit.MONEY:
        assert over is None
    elif metric.unit is Unit.BINS:
        assert over == sum(expected)
    elif isinstance(formula, Single) and isinstance(formula.of, Quantile):
        assert over is not None
        assert over >= expected
    elif isinstance(formula, Single):
        assert over == expected
    elif under:
        assert over is not None
        assert over / under == pytest.approx(expected, rel=1e-12)
    else:
        assert expected is None


def sums_up(explained: Explained) -> None:
    """Of what adds up, all sessions together give the value's own parts."""
    metric, formula, told = explained.metric, explained.metric.formula, explained.figure.now
    if metric.unit is not Unit.MONEY and isinstance(formula, Ratio | Single):
        of = formula.numerator if isinstance(formula, Ratio) else formula.of
        if isinstance(of, Count | Sum) and told.numerator is not None:
            assert sum(explained.numerator(case) or 0 for case in explained.cases) == pytest.approx(told.numerator)
    if isinstance(formula, Ratio) and isinstance(formula.denominator, Count | Sum) and told.denominator is not None:
        assert sum(explained.denominator(case) or 0 for case in explained.cases) == told.denominator


def ids_of(cases: Iterable[Case]) -> list[int]:
    return [case.session_id for case in cases]


def check(world: World, names: Names, explained: Explained, query: CasesQuery) -> None:
    started = [(case.started_at_ms, case.session_id) for case in explained.cases]
    assert started == sorted(set(started), reverse=True)
    assert explained.count == len(started)
    listed = {case.session_id: case for case in explained.cases}
    for session in world.sessions:
        expected = alone(world, session, names, query)
        case = listed.get(session["session_id"])
        if case is not None:
            adds_as_told(explained, case, expected)
        elif isinstance(query.metric.formula, Ratio) and not isinstance(query.metric.formula.numerator, SumMoney):
            assert expected is None, f"{query.metric.name} {session}"
        elif query.metric.unit is Unit.BINS:
            assert sum(expected) == 0
        else:
            assert not expected, f"{query.metric.name} {session}"
    sums_up(explained)


async def settled(facts: Facts, copies: Copies, seed: int, size: int) -> tuple[World, Names]:
    await facts.chatbot(2)
    await facts.chatbot(3)
    world = await settle(facts, seed, size=size)
    names = Names({kind: await facts.labels(kind, *texts) for kind, texts in LABELS.items()})
    await copies.load(facts.workspace_id, TABLES)
    return world, names


@pytest.mark.slow
async def test_every_metric_has_its_sessions(facts: Facts, copies: Copies, asker: Asker) -> None:
    world, names = await settled(facts, copies, seed=400, size=30)
    shown = 0
    for name in EXPLAINED:
        query = CasesQuery(MetricQuery(metrics=(name,), range=RANGE))
        explained = await asker.page(query)
        check(world, names, explained, query)
        shown += bool(explained.cases)
    assert shown > len(EXPLAINED) * 3 // 4


@pytest.mark.parametrize("seed", range(401, 403))
async def test_filters_pages_and_parts(facts: Facts, copies: Copies, asker: Asker, seed: int) -> None:
    world, names = await settled(facts, copies, seed=seed, size=40)
    dice = random.Random(seed)
    for name in dice.sample(sorted(EXPLAINED), 10):
        allowed = [one for one in SLICES if one in allowed_dimensions(METRICS[name])]
        where = random_filter(dice, names, allowed)
        query = CasesQuery(MetricQuery(metrics=(name,), range=RANGE, where=where))
        explained = await asker.everything(query, limit=7)
        check(world, names, explained, query)
        if isinstance(query.metric.formula, Ratio):
            upper = await asker.page(replace(query, part=CasePart.NUMERATOR))
            rest = await asker.page(replace(query, part=CasePart.REST))
            assert ids_of(upper.cases) == [case.session_id for case in explained.cases if case.parts[0]]
            assert sorted(ids_of((*upper.cases, *rest.cases))) == sorted(ids_of(explained.cases))
            assert (upper.count, rest.count) == (len(upper.cases), len(rest.cases))


async def test_where_nothing_is_reported_there_is_nothing(facts: Facts, copies: Copies, asker: Asker) -> None:
    await facts.chatbot(2, reports=[Report.FEEDBACK])
    await facts.sessions(*(a_session(chatbot_id=number, goal_completions=1) for number in (1, 2)))
    await copies.load(facts.workspace_id, TABLES)
    base = MetricQuery(metrics=("escalationRate",), range=Moments(NOON_MS, NOON_MS + 1))
    explained = await asker.page(CasesQuery(base))
    assert explained.figure.now.status is Status.PARTIAL
    assert len(explained.cases) == 1
    explained = await asker.page(CasesQuery(replace(base, where=In("chatbot", ("bot-2",)))))
    assert (explained.figure.now.status, explained.cases, explained.count) == (Status.NOT_REPORTED, (), 0)


async def test_a_hidden_value_has_no_list(facts: Facts, copies: Copies, asker: Asker) -> None:
    """A key that sees some chatbots is not told of four people, nor of anybody on other chatbots."""
    await facts.chatbot(2)
    few = [a_session(chatbot_id=1, visitor_id=number) for number in range(4)]
    await facts.sessions(*few, *(a_session(chatbot_id=2, visitor_id=10 + number) for number in range(9)))
    await copies.load(facts.workspace_id, TABLES)
    base = MetricQuery(metrics=("sessions",), range=Moments(NOON_MS, NOON_MS + 1))
    hidden = await asker.page(CasesQuery(replace(base, among=frozenset({1}))))
    assert (hidden.figure.now.status, hidden.cases, hidden.count) == (Status.SUPPRESSED, (), None)
    seen = await asker.page(CasesQuery(replace(base, among=frozenset({2}))))
    assert (len(seen.cases), seen.count) == (9, 9)
    everything = await asker.page(CasesQuery(base))
    assert {case.session_id for case in everything.cases} >= {row["session_id"] for row in few}
    assert everything.count == 13


def test_what_cannot_be_explained_is_refused() -> None:
    outside: Metric = next(one for name, one in METRICS.items() if name not in EXPLAINED)
    with pytest.raises(Refused, match="No sessions stand behind"):
        CasesQuery(MetricQuery(metrics=(outside.name,), range=RANGE))
    with pytest.raises(Refused, match="one part only"):
        CasesQuery(MetricQuery(metrics=("sessions",), range=RANGE), CasePart.REST)
    assert set(KINDS) >= {one.fact_grain.name for one in EXPLAINED.values()} - {"MOMENT"}
    assert any(isinstance(one.formula, Single) and isinstance(one.formula.of, Distinct) for one in EXPLAINED.values())
