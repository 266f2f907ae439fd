"""The demo workspace: made once, filled to the end even if interrupted, open to the key that was set."""

from datetime import UTC, datetime

import pytest

from domain.accounts import DEMO_WORKSPACE_ID, workspace_of_key
from persistence.chatbots import list_chatbots
from persistence.engine import Database
from persistence.keys import key_by_text
from persistence.tenancy import reading
from persistence.workspaces import find_workspace, workspace_ids
from server import demo
from server.demo import demo_workspace_id, ensure_demo


def clock() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two days of traffic are enough to see how it is filled."""
    monkeypatch.setattr(demo, "DAYS", 2)
    monkeypatch.setattr(demo, "_EVENTS_TOGETHER", 500)


async def test_first_start_makes_it_and_tells_the_key(database: Database) -> None:
    key = await ensure_demo(database, "", clock=clock)
    assert key is not None
    assert workspace_of_key(key) == DEMO_WORKSPACE_ID
    async with reading(database, DEMO_WORKSPACE_ID) as reader:
        assert await key_by_text(reader, key) is not None
        chatbots = await list_chatbots(reader, limit=50, after=None, among=None)
        workspace = await find_workspace(reader)
    assert {chatbot.chatbot_type.name for chatbot in chatbots} == {"AVATAR_3D", "TEXT", "VOICE"}
    assert workspace is not None
    assert workspace.name == "Demo"


async def test_second_start_changes_nothing(database: Database) -> None:
    await ensure_demo(database, "", clock=clock)
    before = await _count_messages(database)
    assert await ensure_demo(database, "", clock=clock) is None
    assert await _count_messages(database) == before > 0


async def test_any_text_may_be_the_key_also_later(database: Database) -> None:
    await ensure_demo(database, "", clock=clock)
    assert await ensure_demo(database, "let me in", clock=clock) == "let me in"
    assert await ensure_demo(database, "let me in", clock=clock) is None
    assert demo_workspace_id("let me in") == DEMO_WORKSPACE_ID


async def test_interrupted_filling_goes_on(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    complete = demo._append
    calls = 0

    async def stops(*arguments: object, **named: object) -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise KeyboardInterrupt
        await complete(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(demo, "_append", stops)
    with pytest.raises(KeyboardInterrupt):
        await ensure_demo(database, "", clock=clock)
    part = await _count_messages(database)
    monkeypatch.setattr(demo, "_append", complete)
    await ensure_demo(database, "", clock=clock)
    whole = await _count_messages(database)
    await ensure_demo(database, "", clock=clock)
    assert 0 < part < whole == await _count_messages(database)


async def test_other_workspaces_are_left_alone(database: Database, workspace_id: object) -> None:
    assert await ensure_demo(database, "demo", clock=clock) is None
    assert await workspace_ids(database) == (workspace_id,)


async def _count_messages(database: Database) -> int:
    async with reading(database, DEMO_WORKSPACE_ID) as reader:
        return int((await reader.connection.exec_driver_sql("select count(*) from message")).scalar_one())
