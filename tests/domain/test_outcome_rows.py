"""Each row of R1 with its boundaries."""

from typing import Any

import pytest

from tests.domain.dialogue import DAY, Reading, bot, ended, event, feedback, user
from tests.naive.placing import Wire

GOOD = {"confidence": 0.9}
BAD = {"confidence": 0.2}


def dialogue(*further: Wire, answer: dict[str, Any] | None = None) -> list[Wire]:
    return [user(0), bot(1, GOOD if answer is None else answer, messageId="a"), *further]


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [(1 + 29.9999, "OPEN"), (1 + 30, "RESOLVED_ASSUMED")],
    ids=["just under the idle timeout", "exactly the idle timeout"],
)
def test_open_until_the_idle_timeout(as_of: float, expected: str) -> None:
    assert Reading(*dialogue(), as_of=as_of).outcome == expected


def test_an_end_event_closes_at_once() -> None:
    assert Reading(*dialogue(ended(2)), as_of=2).outcome == "RESOLVED_ASSUMED"


def test_a_message_after_the_end_opens_again() -> None:
    assert Reading(*dialogue(ended(2, resolved=False), user(3)), as_of=4).outcome == "OPEN"


@pytest.mark.parametrize(
    "events",
    [
        [bot(0)],
        [event("session_started", 0)],
        [bot(0), event("handoff", 1, state="PERFORMED")],
        [bot(0), feedback(1, "SOLVED", 1)],
    ],
    ids=["greeting only", "started only", "handed off unasked", "solved unasked"],
)
def test_not_engaged_without_a_user_message(events: list[Wire]) -> None:
    assert Reading(*events).outcome == "NOT_ENGAGED"


@pytest.mark.parametrize(
    "handoff",
    [
        event("handoff", 2, state="PERFORMED", target="AGENT"),
        event("handoff", 2, state="PERFORMED", target="CALLBACK"),
        event("handoff", 2, state="PERFORMED", reason="USAGE_LIMIT"),
        event("ticket", 2, ticketId="t", state="OPENED"),
    ],
    ids=["agent", "callback", "usage limit", "ticket"],
)
def test_escalated_whatever_followed(handoff: Wire) -> None:
    assert Reading(*dialogue(handoff, feedback(3, "SOLVED", 1))).outcome == "ESCALATED"


@pytest.mark.parametrize(
    "signal",
    [
        feedback(2, "SOLVED", 1),
        feedback(2, "THUMBS", 1),
        feedback(2, "THUMBS", 1, sessionId="s", messageId="a"),
        feedback(2, "RATING_1_5", 4),
        feedback(2, "RATING_1_5", 5, sessionId="s", messageId="a"),
        event("workflow_step", 2, workflow="return", runId="r", state="COMPLETED"),
    ],
    ids=["solved", "up-vote", "up-vote on the last answer", "rated 4", "answer rated 5", "workflow completed"],
)
def test_resolved_confirmed_by_a_positive_signal(signal: Wire) -> None:
    assert Reading(*dialogue(signal, answer=BAD)).outcome == "RESOLVED_CONFIRMED"


@pytest.mark.parametrize(
    "signal",
    [
        feedback(2, "SOLVED", 0),
        feedback(2, "THUMBS", 0, sessionId="s", messageId="a"),
        feedback(2, "RATING_1_5", 2),
        user(2, corrects="a"),
        event("workflow_step", 2, workflow="return", runId="r", state="FAILED"),
        event("handoff", 2, state="REQUESTED"),
        event("handoff", 2, state="FAILED"),
        ended(2, resolved=False),
    ],
    ids=["not solved", "down-vote", "rated 2", "corrected", "run failed", "asked", "handoff failed", "end says so"],
)
def test_unresolved_by_a_negative_signal(signal: Wire) -> None:
    assert Reading(*dialogue(signal)).outcome == "UNRESOLVED"


@pytest.mark.parametrize(
    "signal",
    [
        feedback(2, "RATING_1_5", 3),
        feedback(2, "SURVEY", 1),
        feedback(2, "SURVEY", 5),
        event("workflow_step", 2, workflow="return", runId="r", state="CANCELLED"),
        event("goal", 2, goal="read"),
        ended(2, resolved=True),
    ],
    ids=["rated 3", "survey 1", "survey 5", "run cancelled", "a goal that resolves nothing", "end says resolved"],
)
def test_no_signal(signal: Wire) -> None:
    assert Reading(*dialogue(signal)).outcome == "RESOLVED_ASSUMED"


