"""R32.2: what counts as a return."""

import pytest

from domain.contacts import Contact, next_contacts
from tests.domain.dialogue import DAY, Reading, bot, ended, event, user
from tests.naive.placing import Wire

FIRST = [user(0, visitorId="v"), bot(1)]


def outcome_after(*again: Wire) -> str:
    reading = Reading(*FIRST, *again)
    return next(str(session["outcome"]) for session in reading.told if session["name"] == "s")


@pytest.mark.parametrize(
    ("again", "expected"),
    [
        ([user(90, sessionId="x", visitorId="v")], "ABANDONED"),
        ([user(90, sessionId="x", visitorId="w")], "RESOLVED_ASSUMED"),
        ([user(90, sessionId="x", visitorId="v", chatbotId="desk")], "RESOLVED_ASSUMED"),
        ([bot(90, sessionId="x", visitorId="v")], "RESOLVED_ASSUMED"),
        ([user(90, sessionId="x", visitorId="v", context={"source": "EVAL"})], "RESOLVED_ASSUMED"),
        ([user(90, sessionId="x", visitorId="v", context={"isBot": True})], "RESOLVED_ASSUMED"),
        ([user(0, sessionId="x", visitorId="v")], "RESOLVED_ASSUMED"),
        ([user(0.5, sessionId="x", visitorId="v")], "ABANDONED"),
        ([user(1 + DAY, sessionId="x", visitorId="v")], "RESOLVED_ASSUMED"),
    ],
    ids=[
        "same visitor",
        "another visitor",
        "another chatbot",
        "not engaged",
        "an evaluation",
        "a crawler",
        "started at the same moment",
        "started while the first still ran",
        "exactly a day later",
    ],
)
def test_return(again: list[Wire], expected: str) -> None:
    assert outcome_after(*again) == expected


def test_a_visitor_known_by_another_name_returns() -> None:
    named = event("identify", 5, visitorId="v", userId="anna")
    assert outcome_after(named, user(90, sessionId="x", visitorId="anna")) == "ABANDONED"


def test_a_sooner_session_that_does_not_count_hides_no_return() -> None:
    greeting, question = bot(60, sessionId="x", visitorId="v"), user(90, sessionId="y", visitorId="v")
    assert outcome_after(greeting, ended(61, sessionId="x"), question) == "ABANDONED"


def test_next_contacts_of_a_window() -> None:
    contacts = [Contact(4, 40, True), Contact(2, 20, True), Contact(3, 20, False), Contact(1, 10, True)]

    assert next_contacts(contacts) == {1: 20, 2: 40, 3: 40, 4: None}
