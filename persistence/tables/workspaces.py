"""Workspaces, their chatbots, settings, and the small definitions that give the facts their meaning."""

from decimal import Decimal

from sqlalchemy import Numeric
from sqlalchemy.orm import Mapped, mapped_column

from persistence.tables.base import (
    Amount,
    Amounts,
    Code,
    Digest,
    Flag,
    Identity,
    Instant,
    Label,
    Moment,
    Number,
    PersonalText,
    PlainText,
    PlainTexts,
    SharedRow,
    TenantRow,
)


class WorkspaceRegistryRow(SharedRow):
    """Which workspaces exist: for the worker's upkeep and the command line. Nothing but their ids."""

    __tablename__ = "workspace_registry"

    workspace_id: Mapped[Identity] = mapped_column(primary_key=True)
    created_at: Mapped[Instant]


class WorkspaceRow(TenantRow):
    """`fact_kept_from_ms`: older events are TOO_OLD; null means that nothing was purged yet."""

    __tablename__ = "workspace"

    name: Mapped[PlainText]
    time_zone: Mapped[PlainText]
    week_start: Mapped[Code]  # ISO day of the week, 1 is Monday
    reporting_currency: Mapped[PlainText]
    idle_timeout_ms: Mapped[Moment]
    creates_chatbots: Mapped[Flag]
    primary_instrument: Mapped[Code | None]
    billing_day: Mapped[Code]
    text_kept_months: Mapped[Amount]
    facts_kept_months: Mapped[Amount]
    fact_kept_from_ms: Mapped[Moment | None]
    version: Mapped[Amount]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]


class WorkspaceCounterRow(TenantRow):
    """The next free numbers, taken under the workspace's lock. `ingest_generation` grows with every append, so
    that a process knows whether what it remembers of the workspace is still true."""

    __tablename__ = "workspace_counter"

    next_session_id: Mapped[Number]
    next_visitor_id: Mapped[Number]
    next_thread_id: Mapped[Number]
    next_lead_id: Mapped[Number]
    ingest_generation: Mapped[Number]
    next_chatbot_id: Mapped[Amount]
    next_label_code: Mapped[Label]


class ChatbotRow(TenantRow):
    """`slug` is the wire's `chatbotId`. Effective `reports` = declared + observed."""

    __tablename__ = "chatbot"

    chatbot_id: Mapped[Amount] = mapped_column(primary_key=True)
    slug: Mapped[PlainText]
    name: Mapped[PlainText]
    chatbot_type: Mapped[Code]
    enabled: Mapped[Flag]
    declared_reports: Mapped[Amounts]
    observed_reports: Mapped[Amounts]
    version: Mapped[Amount]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]


class ChatbotSettingRow(TenantRow):
    """Settings with history: in force is the last row at or before a moment, and it states every value. The
    first row of a chatbot has `effective_from_ms` 0."""

    __tablename__ = "chatbot_setting"

    chatbot_id: Mapped[Amount] = mapped_column(primary_key=True)
    effective_from_ms: Mapped[Moment] = mapped_column(primary_key=True)
    idle_timeout_ms: Mapped[Moment]
    unanswered_below_ppm: Mapped[Amount]
    fallback_below_ppm: Mapped[Amount]
    fallback_version: Mapped[Amount]
    failure_phrases: Mapped[PlainTexts]
    failure_actions: Mapped[PlainTexts]
    uncertain_phrases: Mapped[PlainTexts]
    uncertain_actions: Mapped[PlainTexts]
    correction_detector: Mapped[Code]
    plan: Mapped[Code | None]
    created_at: Mapped[Instant]


class LabelRow(TenantRow):
    """Open vocabularies. `dimension` is a `domain.vocabulary.LabelKind`."""

    __tablename__ = "label"

    dimension: Mapped[Code] = mapped_column(primary_key=True)
    code: Mapped[Label] = mapped_column(primary_key=True)
    text_digest: Mapped[Digest]  # 16 bytes; texts may be longer than an index entry
    text: Mapped[PersonalText]  # a referrer or a city can tell of a person


class GoalDefinitionRow(TenantRow):
    """What reaching a goal means. `goal` is the label code of its wire name."""

    __tablename__ = "goal_definition"

    goal: Mapped[Label] = mapped_column(primary_key=True)
    name: Mapped[PlainText]
    title: Mapped[PlainText]
    description: Mapped[PlainText | None]
    is_conversion: Mapped[Flag]
    resolves: Mapped[Flag]
    value_nano: Mapped[Number | None]
    value_currency: Mapped[PlainText | None]
    version: Mapped[Amount]
    archived_at: Mapped[Instant | None]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]


class PlanDefinitionRow(TenantRow):
    """Quotas of a plan per billing month from a moment on; null is unlimited (R12)."""

    __tablename__ = "plan_definition"

    plan: Mapped[Code] = mapped_column(primary_key=True)
    effective_from_ms: Mapped[Moment] = mapped_column(primary_key=True)
    sessions: Mapped[Number | None]
    messages: Mapped[Number | None]
    leads: Mapped[Number | None]
    storage_bytes: Mapped[Number | None]
    chatbots: Mapped[Number | None]
    created_at: Mapped[Instant]


class ExchangeRateRow(TenantRow):
    """One unit of `base_currency` is worth `rate` units of `quote_currency` from `effective_day` on (R7)."""

    __tablename__ = "exchange_rate"

    base_currency: Mapped[PlainText] = mapped_column(primary_key=True)
    quote_currency: Mapped[PlainText] = mapped_column(primary_key=True)
    effective_day: Mapped[Amount] = mapped_column(primary_key=True)  # days since 1970-01-01
    rate: Mapped[Decimal] = mapped_column(Numeric(30, 12))
    created_at: Mapped[Instant]
