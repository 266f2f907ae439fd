"""Settings as of a moment, and days of a zone."""

from datetime import date, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.chatbots import ChatbotSettings, Rules
from domain.days import LocalDays

EARLY, LATE = Rules(from_ms=1_000, idle_timeout_ms=1), Rules(from_ms=2_000, idle_timeout_ms=2)


@pytest.mark.parametrize(
    ("at_ms", "expected"),
    [(0, EARLY), (1_000, EARLY), (1_999, EARLY), (2_000, LATE), (9_999, LATE)],
    ids=["before all", "first moment", "last moment", "next begins", "long after"],
)
def test_rules_as_of_a_moment(at_ms: int, expected: Rules) -> None:
    assert ChatbotSettings([LATE, EARLY]).at(at_ms) is expected


def test_defaults() -> None:
    rules = ChatbotSettings().at(0)
    assert (rules.idle_timeout_ms, rules.unanswered_below_ppm, rules.fallback_below_ppm) == (
        1_800_000,
        700_000,
        700_000,
    )
    assert ChatbotSettings([]).at(0) == Rules()


ZONES = sorted(available_timezones())


@given(st.sampled_from(ZONES), st.integers(946_800_000_000, 2_100_000_000_000))
def test_local_days_are_the_calendars(zone: str, at_ms: int) -> None:
    local = datetime.fromtimestamp(at_ms // 1000, tz=ZoneInfo(zone)).date()

    assert LocalDays(zone).day_of(at_ms) == (local - date(1970, 1, 1)).days
