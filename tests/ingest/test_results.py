"""What each event of a batch is answered: accepted, duplicate, conflict or rejected, and why."""

from uuid import UUID, uuid4

import pytest

from persistence.engine import Database
from persistence.ingest.append import append, store_events
from persistence.ingest.arrivals import EventResult
from persistence.ingest.hot import hot_sessions
from persistence.tenancy import writing
from tests.build import a_bot_message, a_user_message, an_event
from tests.ingest.sending import parcel_of, send
from tests.ingest.state import Stored


def statuses(results: list[EventResult]) -> list[str]:
    return [result.status for result in results]


async def test_a_repeated_event_is_a_duplicate(database: Database, workspace_id: UUID, stored: Stored) -> None:
    event = a_user_message()
    assert statuses(await send(database, workspace_id, [event, event])) == ["accepted", "duplicate"]
    assert statuses(await send(database, workspace_id, [event])) == ["duplicate"]
    assert len(await stored.rows("select from message where workspace_id = $1")) == 1


async def test_another_content_under_the_same_id_is_a_conflict(
    database: Database, workspace_id: UUID, stored: Stored
) -> None:
    event = a_user_message(text="first")
    other = {**event, "text": "second"}
    assert statuses(await send(database, workspace_id, [event, other])) == ["accepted", "conflict"]
    (result,) = await send(database, workspace_id, [other])
    assert (result.status, result.event_id) == ("conflict", event["eventId"])
    assert [row[0] for row in await stored.rows("select text from message where workspace_id = $1")] == ["first"]


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "in two"])
async def test_a_second_message_of_one_name_is_a_conflict(
    database: Database, workspace_id: UUID, together: bool
) -> None:
    events = [a_user_message(messageId="m1"), a_user_message(messageId="m1", minutes=1)]
    if together:
        found = statuses(await send(database, workspace_id, events))
    else:
        found = [status for event in events for status in statuses(await send(database, workspace_id, [event]))]
    assert found == ["accepted", "conflict"]


@pytest.mark.parametrize("first", [0, 1], ids=["the name first", "the event first"])
async def test_a_name_that_is_another_events_id_is_a_conflict(
    database: Database, workspace_id: UUID, first: int
) -> None:
    """Such names are looked for only when the rows refuse them; the batch is then stored all the same."""
    plain = a_user_message()
    named = a_user_message(messageId=plain["eventId"], minutes=1)
    events = [named, plain] if first == 0 else [plain, named]
    await send(database, workspace_id, [events[0]])
    bystander = a_bot_message(minutes=2)
    assert statuses(await send(database, workspace_id, [events[1], bystander])) == ["conflict", "accepted"]


async def test_a_limited_sender_reaches_its_chatbots_only(database: Database, workspace_id: UUID) -> None:
    await send(database, workspace_id, [a_user_message(), a_user_message(chatbotId="desk", sessionId="s-2")])
    parcel = parcel_of(
        [
            a_user_message(minutes=1),
            a_user_message(minutes=1, chatbotId="desk", sessionId="s-2"),
            a_user_message(minutes=1, chatbotId="new", sessionId="s-3"),
        ],
        among=frozenset({1}),
    )
    (results,) = await store_events(database, workspace_id, [parcel])
    assert [(result.status, result.code) for result in results] == [
        ("accepted", None),
        ("rejected", "UNKNOWN"),
        ("rejected", "UNKNOWN"),
    ]


async def test_chatbots_are_made_by_their_first_event_unless_forbidden(
    database: Database, workspace_id: UUID, stored: Stored
) -> None:
    await send(database, workspace_id, [a_user_message()])
    await stored.rows("update workspace set creates_chatbots = false where workspace_id = $1")
    (result,) = await send(database, workspace_id, [a_user_message(chatbotId="other")])
    assert (result.status, result.field) == ("rejected", "chatbotId")


async def test_an_event_of_a_purged_time_is_too_old(database: Database, workspace_id: UUID, stored: Stored) -> None:
    await stored.rows("update workspace set fact_kept_from_ms = 1790000000000 where workspace_id = $1")
    (result,) = await send(database, workspace_id, [a_user_message()])
    assert (result.status, result.code, result.field) == ("rejected", "TOO_OLD", "occurredAt")


async def test_parcels_are_answered_one_by_one(database: Database, workspace_id: UUID) -> None:
    event = a_user_message()
    first, second = await store_events(
        database, workspace_id, [parcel_of([event, a_bot_message(minutes=1)]), parcel_of([event])]
    )
    assert (statuses(first), statuses(second)) == (["accepted", "accepted"], ["duplicate"])


async def test_events_of_no_workspace_are_refused(database: Database) -> None:
    with pytest.raises(LookupError):
        await send(database, uuid4(), [a_user_message()])


async def store_and_die(database: Database, workspace_id: UUID) -> None:
    hot = hot_sessions(database.url, workspace_id)
    async with writing(database, workspace_id) as writer:
        await append(writer, [parcel_of([a_bot_message(minutes=1)])], hot=hot)
        raise RuntimeError("the server died")


async def test_a_failed_transaction_leaves_nothing(database: Database, workspace_id: UUID, stored: Stored) -> None:
    """Facts kept in memory must not outlive a rollback."""
    await send(database, workspace_id, [a_user_message()])
    with pytest.raises(RuntimeError):
        await store_and_die(database, workspace_id)
    await send(database, workspace_id, [a_bot_message(minutes=2)])
    (row,) = await stored.rows("select user_messages, bot_messages from session where workspace_id = $1")
    assert tuple(row) == (1, 1)


async def test_odd_texts_come_back_equal(database: Database, workspace_id: UUID, stored: Stored) -> None:
    texts = [
        "",
        " ",
        "\u202eabc",
        "e\u0301",
        "👩‍👩‍👧",
        "'; drop table message; --",
        '{NULL,"\\\\}',
        "x" * 60_000,
        "\x01\x7f",
    ]
    events = [a_user_message(text=text, minutes=place) for place, text in enumerate(texts)]
    assert set(statuses(await send(database, workspace_id, events))) == {"accepted"}
    found = await stored.rows("select text from message where workspace_id = $1 order by occurred_at_ms")
    assert [row[0] for row in found] == texts


async def test_odd_names_come_back_equal(database: Database, workspace_id: UUID, stored: Stored) -> None:
    names = ["NULL", "{}", 'a"b', "a\\b", "a,b", " a ", "ß", "\u202eabc"]
    events = [
        an_event(
            "session_started",
            sessionId=name,
            visitorId=name,
            context={"campaign": name, "city": name},
            minutes=place,
        )
        for place, name in enumerate(names)
    ]
    await send(database, workspace_id, events)
    rows = await stored.rows(
        "select s.session_ref, v.key, l.text from session s join visitor v using (workspace_id, visitor_id) "
        "join label l on l.workspace_id = s.workspace_id and l.code = s.campaign "
        "where s.workspace_id = $1 order by s.started_at_ms"
    )
    assert [tuple(row) for row in rows] == [(name, name, name) for name in names]
