"""Which windows and buckets may still change, beside a plain look at every session that waits."""

import random

import pytest

from domain.metrics.catalogue import METRICS
from domain.queries.cells import CellKey
from domain.queries.filters import EVERYTHING, Codes, In
from domain.queries.pending import Pending, pending_cells
from domain.queries.plan import make_plan
from domain.queries.query import Comparison, MetricQuery, Part
from domain.queries.scope import Awaited, KnownChatbot, Rates, Scope
from domain.queries.table import Reading, Status
from domain.time import DAY_MS, HOUR_MS, Grain, Moments, Window, Zone

START = 20_000 * DAY_MS
SESSIONS = METRICS["sessions"]


def shown(waiting: list[Awaited], *, where_one: bool) -> tuple[list[tuple[CellKey, Window]], dict[CellKey, Status]]:
    chatbots = tuple(KnownChatbot(number, f"bot-{number}", "", frozenset()) for number in (1, 2))
    scope = Scope(
        Zone("Asia/Kathmandu"),
        Rates("USD", {}),
        chatbots,
        Codes({"bot-1": 1, "bot-2": 2}, {}),
        awaited=tuple(waiting),
    )
    query = MetricQuery(
        metrics=("sessions",),
        range=Moments(START, START + 3 * DAY_MS + HOUR_MS // 2),
        grain=Grain.HOUR,
        compare=Comparison.PREVIOUS_PERIOD,
        parts=frozenset({Part.TOTALS, Part.SERIES}),
        where=In("chatbot", ("bot-1",)) if where_one else EVERYTHING,
    )
    plan = make_plan(query, scope, START + 4 * DAY_MS)
    pending = pending_cells(plan)
    cells = [(CellKey(window), plan.windows[window]) for window in (0, 1)]
    cells += [
        (CellKey(window, index), Window(bucket.from_ms, bucket.to_ms))
        for window in (0, 1)
        for index, bucket in enumerate(plan.buckets[window])
    ]
    reading = Reading(SESSIONS, 1)
    return cells, {key: (pending.shown(key, reading) if pending else reading).status for key, _ in cells}


@pytest.mark.parametrize("seed", range(30))
def test_a_cell_waits_for_the_sessions_that_were_there(seed: int) -> None:
    dice = random.Random(seed)
    waiting = []
    for _ in range(dice.choice((0, 1, 3, 20))):
        first = START + dice.randint(-5 * DAY_MS, 5 * DAY_MS)
        # On the edges too: a bucket begins with its first moment and ends before the next one's.
        first -= first % (15 * 60_000) if dice.random() < 0.5 else 0
        length = dice.choice((0, 15 * 60_000, HOUR_MS, DAY_MS))
        waiting.append(Awaited(dice.choice((None, 1, 2)), first, first + length))
    where_one = dice.random() < 0.5
    cells, found = shown(waiting, where_one=where_one)
    among = [one for one in waiting if not where_one or one.chatbot_id in (None, 1)]
    for key, window in cells:
        there = any(one.first_ms < window.to_ms and one.last_ms >= window.from_ms for one in among)
        assert found[key] is (Status.PENDING if there else Status.OK), key


@pytest.mark.parametrize("status", Status)
def test_only_what_has_a_value_is_pending(status: Status) -> None:
    pending = Pending(windows=(True,), buckets=((),))
    found = pending.shown(CellKey(0), Reading(SESSIONS, None, status, "for another reason")).status
    assert found is (Status.PENDING if status in (Status.OK, Status.PARTIAL) else status)
