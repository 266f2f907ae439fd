"""R9, R32.3 and R32.4: what makes an answer a fallback, what leaves it unanswered."""

from typing import Any

import pytest

from domain.answers import all_failed, normalised, union
from tests.domain.dialogue import NOON, Reading, bot, event, user
from tests.naive.world import Settings, World

LISTS = Settings(
    failure_phrases=frozenset({"Sorry, I don't know."}),
    failure_actions=frozenset({"fallback"}),
    uncertain_phrases=frozenset({"I am not sure"}),
)
LISTED = World(settings={"shop": [LISTS]})


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ((True, None), True),
        ((True, False), True),
        ((False, None), False),
        ((False, False), False),
        ((None, None), None),
    ],
)
def test_union(flags: tuple[bool | None, ...], expected: bool | None) -> None:
    assert union(*flags) is expected


@pytest.mark.parametrize(
    ("told", "fallback", "unanswered"),
    [
        ({}, None, None),
        ({"confidence": 0.7}, False, False),
        ({"confidence": 0.699999}, True, True),
        ({"confidence": 0.2, "lowConfidence": False}, True, False),
        ({"confidence": 0.9, "lowConfidence": True}, False, True),
        ({"genericFailure": True}, True, True),
        ({"uncertain": True}, True, None),
        ({"retrievalFailed": True}, None, True),
        ({"outOfScope": True}, None, True),
        ({"outOfScope": False}, None, False),
        ({"genericFailure": False, "outOfScope": True}, False, True),
    ],
    ids=str,
)
def test_flags_of_an_answer(told: dict[str, Any], fallback: bool | None, unanswered: bool | None) -> None:
    assert Reading(user(0), bot(1, told)).answers() == [(fallback, unanswered)]


@pytest.mark.parametrize(
    ("text", "told", "expected"),
    [
        ("sorry,  I DON'T know!", {}, (True, True)),
        ("Sorry, I don't know. Anything else?", {}, (False, False)),
        ("I am not sure…", {}, (True, False)),
        ("It arrives tomorrow.", {"action": "fallback"}, (True, True)),
        ("Sorry, I don't know.", {"genericFailure": False}, (False, False)),
        (None, {"action": "lookup"}, (False, False)),
        (None, {}, (None, None)),
    ],
    ids=["phrase", "only part of the text", "uncertain phrase", "action", "the bot knows better", "other action", "-"],
)
def test_the_list_speaks_where_the_bot_sends_no_flag(
    text: str | None, told: dict[str, Any], expected: tuple[bool | None, bool | None]
) -> None:
    assert Reading(user(0), bot(1, told, text=text), world=LISTED).answers() == [expected]


def test_thresholds_are_two_settings_with_history() -> None:
    noon_ms = int(NOON.timestamp() * 1000)
    later = Settings(since_ms=noon_ms + 120_000, unanswered_below=0.5, fallback_below=0.95)
    world = World(settings={"shop": [Settings(), later]})
    said = {"confidence": 0.6}

    assert Reading(user(0), bot(1, said), bot(2, said), world=world).answers() == [(True, True), (True, False)]


@pytest.mark.parametrize(
    ("retrievals", "unanswered"),
    [
        ([{"hits": 0}], True),
        ([{"error": True}], True),
        ([{"hits": 3, "topScore": 0.4, "threshold": 0.5}], True),
        ([{"hits": 3, "topScore": 0.5, "threshold": 0.5}], False),
        ([{"hits": 0}, {"hits": 2}], False),
        ([{}], None),
    ],
    ids=["no hits", "error", "under the threshold", "at the threshold", "a second one found", "told nothing"],
)
@pytest.mark.parametrize("named", [None, "a", "q"], ids=["by time", "naming the answer", "naming the question"])
@pytest.mark.parametrize("late", [False, True], ids=["before the answer", "told after it"])
def test_retrieval_failed_comes_from_retrieval_events(
    retrievals: list[dict[str, Any]], unanswered: bool | None, named: str | None, late: bool
) -> None:
    told = [event("retrieval", 1, sessionId="s", messageId=named, **one) for one in retrievals]
    asked, answered = user(0, messageId="q"), bot(2, messageId="a")

    reading = Reading(asked, answered, *told) if late else Reading(*told, asked, answered)

    assert reading.answers() == [(None, unanswered)]


def test_a_retrieval_counts_for_one_answer_only() -> None:
    empty = event("retrieval", 1, hits=0)
    assert Reading(user(0), empty, bot(2), bot(3)).answers() == [(None, True), (None, None)]


def test_all_failed() -> None:
    assert [all_failed([]), all_failed([None]), all_failed([None, True]), all_failed([True, False])] == [
        None,
        None,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("  Hello,   WORLD!! ", "hello, world"), ("«Straße»", "strasse"), ("ﬁne", "fine"), ("…", ""), ("", "")],
)
def test_normalised(text: str, expected: str) -> None:
    assert normalised(text) == expected


def test_an_answer_event_is_the_same_as_details_in_the_message() -> None:
    told = {"confidence": 0.4, "outOfScope": False}
    apart = event("answer", 1, sessionId="s", messageId="a", answer=told)

    for events in ([user(0), bot(1, messageId="a"), apart], [apart, user(0), bot(1, messageId="a")]):
        assert Reading(*events).answers() == Reading(user(0), bot(1, told)).answers() == [(True, True)]


def test_the_latest_telling_of_an_answer_counts() -> None:
    first = event("answer", 2, sessionId="s", messageId="a", answer={"confidence": 0.1})
    second = event("answer", 3, sessionId="s", messageId="a", answer={"confidence": 0.9})
    dialogue = [user(0), bot(1, {"confidence": 0.2}, messageId="a")]

    assert Reading(*dialogue, second, first).answers() == [(False, False)]


@pytest.mark.parametrize(
    ("events", "answers"),
    [
        ([bot(0), user(1)], 0),
        ([user(0), bot(1), bot(2)], 2),
        ([user(0), bot(1, proactive=True)], 0),
        ([bot(0, {"action": "greet"}), user(1)], 1),
        ([user(0), event("message", 1, role="HUMAN"), event("message", 2, role="SYSTEM")], 0),
    ],
    ids=["greeting", "two replies", "proactive", "declared an answer", "people and system"],
)
def test_what_is_an_answer(events: list[dict[str, Any]], answers: int) -> None:
    assert Reading(*events).figures["answers"] == answers
