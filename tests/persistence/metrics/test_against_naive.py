"""Random worlds and random questions: the answer equals plain loops over the same rows, cell by cell, and is the same
from the database and from the columnar copy."""

import random
from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

import pytest

from domain.dimensions import DIMENSIONS, Closed
from domain.metrics.algebra import Relation
from domain.metrics.catalogue import METRICS
from domain.metrics.spread import Spread, spread_of
from domain.queries.filters import AllOf, AnyOf, Filter, In, InSegment, IsUnknown, NotThis
from domain.queries.query import Comparison, Part, allowed_dimensions
from domain.queries.table import Group, MetricTable, Reading
from domain.time import Grain, Moments
from domain.vocabulary import LabelKind
from tests.persistence.metrics.conftest import Ask
from tests.persistence.metrics.facts import DAY_MS, HOUR_MS, NOON_MS, Facts
from tests.persistence.metrics.naive import Cell, Keep, Row, World, cell, counts, local_bucket
from tests.persistence.metrics.naive_dimensions import frequent_intents, values_of
from tests.persistence.metrics.naive_events import EVERY_DEFINITION
from tests.persistence.metrics.naive_spreads import MEANS, RATIOS, SESSION_COSTS, interval
from tests.persistence.metrics.worlds import AS_OF_MS, CHATBOTS, LABELS, settle

SPLITS = (
    "chatbot", "channel", "device", "plan", "country", "authenticated", "visitorKind", "primaryIntent", "intentVolume",
    "outcome",
    "intent", "topic", "model", "answerSource", "workflow", "step", "operationClass", "tool", "errorClass", "fault",
    "queue", "ticketState", "experiment", "variant", "component",
)  # fmt: skip
KINDS = {
    "SESSION": "sessions",
    "MOMENT": "sessions",
    "MESSAGE": "messages",
    "ANSWER": "answers",
    "QUESTION": "questions",
    "RETRIEVAL": "retrievals",
    "OPERATION": "operations",
    "WORKFLOW_RUN": "runs",
    "WORKFLOW_STEP": "steps",
    "FEEDBACK": "feedback",
    "HANDOFF": "handoffs",
    "TICKET": "tickets",
    "EXPOSURE": "exposures",
    "GOAL_COMPLETION": "goals",
    "LEAD_CAPTURE": "leads",
    "PROBE": "probes",
}
TURNS_OF: dict[frozenset[str], Callable[[World, Row], list[Row]]] = {
    frozenset({"model", "answerSource"}): lambda world, one: world.turns(world.answers, one),
    frozenset({"intent", "topic"}): lambda world, one: [
        message for message in world.turns(world.messages, one) if message["role"] == 1
    ],
    frozenset({"errorClass", "fault"}): lambda world, one: [
        operation for operation in world.turns(world.operations, one) if operation["status"] in (2, 3)
    ],
    frozenset({"experiment", "variant"}): lambda world, one: world.turns(world.exposures, one),
}
"""Pairs of dimensions of one kind of turn: a session falls into a pair of values only if one turn has both."""
_COLUMNS = {"answerSource": "answer_source", "errorClass": "operation_class"}
WITH_INTERVALS = {*MEANS, *RATIOS, *SESSION_COSTS}
ZONES = ("UTC", "America/New_York", "Asia/Kathmandu", "Europe/London", "Pacific/Chatham")


def test_every_metric_has_a_second_definition() -> None:
    assert set(EVERY_DEFINITION) == set(METRICS)
    with_spread = {
        name
        for name, metric in METRICS.items()
        if not metric.is_proportion and isinstance(spread_of(metric.formula), Spread)
    }
    assert with_spread == WITH_INTERVALS


