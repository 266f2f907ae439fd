"""Figures of a session: waiting, feedback, hand-offs, costs, context."""

from typing import Any

import pytest

from domain.evidence import survey_satisfied
from domain.vocabulary import HandoffReason, HandoffTarget
from tests.domain.dialogue import Reading, bot, ended, event, feedback, ms, user
from tests.naive.placing import Wire
from tests.naive.world import World


def told(events: list[Wire], *names: str) -> list[Any]:
    figures = Reading(*events).figures
    return [figures[name] for name in names]


@pytest.mark.parametrize(
    ("events", "replies", "waited"),
    [
        ([user(0), bot(1)], 1, 60_000),
        ([user(0), user(1), bot(2)], 1, 120_000),
        ([user(0), bot(1), bot(2)], 1, 60_000),
        ([bot(0), user(1), bot(2)], 1, 60_000),
        ([user(0), bot(1, proactive=True), bot(2)], 1, 120_000),
        ([user(0), event("message", 1, role="HUMAN"), bot(2)], 0, 0),
        ([user(0), bot(2, firstByteAt="2026-03-10T12:00:30Z")], 1, 30_000),
        ([user(1), bot(2, firstByteAt="2026-03-10T12:00:30Z")], 1, 0),
    ],
    ids=["plain", "burst", "two bubbles", "greeting", "proactive", "a person replied", "first byte", "clock skew"],
)
def test_response_time_is_from_the_earliest_unanswered_message(events: list[Wire], replies: int, waited: int) -> None:
    """Item 4."""
    assert told(events, "replies", "response_ms_sum") == [replies, waited]


def test_confidence_of_a_session() -> None:
    """Item 46."""
    said = [bot(minute, {"confidence": value}) for minute, value in ((1, 0.9), (2, 0.2), (3, 0.5))]
    names = ("confidence_count", "confidence_ppm_sum", "confidence_ppm_min", "confidence_ppm_last")
    assert told([user(0), *said], *names) == [3, 1_600_000, 200_000, 500_000]


def test_the_last_feedback_of_a_target_and_instrument_counts() -> None:
    """R11, in whatever order it arrives (R32.16)."""
    on_answer = {"sessionId": "s", "messageId": "a"}
    votes = [feedback(2, "THUMBS", 0, **on_answer), feedback(3, "THUMBS", 1, **on_answer), feedback(4, "THUMBS", 0)]
    dialogue = [user(0), bot(1, messageId="a")]

    for order in (votes, votes[::-1]):
        reading = Reading(*dialogue, *order)
        assert [reading.figures[name] for name in ("thumbs_up", "thumbs_down")] == [1, 1]
        superseded = {
            record.occurred_at_ms
            for found in reading.memory.records.values()
            for record in found
            if getattr(record, "superseded", False)
        }
        assert superseded == {ms(2)}


def test_instruments_are_not_pooled() -> None:
    given = [feedback(2, "RATING_1_5", 4), feedback(3, "RATING_1_5", 3, sessionId="s", messageId="a")]
    survey = feedback(4, "SURVEY", 8, scale=10)
    names = ("thumbs_up", "ratings", "ratings_satisfied", "surveys", "surveys_satisfied")
    assert told([user(0), bot(1, messageId="a"), *given, survey], *names) == [0, 2, 1, 1, 1]


@pytest.mark.parametrize(
    ("score", "scale", "expected"), [(4, 5, True), (3, 5, False), (8, 10, True), (7, 10, False), (2, 2, True)]
)
def test_survey_satisfied_is_the_upper_quarter(score: int, scale: int, expected: bool) -> None:
    assert survey_satisfied(score, scale) is expected


def test_the_first_performed_handoff_decides_target_and_reason() -> None:
    """R32.10."""
    fact = Reading(
        user(0),
        event("handoff", 1, state="REQUESTED", reason="USER_REQUEST"),
        event("handoff", 2, state="PERFORMED", target="CALLBACK", reason="USAGE_LIMIT"),
        event("handoff", 3, state="PERFORMED", target="AGENT", reason="POLICY"),
        event("ticket", 4, ticketId="t", state="OPENED"),
    ).fact

    assert (fact.handoff_requested_at_ms, fact.handoff_performed_at_ms) == (ms(1), ms(2))
    assert (fact.handoff_target, fact.handoff_reason) == (HandoffTarget.CALLBACK, HandoffReason.USAGE_LIMIT)


def test_a_performed_handoff_keeps_the_reason_it_was_asked_for() -> None:
    fact = Reading(
        user(0),
        event("handoff", 1, state="REQUESTED", reason="USAGE_LIMIT"),
        event("handoff", 2, state="PERFORMED"),
    ).fact
    assert fact.handoff_reason == HandoffReason.USAGE_LIMIT