def test_the_latest_signal_counts() -> None:
    down, solved = feedback(2, "THUMBS", 0, sessionId="s", messageId="a"), feedback(3, "SOLVED", 1)
    assert Reading(*dialogue(down, solved)).outcome == "RESOLVED_CONFIRMED"


def test_a_vote_on_an_earlier_answer_is_no_signal() -> None:
    down = feedback(2, "THUMBS", 0, sessionId="s", messageId="a")
    assert Reading(*dialogue(down, user(3), bot(4, GOOD))).outcome == "RESOLVED_ASSUMED"


def test_a_correction_answered_well_is_no_signal() -> None:
    assert Reading(*dialogue(user(2, corrects="a"), bot(3, GOOD))).outcome == "RESOLVED_ASSUMED"


def test_a_positive_signal_goes_before_an_end_that_says_unresolved() -> None:
    assert Reading(*dialogue(feedback(2, "SOLVED", 1), ended(3, resolved=False))).outcome == "RESOLVED_CONFIRMED"


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ([], "TIMED_OUT"),
        ([ended(3, "CHANNEL", reason="CHANNEL_LIMIT")], "TIMED_OUT"),
        ([ended(3, "SYSTEM", reason="IDLE")], "TIMED_OUT"),
        ([ended(3, "USER")], "ABANDONED"),
    ],
    ids=["idle", "channel limit", "end event for idleness", "left by the user"],
)
def test_timed_out_while_the_bot_owes_a_reply(end: list[Wire], expected: str) -> None:
    assert Reading(*dialogue(user(2), *end)).outcome == expected


def test_timed_out_while_a_workflow_run_is_open() -> None:
    step = event("workflow_step", 1, workflow="return", runId="r", state="REACHED", step="address")
    assert Reading(*dialogue(step)).outcome == "TIMED_OUT"


def test_silence_after_an_answer_is_no_timeout() -> None:
    """Item 264."""
    assert Reading(*dialogue()).outcome == "RESOLVED_ASSUMED"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({}, "RESOLVED_ASSUMED"),
        ({"confidence": 0.7}, "RESOLVED_ASSUMED"),
        ({"confidence": 0.699999}, "ABANDONED"),
        ({"outOfScope": True}, "ABANDONED"),
        ({"uncertain": True}, "ABANDONED"),
    ],
    ids=["flags unknown", "exactly 0.70", "just under 0.70", "unanswered", "fallback"],
)
def test_assumed_needs_an_answer_that_is_neither_unanswered_nor_fallback(
    answer: dict[str, object], expected: str
) -> None:
    assert Reading(*dialogue(answer=answer)).outcome == expected


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(1 + DAY - 0.001, "ABANDONED"), (1 + DAY, "RESOLVED_ASSUMED")],
    ids=["just under 24 h", "exactly 24 h"],
)
def test_assumed_unless_the_visitor_returns_within_a_day(minutes: float, expected: str) -> None:
    first = [user(0, visitorId="v"), bot(1, GOOD)]
    again = [user(minutes, sessionId="later", visitorId="v")]
    assert dict(zip(["later", "s"], Reading(*first, *again).outcomes, strict=True))["s"] == expected


@pytest.mark.parametrize(
    ("as_of", "provisional"),
    [(1 + DAY - 0.001, True), (1 + DAY, False)],
    ids=["window still runs", "window over"],
)
def test_assumed_is_provisional_while_the_visitor_may_return(as_of: float, provisional: bool) -> None:
    assert Reading(*dialogue(), as_of=as_of).is_provisional is provisional


def test_confirmed_is_never_provisional() -> None:
    assert not Reading(*dialogue(feedback(2, "SOLVED", 1)), as_of=60).is_provisional


def test_a_person_who_replies_takes_the_question_over() -> None:
    """The bot owes nothing any more, nor did it answer."""
    assert Reading(user(0), event("message", 1, role="HUMAN")).outcome == "ABANDONED"