class Names:
    """Between values as the answer names them and as rows hold them."""

    def __init__(self, labels: dict[LabelKind, dict[str, int]]) -> None:
        self.labels = labels

    def raw(self, dimension: str, name: str | None) -> Any:
        if name is None:
            return None
        if dimension == "chatbot":
            return int(name.removeprefix("bot-"))
        if dimension == "authenticated":
            return name == "YES"
        if dimension in ("visitorKind", "outcome"):
            return name
        values = DIMENSIONS[dimension].values
        if isinstance(values, Closed):
            return values.codes[name]
        return self.labels[values.kind][name]  # type: ignore[union-attr]

    def some(self, dimension: str, dice: random.Random) -> tuple[str, ...]:
        values = DIMENSIONS[dimension].values
        if dimension == "chatbot":
            known = [f"bot-{number}" for number in CHATBOTS] + ["bot-9"]
        elif isinstance(values, Closed):
            known = list(values.codes)
        else:
            known = [*self.labels[values.kind], "never seen"]  # type: ignore[union-attr]
        return tuple(dice.sample(known, dice.randint(1, min(3, len(known)))))


def random_filter(dice: random.Random, names: Names, allowed: list[str], depth: int = 2) -> Filter:
    shape = dice.choice(["leaf", "unknown", "all", "any", "not"]) if depth else "leaf"
    match shape:
        case "leaf":
            dimension = dice.choice(allowed)
            return In(dimension, names.some(dimension, dice))
        case "unknown":
            return IsUnknown(dice.choice(allowed))
        case "not":
            return NotThis(random_filter(dice, names, allowed, depth - 1))
        case _:
            parts = tuple(random_filter(dice, names, allowed, depth - 1) for _ in range(2))
            return AllOf(parts) if shape == "all" else AnyOf(parts)


def holds(tree: Filter, world: World, names: Names, kind: str, row: Row) -> bool:
    match tree:
        case In(dimension=dimension, values=wanted):
            known = {value for value in wanted if value not in ("never seen", "bot-9")}
            raw = {names.raw(dimension, value) for value in known}
            return bool(values_of(world, dimension, kind, row, AS_OF_MS) & raw)
        case IsUnknown(dimension=dimension):
            return None in values_of(world, dimension, kind, row, AS_OF_MS)
        case AllOf(parts=parts):
            return all(holds(part, world, names, kind, row) for part in parts)
        case AnyOf(parts=parts):
            return any(holds(part, world, names, kind, row) for part in parts)
        case NotThis(part=part):
            return not holds(part, world, names, kind, row)
        case InSegment():
            raise AssertionError("random filters name no segment")


def possible(tree: Filter, chatbot: str) -> tuple[bool, bool]:
    """Whether the filter can hold, and whether it can fail, for a chatbot; its parts are taken as unrelated."""
    match tree:
        case In(dimension="chatbot", values=wanted):
            return chatbot in wanted, chatbot not in wanted
        case IsUnknown(dimension="chatbot"):
            return False, True
        case In() | IsUnknown():
            return True, True
        case AllOf(parts=parts):
            told = [possible(part, chatbot) for part in parts]
            return all(can for can, _ in told), any(cannot for _, cannot in told)
        case AnyOf(parts=parts):
            told = [possible(part, chatbot) for part in parts]
            return any(can for can, _ in told), all(cannot for _, cannot in told)
        case NotThis(part=part):
            can, cannot = possible(part, chatbot)
            return cannot, can
        case InSegment():
            raise AssertionError("random filters name no segment")


def assert_equal(found: Any, expected: Any, what: str) -> None:
    if isinstance(expected, float) and isinstance(found, float):
        assert found == pytest.approx(expected, rel=1e-12), what
    else:
        assert found == expected, f"{what}: {found} instead of {expected}"


def check_reading(found: Reading, expected: dict[str, Any], what: str) -> None:
    name = found.metric.name if found.metric.name in expected else "satisfaction"
    assert_equal(found.value, expected[name], f"{what} {name}")
    if f"interval of {name}" in expected:
        ends, told = expected[f"interval of {name}"], found.interval
        ends = None if found.value is None else ends
        assert (None if told is None else (told.lower, told.upper)) == (
            None if ends is None else pytest.approx(ends, rel=1e-6, abs=1e-9)
        ), f"{what} {name}"


