"""Following a feed gives everything once, in whatever order transactions commit (R15)."""

import asyncio
import random
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.problems import CursorExpired, InvalidInput, Refused
from persistence.engine import Database, open_database
from persistence.feeds import Feed, append_to_feed, decode_cursor, encode_cursor, read_feed, renew_epoch
from persistence.tenancy import writing


async def _append(database: Database, workspace_id: UUID, *versions: tuple[int, int]) -> None:
    async with writing(database, workspace_id) as writer:
        await append_to_feed(writer, Feed.LEAD, versions)


async def _read(
    database: Database, workspace_id: UUID, cursor: str | None = None, limit: int = 100
) -> tuple[list[tuple[int, int]], str]:
    page = await read_feed(database, workspace_id, Feed.LEAD, cursor=cursor, limit=limit)
    return [(entry.entity_id, entry.version) for entry in page.entries], page.cursor


async def test_entries_come_in_order_and_once(database: Database, workspace_id: UUID) -> None:
    await _append(database, workspace_id, (1, 1), (2, 1))
    first, cursor = await _read(database, workspace_id)
    await _append(database, workspace_id, (3, 1))
    second, cursor = await _read(database, workspace_id, cursor)
    assert (first, second) == ([(1, 1), (2, 1)], [(3, 1)])
    assert (await _read(database, workspace_id, cursor))[0] == []


async def test_only_the_latest_state_is_told(database: Database, workspace_id: UUID) -> None:
    await _append(database, workspace_id, (1, 1), (2, 1))
    _, cursor = await _read(database, workspace_id)
    await _append(database, workspace_id, (1, 2))
    await _append(database, workspace_id, (1, 3))
    assert (await _read(database, workspace_id, cursor))[0] == [(1, 3)]
    assert (await _read(database, workspace_id))[0] == [(2, 1), (1, 3)]


async def test_pages_tile_the_feed(database: Database, workspace_id: UUID) -> None:
    await _append(database, workspace_id, *((number, 1) for number in range(25)))
    cursor: str | None = None
    seen: list[tuple[int, int]] = []
    for _ in range(4):
        page, cursor = await _read(database, workspace_id, cursor, limit=7)
        seen += page
    assert seen == [(number, 1) for number in range(25)]


async def test_a_running_transaction_holds_later_entries_back(database: Database, workspace_id: UUID) -> None:
    await _append(database, workspace_id, (0, 1))
    _, cursor = await _read(database, workspace_id)
    async with writing(database, workspace_id) as slow:
        await append_to_feed(slow, Feed.LEAD, [(1, 1)])
        await _append(database, workspace_id, (2, 1))
        page = await read_feed(database, workspace_id, Feed.LEAD, cursor=cursor)
        assert page.entries == ()
        assert page.lag_seconds > 0
        assert page.blocking_seconds > 0
    assert (await _read(database, workspace_id, page.cursor))[0] == [(1, 1), (2, 1)]


async def test_an_early_transaction_with_the_newer_version_wins(database: Database, workspace_id: UUID) -> None:
    async with writing(database, workspace_id) as early:
        await early.driver.execute("select pg_current_xact_id()")
        await _append(database, workspace_id, (1, 1))
        await append_to_feed(early, Feed.LEAD, [(1, 2)])
    assert (await _read(database, workspace_id))[0] == [(1, 2)]


async def test_a_rolled_back_entry_leaves_no_hole(database: Database, workspace_id: UUID) -> None:
    async def break_off() -> None:
        async with writing(database, workspace_id) as writer:
            await append_to_feed(writer, Feed.LEAD, [(1, 1)])
            raise RuntimeError("broken off")

    with pytest.raises(RuntimeError, match="broken off"):
        await break_off()
    await _append(database, workspace_id, (2, 1))
    page = await read_feed(database, workspace_id, Feed.LEAD, cursor=None)
    assert [(entry.position, entry.entity_id) for entry in page.entries] == [(1, 2)]


async def _expired(database: Database, workspace_id: UUID, cursor: str) -> bool:
    try:
        await _read(database, workspace_id, cursor)
    except Refused as refused:
        return isinstance(refused.problems[0], CursorExpired)
    return False


