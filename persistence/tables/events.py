"""What bots report beside messages: one table per record of `domain.facts`, column by column."""

from sqlalchemy.orm import Mapped

from persistence.tables.base import Amount, Code, Flag, Identity, Label, Number, PersonalText, PlainText
from persistence.tables.messages import EventRow


class RetrievalRow(EventRow):
    __tablename__ = "retrieval"

    message_id: Mapped[Identity | None]
    hits: Mapped[Amount | None]
    top_score_ppm: Mapped[Amount | None]
    threshold_ppm: Mapped[Amount | None]
    failed: Mapped[Flag | None]
    error: Mapped[Flag]
    used: Mapped[Flag | None]
    duration_ms: Mapped[Amount | None]


class OperationRow(EventRow):
    __tablename__ = "operation"

    operation_class: Mapped[Code]
    operation: Mapped[Label]
    attempt: Mapped[Amount]
    status: Mapped[Code]
    fault: Mapped[Code | None]
    duration_ms: Mapped[Amount | None]
    message_id: Mapped[Identity | None]


class WorkflowStepRow(EventRow):
    __tablename__ = "workflow_step"

    workflow: Mapped[Label]
    run_id: Mapped[PersonalText]
    step: Mapped[Label | None]
    state: Mapped[Code]


class FeedbackRow(EventRow):
    __tablename__ = "feedback"

    instrument: Mapped[Code]
    score: Mapped[Amount]
    scale: Mapped[Amount]
    message_id: Mapped[Identity | None]
    comment: Mapped[PersonalText | None]
    superseded: Mapped[Flag]


class HandoffRow(EventRow):
    __tablename__ = "handoff"

    state: Mapped[Code]
    target: Mapped[Code | None]
    reason: Mapped[Code | None]
    queue: Mapped[Label | None]
    correct_queue: Mapped[Label | None]


class TicketRow(EventRow):
    __tablename__ = "ticket"

    ticket_ref: Mapped[PersonalText]
    state: Mapped[Code]
    queue: Mapped[Label | None]


class GoalCompletionRow(EventRow):
    __tablename__ = "goal_completion"

    goal: Mapped[Label]
    value_nano: Mapped[Number | None]
    value_currency: Mapped[PlainText | None]
    resolves: Mapped[Flag]
    converts: Mapped[Flag]


class LeadCaptureRow(EventRow):
    __tablename__ = "lead_capture"

    lead_ref: Mapped[PersonalText]
    name: Mapped[PersonalText | None]
    email: Mapped[PersonalText | None]
    phone: Mapped[PersonalText | None]
    company: Mapped[PersonalText | None]
    interest: Mapped[PersonalText | None]
    consent: Mapped[Flag | None]
    lawful_basis: Mapped[PlainText | None]
    identity_key: Mapped[PersonalText | None]


class ExposureRow(EventRow):
    __tablename__ = "exposure"

    experiment: Mapped[Label]
    variant: Mapped[Label]
    payload_hash: Mapped[PlainText | None]


class ReleaseRow(EventRow):
    __tablename__ = "release"

    kind: Mapped[Code]
    version: Mapped[Label]
    note: Mapped[PersonalText | None]


class ProbeRow(EventRow):
    __tablename__ = "probe"

    component: Mapped[Label]
    up: Mapped[Flag]
    duration_ms: Mapped[Amount | None]


class CostCorrectionRow(EventRow):
    __tablename__ = "cost_correction"

    message_id: Mapped[Identity]
    cost_nano: Mapped[Number]
    cost_currency: Mapped[PlainText]


class IdentificationRow(EventRow):
    """`visitor_id` is the one that turned out to be `known_visitor_id`."""

    __tablename__ = "identification"

    known_visitor_id: Mapped[Number]
    user_type: Mapped[Label | None]
    authenticated: Mapped[Flag | None]
    relink: Mapped[Flag]
    traits: Mapped[PersonalText | None]


class SessionEndRow(EventRow):
    __tablename__ = "session_end"

    actor: Mapped[Code]
    reason: Mapped[Code]
    resolved: Mapped[Flag | None]


class SessionStartRow(EventRow):
    """What a session-started event or a message's context tells of the session; `visitor_id` is a fact here."""

    __tablename__ = "session_start"

    source: Mapped[Code | None]
    is_bot: Mapped[Flag | None]
    channel: Mapped[Code | None]
    entry_point: Mapped[Label | None]
    referrer: Mapped[Label | None]
    campaign: Mapped[Label | None]
    country: Mapped[Label | None]
    region: Mapped[Label | None]
    city: Mapped[Label | None]
    device: Mapped[Code | None]
    browser: Mapped[Label | None]
    operating_system: Mapped[Label | None]
    language: Mapped[Label | None]
    user_type: Mapped[Label | None]
    authenticated: Mapped[Flag | None]
    opens: Mapped[Flag]
