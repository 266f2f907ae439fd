"""Messages with their answers, and the keys by which an event is known again."""

from sqlalchemy.orm import Mapped, mapped_column

from persistence.tables.base import (
    Amount,
    Code,
    Digest,
    Flag,
    Identity,
    Label,
    Moment,
    MonthlyRow,
    Number,
    PersonalText,
    PlainText,
    TenantRow,
)


class EventKeyRow(TenantRow):
    """Which events were accepted (R16), and in which session they lie. A message with a name of its own has a
    second row under the hash of that name, without a body, so that what names only a message finds it."""

    __tablename__ = "event_key"

    event_id: Mapped[Identity] = mapped_column(primary_key=True)
    body_hash: Mapped[Digest | None]
    month: Mapped[Amount]
    session_id: Mapped[Number | None]


class EventRow(MonthlyRow):
    """What every event table begins with. The last three are filled only while `session_id` is not known."""

    __abstract__ = True

    event_id: Mapped[Identity] = mapped_column(primary_key=True)
    chatbot_id: Mapped[Amount]
    session_id: Mapped[Number | None]
    occurred_at_ms: Mapped[Moment]
    received_at_ms: Mapped[Moment]
    thread_id: Mapped[Number | None]
    visitor_id: Mapped[Number | None]
    session_ref: Mapped[PersonalText | None]


class MessageRow(EventRow):
    """`domain.facts.MessageRecord`, column by column."""

    __tablename__ = "message"

    message_id: Mapped[Identity]
    role: Mapped[Code]
    proactive: Mapped[Flag]
    message_received: Mapped[Flag]
    first_byte_at_ms: Mapped[Moment | None]
    text: Mapped[PersonalText | None]
    language: Mapped[Label | None]
    intent: Mapped[Label | None]
    intent_confidence_ppm: Mapped[Amount | None]
    topic: Mapped[Label | None]
    corrects: Mapped[Identity | None]
    answer_event_id: Mapped[Identity | None]
    answer_at_ms: Mapped[Moment | None]
    told_intent: Mapped[Label | None]
    action: Mapped[Label | None]
    answer_source: Mapped[Code | None]
    confidence_ppm: Mapped[Amount | None]
    low_confidence: Mapped[Flag | None]
    generic_failure: Mapped[Flag | None]
    uncertain: Mapped[Flag | None]
    retrieval_failed: Mapped[Flag | None]
    out_of_scope: Mapped[Flag | None]
    model: Mapped[Label | None]
    prompt_version: Mapped[Label | None]
    knowledge_base_version: Mapped[Label | None]
    input_tokens: Mapped[Amount | None]
    output_tokens: Mapped[Amount | None]
    cached_tokens: Mapped[Amount | None]
    cost_nano: Mapped[Number | None]
    cost_currency: Mapped[PlainText | None]
    is_answer: Mapped[Flag]
    response_ms: Mapped[Moment | None]
    answer_intent: Mapped[Label | None]
    low_confidence_effective: Mapped[Flag | None]
    fallback: Mapped[Flag | None]
    unanswered: Mapped[Flag | None]
    question_at_ms: Mapped[Moment | None]
    question_judged: Mapped[Code | None]
    question_unanswered: Mapped[Code | None]
    detected_correction: Mapped[Code | None]
