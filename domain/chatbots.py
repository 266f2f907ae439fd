"""What a chatbot is set to, and since when: values that change keep their history (R2, R9, R12)."""

from bisect import bisect_right
from collections.abc import Iterable
from operator import attrgetter

from msgspec import Struct

from domain.days import LocalDays
from domain.vocabulary import ChatbotType

DEFAULT_IDLE_TIMEOUT_MS = 1_800_000
DEFAULT_UNANSWERED_BELOW_PPM = 700_000
DEFAULT_FALLBACK_BELOW_PPM = 700_000
DEFAULT_CORRECTION_DETECTOR = 1
"""Version of `domain.corrections` that chatbots follow unless set otherwise; 0 is none."""
_START_OF_TIME_MS = -(2**62)


class FallbackList(Struct, frozen=True, kw_only=True):
    """How to tell a generic failure or an uncertain answer where the bot does not flag it (R9). Phrases are stored
    as `domain.answers.normalised` leaves them and must match the whole text; actions match by their label code."""

    version: int = 0
    failure_phrases: frozenset[str] = frozenset()
    failure_actions: frozenset[int] = frozenset()
    uncertain_phrases: frozenset[str] = frozenset()
    uncertain_actions: frozenset[int] = frozenset()


NO_FALLBACKS = FallbackList()


class Rules(Struct, frozen=True, kw_only=True):
    """The values in force from `from_ms` until the next ones. "Below" is strict: 0.70 itself is answered."""

    from_ms: int = _START_OF_TIME_MS
    idle_timeout_ms: int = DEFAULT_IDLE_TIMEOUT_MS
    unanswered_below_ppm: int = DEFAULT_UNANSWERED_BELOW_PPM
    fallback_below_ppm: int = DEFAULT_FALLBACK_BELOW_PPM
    plan: int | None = None
    correction_detector: int = DEFAULT_CORRECTION_DETECTOR
    fallbacks: FallbackList = NO_FALLBACKS


class ChatbotSettings:
    """One chatbot's rules over time. What came before the first entry followed that first entry too."""

    __slots__ = ("_only", "_since", "chatbot_type", "days", "history")

    def __init__(
        self,
        history: Iterable[Rules] = (Rules(),),
        *,
        days: LocalDays | None = None,
        chatbot_type: int = ChatbotType.TEXT,
    ) -> None:
        self.history: tuple[Rules, ...] = tuple(sorted(history, key=attrgetter("from_ms"))) or (Rules(),)
        self.days = days or LocalDays("UTC")
        self.chatbot_type = int(chatbot_type)
        self._since = [rules.from_ms for rules in self.history]
        self._only = self.history[0] if len(self.history) == 1 else None

    def at(self, at_ms: int) -> Rules:
        if self._only is not None:
            return self._only
        return self.history[max(bisect_right(self._since, at_ms) - 1, 0)]