def metrics_over(cells: dict[str, Cell], metrics: Iterable[str]) -> dict[str, Any]:
    return {name: EVERY_DEFINITION[name](cells[KINDS[METRICS[name].fact_grain.name]]) for name in metrics}


class Case:
    """One random question to one world."""

    def __init__(self, world: World, names: Names, seed: int) -> None:
        self.world, self.names = world, names
        dice = random.Random(seed)
        self.split = tuple(dice.sample(SPLITS, dice.choice((0, 1, 1, 2))))
        if "component" in self.split:
            self.split = dice.choice((("component",), ("component", "chatbot")))
        # What lies outside sessions is asked for apart: the copies do not hold it.
        of_probes = "component" in self.split or (not self.split and dice.random() < 0.2)
        usable = [
            name
            for name, metric in METRICS.items()
            if set(self.split) <= set(allowed_dimensions(metric)) and of_probes == (Relation.PROBE in metric.relations)
        ]
        self.metrics = tuple(dice.sample(usable, min(len(usable), dice.choice((3, 12, len(usable))))))
        allowed = [one for one in SPLITS if all(one in allowed_dimensions(METRICS[name]) for name in self.metrics)]
        self.where: Filter = random_filter(dice, names, allowed) if dice.random() < 0.6 else AllOf(())
        start = NOON_MS - 3 * DAY_MS + dice.randint(0, 48) * HOUR_MS
        self.range = Moments(start, start + dice.randint(1, 60) * HOUR_MS)
        self.zone = dice.choice(ZONES)
        self.grain = dice.choice((Grain.HOUR, Grain.DAY, Grain.WEEK, Grain.MONTH))
        self.limit = dice.choice((1, 2, 20))
        self.compare = dice.choice((None, Comparison.PREVIOUS_PERIOD, Moments(start - DAY_MS, start + DAY_MS)))
        self.world.frequent_intents = frequent_intents(self._sessions_of_the_range())
        self.parts = {Part.TOTALS, Part.SERIES, Part.EXCLUDED}
        if dice.random() < 0.5:
            self.parts.add(Part.INTERVALS)
        if self.split:
            self.parts |= {Part.GROUPS} | ({Part.GROUP_SERIES} if dice.random() < 0.5 else set())

    def _sessions_of_the_range(self) -> list[Row]:
        """Of the chatbots that the filter does not rule out whatever else is true of a session."""
        return [
            session
            for session in self.world.sessions
            if counts(session)
            and self.range.from_ms <= session["started_at_ms"] < self.range.to_ms
            and possible(self.where, f"bot-{session['chatbot_id']}")[0]
        ]

    async def ask(self, ask: Ask) -> MetricTable:
        return await ask(
            *self.metrics,
            range=self.range,
            where=self.where,
            group_by=self.split,
            time_zone=self.zone,
            grain=self.grain,
            compare=self.compare,
            limit=self.limit,
            parts=frozenset(self.parts),
            now_ms=AS_OF_MS,
        )

    def keep(self, combinations: list[tuple[Any, ...]] | None) -> Keep:
        """Rows within the filter and, where given, in one of the groups. Turns of one kind fall into a group
        together, so a pair of them needs one turn with both values."""

        def kept(kind: str, row: Row) -> bool:
            if not holds(self.where, self.world, self.names, kind, row):
                return False
            if combinations is None:
                return self._has_turns(kind, row)
            return bool(self._combinations(kind, row) & set(combinations))

        return kept

    def _has_turns(self, kind: str, row: Row) -> bool:
        return all(values_of(self.world, one, kind, row, AS_OF_MS) for one in self.split)

    def _combinations(self, kind: str, row: Row) -> set[tuple[Any, ...]]:
        together = TURNS_OF.get(frozenset(self.split))
        if together is not None and kind == "sessions":
            return {tuple(turn[_COLUMNS.get(one, one)] for one in self.split) for turn in together(self.world, row)}
        return set(product(*(values_of(self.world, one, kind, row, AS_OF_MS) for one in self.split)))

    def expected(self, start_ms: int, end_ms: int, combinations: list[tuple[Any, ...]] | None) -> dict[str, Any]:
        found = cell(self.world, start_ms, end_ms, AS_OF_MS, self.keep(combinations))
        ends = self.metrics if Part.INTERVALS in self.parts else ()
        return {name: EVERY_DEFINITION[name](found) for name in self.metrics} | {
            f"interval of {name}": interval(name, found) for name in ends if name in WITH_INTERVALS
        }

    def raw_key(self, group: Group) -> tuple[Any, ...]:
        return tuple(self.names.raw(part.dimension.name, part.value) for part in group.key)