def test_a_ticket_opened_is_a_performed_handoff() -> None:
    fact = Reading(user(0), event("ticket", 500, ticketId="t", state="OPENED")).fact
    assert (fact.handoff_performed_at_ms, fact.handoff_target) == (ms(500), HandoffTarget.TICKET)
    assert fact.last_activity_at_ms == ms(0)


EUR = {"amount": "0.25", "currency": "EUR"}


def test_costs_are_summed_by_currency_and_local_day() -> None:
    """R32.15: noon UTC plus twelve hours is the next day in Berlin from 23:00 UTC on."""
    said = [bot(minute, {"cost": EUR}) for minute in (1, 2, 11 * 60)]
    dollar = bot(3, {"cost": {"amount": "0.000000001", "currency": "USD"}})
    reading = Reading(user(0), *said, dollar, world=World(zone="Europe/Berlin"))

    assert reading.told[0]["costs"] == {("EUR", 20522): 500_000_000, ("USD", 20522): 1, ("EUR", 20523): 250_000_000}
    assert reading.figures["priced_answers"] == 4


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (0, 2, 1)], ids=str)
def test_a_correction_replaces_the_amount_it_names(order: tuple[int, ...]) -> None:
    """R32.9, also when it comes before the answer; the latest correction counts."""
    answer = bot(1, {"cost": EUR}, messageId="a")
    corrections = [
        event("cost_correction", minute, sessionId="s", messageId="a", cost={"amount": amount, "currency": "EUR"})
        for minute, amount in ((5, "3"), (6, "0.5"))
    ]
    parts = [answer, *corrections]

    reading = Reading(user(0), *(parts[place] for place in order))

    assert reading.told[0]["costs"] == {("EUR", 20522): 500_000_000}


def test_what_names_a_message_belongs_to_its_session() -> None:
    """R32.9, whatever session the event itself names."""
    vote = feedback(2, "THUMBS", 1, sessionId="other", messageId="a")
    reading = Reading(user(0), bot(1, messageId="a"), user(0, sessionId="other"), vote)

    assert [(one["name"], one["figures"]["thumbs_up"]) for one in reading.told] == [("other", 0), ("s", 1)]


@pytest.mark.parametrize(
    "further",
    [
        feedback(600, "SOLVED", 1),
        event("goal", 600, goal="paid"),
        event("lead", 600, email="a@example.org"),
        event("ticket", 600, ticketId="t", state="OPENED"),
        event("operation", 600, operationClass="TOOL", name="crm", status="OK"),
        ended(600),
    ],
    ids=lambda one: str(one["type"]),
)
def test_only_messages_and_starts_move_the_last_activity(further: Wire) -> None:
    """R32.8."""
    assert Reading(user(0), further).fact.last_activity_at_ms == ms(0)


@pytest.mark.parametrize(
    "alone", [feedback(0, "SOLVED", 1), event("goal", 0, goal="paid"), ended(0)], ids=lambda one: str(one["type"])
)
def test_only_messages_and_starts_open(alone: Wire) -> None:
    assert Reading(alone).told == []


def test_the_earliest_known_context_counts() -> None:
    late = event("session_started", 0, context={"country": "NP", "channel": "app"})
    reading = Reading(user(1, context={"country": "DE", "language": "de"}), late)

    assert {name: reading.told[0]["context"][name] for name in ("country", "channel", "language")} == {
        "country": "NP",
        "channel": "app",
        "language": "de",
    }


def test_the_primary_intent_is_of_the_first_classified_user_message() -> None:
    assert told([user(0), user(1, intent="refund"), user(2, intent="order")], "primary_intent") == ["refund"]


def test_an_answer_has_the_intent_of_the_question_unless_it_tells_its_own() -> None:
    reading = Reading(user(0, intent="refund"), user(1), bot(2), bot(3, {"intent": "order"}))
    assert [answer.intent for answer in reading.naive[0].answers] == ["refund", "order"]
    codes = [message.answer_intent for message in reading.memory.messages.values() if message.is_answer]
    assert [reading.memory.labels.text(code) for code in codes] == ["refund", "order"]


def test_a_workflow_run_stands_where_its_last_step_left_it() -> None:
    steps = [
        event("workflow_step", 1, workflow="return", runId="r", state="STARTED"),
        event("workflow_step", 2, workflow="return", runId="r", state="REACHED", step="address"),
        event("workflow_step", 3, workflow="return", runId="r", state="COMPLETED"),
        event("workflow_step", 4, workflow="return", runId="q", state="STARTED"),
    ]
    reading = Reading(user(0), *steps)

    assert reading.told[0]["runs"] == {
        ("return", "r"): (ms(1), "address", ms(2), "COMPLETED", ms(3)),
        ("return", "q"): (ms(4), None, None, "STARTED", None),
    }


def test_one_lead_may_come_in_parts() -> None:
    parts = [event("lead", minute, leadId="l", name="Anna") for minute in (1, 2)]
    assert told([user(0), *parts, event("goal", 3, goal="paid")], "leads", "conversions") == [1, 2]
