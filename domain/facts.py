"""The fact vocabulary: one record per stored row, its fields are the table's columns.

Integers only (R10): times are milliseconds since the epoch (`_ms`), ratios parts per million (`_ppm`), money
10^-9 units (`_nano`) with a currency, open vocabularies label codes, closed ones the codes of `vocabulary`.
`None` means "not known" and is never zero. Every table begins with `workspace_id uuid, month int`, which the
records leave to persistence: `month` = year * 12 + month - 1 of the first event received for the session (R16).
`session_id` is None on rows whose session is not known yet; they wait with their `session_ref`, thread or visitor.
"""

from msgspec import Struct


class Record(Struct, gc=False, kw_only=True):
    """One row. Mutable, because derived columns are filled in by the fold before it is written."""

    event_id: str  # canonical lower-case uuid; orders events of one millisecond
    chatbot_id: int
    session_id: int | None
    occurred_at_ms: int
    received_at_ms: int


class MessageRecord(Record, kw_only=True):
    """Table `message`. `message_id` names it (default: its event id). Answer columns are null unless it answers."""

    message_id: str
    visitor_id: int | None = None  # as the event told it, always kept: the session's own visitor is its earliest
    role: int
    proactive: bool = False
    message_received: bool = True  # False: only an answer event has named it so far
    first_byte_at_ms: int | None = None
    text: str | None = None
    language: int | None = None
    intent: int | None = None
    intent_confidence_ppm: int | None = None
    topic: int | None = None
    corrects: str | None = None
    # answer, as told by the bot
    answer_event_id: str | None = None  # the event that told these: an answer event or the message itself; latest wins
    answer_at_ms: int | None = None
    told_intent: int | None = None  # the answer's own; `intent` is what the message itself told
    action: int | None = None
    answer_source: int | None = None
    confidence_ppm: int | None = None
    low_confidence: bool | None = None
    generic_failure: bool | None = None
    uncertain: bool | None = None
    retrieval_failed: bool | None = None
    out_of_scope: bool | None = None
    model: int | None = None
    prompt_version: int | None = None
    knowledge_base_version: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cost_nano: int | None = None
    cost_currency: str | None = None
    # derived by the fold
    is_answer: bool = False
    response_ms: int | None = None
    answer_intent: int | None = None  # told of the answer, else of its message, else of the user message it answers
    low_confidence_effective: bool | None = None  # R32.4
    fallback: bool | None = None  # union of R9 with R32.3
    unanswered: bool | None = None
    question_at_ms: int | None = None  # on the first message of a question and on its answers: when it was asked
    question_judged: int | None = None  # what the answer adds to: the question's last answer has known flags
    question_unanswered: int | None = None  # and to: it is unanswered. Sums over the answers tell the last one
    detected_correction: int | None = None  # of a user message: the detector's version that takes it for one


class RetrievalRecord(Record, kw_only=True):
    message_id: str | None = None
    hits: int | None = None
    top_score_ppm: int | None = None
    threshold_ppm: int | None = None
    failed: bool | None = None  # 0 hits, top score under the threshold, or an error
    error: bool = False
    used: bool | None = None
    duration_ms: int | None = None


class OperationRecord(Record, kw_only=True):
    operation_class: int
    operation: int
    attempt: int = 1
    status: int
    fault: int | None = None
    duration_ms: int | None = None
    message_id: str | None = None


class WorkflowStepRecord(Record, kw_only=True):
    workflow: int
    run_id: str
    step: int | None = None
    state: int


class FeedbackRecord(Record, kw_only=True):
    """`superseded`: a later feedback of the same instrument on the same answer or session exists (R11)."""

    instrument: int
    score: int
    scale: int
    message_id: str | None = None
    comment: str | None = None
    superseded: bool = False


class HandoffRecord(Record, kw_only=True):
    state: int
    target: int | None = None
    reason: int | None = None
    queue: int | None = None
    correct_queue: int | None = None


class TicketRecord(Record, kw_only=True):
    ticket_ref: str
    state: int
    queue: int | None = None


class GoalRecord(Record, kw_only=True):
    goal: int
    value_nano: int | None = None
    value_currency: str | None = None
    # as the goal's definition stood when the event arrived
    resolves: bool = False
    converts: bool = True


class LeadRecord(Record, kw_only=True):
    lead_ref: str
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    company: str | None = None
    interest: str | None = None
    consent: bool | None = None
    lawful_basis: str | None = None
    identity_key: str | None = None  # normalised e-mail, else E.164 phone


class ExposureRecord(Record, kw_only=True):
    experiment: int
    variant: int
    payload_hash: str | None = None
    visitor_id: int | None = None


class ReleaseRecord(Record, kw_only=True):
    kind: int
    version: int
    note: str | None = None


class ProbeRecord(Record, kw_only=True):
    component: int
    up: bool
    duration_ms: int | None = None


class CostCorrectionRecord(Record, kw_only=True):
    message_id: str
    cost_nano: int
    cost_currency: str


