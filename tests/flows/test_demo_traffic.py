"""The made-up traffic is the same every time, fits the event format, and tells its story."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from msgspec import json

from domain.events import AnyEvent, Message, Operation, SessionStarted
from domain.reporting import Reported, read_events
from server.traffic.cast import BOTS
from server.traffic.generator import generate_days
from server.traffic.story import Story

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def events() -> Sequence[AnyEvent]:
    return [event for day in generate_days(seed=1, now=NOW) for event in day]


def test_same_seed_same_events(events: Sequence[AnyEvent]) -> None:
    again = [event for day in generate_days(seed=1, now=NOW) for event in day]
    assert json.encode(again) == json.encode(events)


def test_every_event_fits_the_format(events: Sequence[AnyEvent]) -> None:
    read = read_events(json.encode(events), now_ms=int(NOW.timestamp() * 1000), most_events=len(events))
    assert [told for told in read if not isinstance(told, Reported)] == []


def test_nothing_happens_after_now_and_ids_are_single(events: Sequence[AnyEvent]) -> None:
    assert max(event.occurred_at for event in events) < NOW
    assert len({event.event_id for event in events}) == len(events)


def test_size_is_that_of_a_demo(events: Sequence[AnyEvent]) -> None:
    sessions = sum(isinstance(event, SessionStarted) for event in events)
    assert 7_000 <= sessions <= 10_500
    assert len({type(event) for event in events}) == 15


def test_all_types_and_plans_are_there() -> None:
    assert {bot.chatbot_type for bot in BOTS} == {"AVATAR_3D", "TEXT", "VOICE"}
    assert {bot.plan for bot in BOTS} == {"FREE", "PRO", "BUSINESS", "PREMIUM"}


def test_the_incident_shows(events: Sequence[AnyEvent]) -> None:
    story = Story(now_ms=int(NOW.timestamp() * 1000))
    failed: Counter[bool] = Counter()
    calls: Counter[bool] = Counter()
    for event in events:
        if isinstance(event, Operation) and event.operation_class == "MODEL":
            ill = story.in_incident(event.chatbot_id, int(event.occurred_at.timestamp() * 1000))
            calls[ill] += 1
            failed[ill] += event.status != "OK"
    assert failed[True] / calls[True] > 10 * failed[False] / calls[False]


def test_what_a_chatbot_does_not_report_it_never_sends(events: Sequence[AnyEvent]) -> None:
    silent = {bot.slug for bot in BOTS if "COST" not in bot.reports}
    priced = {e.chatbot_id for e in events if isinstance(e, Message) and e.answer and e.answer.cost}
    assert not silent & priced
    assert priced
