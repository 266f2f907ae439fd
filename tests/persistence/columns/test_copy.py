"""The copy holds what the database holds: after every commit, in any order of commits, and within its limits."""

import asyncio
from time import sleep
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, text

from persistence.changes import record_changes
from persistence.columns import copy as copying
from persistence.columns import fetching
from persistence.columns.copies import Copies, CopyLimits
from persistence.columns.fetching import Arrays
from persistence.columns.layout import TABLES, CopiedTable
from persistence.columns.memory import Filling
from persistence.engine import Database, Growth, open_database
from persistence.ground import ground_of
from persistence.tables.sessions import SessionRow
from persistence.tenancy import Reader, Writer, reading, writing
from tests.domain.histories import WORLDS, batches, histories
from tests.ingest.sending import a_world, send
from tests.naive.placing import Wire
from tests.naive.world import World
from tests.persistence.metrics.facts import MONTH, NOON_MS, Facts, a_session

PACE = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
SESSIONS = select(func.count()).select_from(SessionRow.__table__)
NONE_DIFFER = dict.fromkeys(TABLES, 0)


def copies_of(database: Database, **limits: int) -> Copies:
    return Copies(database, CopyLimits(**{"least_sessions": 0, "threads": 1, **limits}))


async def differences_after(app_url: str, world: World, arrivals: list[list[Wire]]) -> list[dict[str, int]]:
    database = open_database(app_url, pool_size=3, acquire_timeout_s=10, connect_timeout_s=10)
    copies = copies_of(database)
    try:
        workspace_id = await a_world(database, world)
        found = [await copies.differences(workspace_id)]
        for batch in arrivals:
            await send(database, workspace_id, batch)
            found.append(await copies.differences(workspace_id))
        return found
    finally:
        await copies.close()
        await database.close()


@PACE
@given(st.data(), WORLDS, histories())
def test_follows_every_batch(app_url: str, data: st.DataObject, world: World, history: list[Wire]) -> None:
    arrivals = data.draw(batches(history))

    found = asyncio.run(differences_after(app_url, world, arrivals))

    assert found == [NONE_DIFFER] * (len(arrivals) + 1)


@pytest.fixture
async def facts(database: Database, workspace_id: UUID) -> Facts:
    found = Facts(database, workspace_id)
    await found.chatbot()
    return found


async def growth_of(reader: Reader) -> Growth:
    return (await ground_of(reader)).growth


def various_sessions(count: int = 300) -> list[dict[str, Any]]:
    """A few alike take no room at all in a copy."""
    return [a_session(started_at_ms=NOON_MS + number**2) for number in range(count)]


async def put(writer: Writer, *sessions: dict[str, Any]) -> None:
    """As an ingest transaction does it, all but the generation."""
    rows = [{"workspace_id": writer.workspace_id, "month": MONTH, **session} for session in sessions]
    await writer.connection.execute(insert(SessionRow), rows)
    await record_changes(writer, {MONTH: [row["session_id"] for row in rows]})


async def raise_generation(writer: Writer) -> None:
    await writer.connection.execute(
        text("update workspace_counter set ingest_generation = ingest_generation + 1 where workspace_id = :w"),
        {"w": writer.workspace_id},
    )


async def count_in_copy(facts: Facts, copies: Copies, among: frozenset[int] | None = None) -> int | None:
    """How many sessions the copy tells; None if it does not answer."""
    async with (
        reading(facts.database, facts.workspace_id, snapshot=True) as reader,
        copies.pinned(reader.connection, reader.workspace_id, {"session"}, await growth_of(reader)) as copy,
    ):
        return None if copy is None else (await copy.rows(SESSIONS, {}, among=among))[0][0]


async def test_a_slow_transaction_behind_a_quick_one_is_not_skipped(facts: Facts) -> None:
    copies = copies_of(facts.database)
    await facts.sessions(a_session())
    await copies.load(facts.workspace_id, TABLES)

    async with writing(facts.database, facts.workspace_id) as slow:
        await put(slow, a_session())
        async with writing(facts.database, facts.workspace_id) as quick:
            await put(quick, a_session())
            await raise_generation(quick)
        between = await count_in_copy(facts, copies)
        await raise_generation(slow)

    assert (between, await count_in_copy(facts, copies)) == (2, 3)
    await copies.close()


async def test_tells_how_far_it_is_behind(facts: Facts) -> None:
    """0 while it holds every commit, then since when it may lack one, until a question has taken it in."""
    copies = copies_of(facts.database)
    await facts.sessions(*various_sessions())

    async def state() -> tuple[bool, float] | None:
        async with reading(facts.database, facts.workspace_id, snapshot=True) as reader:
            told = await copies.state(reader.connection, reader.workspace_id)
            return None if told is None else (told.bytes > 0, told.lag)

    unknown = await state()
    await copies.load(facts.workspace_id, TABLES)
    fresh = await state()
    await asyncio.sleep(0.05)
    async with writing(facts.database, facts.workspace_id) as writer:
        await put(writer, a_session())
        await raise_generation(writer)
    behind = await state()
    async with (
        reading(facts.database, facts.workspace_id, snapshot=True) as reader,
        copies.pinned(reader.connection, reader.workspace_id, TABLES, await growth_of(reader)),
    ):
        pass

    assert (unknown, fresh, await state()) == (None, (True, 0.0), (True, 0.0))
    assert behind is not None
    assert 0.05 <= behind[1] < 60
    await copies.close()


