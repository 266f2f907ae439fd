"""First seen, seen again, and who a visitor turns out to be."""

from typing import Any
from uuid import UUID

import pytest

from persistence.engine import Database
from tests.build import NOON, a_user_message, an_event, milliseconds
from tests.ingest.sending import send
from tests.ingest.state import Stored

NOON_MS = milliseconds(NOON)
HOUR = 60


def a_visit(number: int, minutes: float, **given: Any) -> dict[str, Any]:
    return a_user_message(**{"sessionId": f"s-{number}", "visitorId": "v", "minutes": minutes, **given})


def ms(minutes: float) -> int:
    return NOON_MS + int(minutes * 60_000)


async def next_contacts(stored: Stored) -> dict[str, int | None]:
    rows = await stored.rows("select session_ref, next_contact_at_ms from session where workspace_id = $1")
    return {row[0]: row[1] for row in rows}


async def first_seen(stored: Stored) -> dict[str, int | None]:
    rows = await stored.rows("select key, first_seen_at_ms from visitor where workspace_id = $1")
    return {row[0]: row[1] for row in rows}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)], ids=["in order", "backwards", "middle first"])
async def test_each_session_knows_the_next(
    database: Database, workspace_id: UUID, stored: Stored, order: tuple[int, ...]
) -> None:
    visits = [a_visit(1, 0), a_visit(2, 2 * HOUR), a_visit(3, 5 * HOUR)]
    for place in order:
        await send(database, workspace_id, [visits[place]])
    assert await next_contacts(stored) == {"s-1": ms(2 * HOUR), "s-2": ms(5 * HOUR), "s-3": None}


async def test_a_visit_that_turns_out_to_be_a_bots_is_no_return(
    database: Database, workspace_id: UUID, stored: Stored
) -> None:
    await send(database, workspace_id, [a_visit(1, 0), a_visit(2, HOUR), a_visit(3, 2 * HOUR)])
    await send(database, workspace_id, [a_visit(2, HOUR + 1, context={"isBot": True})])
    assert (await next_contacts(stored))["s-1"] == ms(2 * HOUR)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "backwards"])
async def test_first_seen_is_the_earliest_session(
    database: Database, workspace_id: UUID, stored: Stored, order: tuple[int, ...]
) -> None:
    visits = [a_visit(1, 0), a_visit(2, HOUR, chatbotId="desk")]
    for place in order:
        await send(database, workspace_id, [visits[place]])
    assert await first_seen(stored) == {"v": ms(0)}
    rows = await stored.rows("select first_seen_at_ms from visitor_chatbot where workspace_id = $1 order by 1")
    assert [row[0] for row in rows] == [ms(0), ms(HOUR)]


async def test_only_live_sessions_of_people_are_seen(database: Database, workspace_id: UUID, stored: Stored) -> None:
    await send(database, workspace_id, [a_visit(1, 0), a_visit(2, HOUR)])
    await send(database, workspace_id, [a_visit(1, 1, context={"source": "EVAL"})])
    assert await first_seen(stored) == {"v": ms(HOUR)}
    await send(database, workspace_id, [a_visit(2, HOUR + 1, context={"isBot": True})])
    assert await first_seen(stored) == {"v": None}


async def stamps(stored: Stored) -> dict[str, str]:
    rows = await stored.rows(
        "select s.session_ref, v.key from session s join visitor v using (workspace_id, visitor_id) "
        "where s.workspace_id = $1"
    )
    return {row[0]: row[1] for row in rows}


@pytest.mark.parametrize(
    ("relink", "expected"),
    [(None, {"s-1": "v", "s-2": "ada", "s-3": "ada"}), (True, {"s-1": "ada", "s-2": "ada", "s-3": "ada"})],
    ids=["open and later", "earlier too"],
)
@pytest.mark.parametrize("at", [0, 1, 2, 3], ids=["first", "second", "third", "last"])
async def test_identify_stamps_sessions_anew(
    database: Database,
    workspace_id: UUID,
    stored: Stored,
    relink: bool | None,
    expected: dict[str, str],
    at: int,
) -> None:
    identify = an_event("identify", sessionId=None, visitorId="v", userId="ada", relink=relink, minutes=2 * HOUR + 5)
    events = [a_visit(1, 0), a_visit(2, 2 * HOUR), a_visit(3, 4 * HOUR, chatbotId="desk")]
    events.insert(at, identify)
    for event in events:
        await send(database, workspace_id, [event])
    assert await stamps(stored) == expected


async def test_identify_joins_the_contacts_of_both(database: Database, workspace_id: UUID, stored: Stored) -> None:
    await send(database, workspace_id, [a_visit(1, 0), a_visit(2, HOUR, visitorId="ada")])
    assert await next_contacts(stored) == {"s-1": None, "s-2": None}
    await send(database, workspace_id, [an_event("identify", sessionId=None, visitorId="v", userId="ada", minutes=5)])
    assert await next_contacts(stored) == {"s-1": ms(HOUR), "s-2": None}
    assert await first_seen(stored) == {"v": None, "ada": ms(0)}


async def test_a_lead_is_put_together_from_its_captures(database: Database, workspace_id: UUID, stored: Stored) -> None:
    def capture(minutes: int, **given: Any) -> dict[str, Any]:
        return an_event("lead", leadId="l-1", minutes=minutes, **given)

    await send(database, workspace_id, [a_user_message(), capture(1, name="Ada")])
    await send(database, workspace_id, [capture(3, email=" Ada@Example.org ")])
    await send(database, workspace_id, [capture(2, name="Ada Lovelace", phone="+44 20 7946 0000")])
    (lead,) = await stored.rows("select name, email, phone, identity_key, version from lead where workspace_id = $1")
    assert tuple(lead) == ("Ada Lovelace", " Ada@Example.org ", "+44 20 7946 0000", "ada@example.org", 3)
    feed = await stored.rows(
        "select entity_id, version from feed_entry where workspace_id = $1 and feed = 1 order by 2"
    )
    assert [tuple(row) for row in feed] == [(1, 1), (1, 2), (1, 3)]
