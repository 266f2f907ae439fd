"""The demo workspace: made when the database is empty, filled with 90 days of made-up traffic, given an admin key.

The traffic depends only on the moment at which the workspace was made, so filling that was interrupted goes on with
the same events at the next start, and what is there already counts as a duplicate.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from msgspec import json
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from domain.accounts import DEMO_WORKSPACE_ID, ROLES, SYSTEM, NewKey, Role, format_key, workspace_of_key
from domain.chatbot_settings import SettingEntry
from domain.events import AnyEvent
from domain.money import ExchangeRate
from domain.plans import PlanQuota
from domain.reporting import Reported, read_events
from domain.vocabulary import ChatbotType, Instrument, Plan, Report
from persistence.chatbot_settings import set_entry
from persistence.chatbots import create_chatbot
from persistence.engine import Database
from persistence.exchange_rates import set_rate
from persistence.goals import define_goal
from persistence.ingest.append import store_events
from persistence.ingest.arrivals import Parcel
from persistence.ingest.tables import month_at
from persistence.keys import create_key, key_by_text
from persistence.partitions import refresh_statistics
from persistence.plans import set_quota
from persistence.tenancy import Writer, reading, writing
from persistence.workspaces import (
    NewWorkspace,
    create_workspace,
    find_workspace,
    update_workspace,
    workspace_ids,
)
from server.traffic.cast import BOTS, Bot
from server.traffic.generator import generate_days

DAYS: Final = 90
_SEED: Final = 1729
_NAME: Final = "Demo"
_NAME_WHILE_FILLING: Final = "Demo (being filled)"
_EVENTS_TOGETHER: Final = 4_000

Clock = Callable[[], datetime]


def demo_workspace_id(demo_key: str) -> UUID:
    """A key of our own form names its workspace; any other text stands for the usual one."""
    return workspace_of_key(demo_key) or DEMO_WORKSPACE_ID


async def ensure_demo(database: Database, demo_key: str, *, clock: Clock) -> str | None:
    """The key if it was made just now, else None. Does nothing in a database with other workspaces only."""
    workspace_id = demo_workspace_id(demo_key)
    known = await workspace_ids(database)
    if known and workspace_id not in known:
        return None
    if not known:
        async with writing(database, workspace_id) as writer:
            await _furnish(writer, clock())
    made = await _ensure_key(database, workspace_id, demo_key, now=clock(), first=not known)
    await _fill(database, workspace_id, clock=clock)
    return made


async def _ensure_key(
    database: Database, workspace_id: UUID, demo_key: str, *, now: datetime, first: bool
) -> str | None:
    if not demo_key and not first:
        return None
    key = demo_key or format_key(workspace_id, secrets.token_urlsafe(32))
    async with writing(database, workspace_id) as writer:
        if await key_by_text(writer, key) is not None:
            return None
        scopes = ROLES[Role.ADMINISTRATOR]
        await create_key(writer, NewKey(name="Demo", scopes=scopes), actor=SYSTEM, now=now, key_text=key)
    return key


async def _furnish(writer: Writer, now: datetime) -> None:
    """Everything but the traffic, in one transaction."""
    new = NewWorkspace(name=_NAME_WHILE_FILLING, reporting_currency="USD", primary_instrument=Instrument.THUMBS)
    await create_workspace(writer, new)
    rate = ExchangeRate(base="EUR", quote="USD", effective_from=date(2020, 1, 1), rate=Decimal("1.08"))
    await set_rate(writer, rate, now=now)
    for bot in BOTS:
        await _furnish_chatbot(writer, bot, now)
    for goal, resolves in (("appointment booked", True), ("inspection booked", False), ("plan upgraded", True)):
        await _define_goal(writer, goal, resolves=resolves, conversion=True, now=now)
    await _define_goal(writer, "add to basket", resolves=False, conversion=False, now=now)
    for plan, sessions in ((Plan.FREE, 500), (Plan.PRO, 1_500), (Plan.BUSINESS, 3_000), (Plan.PREMIUM, 10_000)):
        await set_quota(writer, _quota(plan, sessions), now=now)


async def _furnish_chatbot(writer: Writer, bot: Bot, now: datetime) -> None:
    """The busiest chatbot grew out of a smaller plan a month ago: plans count as of a session's start."""
    chatbot = await create_chatbot(
        writer,
        slug=bot.slug,
        name=bot.name,
        chatbot_type=ChatbotType[bot.chatbot_type],
        reports=[Report[name] for name in bot.reports],
        now=now,
    )
    plans = {0: Plan[bot.plan]}
    if bot.plan == "PREMIUM":
        plans = {0: Plan.BUSINESS, int((now - timedelta(days=30)).timestamp() * 1000): Plan.PREMIUM}
    for from_ms, plan in plans.items():
        entry = SettingEntry(effective_from_ms=from_ms, plan=plan)
        await set_entry(writer, chatbot.chatbot_id, entry, now=now)


