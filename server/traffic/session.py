"""Where one made-up session stands while it is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any, Literal

from domain.events import AnyEvent
from server.traffic.cast import Bot
from server.traffic.dialogues import Dialogue, fill_slots, read_dialogue
from server.traffic.identity import make_event_id
from server.traffic.story import Story
from server.traffic.visitors import Visitor

Mood = Literal["good", "fallback", "weak", "empty", "outside"]


@dataclass(kw_only=True)
class Session:
    """The session being told: its clock only moves forward, every event gets the next instant."""

    random: Random
    story: Story
    bot: Bot
    visitor: Visitor
    reference: str
    at_ms: int
    events: list[AnyEvent] = field(default_factory=list)
    slots: Mapping[str, str] = field(default_factory=dict)
    context_tokens: int = 220  # grows with the conversation
    last_mood: Mood = "good"
    last_answer: str | None = None
    variants: dict[str, str] = field(default_factory=dict)

    @property
    def dialogue(self) -> Dialogue:
        return read_dialogue(self.bot.dialogues[self.visitor.language])

    def wait(self, low_seconds: float, high_seconds: float) -> None:
        self.at_ms += 1 + int(self.random.uniform(low_seconds, high_seconds) * 1000)

    def say(self, phrase: str) -> str:
        return fill_slots(self.random.choice(self.dialogue.phrases[phrase]), self.slots)

    def frame(self, *, at_ms: int | None = None) -> dict[str, Any]:
        """What every event of this session carries."""
        self.at_ms += 1
        moment = self.at_ms if at_ms is None else at_ms
        frame: dict[str, Any] = {
            "event_id": make_event_id(self.random, moment),
            "occurred_at": datetime.fromtimestamp(moment / 1000, UTC),
            "chatbot_id": self.bot.slug,
            "visitor_id": self.visitor.key,
        }
        cut_here = self.visitor.channel in self.bot.threads
        frame["thread_id" if cut_here else "session_id"] = (
            f"t-{self.visitor.key}" if cut_here else self.reference
        )
        return frame

    def reports(self, fact: str) -> bool:
        return fact in self.bot.reports

    def chance(self, share: float) -> bool:
        return self.random.random() < share
