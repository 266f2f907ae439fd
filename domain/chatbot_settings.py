"""One entry in the history of a chatbot's settings, as people read and change it."""

from dataclasses import dataclass

from domain.chatbots import (
    DEFAULT_CORRECTION_DETECTOR,
    DEFAULT_FALLBACK_BELOW_PPM,
    DEFAULT_IDLE_TIMEOUT_MS,
    DEFAULT_UNANSWERED_BELOW_PPM,
)
from domain.vocabulary import Plan

LONGEST_IDLE_TIMEOUT_MS = 7 * 86_400_000
MOST_FALLBACK_ENTRIES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingEntry:
    """In force from its moment until the next entry. Shares are parts per million; "below" is strict (D3).
    The lists tell fallback answers where the bot sends no flags (R9)."""

    effective_from_ms: int
    idle_timeout_ms: int = DEFAULT_IDLE_TIMEOUT_MS
    unanswered_below_ppm: int = DEFAULT_UNANSWERED_BELOW_PPM
    fallback_below_ppm: int = DEFAULT_FALLBACK_BELOW_PPM
    plan: Plan | None = None
    fallback_version: int = 0
    failure_phrases: tuple[str, ...] = ()
    failure_actions: tuple[str, ...] = ()
    uncertain_phrases: tuple[str, ...] = ()
    uncertain_actions: tuple[str, ...] = ()
    correction_detector: int = DEFAULT_CORRECTION_DETECTOR
