"""Wire events into the database as ingest does it, and worlds of settings set up before them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from msgspec import json as wire

from domain.chatbot_settings import SettingEntry
from domain.reporting import Reported, read_events
from domain.vocabulary import ChatbotType
from persistence.chatbot_settings import set_entry
from persistence.chatbots import create_chatbot
from persistence.engine import Database
from persistence.goals import define_goal
from persistence.ingest.append import store_events
from persistence.ingest.arrivals import EventResult, Parcel
from persistence.tenancy import writing
from persistence.workspaces import create_workspace
from tests.build import a_workspace
from tests.naive.world import Settings, World

NOW_MS = 1_790_000_000_000
NOW = datetime.fromtimestamp(NOW_MS / 1000, tz=UTC)


def parcel_of(events: Sequence[dict[str, Any]], *, among: frozenset[int] | None = None) -> Parcel:
    told = read_events(wire.encode(events), now_ms=NOW_MS)
    reported = [one for one in told if isinstance(one, Reported)]
    assert len(reported) == len(told), told
    return Parcel(events=reported, received_at_ms=NOW_MS, among=among)


async def send(database: Database, workspace_id: UUID, events: Sequence[dict[str, Any]]) -> list[EventResult]:
    (results,) = await store_events(database, workspace_id, [parcel_of(events)])
    return results


async def a_world(database: Database, world: World) -> UUID:
    """A fresh workspace with the world's zone, chatbots, settings and goals."""
    identity = uuid4()
    async with writing(database, identity) as writer:
        await create_workspace(writer, a_workspace(time_zone=world.zone))
        for slug, history in world.settings.items():
            chatbot = await create_chatbot(
                writer, slug=slug, name=slug, chatbot_type=ChatbotType.TEXT, reports=(), now=NOW
            )
            for settings in history:
                await set_entry(writer, chatbot.chatbot_id, _entry(settings), now=NOW)
        if world.resolving_goals:
            await _define_goals(writer, world.resolving_goals)
    return identity


async def _define_goals(writer: Any, names: frozenset[str]) -> None:
    for name in names:
        await define_goal(
            writer,
            name=name,
            title=name,
            description=None,
            is_conversion=True,
            resolves=True,
            value_nano=None,
            value_currency=None,
            now=NOW,
        )


def _entry(settings: Settings) -> SettingEntry:
    return SettingEntry(
        effective_from_ms=settings.since_ms,
        idle_timeout_ms=settings.idle_timeout_ms,
        unanswered_below_ppm=round(settings.unanswered_below * 1_000_000),
        fallback_below_ppm=round(settings.fallback_below * 1_000_000),
        fallback_version=1,
        failure_phrases=tuple(settings.failure_phrases),
        failure_actions=tuple(settings.failure_actions),
        uncertain_phrases=tuple(settings.uncertain_phrases),
        uncertain_actions=tuple(settings.uncertain_actions),
        correction_detector=int(settings.detects_corrections),
    )