async def test_foreign_and_future_cursors_expire(database: Database, workspace_id: UUID) -> None:
    await _append(database, workspace_id, (1, 1))
    _, cursor = await _read(database, workspace_id)
    _, foreign = await _read(database, uuid4())
    epoch, position = decode_cursor(cursor)
    assert not await _expired(database, workspace_id, cursor)
    assert await _expired(database, workspace_id, foreign)
    assert await _expired(database, workspace_id, encode_cursor(epoch, position + 1))


async def test_after_a_restore_older_cursors_expire(database: Database, workspace_id: UUID) -> None:
    await _append(database, workspace_id, (1, 1))
    _, cursor = await _read(database, workspace_id)
    async with writing(database, workspace_id) as writer:
        await renew_epoch(writer, Feed.LEAD)
    assert await _expired(database, workspace_id, cursor)
    assert (await _read(database, workspace_id))[0] == [(1, 1)]


async def test_in_another_database_system_what_waited_is_numbered_anew(
    database: Database, workspace_id: UUID, admin_url: str
) -> None:
    """As after a dump and restore elsewhere: foreign transaction ids, which may lie far ahead of ours."""
    await _append(database, workspace_id, (1, 1))
    _, cursor = await _read(database, workspace_id)
    await _append(database, workspace_id, (2, 1))
    connection = await asyncpg.connect(admin_url)
    await connection.execute("update feed set system = 1; update feed_entry set transaction_id = '99999999999'")
    await connection.close()
    assert await _expired(database, workspace_id, cursor)
    assert (await _read(database, workspace_id))[0] == [(1, 1), (2, 1)]


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "💥", "A" * 33, "=" * 32], ids=repr)
async def test_what_never_was_a_cursor_is_told_apart(database: Database, workspace_id: UUID, cursor: str) -> None:
    with pytest.raises(Refused) as refusal:
        await _read(database, workspace_id, cursor)
    assert isinstance(refusal.value.problems[0], InvalidInput)


@given(epoch=st.uuids(), position=st.integers(0, 2**63 - 1))
def test_a_cursor_keeps_its_place(epoch: UUID, position: int) -> None:
    assert decode_cursor(encode_cursor(epoch, position)) == (epoch, position)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_readers_skip_and_repeat_nothing_while_writers_commit_out_of_order(
    app_url: str, workspace_id: UUID, seed: int
) -> None:
    database = open_database(app_url, pool_size=12, acquire_timeout_s=30, connect_timeout_s=10)
    chance = random.Random(seed)
    try:
        writers = asyncio.gather(
            *(_write(database, workspace_id, number, random.Random(chance.random())) for number in range(6))
        )
        readers = [asyncio.create_task(_follow(database, workspace_id, writers, chance)) for _ in range(3)]
        committed = [entity for entities in await writers for entity in entities]
        for seen in await asyncio.gather(*readers):
            assert len(seen) == len(set(seen)), "an entry came twice"
            assert set(seen) == set(committed), "an entry was skipped"
    finally:
        await database.close()


async def _write(database: Database, workspace_id: UUID, number: int, chance: random.Random) -> list[int]:
    """Distinct entities, so that each entry must be seen; some transactions are given up."""
    committed: list[int] = []
    for turn in range(20):
        entity = number * 1_000 + turn
        kept = await _append_slowly(database, workspace_id, entity, chance)
        committed.extend([entity] * kept)
    return committed


async def _append_slowly(database: Database, workspace_id: UUID, entity: int, chance: random.Random) -> bool:
    try:
        async with writing(database, workspace_id) as writer:
            await writer.driver.execute("select pg_current_xact_id()")
            await asyncio.sleep(chance.uniform(0, 0.03))
            await append_to_feed(writer, Feed.LEAD, [(entity, 1)])
            await asyncio.sleep(chance.uniform(0, 0.01))
            if chance.random() < 0.1:
                raise RuntimeError("given up")
    except RuntimeError:
        return False
    return True


async def _follow(
    database: Database, workspace_id: UUID, writers: "asyncio.Future[list[list[int]]]", chance: random.Random
) -> list[int]:
    seen: list[int] = []
    cursor: str | None = None
    idle = 0
    while idle < 3:
        over = writers.done()
        page, cursor = await _read(database, workspace_id, cursor, limit=chance.randrange(1, 9))
        seen += [entity for entity, _ in page]
        idle = idle + 1 if over and not page else 0
        await asyncio.sleep(chance.uniform(0, 0.01))
    return seen