async def _define_goal(writer: Writer, name: str, *, resolves: bool, conversion: bool, now: datetime) -> None:
    await define_goal(
        writer,
        name=name,
        title=name.capitalize(),
        description=None,
        is_conversion=conversion,
        resolves=resolves,
        value_nano=None,
        value_currency=None,
        now=now,
    )


def _quota(plan: Plan, sessions: int) -> PlanQuota:
    return PlanQuota(
        plan=plan,
        effective_from_ms=0,
        sessions=sessions,
        messages=sessions * 10,
        leads=sessions // 10,
        storage_bytes=1_000_000 * sessions,
        chatbots=10,
    )


async def _fill(database: Database, workspace_id: UUID, *, clock: Clock) -> None:
    async with reading(database, workspace_id) as reader:
        workspace = await find_workspace(reader)
    if workspace is None or workspace.name != _NAME_WHILE_FILLING:
        return
    await fill_with_traffic(database, workspace_id, until=workspace.created_at, now=clock())
    async with writing(database, workspace_id) as writer:
        changes = {"name": _NAME}
        await update_workspace(writer, expected_version=workspace.version, changes=changes, now=clock())


async def fill_with_traffic(database: Database, workspace_id: UUID, *, until: datetime, now: datetime) -> None:
    """By the same way as events from outside, in order of time."""
    columns = (TextColumn("Filling the demo workspace"), BarColumn(), MofNCompleteColumn(), TextColumn("days"))
    with Progress(*columns, TimeElapsedColumn()) as progress:
        task = progress.add_task("", total=DAYS)
        for days, events in _in_portions(generate_days(seed=_SEED, now=until, days=DAYS)):
            await _append(database, workspace_id, events, now=now)
            progress.advance(task, days)
    for month in {month_at(int((until - timedelta(days=ago)).timestamp() * 1000)) for ago in range(DAYS + 1)}:
        await refresh_statistics(database, month)


def _in_portions(days: Iterable[list[AnyEvent]]) -> Iterator[tuple[int, list[AnyEvent]]]:
    """Some days together: fewer transactions, each of a size that others can wait for."""
    count, together = 0, list[AnyEvent]()
    for events in days:
        if together and len(together) + len(events) > _EVENTS_TOGETHER:
            yield count, together
            count, together = 0, []
        count += 1
        together = together + events
    if together:
        yield count, together


async def _append(database: Database, workspace_id: UUID, events: Sequence[AnyEvent], *, now: datetime) -> None:
    now_ms = int(now.timestamp() * 1000)
    read = read_events(json.encode(events), now_ms=now_ms)
    good = [told for told in read if isinstance(told, Reported)]
    if len(good) != len(read):
        refused = next(told for told in read if not isinstance(told, Reported))
        raise RuntimeError(f"the demo traffic does not fit the event format: {refused}")
    await store_events(database, workspace_id, [Parcel(events=good, received_at_ms=now_ms)])
