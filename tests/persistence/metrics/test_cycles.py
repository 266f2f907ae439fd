"""Figures by hour and day of the week: equal to plain loops over the rows, and the same from both engines."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.cycles import Cycle, count_occurrences
from domain.queries.query import Part
from domain.queries.table import MetricTable
from domain.time import Window, Zone
from tests.persistence.metrics.conftest import Ask
from tests.persistence.metrics.facts import HOUR_MS, Facts
from tests.persistence.metrics.naive import Row, cell
from tests.persistence.metrics.naive_events import EVERY_DEFINITION
from tests.persistence.metrics.test_against_naive import KINDS, Case, Names, assert_equal, is_of_the_moment
from tests.persistence.metrics.worlds import AS_OF_MS, LABELS, settle

MINUTE_MS = 60_000
TIMES = {
    "sessions": "started_at_ms",
    "runs": "started_at_ms",
    "questions": "question_at_ms",
    "exits": "last_step_at_ms",
}
ZONES = ("UTC", "Asia/Kathmandu", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Chatham")


def place(at_ms: int, cycle: Cycle, zone: str) -> tuple[int | None, int | None]:
    wall = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)).astimezone(ZoneInfo(zone))
    weekday = None if cycle is Cycle.HOUR_OF_DAY else wall.isoweekday()
    return weekday, None if cycle is Cycle.DAY_OF_WEEK else wall.hour


def check(case: Case, cycle: Cycle, table: MetricTable) -> None:
    assert table.cells is not None
    for index, wanted in enumerate(cycle.cells):

        def kept(kind: str, row: Row, wanted: tuple[int | None, int | None] = wanted) -> bool:
            at_ms = row[TIMES.get(kind, "occurred_at_ms")]
            return place(at_ms, cycle, case.zone) == wanted and case.keep(None)(kind, row)

        found = cell(case.world, table.window.from_ms, table.window.to_ms, AS_OF_MS, kept)
        for name in case.metrics:
            if not is_of_the_moment(name):
                expected = EVERY_DEFINITION[name](found)
                assert_equal(table.series[name].now[index].value, expected, f"{wanted} {name}")


@pytest.mark.parametrize("seed", range(200, 203))
async def test_cells_equal_plain_loops(facts: Facts, ask: Ask, ask_copy: Ask, seed: int) -> None:
    await facts.chatbot(2)
    await facts.chatbot(3)
    world = await settle(facts, seed, size=40)
    names = Names({kind: await facts.labels(kind, *texts) for kind, texts in LABELS.items()})
    for cycle in Cycle:
        case = Case(world, names, seed * 1_000)
        case.split = ()
        asked = {
            "range": replace(case.range, to_ms=case.range.to_ms + seed % 3 * 20 * MINUTE_MS),
            "where": case.where,
            "time_zone": case.zone,
            "cycle": cycle,
            "parts": frozenset({Part.SERIES}),
            "now_ms": AS_OF_MS,
        }
        table = await ask(*case.metrics, **asked)
        assert await ask_copy(*case.metrics, **asked) == table
        check(case, cycle, table)
    assert set(KINDS.values()) >= set(TIMES) - {"exits"}


@given(
    zone=st.sampled_from(ZONES),
    start=st.integers(0, 40_000_000).map(lambda minutes: minutes * MINUTE_MS),
    minutes=st.integers(1, 4_000),
    cycle=st.sampled_from(Cycle),
    future=st.integers(0, 1_000),
)
@example(zone="Europe/Berlin", start=1_774_738_800_000, minutes=3_000, cycle=Cycle.HOUR_OF_WEEK, future=0)
@example(zone="Australia/Lord_Howe", start=1_743_800_400_000, minutes=3_000, cycle=Cycle.HOUR_OF_WEEK, future=0)
@example(zone="Australia/Lord_Howe", start=1_775_299_980_000, minutes=6_000, cycle=Cycle.DAY_OF_WEEK, future=0)
def test_occurrences_equal_a_walk_through_the_minutes(
    zone: str, start: int, minutes: int, cycle: Cycle, future: int
) -> None:
    """Every minute of the range adds its share of the local hour or day that it lies in."""
    end = start + minutes * MINUTE_MS
    as_of = end - future * MINUTE_MS
    found = count_occurrences(Window(start, end), cycle, Zone(zone), as_of)
    lengths: Counter[tuple[object, object]] = Counter()
    inside: Counter[tuple[object, object]] = Counter()
    begun = 0
    for at in range(start - 26 * HOUR_MS, end + 26 * HOUR_MS, MINUTE_MS):
        wall = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)).astimezone(ZoneInfo(zone))
        begun += wall.minute == 0  # an hour that the clock shows twice from its start is two (R32.12)
        unit: object = wall.date() if cycle is Cycle.DAY_OF_WEEK else (wall.hour, begun)
        key: tuple[object, object] = (place(at, cycle, zone), unit)
        lengths[key] += 1
        if start <= at < min(end, as_of):
            inside[key] += 1
    expected: defaultdict[object, float] = defaultdict(float)
    for key, count in inside.items():
        expected[key[0]] += count / lengths[key]
    told = dict(zip(cycle.cells, found.occurrences, strict=True))
    assert {tuple(cell): share for cell, share in told.items() if share} == pytest.approx(dict(expected))

