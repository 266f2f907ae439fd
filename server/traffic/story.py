"""What happens in the made-up quarter: a launch, an incident, releases, two experiments."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal
from zlib import crc32

ReleaseKind = Literal["MODEL", "PROMPT", "KNOWLEDGE_BASE", "RETRIEVAL", "ROUTING", "WORKFLOW", "GREETING"]
DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, kw_only=True)
class ReleaseNote:
    days_ago: float
    chatbot: str
    kind: ReleaseKind
    version: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Experiment:
    name: str
    chatbot: str
    from_days_ago: float
    to_days_ago: float
    variants: tuple[str, ...]

    def assign(self, visitor: str, *, days_ago: float) -> str | None:
        if not self.to_days_ago <= days_ago <= self.from_days_ago:
            return None
        return self.variants[crc32(f"{self.name}:{visitor}".encode()) % len(self.variants)]


PROMPT_TONE: Final = Experiment(
    name="prompt-tone", chatbot="support-desk", from_days_ago=44, to_days_ago=14, variants=("plain", "warm")
)
GREETING: Final = Experiment(
    name="greeting", chatbot="home-finder", from_days_ago=26, to_days_ago=0, variants=("short", "dream-home")
)
EXPERIMENTS: Final = (PROMPT_TONE, GREETING)

RELEASES: Final = (
    ReleaseNote(
        days_ago=89, chatbot="shop-guide", kind="MODEL", version="swift-2", note="First model of the quarter"
    ),
    ReleaseNote(
        days_ago=89,
        chatbot="support-desk",
        kind="MODEL",
        version="atlas-4",
        note="First model of the quarter",
    ),
    ReleaseNote(
        days_ago=89, chatbot="booking-line", kind="MODEL", version="voice-1", note="Telephone line opens"
    ),
    ReleaseNote(
        days_ago=89, chatbot="it-helper", kind="MODEL", version="local-7b", note="Runs in our own cellar"
    ),
    ReleaseNote(
        days_ago=89, chatbot="home-finder", kind="MODEL", version="swift-2", note="First model of the quarter"
    ),
    ReleaseNote(
        days_ago=89,
        chatbot="campus-guide",
        kind="MODEL",
        version="swift-2",
        note="First model of the quarter",
    ),
    ReleaseNote(
        days_ago=63, chatbot="shop-guide", kind="KNOWLEDGE_BASE", version="kb-2", note="Size charts added"
    ),
    ReleaseNote(
        days_ago=58,
        chatbot="it-helper",
        kind="RETRIEVAL",
        version="hybrid-1",
        note="Keyword and vector search",
    ),
    ReleaseNote(
        days_ago=44, chatbot="support-desk", kind="PROMPT", version="tone-test", note="Experiment starts"
    ),
    ReleaseNote(
        days_ago=35, chatbot="shop-guide", kind="MODEL", version="swift-3", note="Cheaper and quicker"
    ),
    ReleaseNote(
        days_ago=30, chatbot="booking-line", kind="WORKFLOW", version="flow-5", note="Asks the reason first"
    ),
    ReleaseNote(
        days_ago=26, chatbot="home-finder", kind="GREETING", version="dream-home", note="Experiment starts"
    ),
    ReleaseNote(
        days_ago=21, chatbot="shop-guide", kind="ROUTING", version="routes-3", note="App launch: new entry"
    ),
    ReleaseNote(
        days_ago=14, chatbot="support-desk", kind="PROMPT", version="warm-2", note="Winner of the tone test"
    ),
    ReleaseNote(
        days_ago=9.2,
        chatbot="support-desk",
        kind="MODEL",
        version="atlas-5",
        note="Shortly before the incident",
    ),
    ReleaseNote(days_ago=6, chatbot="campus-guide", kind="KNOWLEDGE_BASE", version="kb-4", note="Exam dates"),
)


@dataclass(frozen=True, kw_only=True)
class Story:
    """The quarter seen from one instant, `now_ms`."""

    now_ms: int

    def days_ago(self, at_ms: int) -> float:
        return (self.now_ms - at_ms) / DAY_MS

    def launch_factor(self, chatbot: str, at_ms: int) -> float:
        """The shop's app was launched 21 days ago: twice the traffic at once, half of that after a week."""
        days = 21 - self.days_ago(at_ms)
        if chatbot != "shop-guide" or days < 0:
            return 1.0
        return float(1.25 + 1.1 * 0.5 ** (days / 5))

    def in_incident(self, chatbot: str, at_ms: int) -> bool:
        """About nine days ago the help desk's model gateway was ill for three and a half hours."""
        return chatbot == "support-desk" and 0 <= at_ms - self.incident_from_ms < 3.5 * HOUR_MS

    @property
    def incident_from_ms(self) -> int:
        """14:00 UTC of that day (a Friday if it was a weekend), when the Americas are at work."""
        day = (self.now_ms - 9 * DAY_MS) // DAY_MS
        weekday = (day + 3) % 7  # the first day of 1970 was a Thursday
        return (day - max(weekday - 4, 0)) * DAY_MS + 14 * HOUR_MS

    def version(self, chatbot: str, kind: ReleaseKind, at_ms: int) -> str | None:
        days_ago = self.days_ago(at_ms)
        known = [r for r in RELEASES if r.chatbot == chatbot and r.kind == kind and r.days_ago >= days_ago]
        return min(known, key=lambda release: release.days_ago).version if known else None

    def releases(self, from_ms: int, to_ms: int) -> Iterator[tuple[int, ReleaseNote]]:
        for release in RELEASES:
            at_ms = self.now_ms - int(release.days_ago * DAY_MS)
            if from_ms <= at_ms < to_ms:
                yield at_ms, release
