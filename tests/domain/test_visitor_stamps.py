"""R6 and R32.14: which sessions an identify re-stamps."""

import pytest

from domain.facts import IdentifyRecord
from domain.visitors import stamp
from tests.domain.dialogue import DAY, Reading, ended, event, user


def identify(minutes: float, visitor: str = "v", known: str = "anna", **fields: object) -> dict[str, object]:
    return event("identify", minutes, visitorId=visitor, userId=known, **fields)


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(-5, "anna"), (0, "anna"), (29.999, "anna"), (30, "v"), (60, "v")],
    ids=["before it began", "at its start", "while open", "at its close", "after it"],
)
def test_identify_reaches_the_open_session_and_later_ones(minutes: float, expected: str) -> None:
    assert Reading(user(0, visitorId="v"), identify(minutes)).visitors == [expected]


def test_an_ended_session_is_closed() -> None:
    assert Reading(user(0, visitorId="v"), ended(1), identify(2)).visitors == ["v"]


def test_relink_reaches_earlier_sessions_too() -> None:
    assert Reading(user(0, visitorId="v"), identify(DAY, relink=True)).visitors == ["anna"]


def test_identify_reaches_open_sessions_on_all_chatbots() -> None:
    other = user(0, visitorId="v", chatbotId="desk")
    assert Reading(user(0, visitorId="v"), other, identify(1)).visitors == ["anna", "anna"]


def test_the_latest_identify_counts() -> None:
    assert Reading(user(0, visitorId="v"), identify(2, known="bert"), identify(1)).visitors == ["bert"]


def test_a_known_visitor_may_become_known_again() -> None:
    assert Reading(user(0, visitorId="v"), identify(1), identify(2, "anna", "bert")).visitors == ["bert"]


def test_another_visitor_is_not_concerned() -> None:
    assert Reading(user(0, visitorId="w"), identify(1)).visitors == ["w"]


def test_traits_fill_what_the_session_left_open() -> None:
    session = user(0, visitorId="v", context={"userType": "guest"})
    named = identify(1, userType="customer", authenticated=True)
    told = Reading(session, named).told[0]["context"]
    assert (told["userType"], told["authenticated"]) == ("guest", True)


def test_what_is_told_by_the_known_name_finds_the_session() -> None:
    goal = event("goal", 5, visitorId="anna", goal="paid")
    assert Reading(user(0, visitorId="v"), identify(1), goal).figures["goal_completions"] == 1


def test_stamp_without_identifies() -> None:
    assert stamp(7, 100, []) == 7


def test_stamp_in_order_of_time_and_id() -> None:
    def told(event_id: str, known: int) -> IdentifyRecord:
        return IdentifyRecord(
            event_id=event_id,
            chatbot_id=1,
            session_id=None,
            occurred_at_ms=5,
            received_at_ms=5,
            visitor_id=7,
            known_visitor_id=known,
        )

    assert stamp(7, 100, [told("b", 9), told("a", 8)]) == 9