def is_of_the_moment(name: str) -> bool:
    return METRICS[name].fact_grain.name == "MOMENT"


def check_totals(case: Case, table: MetricTable) -> None:
    window, before = table.window, table.previous_window
    expected = case.expected(window.from_ms, window.to_ms, None)
    earlier = None if before is None else case.expected(before.from_ms, before.to_ms, None)
    for name in case.metrics:
        figure = table.totals[name]
        check_reading(figure.now, expected, "total")
        if earlier is not None and not is_of_the_moment(name):
            assert figure.previous is not None
            check_reading(figure.previous, earlier, "previous total")


def check_series(case: Case, table: MetricTable) -> None:
    for index, bucket in enumerate(table.buckets):
        inside = local_bucket(bucket.from_ms, case.grain, case.zone)
        assert local_bucket(bucket.to_ms - 1, case.grain, case.zone) == inside
        expected = case.expected(bucket.from_ms, bucket.to_ms, None)
        for name in case.metrics:
            if not is_of_the_moment(name):
                check_reading(table.series[name].now[index], expected, bucket.label)


def check_groups(case: Case, table: MetricTable) -> None:
    if not case.split:
        return
    shown = [case.raw_key(group) for group in table.groups if not group.is_other]
    everything = {
        key
        for kind in dict.fromkeys((*KINDS.values(), "messages", "exits"))
        for row in (case.world.answers if kind == "answers" else getattr(case.world, kind))
        for key in case._combinations(kind, row)
    }
    rest = [key for key in everything if key not in shown]
    for group in table.groups:
        keys = rest if group.is_other else [case.raw_key(group)]
        expected = case.expected(table.window.from_ms, table.window.to_ms, keys)
        for name in case.metrics:
            check_reading(group.figures[name].now, expected, f"group {group.key}")
        for index, bucket in enumerate(table.buckets if Part.GROUP_SERIES in case.parts else ()):
            cells = case.expected(bucket.from_ms, bucket.to_ms, keys)
            for name in case.metrics:
                if not is_of_the_moment(name):
                    check_reading(group.series[name].now[index], cells, f"{bucket.label} of {group.key}")


async def check_world(facts: Facts, ask: Ask, ask_copy: Ask, *, seed: int, size: int, questions: int) -> None:
    await facts.chatbot(2)
    await facts.chatbot(3)
    world = await settle(facts, seed, size=size)
    names = Names({kind: await facts.labels(kind, *texts) for kind, texts in LABELS.items()})
    for number in range(questions):
        case = Case(world, names, seed * 1_000 + number)
        table = await case.ask(ask)
        assert await case.ask(ask_copy) == table
        check_totals(case, table)
        if len(table.buckets) < 80:
            check_series(case, table)
        check_groups(case, table)


@pytest.mark.parametrize("seed", range(3))
async def test_answers_equal_plain_loops(facts: Facts, ask: Ask, ask_copy: Ask, seed: int) -> None:
    await check_world(facts, ask, ask_copy, seed=seed, size=40, questions=10)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 150))
async def test_many_answers_equal_plain_loops(facts: Facts, ask: Ask, ask_copy: Ask, seed: int) -> None:
    await check_world(facts, ask, ask_copy, seed=seed, size=60, questions=20)
