"""How many sessions begin in an hour: the day's curve, the week's, a slow growth, and what the story adds."""

from datetime import UTC, datetime
from math import exp
from random import Random
from zoneinfo import ZoneInfo

from server.traffic.cast import Bot, Curve
from server.traffic.story import HOUR_MS, Story

_HOURS: dict[Curve, tuple[float, ...]] = {
    "shoppers": (1, 1, 0, 0, 0, 0, 1, 2, 4, 5, 6, 7, 8, 7, 6, 6, 7, 8, 10, 12, 13, 11, 7, 3),
    "office": (0, 0, 0, 0, 0, 0, 1, 4, 9, 13, 13, 11, 7, 9, 12, 11, 9, 6, 3, 2, 1, 1, 0, 0),
    "students": (3, 1, 0, 0, 0, 0, 0, 1, 3, 6, 8, 9, 9, 7, 7, 8, 9, 9, 8, 8, 8, 9, 8, 6),
}
_WEEKDAYS: dict[Curve, tuple[float, ...]] = {  # Monday first
    "shoppers": (1.0, 0.9, 0.9, 0.95, 1.0, 1.1, 1.25),
    "office": (1.35, 1.3, 1.25, 1.2, 1.0, 0.3, 0.2),
    "students": (1.2, 1.15, 1.1, 1.1, 0.9, 0.6, 0.8),
}


def expect_sessions(bot: Bot, story: Story, hour_ms: int) -> float:
    local = datetime.fromtimestamp(hour_ms / 1000, UTC).astimezone(ZoneInfo(bot.zone))
    hours, weekdays = _HOURS[bot.curve], _WEEKDAYS[bot.curve]
    share = hours[local.hour] / sum(hours) * weekdays[local.weekday()] / (sum(weekdays) / 7)
    growth = 1.12 - 0.0028 * story.days_ago(hour_ms)
    return bot.sessions_per_day * share * growth * story.launch_factor(bot.slug, hour_ms)


def draw_starts(random: Random, expected: float, hour_ms: int) -> list[int]:
    """Starting times within the hour, a Poisson number of them."""
    limit, product, count = exp(-expected), random.random(), 0
    while product > limit:
        product *= random.random()
        count += 1
    return sorted(hour_ms + random.randrange(HOUR_MS) for _ in range(count))
