"""What a recount must know besides the events: settings with their history, goals, the workspace's zone."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Settings:
    """Of one chatbot, from a moment on. `failures` and `uncertain` list whole phrases and names of actions."""

    since_ms: int = 0
    idle_timeout_ms: int = 30 * 60 * 1000
    unanswered_below: float = 0.70
    fallback_below: float = 0.70
    failure_phrases: frozenset[str] = frozenset()
    failure_actions: frozenset[str] = frozenset()
    uncertain_phrases: frozenset[str] = frozenset()
    uncertain_actions: frozenset[str] = frozenset()
    detects_corrections: bool = True


@dataclass(frozen=True)
class World:
    zone: str = "UTC"
    resolving_goals: frozenset[str] = frozenset()
    settings: dict[str, list[Settings]] = field(default_factory=dict)

    def at(self, chatbot: str, at_ms: int) -> Settings:
        """The last settings that had begun; before all of them, the first."""
        history = sorted(self.settings.get(chatbot, [Settings()]), key=lambda entry: entry.since_ms)
        begun = [entry for entry in history if entry.since_ms <= at_ms]
        return begun[-1] if begun else history[0]
