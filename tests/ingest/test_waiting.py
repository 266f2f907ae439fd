"""What comes before the message, session or thread that it belongs to, and what moves when they come."""

from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from persistence.engine import Database
from tests.build import a_bot_message, a_user_message, an_event
from tests.ingest.sending import send
from tests.ingest.state import Stored


def in_thread(event: dict[str, Any]) -> dict[str, Any]:
    return {**{name: value for name, value in event.items() if name != "sessionId"}, "threadId": "t"}


def by_visitor(event: dict[str, Any], visitor: str = "v") -> dict[str, Any]:
    return {**{name: value for name, value in event.items() if name != "sessionId"}, "visitorId": visitor}


async def sessions(stored: Stored, columns: str) -> list[tuple[Any, ...]]:
    rows = await stored.rows(
        f"select {columns} from session where workspace_id = $1 and opened and merged_into is null "
        "order by started_at_ms"
    )
    return [tuple(row) for row in rows]


async def test_feedback_waits_for_the_message_it_names(database: Database, workspace_id: UUID, stored: Stored) -> None:
    vote = an_event("feedback", sessionId=None, messageId="m", instrument="THUMBS", score=1, minutes=5)
    await send(database, workspace_id, [vote])
    await send(database, workspace_id, [a_user_message(), a_bot_message(messageId="m", minutes=1)])
    assert await sessions(stored, "thumbs_up, answers") == [(1, 1)]
    assert await stored.rows("select from loose_event where workspace_id = $1") == []


async def test_feedback_follows_its_message_into_another_session(
    database: Database, workspace_id: UUID, stored: Stored
) -> None:
    vote = an_event("feedback", sessionId="s-1", messageId="m", instrument="THUMBS", score=1, minutes=5)
    await send(database, workspace_id, [a_user_message(), vote])
    assert await sessions(stored, "session_ref, thumbs_up") == [("s-1", 1)]
    await send(database, workspace_id, [a_bot_message(sessionId="s-2", messageId="m", minutes=1)])
    assert await sessions(stored, "session_ref, thumbs_up") == [("s-1", 0), ("s-2", 1)]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (2, 0, 1)], ids=["in order", "backwards", "answer first"])
async def test_an_answer_event_fills_its_message(
    database: Database, workspace_id: UUID, stored: Stored, order: tuple[int, ...]
) -> None:
    events = [
        a_user_message(),
        a_bot_message(messageId="m", minutes=1),
        an_event("answer", messageId="m", answer={"confidence": 0.9}, minutes=2),
    ]
    for place in order:
        await send(database, workspace_id, [events[place]])
    assert await sessions(stored, "answers, confidence_ppm_sum, bot_messages") == [(1, 900_000, 1)]
    assert len(await stored.rows("select from message where workspace_id = $1")) == 2


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
async def test_a_message_keeps_its_own_intent_when_its_answer_tells_none(
    database: Database, workspace_id: UUID, stored: Stored, order: tuple[int, ...]
) -> None:
    events = [
        a_user_message(intent="asked"),
        a_bot_message(messageId="m", minutes=1, intent="own"),
        an_event("answer", messageId="m", answer={"intent": "told"}, minutes=2),
        an_event("answer", messageId="m", answer={"confidence": 0.9}, minutes=3),
    ]
    for place in order:
        await send(database, workspace_id, [events[place]])
    answers = await stored.rows(
        "select l.text, m.confidence_ppm from message m join label l on l.workspace_id = m.workspace_id and "
        "l.code = m.answer_intent where m.workspace_id = $1 and m.is_answer"
    )
    assert [tuple(row) for row in answers] == [("own", 900_000)]


async def test_the_latest_of_two_answer_events_counts(database: Database, workspace_id: UUID, stored: Stored) -> None:
    later = an_event("answer", messageId="m", answer={"confidence": 0.4}, minutes=3)
    earlier = an_event("answer", messageId="m", answer={"confidence": 0.9}, minutes=2)
    await send(database, workspace_id, [a_user_message(), later])
    await send(database, workspace_id, [earlier])
    await send(database, workspace_id, [a_bot_message(messageId="m", minutes=1)])
    assert await sessions(stored, "confidence_ppm_last, answers") == [(400_000, 1)]


async def test_a_cost_correction_replaces_the_amount(database: Database, workspace_id: UUID, stored: Stored) -> None:
    answer = a_bot_message(messageId="m", minutes=1, answer={"cost": {"amount": "0.10", "currency": "EUR"}})
    correction = an_event(
        "cost_correction", sessionId=None, messageId="m", cost={"amount": "0.25", "currency": "USD"}, minutes=9
    )
    await send(database, workspace_id, [a_user_message(), answer])
    await send(database, workspace_id, [correction])
    rows = await stored.rows("select currency, cost_nano from session_cost where workspace_id = $1")
    assert [tuple(row) for row in rows] == [("USD", 250_000_000)]


