"""A workspace and the chatbots in it: the values that requests and commands work with."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.vocabulary import ChatbotType, Instrument, Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """`week_start` is the ISO day of the week (1 = Monday); `billing_day` 1 to 28 (R12)."""

    workspace_id: UUID
    name: str
    time_zone: str
    week_start: int
    reporting_currency: str
    creates_chatbots: bool
    primary_instrument: Instrument | None
    billing_day: int
    version: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Chatbot:
    """`slug` is the `chatbotId` of events. Reports: what it declares, and what has been seen of it (R4)."""

    chatbot_id: int
    slug: str
    name: str
    chatbot_type: ChatbotType
    enabled: bool
    declared_reports: frozenset[Report]
    observed_reports: frozenset[Report]
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def reports(self) -> frozenset[Report]:
        return self.declared_reports | self.observed_reports
