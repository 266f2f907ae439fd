"""What stands when a batch arrives: the workspace, its chatbots and their settings over time."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from msgspec import Struct

from domain.answers import normalised
from domain.chatbot_settings import SettingEntry
from domain.chatbots import ChatbotSettings, FallbackList, Rules
from domain.days import LocalDays
from domain.vocabulary import ChatbotType, LabelKind, Report
from persistence.chatbot_settings import set_entry, setting_history
from persistence.chatbots import create_chatbot
from persistence.ingest.arrivals import Arrival, reject
from persistence.labels import codes_of
from persistence.tenancy import Writer

MOST_NEW_CHATBOTS: Final = 100
"""In one batch; a sender that makes up a chatbot per event is mistaken."""


class Home(Struct, frozen=True):
    """The workspace as far as ingest must know it."""

    days: LocalDays
    creates_chatbots: bool
    idle_timeout_ms: int
    kept_from_ms: int | None


class Speaker(Struct):
    """A chatbot that the batch speaks of."""

    chatbot_id: int
    chatbot_type: int
    observed: set[int]
    settings: ChatbotSettings | None = None


async def begin_generation(writer: Writer) -> tuple[int, Home]:
    """Raises the workspace's ingest generation: tells whoever keeps facts in memory that they changed."""
    row = await writer.driver.fetchrow(
        "update workspace_counter c set ingest_generation = c.ingest_generation + 1 from workspace w "
        "where c.workspace_id = $1 and w.workspace_id = $1 "
        "returning c.ingest_generation, w.time_zone, w.creates_chatbots, w.idle_timeout_ms, w.fact_kept_from_ms",
        writer.workspace_id,
    )
    if row is None:
        raise LookupError("there is no such workspace")
    return row[0], Home(_days(row[1]), row[2], row[3], row[4])


@lru_cache(maxsize=1_000)
def _days(time_zone: str) -> LocalDays:
    return LocalDays(time_zone)


