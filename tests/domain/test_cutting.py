"""R2 and R32.8: where a thread is cut, and which id survives."""

import pytest

from domain.cutting import Cut, Mark, Span, cut_thread, session_at
from tests.domain.dialogue import Reading, bot, ended, event, feedback, user
from tests.naive.placing import Wire
from tests.naive.world import Settings, World

IDLE_MS = 1_800_000


def starts(*events: Wire, world: World | None = None) -> list[int]:
    """Minutes after noon."""
    reading = Reading(*events, world=world)
    first = min(session["start_ms"] for session in reading.told)
    return [(session["start_ms"] - first) // 60_000 for session in reading.told]


@pytest.mark.parametrize(
    ("gap", "expected"), [(29.999, [0]), (30, [0, 30])], ids=["just under the timeout", "exactly the timeout"]
)
def test_a_gap_of_the_idle_timeout_cuts(gap: float, expected: list[int]) -> None:
    assert starts(user(0, threadId="t"), bot(gap, threadId="t")) == expected


def test_an_end_event_cuts() -> None:
    assert starts(user(0, threadId="t"), ended(1, threadId="t"), user(2, threadId="t")) == [0, 2]


def test_a_session_of_the_bots_own_is_never_cut() -> None:
    assert starts(user(0), ended(1), user(500)) == [0]


def test_feedback_bridges_no_gap() -> None:
    assert starts(user(0, threadId="t"), feedback(20, "SOLVED", 1, threadId="t"), user(40, threadId="t")) == [0, 40]


def test_a_session_start_extends_a_thread() -> None:
    assert starts(user(0, threadId="t"), event("session_started", 20, threadId="t"), user(40, threadId="t")) == [0]


def test_the_timeout_in_force_at_the_earlier_message_decides() -> None:
    noon = 1_773_144_000_000
    world = World(settings={"shop": [Settings(), Settings(since_ms=noon + 60_000, idle_timeout_ms=600_000)]})
    assert starts(user(0, threadId="t"), user(20, threadId="t"), user(30, threadId="t"), world=world) == [0, 30]


def test_a_late_message_joins_two_sessions_and_the_earlier_id_survives() -> None:
    reading = Reading(user(0, threadId="t"), user(40, threadId="t"), user(20, threadId="t"))

    first, second = reading.memory.facts[1], reading.memory.facts[2]
    assert first.user_messages == 3
    assert second.merged_into == 1
    assert not second.opened


def test_the_session_earlier_in_time_survives_also_when_it_came_second() -> None:
    reading = Reading(user(40, threadId="t"), user(0, threadId="t"), user(20, threadId="t"))

    assert [fact.session_id for fact in reading.memory.sessions] == [2]
    assert reading.memory.facts[1].merged_into == 2


def test_a_late_end_event_splits_a_session_and_the_first_part_keeps_the_id() -> None:
    reading = Reading(user(0, threadId="t"), user(20, threadId="t"), ended(10, threadId="t"))

    assert [(fact.session_id, fact.user_messages) for fact in reading.memory.sessions] == [(1, 1), (2, 1)]


def cut(*marks: Mark) -> Cut:
    return cut_thread(marks, lambda _: IDLE_MS)


def test_an_end_before_the_first_message_belongs_nowhere() -> None:
    end, message = Mark(0, "a", ends=True), Mark(5, "b")

    found = cut(message, end)

    assert found.loose == [end]
    assert [segment.marks for segment in found.segments] == [[message]]


def test_of_three_joined_sessions_two_are_merged() -> None:
    marks = [Mark(0, "a", session_id=7), Mark(9, "b", session_id=3), Mark(18, "c", session_id=5)]

    found = cut(*marks)

    assert [segment.session_id for segment in found.segments] == [7]
    assert found.merged == {3: 7, 5: 7}


def test_messages_of_one_moment_are_ordered_by_id() -> None:
    found = cut(Mark(0, "b"), Mark(0, "a", ends=True), Mark(0, "c"))

    assert [[mark.event_id for mark in segment.marks] for segment in found.segments] == [["b", "c"]]


SPANS = [Span(1, 0, 100, "a"), Span(2, 10, 20, "b"), Span(3, 500, 600, "c")]


@pytest.mark.parametrize(
    ("at_ms", "expected"),
    [(-1, None), (0, 1), (15, 2), (50, 1), (100, 1), (101, 1), (499, 1), (500, 3), (9_000, 3)],
)
def test_what_goes_by_time_goes_to_the_session_that_contains_or_last_precedes_it(
    at_ms: int, expected: int | None
) -> None:
    assert session_at(SPANS, at_ms) == expected
