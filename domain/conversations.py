"""A session and its messages as people look at them: labels as text, the outcome as of now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from domain.facts import SessionFact
from domain.vocabulary import AnswerSource, LabelKind, Role


class CorrectionSource(StrEnum):
    """Who says that a message corrects an answer."""

    TOLD = "TOLD"
    DETECTED = "DETECTED"


SESSION_LABELS: dict[str, LabelKind] = {
    "entry_point": LabelKind.ENTRY_POINT,
    "referrer": LabelKind.REFERRER,
    "campaign": LabelKind.CAMPAIGN,
    "country": LabelKind.COUNTRY,
    "region": LabelKind.REGION,
    "city": LabelKind.CITY,
    "browser": LabelKind.BROWSER,
    "operating_system": LabelKind.OPERATING_SYSTEM,
    "language": LabelKind.LANGUAGE,
    "user_type": LabelKind.USER_TYPE,
    "primary_intent": LabelKind.INTENT,
}
"""Columns of a session that hold label codes."""


Trait = str | int | float | bool


def known_traits(told: Iterable[Mapping[str, Trait | None]]) -> dict[str, Trait]:
    """What is known of a visitor after all that was told, in order: the latest value counts, null takes one away."""
    known: dict[str, Trait | None] = {}
    for traits in told:
        known |= traits
    return {name: value for name, value in sorted(known.items()) if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """`labels` by column of SESSION_LABELS, absent where unknown. `traits` are those of the visitor as known now.
    `costs` by currency, in nano units."""

    fact: SessionFact
    visitor_key: str | None
    traits: Mapping[str, Trait]
    labels: dict[str, str]
    costs: dict[str, int]

    def cost(self) -> tuple[Decimal, str] | None:
        """The session's cost where it is in one currency; None when nothing was priced or currencies are mixed."""
        if len(self.costs) != 1:
            return None
        ((currency, nano),) = self.costs.items()
        return Decimal(nano) / 10**9, currency


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """A message with what is known of it as an answer."""

    event_id: UUID
    message_id: str
    occurred_at_ms: int
    role: Role
    proactive: bool
    text: str | None
    intent: str | None
    action: str | None
    model: str | None
    answer_source: AnswerSource | None
    is_answer: bool
    response_ms: int | None
    confidence_ppm: int | None
    fallback: bool | None
    unanswered: bool | None
    correction: CorrectionSource | None
