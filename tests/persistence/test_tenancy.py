"""Workspaces with equal ids never meet, whatever a query forgets (P5), and pools carry no tenant on (P7)."""

import asyncio
import random
from contextlib import suppress
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from domain.vocabulary import LabelKind
from persistence.engine import Database, DatabaseTooSlow, open_database
from persistence.tables.workspaces import LabelRow, WorkspaceRow
from persistence.tenancy import lock_key, lock_workspace, reading, writing
from persistence.workspaces import create_workspace
from tests.build import a_workspace, an_identity

NIL_SETTING = "select current_setting('app.workspace', true)"


async def _two_workspaces(database: Database) -> tuple[UUID, UUID]:
    """The same label code in both, each with a word that the other must never see."""
    for number in (1, 2):
        async with writing(database, an_identity(number)) as writer:
            await create_workspace(writer, a_workspace(name=f"canary-{number}"))
            await writer.connection.execute(insert(LabelRow).values(_label(number)))
    return an_identity(1), an_identity(2)


def _label(number: int, code: int = 7) -> dict[str, object]:
    return {
        "workspace_id": an_identity(number),
        "dimension": int(LabelKind.INTENT),
        "code": code,
        "text_digest": bytes(16),
        "text": f"canary-{number}",
    }


async def test_a_query_without_any_filter_sees_its_own_workspace_only(database: Database) -> None:
    for number, workspace_id in enumerate(await _two_workspaces(database), start=1):
        async with reading(database, workspace_id) as reader:
            labels = (await reader.connection.execute(select(LabelRow.text))).scalars().all()
            names = (await reader.connection.execute(select(WorkspaceRow.name))).scalars().all()
        assert (labels, names) == ([f"canary-{number}"], [f"canary-{number}"])


async def test_writing_for_another_workspace_is_refused(database: Database) -> None:
    mine, _ = await _two_workspaces(database)
    with pytest.raises(DBAPIError, match="row-level security"):
        async with writing(database, mine) as writer:
            await writer.connection.execute(insert(LabelRow).values(_label(2, code=8)))


async def test_changing_everything_changes_the_own_workspace_only(database: Database) -> None:
    mine, theirs = await _two_workspaces(database)
    async with writing(database, mine) as writer:
        changed = await writer.connection.execute(text("update label set text = 'changed'"))
        assert changed.rowcount == 1
    async with reading(database, theirs) as reader:
        assert (await reader.connection.execute(select(LabelRow.text))).scalar_one() == "canary-2"


async def test_without_a_tenant_nothing_is_seen(database: Database) -> None:
    await _two_workspaces(database)
    async with database.engine.connect() as connection:
        assert (await connection.execute(select(LabelRow.text))).all() == []


async def test_a_reader_cannot_write(database: Database) -> None:
    mine, _ = await _two_workspaces(database)
    with pytest.raises(DBAPIError, match="read-only transaction"):
        async with reading(database, mine) as reader:
            await reader.connection.execute(text("update label set text = 'x'"))


async def test_a_snapshot_does_not_see_later_commits(database: Database) -> None:
    mine, _ = await _two_workspaces(database)
    async with reading(database, mine, snapshot=True) as reader:
        assert len((await reader.connection.execute(select(LabelRow.code))).all()) == 1
        async with writing(database, mine) as writer:
            await writer.connection.execute(insert(LabelRow).values(_label(1, code=8) | {"text_digest": b"1" * 16}))
        assert len((await reader.connection.execute(select(LabelRow.code))).all()) == 1


async def test_an_identity_must_be_one(database: Database) -> None:
    with pytest.raises(ValueError, match="badly formed"):
        async with reading(database, "1'; drop table label; --"):  # type: ignore[arg-type]
            pass


async def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    mine, _ = await _two_workspaces(database)

    async def break_half_way() -> None:
        async with writing(database, mine) as writer:
            await writer.connection.execute(text("update label set text = 'lost'"))
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        await break_half_way()
    async with reading(database, mine) as reader:
        assert (await reader.connection.execute(select(LabelRow.text))).scalar_one() == "canary-1"


