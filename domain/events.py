"""What bots report: one frozen value per event kind (R5). The wire names are the camelCase of the fields.

Decoding checks types and bounds in one pass; `domain.reporting` adds what a type cannot say.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Name = Annotated[str, Meta(min_length=1, max_length=128)]
Reference = Annotated[str, Meta(min_length=1, max_length=128)]
Ratio = Annotated[float, Meta(ge=0, le=1)]
Milliseconds = Annotated[int, Meta(ge=0, le=86_400_000)]
TokenCount = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Text = Annotated[str, Meta(max_length=65_536)]
Instant = Annotated[datetime, Meta(tz=True)]


class Part(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """A value inside an event."""


class Money(Part, frozen=True, kw_only=True):
    """`amount` is a decimal string with at most 9 decimals; `currency` an ISO 4217 code."""

    amount: Decimal
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]


class SessionContext(Part, frozen=True, kw_only=True):
    """Who and where; the earliest known value of a session counts (as of its start). `ip` is used for the country
    when an operator has a database for it, and is never stored."""

    source: Literal["LIVE", "PLAYGROUND", "EVAL", "API"] | None = None
    is_bot: bool | None = None
    channel: Name | None = None
    entry_point: Annotated[str, Meta(max_length=512)] | None = None
    referrer: Annotated[str, Meta(max_length=2048)] | None = None
    campaign: Annotated[str, Meta(max_length=256)] | None = None
    user_agent: Annotated[str, Meta(max_length=1024)] | None = None
    device: Literal["DESKTOP", "MOBILE", "TABLET", "BOT", "OTHER"] | None = None
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")] | None = None
    region: Name | None = None
    city: Name | None = None
    ip: Annotated[str, Meta(max_length=45)] | None = None
    language: Annotated[str, Meta(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None = None
    user_type: Name | None = None
    authenticated: bool | None = None


class AnswerDetails(Part, frozen=True, kw_only=True):
    """What the bot knows of its own answer. A flag that is absent is unknown, not false (R9)."""

    action: Name | None = None
    source: Literal["RAG", "QA", "GUARDRAIL", "TOOL", "SMALL_TALK", "FALLBACK", "HUMAN", "OTHER"] | None = None
    intent: Name | None = None
    confidence: Ratio | None = None
    low_confidence: bool | None = None
    generic_failure: bool | None = None
    uncertain: bool | None = None
    retrieval_failed: bool | None = None
    out_of_scope: bool | None = None
    model: Name | None = None
    prompt_version: Name | None = None
    knowledge_base_version: Name | None = None
    input_tokens: TokenCount | None = None
    output_tokens: TokenCount | None = None
    cached_tokens: TokenCount | None = None
    cost: Money | None = None


class Event(
    Struct,
    frozen=True,
    kw_only=True,
    gc=False,
    omit_defaults=True,
    rename="camel",
    forbid_unknown_fields=True,
    tag_field="type",
):
    """What every event carries. `eventId` makes it idempotent; absent, it is the hash of the canonical body.

    A session is named by `sessionId` (the bot knows its episodes) or `threadId` (the server cuts), or, for events
    that never open one, found by `visitorId` and time (R2).
    """

    event_id: Reference | None = None
    occurred_at: Instant
    chatbot_id: Name
    session_id: Reference | None = None
    thread_id: Reference | None = None
    visitor_id: Reference | None = None


class SessionStarted(Event, frozen=True, kw_only=True, tag="session_started"):
    context: SessionContext | None = None


class Message(Event, frozen=True, kw_only=True, tag="message"):
    """`firstByteAt` is when a bot's reply began to show; `corrects` names the answer a user message corrects."""

    role: Literal["USER", "BOT", "HUMAN", "SYSTEM"]
    message_id: Reference | None = None
    text: Text | None = None
    proactive: bool = False
    first_byte_at: Instant | None = None
    language: Annotated[str, Meta(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None = None
    intent: Name | None = None
    intent_confidence: Ratio | None = None
    topic: Name | None = None
    corrects: Reference | None = None
    answer: AnswerDetails | None = None
    context: SessionContext | None = None


class Answer(Event, frozen=True, kw_only=True, tag="answer"):
    """Details of the bot message `messageId`, sent apart from it; the latest such event counts."""

    message_id: Reference
    answer: AnswerDetails


class Retrieval(Event, frozen=True, kw_only=True, tag="retrieval"):
    message_id: Reference | None = None
    hits: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    top_score: Ratio | None = None
    threshold: Ratio | None = None
    error: bool = False
    used: bool | None = None
    duration_ms: Milliseconds | None = None


class Operation(Event, frozen=True, kw_only=True, tag="operation"):
    operation_class: Literal["MODEL", "API", "MIDDLEWARE", "WEBHOOK", "INTEGRATION", "TOOL"]
    name: Name
    status: Literal["OK", "ERROR", "TIMEOUT"]
    attempt: Annotated[int, Meta(ge=1, le=1000)] = 1
    fault: Literal["USER", "SYSTEM"] | None = None
    duration_ms: Milliseconds | None = None
    message_id: Reference | None = None


class WorkflowStep(Event, frozen=True, kw_only=True, tag="workflow_step"):
    workflow: Name
    run_id: Reference
    state: Literal["STARTED", "REACHED", "COMPLETED", "FAILED", "CANCELLED"]
    step: Name | None = None


class Feedback(Event, frozen=True, kw_only=True, tag="feedback"):
    """`score`: THUMBS and SOLVED 1 (up, solved) or 0; RATING_1_5 1 to 5; SURVEY 1 to `scale`. With `messageId` it
    judges that answer, else the session."""

    instrument: Literal["THUMBS", "RATING_1_5", "SURVEY", "SOLVED"]
    score: Annotated[int, Meta(ge=0, le=100)]
    scale: Annotated[int, Meta(ge=2, le=100)] | None = None
    message_id: Reference | None = None
    comment: Text | None = None


class Handoff(Event, frozen=True, kw_only=True, tag="handoff"):
    state: Literal["REQUESTED", "PERFORMED", "FAILED"]
    target: Literal["AGENT", "TICKET", "CALLBACK", "QUEUE"] | None = None
    reason: (
        Literal["USER_REQUEST", "LOW_CONFIDENCE", "POLICY", "USAGE_LIMIT", "ERROR", "OUT_OF_HOURS", "OTHER"] | None
    ) = None
    queue: Name | None = None
    correct_queue: Name | None = None


class Ticket(Event, frozen=True, kw_only=True, tag="ticket"):
    ticket_id: Reference
    state: Literal["OPENED", "FIRST_RESPONSE", "CLOSED", "REOPENED"]
    queue: Name | None = None


class Goal(Event, frozen=True, kw_only=True, tag="goal"):
    goal: Name
    value: Money | None = None


class Lead(Event, frozen=True, kw_only=True, tag="lead"):
    lead_id: Reference | None = None
    name: Annotated[str, Meta(max_length=256)] | None = None
    email: Annotated[str, Meta(max_length=254)] | None = None
    phone: Annotated[str, Meta(max_length=64)] | None = None
    company: Annotated[str, Meta(max_length=256)] | None = None
    interest: Annotated[str, Meta(max_length=256)] | None = None
    consent: bool | None = None
    lawful_basis: Name | None = None


class Exposure(Event, frozen=True, kw_only=True, tag="exposure"):
    experiment: Name
    variant: Name
    payload_hash: Annotated[str, Meta(max_length=128)] | None = None


class Release(Event, frozen=True, kw_only=True, tag="release"):
    kind: Literal["MODEL", "PROMPT", "KNOWLEDGE_BASE", "RETRIEVAL", "ROUTING", "WORKFLOW", "GREETING"]
    version: Name
    note: Annotated[str, Meta(max_length=1024)] | None = None


class Probe(Event, frozen=True, kw_only=True, tag="probe"):
    component: Name
    up: bool
    duration_ms: Milliseconds | None = None


class CostCorrection(Event, frozen=True, kw_only=True, tag="cost_correction"):
    """Replaces the cost of the answer `messageId` (R32.9)."""

    message_id: Reference
    cost: Money


class Identify(Event, frozen=True, kw_only=True, tag="identify"):
    """`visitorId` turns out to be `userId`; `relink` also re-stamps that visitor's earlier sessions (R6)."""

    user_id: Reference
    user_type: Name | None = None
    authenticated: bool | None = None
    traits: dict[str, Any] | None = None
    relink: bool = False


class SessionEnded(Event, frozen=True, kw_only=True, tag="session_ended"):
    actor: Literal["USER", "BOT", "AGENT", "SYSTEM", "CHANNEL"]
    reason: Literal["COMPLETED", "CLOSED", "CHANNEL_LIMIT", "IDLE", "ERROR", "OTHER"] = "CLOSED"
    resolved: bool | None = None


AnyEvent = (
    SessionStarted
    | Message
    | Answer
    | Retrieval
    | Operation
    | WorkflowStep
    | Feedback
    | Handoff
    | Ticket
    | Goal
    | Lead
    | Exposure
    | Release
    | Probe
    | CostCorrection
    | Identify
    | SessionEnded
)
