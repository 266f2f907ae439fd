"""The people of the made-up traffic: each has one place, device and language; some come back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from domain.events import SessionContext
from server.traffic.cast import Bot, Place
from server.traffic.dialogues import read_user_agents

Value = TypeVar("Value")

_BROWSED = frozenset({"WEBSITE", "HELP_DESK", "EMAIL"})
_HELD = frozenset({"APP", "WHATSAPP", "TELEGRAM", "MESSENGER", "SMS"})


@dataclass(frozen=True, kw_only=True)
class Visitor:
    key: str
    channel: str
    place: Place
    language: str
    user_agent: str | None
    user_type: str | None
    authenticated: bool | None
    is_bot: bool = False


@dataclass(kw_only=True)
class Crowd:
    """Everybody who has met one chatbot so far."""

    bot: Bot
    visitors: list[Visitor] = field(default_factory=list)

    def draw(self, random: Random) -> Visitor:
        """Recent visitors come back more often than those of two months ago."""
        if self.visitors and random.random() < self.bot.returning_share:
            return self.visitors[int(len(self.visitors) * random.random() ** 0.45)]
        visitor = _meet(random, self.bot)
        if not visitor.is_bot:
            self.visitors.append(visitor)
        return visitor


def pick(random: Random, weights: Mapping[Value, float]) -> Value:
    return random.choices(list(weights), list(weights.values()))[0]


def describe(random: Random, bot: Bot, visitor: Visitor) -> SessionContext:
    """What a session-started event says of this visit. What the chatbot does not report is left out."""
    browsed = visitor.channel in _BROWSED
    located = "GEOGRAPHY" in bot.reports
    return SessionContext(
        is_bot=True if visitor.is_bot else None,
        channel=visitor.channel,
        entry_point=pick(random, bot.entry_points) if bot.entry_points and browsed else None,
        referrer=(pick(random, bot.referrers) or None) if bot.referrers and browsed else None,
        campaign=random.choice(bot.campaigns) if bot.campaigns and random.random() < 0.18 else None,
        user_agent=visitor.user_agent,
        country=visitor.place.country if located else None,
        region=visitor.place.region if located else None,
        city=visitor.place.city if located else None,
        language=visitor.language,
        user_type=visitor.user_type,
        authenticated=visitor.authenticated,
    )


def _meet(random: Random, bot: Bot) -> Visitor:
    channel = pick(random, bot.channels)
    is_bot = channel == "WEBSITE" and random.random() < 0.015
    return Visitor(
        key=f"v-{random.getrandbits(48):012x}",
        channel=channel,
        place=pick(random, bot.places),
        language=pick(random, bot.languages),
        user_agent=random.choice(read_user_agents()["crawler"])
        if is_bot
        else _draw_user_agent(random, bot, channel),
        user_type=pick(random, bot.user_types) if bot.user_types else None,
        authenticated=random.random() < bot.authenticated_share if bot.authenticated_share else None,
        is_bot=is_bot,
    )


def _draw_user_agent(random: Random, bot: Bot, channel: str) -> str | None:
    if "DEVICE" not in bot.reports:
        return None
    if channel in _HELD or (channel in _BROWSED and random.random() < 0.45):
        return random.choice(read_user_agents()["tablet" if random.random() < 0.08 else "mobile"])
    return random.choice(read_user_agents()["desktop"])
