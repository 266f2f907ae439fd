"""Settings of a chatbot with their history."""

from datetime import UTC, datetime
from typing import Self

import strawberry

from domain.chatbot_settings import SettingEntry
from domain.starter_phrases import VERSION
from domain.starter_phrases import StarterPhrases as Phrases
from schema.types.vocabulary import Plan


@strawberry.type(description="Settings of a chatbot, in force from a moment until the next entry.")
class ChatbotSettings:
    effective_from: datetime | None = strawberry.field(description="Null: since the chatbot exists.")
    idle_timeout_seconds: float = strawberry.field(description="Idleness that closes a session.")
    unanswered_confidence_below: float = strawberry.field(
        description="An answer of lower confidence is unanswered; the limit itself is answered."
    )
    fallback_confidence_below: float = strawberry.field(description="An answer of lower confidence is a fallback.")
    plan: Plan | None = strawberry.field(description="Plan of sessions that start from here on.")
    fallback_version: int = strawberry.field(description="Version of the four lists.")
    failure_phrases: list[str] = strawberry.field(description="Whole answers that are a generic failure.")
    failure_actions: list[str] = strawberry.field(description="Actions that are a generic failure.")
    uncertain_phrases: list[str] = strawberry.field(description="Whole answers that are uncertain.")
    uncertain_actions: list[str] = strawberry.field(description="Actions that are uncertain.")
    correction_detector: int = strawberry.field(
        description="Version of the detector that tells corrections where the bot tells none; 0 is none."
    )

    @classmethod
    def from_domain(cls, entry: SettingEntry) -> Self:
        begins = entry.effective_from_ms
        return cls(
            effective_from=None if begins <= 0 else datetime.fromtimestamp(begins / 1000, UTC),
            idle_timeout_seconds=entry.idle_timeout_ms / 1000,
            unanswered_confidence_below=entry.unanswered_below_ppm / 1_000_000,
            fallback_confidence_below=entry.fallback_below_ppm / 1_000_000,
            plan=entry.plan,
            fallback_version=entry.fallback_version,
            failure_phrases=list(entry.failure_phrases),
            failure_actions=list(entry.failure_actions),
            uncertain_phrases=list(entry.uncertain_phrases),
            uncertain_actions=list(entry.uncertain_actions),
            correction_detector=entry.correction_detector,
        )


@strawberry.type(description="Well-known ways to say that a bot failed or is not sure, in one language.")
class StarterPhrases:
    language: str = strawberry.field(description="Language tag, as changeChatbotSettings takes it.")
    version: int = strawberry.field(description="Version of the catalogue of phrases.")
    failure_phrases: list[str] = strawberry.field(description="It could not help at all.")
    uncertain_phrases: list[str] = strawberry.field(description="It answers without vouching for it.")

    @classmethod
    def from_domain(cls, phrases: Phrases) -> Self:
        return cls(
            language=phrases.language,
            version=VERSION,
            failure_phrases=list(phrases.failure),
            uncertain_phrases=list(phrases.uncertain),
        )