async def test_a_view_does_not_move(facts: Facts) -> None:
    copies = copies_of(facts.database)
    await facts.sessions(a_session())
    await copies.load(facts.workspace_id, TABLES)

    async with (
        reading(facts.database, facts.workspace_id, snapshot=True) as reader,
        copies.pinned(reader.connection, reader.workspace_id, {"session"}, await growth_of(reader)) as copy,
    ):
        assert copy is not None
        async with writing(facts.database, facts.workspace_id) as writer:
            await put(writer, a_session())
            await raise_generation(writer)
        newer = await count_in_copy(facts, copies)
        older = (await copy.rows(SESSIONS, {}, among=None))[0][0]

    assert (older, newer) == (1, 2)
    await copies.close()


async def test_there_are_no_rows_of_other_chatbots(facts: Facts) -> None:
    copies = copies_of(facts.database)
    await facts.sessions(a_session(), a_session(chatbot_id=2), a_session(chatbot_id=2))
    await copies.load(facts.workspace_id, TABLES)

    found = [await count_in_copy(facts, copies, among) for among in (None, frozenset({1}), frozenset({1, 2}))]

    assert found == [3, 1, 3]
    assert await count_in_copy(facts, copies, frozenset()) == 0
    await copies.close()


async def test_the_database_answers_until_the_copy_is_loaded(facts: Facts) -> None:
    copies = copies_of(facts.database)
    await facts.sessions(a_session())

    first = await count_in_copy(facts, copies)
    await asyncio.gather(*copies._loading.values())

    assert (first, await count_in_copy(facts, copies)) == (None, 1)
    await copies.close()


async def test_too_many_changes_are_loaded_anew(facts: Facts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "MOST_CHANGED_SESSIONS", 2)
    copies = copies_of(facts.database)
    await copies.load(facts.workspace_id, TABLES)
    async with writing(facts.database, facts.workspace_id) as writer:
        await put(writer, a_session(), a_session(), a_session())
        await raise_generation(writer)

    at_once = await count_in_copy(facts, copies)
    await asyncio.gather(*copies._loading.values())

    assert (at_once, await count_in_copy(facts, copies)) == (None, 3)
    await copies.close()


async def test_a_table_may_take_longer_than_any_other_statement(
    app_url: str, facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Millions of rows come in for minutes; here few do, slowly."""
    await facts.sessions(*various_sessions(3_000))
    add = Filling.add

    def slowly(self: Filling, table: CopiedTable, arrays: Arrays) -> None:
        sleep(0.4)
        add(self, table, arrays)

    monkeypatch.setattr(fetching, "_CHUNK_BYTES", 1_000)
    monkeypatch.setattr(Filling, "add", slowly)
    database = open_database(app_url, pool_size=3, silence_timeout_s=1.0, connect_timeout_s=10, acquire_timeout_s=10)
    copies = copies_of(database)

    await copies.load(facts.workspace_id, {"session"})

    assert await count_in_copy(facts, copies) == 3_000
    await copies.close()
    await database.close()


@pytest.mark.parametrize("limits", [{"least_sessions": 100}, {"most_bytes": 2**26, "bytes_a_session": 2**40}])
async def test_no_copy_of_what_is_too_small_or_too_large(facts: Facts, limits: dict[str, int]) -> None:
    copies = copies_of(facts.database, **limits)
    await facts.sessions(a_session())

    assert await count_in_copy(facts, copies) is None
    assert not copies._loading
    await copies.close()


async def test_the_copy_asked_longest_ago_makes_room(database: Database, facts: Facts) -> None:
    other = await a_world(database, World())
    await facts.sessions(*various_sessions())
    copies = copies_of(database, most_bytes=1)
    await copies.load(other, TABLES)
    await copies.load(facts.workspace_id, TABLES)

    assert list(copies._copies) == [facts.workspace_id]
    await copies.close()


async def test_a_question_that_is_given_up_is_interrupted(facts: Facts) -> None:
    copies = copies_of(facts.database)
    await facts.sessions(a_session())
    await copies.load(facts.workspace_id, TABLES)
    many = select(func.unnest(func.range(1_000_000)).label("number"))
    endless = select(func.count()).select_from(many.subquery("a"), many.subquery("b"))

    async with (
        reading(facts.database, facts.workspace_id, snapshot=True) as reader,
        copies.pinned(reader.connection, reader.workspace_id, {"session"}, await growth_of(reader)) as copy,
    ):
        assert copy is not None
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await copy.rows(endless, {}, among=None)

    assert await count_in_copy(facts, copies) == 1
    await copies.close()