async def test_a_statement_past_its_deadline_is_told_apart(database: Database) -> None:
    with pytest.raises(DatabaseTooSlow):
        async with reading(database, an_identity(1), statement_timeout_ms=50) as reader:
            await reader.connection.execute(text("select pg_sleep(5)"))


async def test_one_writer_of_a_workspace_at_a_time(database: Database) -> None:
    order: list[str] = []

    async def append(name: str, entered: asyncio.Event | None = None) -> None:
        async with writing(database, an_identity(1)) as writer:
            await lock_workspace(writer)
            order.append(f"{name} in")
            if entered:
                entered.set()
                await asyncio.sleep(0.05)
            order.append(f"{name} out")

    entered = asyncio.Event()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(append("first", entered))
        await entered.wait()
        group.create_task(append("second"))
    assert order == ["first in", "first out", "second in", "second out"]


def test_lock_keys_differ_by_workspace_and_purpose() -> None:
    keys = {lock_key(an_identity(number), purpose) for number in range(100) for purpose in ("ingest", "feed")}
    assert len(keys) == 200
    assert all(-(2**63) <= key < 2**63 for key in keys)


async def test_a_pool_of_two_serves_fifty_workspaces_without_leaking(app_url: str) -> None:
    await _serve(app_url, requests=2_000)


@pytest.mark.slow
async def test_a_pool_of_two_serves_a_hundred_thousand_requests_without_leaking(app_url: str) -> None:
    await _serve(app_url, requests=100_000)


async def _serve(app_url: str, *, requests: int) -> None:
    database = open_database(app_url, pool_size=2, acquire_timeout_s=60, connect_timeout_s=10)
    try:
        for number in range(50):
            async with writing(database, an_identity(number)) as writer:
                await create_workspace(writer, a_workspace(name=f"canary-{number}"))
        chance = random.Random(7)
        foreign: list[str] = []
        pending: set[asyncio.Task[None]] = set()
        for _ in range(requests):
            if len(pending) >= 40:
                _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            number, manner = chance.randrange(50), chance.choice(("read", "read", "write", "fail", "sleep", "cancel"))
            task = asyncio.create_task(_request(database, number, manner, foreign))
            pending.add(task)
            if manner == "cancel":
                asyncio.get_running_loop().call_later(chance.random() * 0.01, task.cancel)
        await asyncio.gather(*pending, return_exceptions=True)
        assert foreign == []
        await _expect_released_connections_without_tenant(database)
    finally:
        await database.close()


async def _request(database: Database, number: int, manner: str, foreign: list[str]) -> None:
    with suppress(RuntimeError, DBAPIError, asyncio.CancelledError):
        async with (writing if manner == "write" else reading)(database, an_identity(number)) as reader:
            names = (await reader.connection.execute(select(WorkspaceRow.name))).scalars().all()
            foreign.extend(name for name in names if name != f"canary-{number}")
            if not names:
                foreign.append(f"canary-{number} saw nothing")
            if manner == "fail":
                await reader.connection.execute(text("select 1 / 0"))
            if manner in ("sleep", "cancel"):
                await reader.connection.execute(text("select pg_sleep(0.005)"))


async def _expect_released_connections_without_tenant(database: Database) -> None:
    async with database.engine.connect() as first, database.engine.connect() as second:
        for connection in (first, second):
            assert (await connection.execute(text(NIL_SETTING))).scalar_one() in ("", None)
            assert (await connection.execute(select(WorkspaceRow.name))).all() == []


async def test_absent_and_foreign_ids_look_alike(database: Database) -> None:
    mine, theirs = await _two_workspaces(database)
    async with reading(database, mine) as reader:
        for identity in (theirs, an_identity(99)):
            found = await reader.connection.execute(select(WorkspaceRow).where(WorkspaceRow.workspace_id == identity))
            assert found.all() == []


async def test_the_owner_is_held_by_the_policy_too(database: Database, owner_url: str) -> None:
    await _two_workspaces(database)
    connection = await asyncpg.connect(owner_url)
    try:
        assert await connection.fetch("select text from label") == []
    finally:
        await connection.close()
