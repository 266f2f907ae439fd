"""The session facts: one row a session, its costs and its workflow runs, and how a session is found by name."""

from sqlalchemy import ARRAY, Text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.tables.base import (
    PERSONAL,
    Amount,
    Amounts,
    Code,
    Flag,
    Identity,
    Label,
    Moment,
    MonthlyRow,
    Number,
    PersonalText,
    PlainText,
    PlainTexts,
    TenantRow,
)


class SessionKeyRow(TenantRow):
    """Where the session of an outside name lies. Unpartitioned: a name must be unique over all months."""

    __tablename__ = "session_key"

    chatbot_id: Mapped[Amount] = mapped_column(primary_key=True)
    session_ref: Mapped[PersonalText] = mapped_column(primary_key=True)
    session_id: Mapped[Number]
    month: Mapped[Amount]
    thread_id: Mapped[Number | None]


class SessionRow(MonthlyRow):
    """`domain.facts.SessionFact`, column by column."""

    __tablename__ = "session"

    session_id: Mapped[Number] = mapped_column(primary_key=True)
    thread_id: Mapped[Number | None]
    merged_into: Mapped[Number | None]
    started_at_ms: Mapped[Moment | None]
    last_activity_at_ms: Mapped[Moment | None]
    idle_timeout_ms: Mapped[Moment]
    ended_at_ms: Mapped[Moment | None]
    next_contact_at_ms: Mapped[Moment | None]
    visitor_id: Mapped[Number | None]
    own_visitor_id: Mapped[Number | None]
    response_ms_sum: Mapped[Number]
    confidence_ppm_sum: Mapped[Number]
    input_tokens: Mapped[Number]
    output_tokens: Mapped[Number]
    cached_tokens: Mapped[Number]
    handoff_requested_at_ms: Mapped[Moment | None]
    handoff_performed_at_ms: Mapped[Moment | None]
    last_event_at_ms: Mapped[Moment | None]
    awaiting_since_ms: Mapped[Moment | None]
    question_at_ms: Mapped[Moment | None]
    signal_at_ms: Mapped[Moment | None]
    answer_signal_at_ms: Mapped[Moment | None]
    chatbot_id: Mapped[Amount]
    entry_point: Mapped[Label | None]
    referrer: Mapped[Label | None]
    campaign: Mapped[Label | None]
    country: Mapped[Label | None]
    region: Mapped[Label | None]
    city: Mapped[Label | None]
    browser: Mapped[Label | None]
    operating_system: Mapped[Label | None]
    language: Mapped[Label | None]
    user_type: Mapped[Label | None]
    primary_intent: Mapped[Label | None]
    current_intent: Mapped[Label | None]
    user_messages: Mapped[Amount]
    bot_messages: Mapped[Amount]
    human_messages: Mapped[Amount]
    replies: Mapped[Amount]
    answers: Mapped[Amount]
    confidence_count: Mapped[Amount]
    confidence_ppm_min: Mapped[Amount | None]
    confidence_ppm_last: Mapped[Amount | None]
    fallback_known: Mapped[Amount]
    fallback_answers: Mapped[Amount]
    unanswered_known: Mapped[Amount]
    unanswered_answers: Mapped[Amount]
    token_answers: Mapped[Amount]
    priced_answers: Mapped[Amount]
    thumbs_up: Mapped[Amount]
    thumbs_down: Mapped[Amount]
    ratings: Mapped[Amount]
    ratings_satisfied: Mapped[Amount]
    surveys: Mapped[Amount]
    surveys_satisfied: Mapped[Amount]
    goal_completions: Mapped[Amount]
    conversions: Mapped[Amount]
    leads: Mapped[Amount]
    operations: Mapped[Amount]
    operation_errors: Mapped[Amount]
    outcome_basis: Mapped[Code]
    source: Mapped[Code]
    chatbot_type: Mapped[Code]
    plan: Mapped[Code | None]
    channel: Mapped[Code | None]
    device: Mapped[Code | None]
    end_actor: Mapped[Code | None]
    end_reason: Mapped[Code | None]
    handoff_target: Mapped[Code | None]
    handoff_reason: Mapped[Code | None]
    signal: Mapped[Code | None]
    answer_signal: Mapped[Code | None]
    last_answer: Mapped[Code | None]
    opened: Mapped[Flag]
    is_bot: Mapped[Flag]
    language_detected: Mapped[Flag]
    authenticated: Mapped[Flag | None]
    end_resolved: Mapped[Flag | None]
    handoff_failed: Mapped[Flag]
    question_unanswered: Mapped[Flag | None]
    last_event_id: Mapped[Identity | None]
    last_answer_id: Mapped[Identity | None]
    session_ref: Mapped[PersonalText]
    thread_ref: Mapped[PersonalText | None]
    last_answer_asks: Mapped[Flag]
    question_words: Mapped[Amounts | None]
    open_runs: Mapped[list[str]] = mapped_column(ARRAY(Text), info=PERSONAL)
    pending: Mapped[PlainTexts | None]


class SessionCostRow(MonthlyRow):
    __tablename__ = "session_cost"

    session_id: Mapped[Number] = mapped_column(primary_key=True)
    currency: Mapped[PlainText] = mapped_column(primary_key=True)
    day: Mapped[Amount] = mapped_column(primary_key=True)
    cost_nano: Mapped[Number]


class WorkflowRunRow(MonthlyRow):
    __tablename__ = "workflow_run"

    session_id: Mapped[Number] = mapped_column(primary_key=True)
    workflow: Mapped[Label] = mapped_column(primary_key=True)
    run_id: Mapped[PersonalText] = mapped_column(primary_key=True)
    chatbot_id: Mapped[Amount]
    started_at_ms: Mapped[Moment]
    ended_at_ms: Mapped[Moment | None]
    last_step: Mapped[Label | None]
    last_step_at_ms: Mapped[Moment | None]
    state: Mapped[Code]