class IdentifyRecord(Record, kw_only=True):
    visitor_id: int
    known_visitor_id: int
    user_type: int | None = None
    authenticated: bool | None = None
    relink: bool = False
    traits: str | None = None  # a JSON object, as it was told


class SessionEndRecord(Record, kw_only=True):
    actor: int
    reason: int
    resolved: bool | None = None


class SessionStartRecord(Record, kw_only=True):
    """What a session-started event, or the `context` of a message, tells of the session. Earliest known value wins."""

    visitor_id: int | None = None
    source: int | None = None
    is_bot: bool | None = None
    channel: int | None = None
    entry_point: int | None = None
    referrer: int | None = None
    campaign: int | None = None
    country: int | None = None
    region: int | None = None
    city: int | None = None
    device: int | None = None
    browser: int | None = None
    operating_system: int | None = None
    language: int | None = None
    user_type: int | None = None
    authenticated: bool | None = None
    opens: bool = True  # False for the context of a message: the message itself opens


class SessionFact(Struct, gc=False, kw_only=True):
    """Table `session`: one row a session, everything a session-grain metric needs, and where the fold stands.

    `opened` is False while only events that never open a session have named it; such rows are no sessions yet.
    """

    session_id: int
    chatbot_id: int
    session_ref: str
    thread_ref: str | None = None
    merged_into: int | None = None
    opened: bool = False
    # time
    started_at_ms: int | None = None
    last_activity_at_ms: int | None = None
    idle_timeout_ms: int
    ended_at_ms: int | None = None
    end_actor: int | None = None
    end_reason: int | None = None
    end_resolved: bool | None = None
    next_contact_at_ms: int | None = None  # start of the visitor's next engaged LIVE session on this chatbot
    outcome_basis: int = 1
    # who and where, as of the session's start
    visitor_id: int | None = None  # the stamp that uniques count (R6)
    own_visitor_id: int | None = None  # what the events said, before any identify
    source: int = 1
    is_bot: bool = False
    chatbot_type: int
    plan: int | None = None
    channel: int | None = None
    entry_point: int | None = None
    referrer: int | None = None
    campaign: int | None = None
    country: int | None = None
    region: int | None = None
    city: int | None = None
    device: int | None = None
    browser: int | None = None
    operating_system: int | None = None
    language: int | None = None
    language_detected: bool = False  # from what the visitor wrote, behind ingest, as nothing told it
    user_type: int | None = None
    authenticated: bool | None = None
    primary_intent: int | None = None
    # counts and sums
    user_messages: int = 0
    bot_messages: int = 0
    human_messages: int = 0
    replies: int = 0  # bot replies with a response time
    response_ms_sum: int = 0
    answers: int = 0
    confidence_count: int = 0
    confidence_ppm_sum: int = 0
    confidence_ppm_min: int | None = None
    confidence_ppm_last: int | None = None
    fallback_known: int = 0
    fallback_answers: int = 0
    unanswered_known: int = 0
    unanswered_answers: int = 0
    token_answers: int = 0  # answers that told their tokens
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    priced_answers: int = 0
    thumbs_up: int = 0  # last feedback per target only (R11)
    thumbs_down: int = 0
    ratings: int = 0
    ratings_satisfied: int = 0
    surveys: int = 0
    surveys_satisfied: int = 0
    handoff_requested_at_ms: int | None = None
    handoff_performed_at_ms: int | None = None
    handoff_target: int | None = None
    handoff_reason: int | None = None
    handoff_failed: bool = False
    goal_completions: int = 0
    conversions: int = 0
    leads: int = 0
    operations: int = 0
    operation_errors: int = 0
    # where the fold stands, so that an in-order batch continues from here
    last_event_at_ms: int | None = None
    last_event_id: str | None = None
    awaiting_since_ms: int | None = None  # earliest user message the bot has not answered
    question_at_ms: int | None = None  # first message of the last question
    question_unanswered: bool | None = None  # what its last answer is; None while there is none, or it is not known
    last_answer_id: str | None = None
    last_answer: int | None = None
    last_answer_asks: bool = False  # it ends with a question
    question_words: list[int] | None = None  # checksums of the last question's words (see `domain.corrections`)
    current_intent: int | None = None
    signal: int | None = None
    signal_at_ms: int | None = None
    answer_signal: int | None = None  # from votes on the last answer; gone when a newer answer comes
    answer_signal_at_ms: int | None = None
    open_runs: list[str]  # "workflow:run"
    pending: list[str] | None = None  # what names messages that have not come yet (see `domain.folding`)


class SessionCost(Struct, gc=False, kw_only=True):
    """Table `session_cost`: what a session's answers cost, per currency and local day (R7, R32.15)."""

    session_id: int
    currency: str
    day: int  # days since 1970-01-01 in the workspace's zone
    cost_nano: int


class WorkflowRun(Struct, gc=False, kw_only=True):
    """Table `workflow_run`: one row a run, derived from its steps."""

    session_id: int
    chatbot_id: int
    workflow: int
    run_id: str
    started_at_ms: int
    last_step: int | None = None
    last_step_at_ms: int | None = None
    state: int
    ended_at_ms: int | None = None
