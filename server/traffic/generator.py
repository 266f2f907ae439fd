"""Believable traffic of several chatbots, hour by hour: the same seed and instant give the same events."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

from domain.events import AnyEvent, Probe, Release
from server.traffic.cast import BOTS, Bot
from server.traffic.identity import make_event_id
from server.traffic.plot import tell_session
from server.traffic.seasons import draw_starts, expect_sessions
from server.traffic.session import Session
from server.traffic.story import DAY_MS, HOUR_MS, Story
from server.traffic.visitors import Crowd


def generate_days(
    *, seed: int, now: datetime, days: int = 90, volume: float = 1.0
) -> Iterator[list[AnyEvent]]:
    """The events of each day until `now`, oldest day first, each day in the order of its events."""
    story = Story(now_ms=int(now.timestamp() * 1000) // HOUR_MS * HOUR_MS)
    bots = [replace(bot, sessions_per_day=bot.sessions_per_day * volume) for bot in BOTS]
    crowds = [Crowd(bot=bot) for bot in bots]
    first_ms = story.now_ms - days * DAY_MS
    for day_ms in range(first_ms, story.now_ms, DAY_MS):
        random = Random(f"{seed}:{(day_ms - first_ms) // DAY_MS}")
        events = [event for crowd in crowds for event in _tell_day(random, story, crowd, day_ms)]
        events += _tell_operation(random, story, bots, day_ms)
        yield sorted(events, key=lambda event: (event.occurred_at, event.event_id or ""))


def _tell_day(random: Random, story: Story, crowd: Crowd, day_ms: int) -> Iterator[AnyEvent]:
    for hour_ms in range(day_ms, day_ms + DAY_MS, HOUR_MS):
        expected = expect_sessions(crowd.bot, story, hour_ms)
        for start_ms in draw_starts(random, expected, hour_ms):
            events = tell_session(_open_session(random, story, crowd, start_ms))
            yield from (event for event in events if _milliseconds(event) < story.now_ms)


def _open_session(random: Random, story: Story, crowd: Crowd, start_ms: int) -> Session:
    stamp = datetime.fromtimestamp(start_ms / 1000, UTC).strftime("%y%m%d")
    reference = f"{stamp}-{random.getrandbits(36):09x}"
    return Session(
        random=random,
        story=story,
        bot=crowd.bot,
        visitor=crowd.draw(random),
        reference=reference,
        at_ms=start_ms,
    )


def _tell_operation(random: Random, story: Story, bots: Sequence[Bot], day_ms: int) -> Iterator[AnyEvent]:
    """Releases, and an hourly probe of the two parts that all depend on."""
    for at_ms, release in story.releases(day_ms, day_ms + DAY_MS):
        yield Release(
            event_id=make_event_id(random, at_ms),
            occurred_at=datetime.fromtimestamp(at_ms / 1000, UTC),
            chatbot_id=release.chatbot,
            kind=release.kind,
            version=release.version,
            note=release.note,
        )
    for at_ms in range(day_ms, day_ms + DAY_MS, HOUR_MS):
        for component in ("chat gateway", "model gateway"):
            ill = component == "model gateway" and story.in_incident(bots[1].slug, at_ms)
            yield Probe(
                event_id=make_event_id(random, at_ms),
                occurred_at=datetime.fromtimestamp(at_ms / 1000, UTC),
                chatbot_id=bots[1].slug,
                component=component,
                up=not ill and random.random() > 0.001,
                duration_ms=int(random.lognormvariate(3.5, 0.4)),
            )


def _milliseconds(event: AnyEvent) -> int:
    return int(event.occurred_at.timestamp() * 1000)