async def find_speakers(writer: Writer, home: Home, arrivals: Iterable[Arrival]) -> dict[int, Speaker]:
    """The chatbots by number. Sets each arrival's chatbot, or refuses it where the sender may not write to it."""
    by_slug: defaultdict[str, list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        by_slug[arrival.event.chatbot_id].append(arrival)
    speakers = await _known(writer, by_slug)
    await _create_missing(writer, home, by_slug, speakers)
    for slug, group in by_slug.items():
        speaker = speakers.get(slug)
        for arrival in group:
            if speaker is not None and arrival.among is None:
                arrival.chatbot_id = speaker.chatbot_id
            else:
                _admit(arrival, speaker)
    found = {speaker.chatbot_id: speaker for speaker in speakers.values()}
    await _add_settings(writer, home, found)
    return found


async def _known(writer: Writer, slugs: Collection[str]) -> dict[str, Speaker]:
    rows = await writer.driver.fetch(
        "select slug, chatbot_id, chatbot_type, observed_reports from chatbot "
        "where workspace_id = $1 and slug = any($2)",
        writer.workspace_id,
        list(slugs),
    )
    return {row[0]: Speaker(row[1], row[2], set(row[3])) for row in rows}


async def read_speakers(writer: Writer, home: Home, chatbot_ids: Collection[int]) -> dict[int, Speaker]:
    """Of sessions that the batch reaches although it does not speak of their chatbots."""
    rows = await writer.driver.fetch(
        "select slug, chatbot_id, chatbot_type, observed_reports from chatbot "
        "where workspace_id = $1 and chatbot_id = any($2)",
        writer.workspace_id,
        list(chatbot_ids),
    )
    found = {row[1]: Speaker(row[1], row[2], set(row[3])) for row in rows}
    await _add_settings(writer, home, found)
    return found


async def _create_missing(
    writer: Writer, home: Home, by_slug: dict[str, list[Arrival]], speakers: dict[str, Speaker]
) -> None:
    if not home.creates_chatbots:
        return
    free = [
        (slug, group) for slug, group in by_slug.items() if slug not in speakers and any(a.among is None for a in group)
    ]
    for slug, group in free[:MOST_NEW_CHATBOTS]:
        now = datetime.fromtimestamp(group[0].received_at_ms / 1000, tz=UTC)
        made = await create_chatbot(writer, slug=slug, name=slug, chatbot_type=ChatbotType.TEXT, reports=(), now=now)
        first = SettingEntry(effective_from_ms=0, idle_timeout_ms=home.idle_timeout_ms)
        await set_entry(writer, made.chatbot_id, first, now=now)
        speakers[slug] = Speaker(made.chatbot_id, int(made.chatbot_type), set())
    for slug, group in free[MOST_NEW_CHATBOTS:]:
        for arrival in group:
            message = f"one request may bring at most {MOST_NEW_CHATBOTS} new chatbots; {slug!r} is one too many."
            reject(arrival, "OUT_OF_RANGE", "chatbotId", message)


def _admit(arrival: Arrival, speaker: Speaker | None) -> None:
    """What a limited key may not see looks like what is not there."""
    allowed = speaker is not None and (arrival.among is None or speaker.chatbot_id in arrival.among)
    if speaker is not None and allowed:
        arrival.chatbot_id = speaker.chatbot_id
    elif arrival.result.code is None:
        message = f"there is no chatbot {arrival.event.chatbot_id!r} that this key may write to."
        reject(arrival, "UNKNOWN", "chatbotId", message)


async def _add_settings(writer: Writer, home: Home, speakers: dict[int, Speaker]) -> None:
    history = await setting_history(writer, list(speakers))
    actions = {action for entries in history.values() for entry in entries for action in _actions(entry)}
    codes = await codes_of(writer, {LabelKind.ACTION: actions}) if actions else {}
    by_action = {text: code for (_, text), code in codes.items()}
    for chatbot_id, speaker in speakers.items():
        rules = [_rules(entry, by_action) for entry in history.get(chatbot_id, ())]
        speaker.settings = ChatbotSettings(
            rules or [Rules(idle_timeout_ms=home.idle_timeout_ms)], days=home.days, chatbot_type=speaker.chatbot_type
        )


def _actions(entry: SettingEntry) -> tuple[str, ...]:
    return (*entry.failure_actions, *entry.uncertain_actions)


def _rules(entry: SettingEntry, actions: dict[str, int]) -> Rules:
    return Rules(
        from_ms=entry.effective_from_ms,
        idle_timeout_ms=entry.idle_timeout_ms,
        unanswered_below_ppm=entry.unanswered_below_ppm,
        fallback_below_ppm=entry.fallback_below_ppm,
        plan=None if entry.plan is None else int(entry.plan),
        correction_detector=entry.correction_detector,
        fallbacks=FallbackList(
            version=entry.fallback_version if _has_list(entry) else 0,
            failure_phrases=frozenset(map(normalised, entry.failure_phrases)),
            failure_actions=frozenset(actions[action] for action in entry.failure_actions),
            uncertain_phrases=frozenset(map(normalised, entry.uncertain_phrases)),
            uncertain_actions=frozenset(actions[action] for action in entry.uncertain_actions),
        ),
    )


def _has_list(entry: SettingEntry) -> bool:
    return bool(entry.failure_phrases or entry.uncertain_phrases or _actions(entry))


async def note_reports(writer: Writer, speakers: dict[int, Speaker], seen: dict[int, set[Report]]) -> None:
    """A kind of fact that has arrived once marks itself observed (R4)."""
    for chatbot_id, reports in seen.items():
        observed = speakers[chatbot_id].observed
        if reports - observed:
            await writer.driver.execute(
                "update chatbot set observed_reports = $3 where workspace_id = $1 and chatbot_id = $2",
                writer.workspace_id,
                chatbot_id,
                sorted(observed | {int(report) for report in reports}),
            )