async def test_a_late_message_joins_two_sessions_of_a_thread(
    database: Database, workspace_id: UUID, stored: Stored
) -> None:
    first, second = in_thread(a_user_message()), in_thread(a_user_message(minutes=50))
    await send(database, workspace_id, [first, second])
    assert len(await sessions(stored, "session_id")) == 2
    await send(database, workspace_id, [in_thread(a_bot_message(minutes=25))])
    assert await sessions(stored, "session_id, user_messages, bot_messages") == [(1, 2, 1)]
    rows = await stored.rows("select session_id, merged_into, opened from session where workspace_id = $1 order by 1")
    assert [tuple(row) for row in rows] == [(1, None, True), (2, 1, False)]
    changes = await stored.rows("select entity_id from feed_entry where workspace_id = $1 and feed = 2")
    assert [row[0] for row in changes] == [2]


async def test_a_late_end_cuts_a_session_in_two(database: Database, workspace_id: UUID, stored: Stored) -> None:
    vote = in_thread(an_event("feedback", instrument="THUMBS", score=1, minutes=12))
    await send(database, workspace_id, [in_thread(a_user_message()), in_thread(a_user_message(minutes=10)), vote])
    await send(database, workspace_id, [in_thread(an_event("session_ended", actor="USER", minutes=5))])
    assert await sessions(stored, "user_messages, thumbs_up, end_actor") == [(1, 0, 1), (1, 1, None)]
    keys = await stored.rows("select distinct session_id from event_key where workspace_id = $1 order by 1")
    assert [row[0] for row in keys] == [1, 2]


async def test_an_event_before_its_thread_waits_for_an_earlier_message(
    database: Database, workspace_id: UUID, stored: Stored
) -> None:
    await send(database, workspace_id, [in_thread(an_event("goal", goal="paid", minutes=5))])
    await send(database, workspace_id, [in_thread(a_user_message(minutes=10))])
    assert await sessions(stored, "goal_completions") == [(0,)]
    await send(database, workspace_id, [in_thread(a_user_message(minutes=0))])
    assert await sessions(stored, "goal_completions, user_messages") == [(1, 2)]


async def test_what_goes_by_visitor_moves_to_a_session_that_begins_between(
    database: Database, workspace_id: UUID, stored: Stored
) -> None:
    goal = by_visitor(an_event("goal", goal="paid", minutes=30))
    await send(database, workspace_id, [a_user_message(visitorId="v"), goal])
    assert await sessions(stored, "session_ref, goal_completions") == [("s-1", 1)]
    await send(database, workspace_id, [a_user_message(sessionId="s-2", visitorId="v", minutes=20)])
    assert await sessions(stored, "session_ref, goal_completions") == [("s-1", 0), ("s-2", 1)]


async def test_a_message_of_another_chatbot_is_no_way_into_its_session(
    database: Database, workspace_id: UUID, stored: Stored
) -> None:
    message = a_bot_message(chatbotId="desk")
    await send(database, workspace_id, [message])
    vote = an_event("feedback", sessionId=None, messageId=message["eventId"], instrument="THUMBS", score=0, minutes=1)
    await send(database, workspace_id, [vote])
    assert await sessions(stored, "thumbs_down") == [(0,)]


async def test_an_end_before_its_thread_cuts_when_an_earlier_message_comes(
    database: Database, workspace_id: UUID, stored: Stored
) -> None:
    await send(database, workspace_id, [in_thread(a_user_message(minutes=10))])
    await send(database, workspace_id, [in_thread(an_event("session_ended", actor="USER", minutes=5))])
    await send(database, workspace_id, [in_thread(a_user_message(minutes=0))])
    assert await sessions(stored, "user_messages, end_actor") == [(1, 1), (1, None)]


async def test_what_goes_by_visitor_is_not_moved_by_its_threads_cut(
    database: Database, workspace_id: UUID, stored: Stored
) -> None:
    first = {**in_thread(a_user_message()), "visitorId": "v"}
    second = {**in_thread(a_user_message(minutes=60)), "visitorId": "w"}
    await send(database, workspace_id, [first, second, by_visitor(an_event("goal", goal="paid", minutes=90))])
    await send(database, workspace_id, [{**in_thread(a_bot_message(minutes=59)), "visitorId": "w"}])
    assert await sessions(stored, "goal_completions") == [(1,), (0,)]
