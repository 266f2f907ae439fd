"""From wire events to records: names become numbers, closed words codes, amounts integers (R10)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from msgspec import json as wire

from domain import events, facts
from domain.answers import retrieval_failed
from domain.events import AnswerDetails, SessionContext
from domain.facts import MessageRecord, Record, SessionStartRecord
from domain.identifiers import message_alias
from domain.leads import identity_key
from domain.quantities import feedback_scale, moment_ms, money_nano, ppm
from domain.vocabulary import (
    AnswerSource,
    Channel,
    EndActor,
    EndReason,
    Fault,
    HandoffReason,
    HandoffState,
    HandoffTarget,
    Instrument,
    LabelKind,
    OperationClass,
    OperationStatus,
    ReleaseKind,
    Role,
    Source,
    TicketState,
    WorkflowState,
)
from persistence.ingest.arrivals import Arrival
from persistence.ingest.naming import plain_origin

Codes = Mapping[str | None, int | None]


class Numbers:
    """What stands for the names of a batch. Every mapping gives None for None."""

    __slots__ = ("codes", "idle_goals", "resolving_goals", "visitors")

    def __init__(
        self,
        codes: Mapping[LabelKind, Codes],
        visitors: Codes,
        resolving_goals: frozenset[int],
        idle_goals: frozenset[int],
    ) -> None:
        self.codes = codes
        self.visitors = visitors
        self.resolving_goals = resolving_goals
        self.idle_goals = idle_goals


def encode(arrival: Arrival, numbers: Numbers) -> None:
    """Sets the arrival's record, and for what brings a context that too."""
    event = arrival.event
    arrival.visitor_id = numbers.visitors[event.visitor_id]
    arrival.record = _ENCODERS[event.__class__](arrival, event, numbers)


def name_messages(arrivals: Iterable[Arrival]) -> None:
    """Sets which message each event is, or speaks of. A message without a name of its own has its event's id."""
    for arrival in arrivals:
        event = arrival.event
        if event.__class__ is events.Message:
            reference = event.message_id or event.event_id
            if reference is None or reference == arrival.event_id:
                arrival.named = arrival.event_id
                continue
        else:
            reference = getattr(event, "message_id", None)
        if reference is not None:
            arrival.named = message_alias(event.chatbot_id, reference)


def _codes_of_enum(enum: Any) -> dict[str | None, int | None]:
    """Plain numbers by name: an enum's members are slow to make and to compare."""
    return {None: None, **{member.name: int(member) for member in enum}}


_ROLES: Final = {member.name: int(member) for member in Role}
_SOURCES, _ANSWER_SOURCES = _codes_of_enum(Source), _codes_of_enum(AnswerSource)
_FAULTS, _TARGETS, _REASONS = _codes_of_enum(Fault), _codes_of_enum(HandoffTarget), _codes_of_enum(HandoffReason)
_CHANNELS: Final = {name.lower(): code for name, code in _codes_of_enum(Channel).items() if name}
_OTHER_CHANNEL: Final = int(Channel.OTHER)


def _message(arrival: Arrival, event: events.Message, numbers: Numbers) -> MessageRecord:
    codes = numbers.codes
    answer = event.answer
    record = MessageRecord(
        event_id=arrival.event_id,
        chatbot_id=arrival.chatbot_id,
        session_id=None,
        occurred_at_ms=arrival.at_ms,
        received_at_ms=arrival.received_at_ms,
        message_id=arrival.named or arrival.event_id,
        visitor_id=arrival.visitor_id,
        role=_ROLES[event.role],
        proactive=event.proactive,
        text=event.text,
        language=codes[_LANGUAGE][event.language],
        intent=codes[_INTENT][event.intent],
        topic=codes[_TOPIC][event.topic],
    )
    if event.intent_confidence is not None:
        record.intent_confidence_ppm = ppm(event.intent_confidence)
    if event.first_byte_at is not None:
        record.first_byte_at_ms = moment_ms(event.first_byte_at)
    if event.corrects is not None:
        record.corrects = message_alias(event.chatbot_id, event.corrects)
    if answer is not None:
        tell_answer(record, answer, numbers, event_id=arrival.event_id, at_ms=arrival.at_ms)
    if event.context is not None:
        arrival.context = _context(arrival, event.context, numbers, opens=False)
    return record


def tell_answer(record: MessageRecord, answer: AnswerDetails, numbers: Numbers, *, event_id: str, at_ms: int) -> None:
    codes = numbers.codes
    record.answer_event_id = event_id
    record.answer_at_ms = at_ms
    record.told_intent = codes[_INTENT][answer.intent]
    record.action = codes[_ACTION][answer.action]
    record.answer_source = _ANSWER_SOURCES[answer.source]
    if answer.confidence is not None:
        record.confidence_ppm = ppm(answer.confidence)
    record.low_confidence = answer.low_confidence
    record.generic_failure = answer.generic_failure
    record.uncertain = answer.uncertain
    record.retrieval_failed = answer.retrieval_failed
    record.out_of_scope = answer.out_of_scope
    record.model = codes[_MODEL][answer.model]
    record.prompt_version = codes[_PROMPT][answer.prompt_version]
    record.knowledge_base_version = codes[_KNOWLEDGE_BASE][answer.knowledge_base_version]
    record.input_tokens = answer.input_tokens
    record.output_tokens = answer.output_tokens
    record.cached_tokens = answer.cached_tokens
    if answer.cost is not None:
        record.cost_nano = money_nano(answer.cost)
        record.cost_currency = answer.cost.currency


def _context(arrival: Arrival, context: SessionContext, numbers: Numbers, *, opens: bool) -> SessionStartRecord:
    codes = numbers.codes
    origin = arrival.origin or plain_origin(context)
    return SessionStartRecord(
        **_envelope(arrival),
        visitor_id=arrival.visitor_id,
        source=_SOURCES[context.source],
        is_bot=context.is_bot if origin.is_bot is None else origin.is_bot,
        channel=None if context.channel is None else _channel(context.channel),
        entry_point=codes[LabelKind.ENTRY_POINT][origin.entry_point],
        referrer=codes[LabelKind.REFERRER][origin.referrer],
        campaign=codes[LabelKind.CAMPAIGN][context.campaign],
        country=codes[LabelKind.COUNTRY][origin.country],
        region=codes[LabelKind.REGION][origin.region],
        city=codes[LabelKind.CITY][origin.city],
        device=None if origin.device is None else int(origin.device),
        browser=codes[LabelKind.BROWSER][origin.browser],
        operating_system=codes[LabelKind.OPERATING_SYSTEM][origin.operating_system],
        language=codes[_LANGUAGE][context.language],
        user_type=codes[LabelKind.USER_TYPE][context.user_type],
        authenticated=context.authenticated,
        opens=opens,
    )


def _channel(name: str) -> int | None:
    """Channels are a closed list; what is not on it is OTHER."""
    return _CHANNELS.get(name.strip().lower().replace("-", "_").replace(" ", "_"), _OTHER_CHANNEL)


def _envelope(arrival: Arrival) -> dict[str, Any]:
    return {
        "event_id": arrival.event_id,
        "chatbot_id": arrival.chatbot_id,
        "session_id": None,
        "occurred_at_ms": arrival.at_ms,
        "received_at_ms": arrival.received_at_ms,
    }


def _start(arrival: Arrival, event: events.SessionStarted, numbers: Numbers) -> Record:
    return _context(arrival, event.context or _NO_CONTEXT, numbers, opens=True)


_NO_CONTEXT: Final = SessionContext()


def _answer(arrival: Arrival, event: events.Answer, numbers: Numbers) -> Record:
    """A placeholder of the message, which takes it over when both are known."""
    record = MessageRecord(
        **_envelope(arrival),
        message_id=arrival.named or arrival.event_id,
        role=int(Role.BOT),
        message_received=False,
    )
    tell_answer(record, event.answer, numbers, event_id=arrival.event_id, at_ms=arrival.at_ms)
    return record


def _retrieval(arrival: Arrival, event: events.Retrieval, _: Numbers) -> Record:
    top = None if event.top_score is None else ppm(event.top_score)
    threshold = None if event.threshold is None else ppm(event.threshold)
    return facts.RetrievalRecord(
        **_envelope(arrival),
        message_id=arrival.named,
        hits=event.hits,
        top_score_ppm=top,
        threshold_ppm=threshold,
        failed=retrieval_failed(hits=event.hits, top_score_ppm=top, threshold_ppm=threshold, error=event.error),
        error=event.error,
        used=event.used,
        duration_ms=event.duration_ms,
    )


def _operation(arrival: Arrival, event: events.Operation, numbers: Numbers) -> Record:
    return facts.OperationRecord(
        **_envelope(arrival),
        operation_class=OperationClass[event.operation_class],
        operation=numbers.codes[LabelKind.OPERATION][event.name] or 0,
        attempt=event.attempt,
        status=OperationStatus[event.status],
        fault=_FAULTS[event.fault],
        duration_ms=event.duration_ms,
        message_id=arrival.named,
    )


def _workflow_step(arrival: Arrival, event: events.WorkflowStep, numbers: Numbers) -> Record:
    return facts.WorkflowStepRecord(
        **_envelope(arrival),
        workflow=numbers.codes[LabelKind.WORKFLOW][event.workflow] or 0,
        run_id=event.run_id,
        step=numbers.codes[LabelKind.STEP][event.step],
        state=WorkflowState[event.state],
    )


def _feedback(arrival: Arrival, event: events.Feedback, _: Numbers) -> Record:
    return facts.FeedbackRecord(
        **_envelope(arrival),
        instrument=Instrument[event.instrument],
        score=event.score,
        scale=feedback_scale(event),
        message_id=arrival.named,
        comment=event.comment,
    )


def _handoff(arrival: Arrival, event: events.Handoff, numbers: Numbers) -> Record:
    queues = numbers.codes[LabelKind.QUEUE]
    return facts.HandoffRecord(
        **_envelope(arrival),
        state=HandoffState[event.state],
        target=_TARGETS[event.target],
        reason=_REASONS[event.reason],
        queue=queues[event.queue],
        correct_queue=queues[event.correct_queue],
    )


def _ticket(arrival: Arrival, event: events.Ticket, numbers: Numbers) -> Record:
    return facts.TicketRecord(
        **_envelope(arrival),
        ticket_ref=event.ticket_id,
        state=TicketState[event.state],
        queue=numbers.codes[LabelKind.QUEUE][event.queue],
    )


def _goal(arrival: Arrival, event: events.Goal, numbers: Numbers) -> Record:
    goal = numbers.codes[LabelKind.GOAL][event.goal] or 0
    return facts.GoalRecord(
        **_envelope(arrival),
        goal=goal,
        value_nano=None if event.value is None else money_nano(event.value),
        value_currency=None if event.value is None else event.value.currency,
        resolves=goal in numbers.resolving_goals,
        converts=goal not in numbers.idle_goals,
    )


def _lead(arrival: Arrival, event: events.Lead, _: Numbers) -> Record:
    return facts.LeadRecord(
        **_envelope(arrival),
        lead_ref=event.lead_id or arrival.event_id,
        name=event.name,
        email=event.email,
        phone=event.phone,
        company=event.company,
        interest=event.interest,
        consent=event.consent,
        lawful_basis=event.lawful_basis,
        identity_key=identity_key(email=event.email, phone=event.phone),
    )


def _exposure(arrival: Arrival, event: events.Exposure, numbers: Numbers) -> Record:
    return facts.ExposureRecord(
        **_envelope(arrival),
        experiment=numbers.codes[LabelKind.EXPERIMENT][event.experiment] or 0,
        variant=numbers.codes[LabelKind.VARIANT][event.variant] or 0,
        payload_hash=event.payload_hash,
        visitor_id=arrival.visitor_id,
    )


def _release(arrival: Arrival, event: events.Release, numbers: Numbers) -> Record:
    return facts.ReleaseRecord(
        **_envelope(arrival),
        kind=ReleaseKind[event.kind],
        version=numbers.codes[LabelKind.VERSION][event.version] or 0,
        note=event.note,
    )


def _probe(arrival: Arrival, event: events.Probe, numbers: Numbers) -> Record:
    return facts.ProbeRecord(
        **_envelope(arrival),
        component=numbers.codes[LabelKind.COMPONENT][event.component] or 0,
        up=event.up,
        duration_ms=event.duration_ms,
    )


def _cost_correction(arrival: Arrival, event: events.CostCorrection, _: Numbers) -> Record:
    return facts.CostCorrectionRecord(
        **_envelope(arrival),
        message_id=arrival.named or arrival.event_id,
        cost_nano=money_nano(event.cost),
        cost_currency=event.cost.currency,
    )


def _identify(arrival: Arrival, event: events.Identify, numbers: Numbers) -> Record:
    return facts.IdentifyRecord(
        **_envelope(arrival),
        visitor_id=arrival.visitor_id or 0,
        known_visitor_id=numbers.visitors[event.user_id] or 0,
        user_type=numbers.codes[LabelKind.USER_TYPE][event.user_type],
        authenticated=event.authenticated,
        relink=event.relink,
        traits=_write_traits(event.traits).decode() if event.traits else None,
    )


_write_traits: Final = wire.Encoder(order="deterministic").encode


def _session_ended(arrival: Arrival, event: events.SessionEnded, _: Numbers) -> Record:
    return facts.SessionEndRecord(
        **_envelope(arrival),
        actor=EndActor[event.actor],
        reason=EndReason[event.reason],
        resolved=event.resolved,
    )


_LANGUAGE, _INTENT, _TOPIC = LabelKind.LANGUAGE, LabelKind.INTENT, LabelKind.TOPIC
_ACTION, _MODEL, _PROMPT = LabelKind.ACTION, LabelKind.MODEL, LabelKind.PROMPT_VERSION
_KNOWLEDGE_BASE = LabelKind.KNOWLEDGE_BASE_VERSION

_ENCODERS: Final[dict[type[events.Event], Callable[[Arrival, Any, Numbers], Record]]] = {
    events.SessionStarted: _start,
    events.Message: _message,
    events.Answer: _answer,
    events.Retrieval: _retrieval,
    events.Operation: _operation,
    events.WorkflowStep: _workflow_step,
    events.Feedback: _feedback,
    events.Handoff: _handoff,
    events.Ticket: _ticket,
    events.Goal: _goal,
    events.Lead: _lead,
    events.Exposure: _exposure,
    events.Release: _release,
    events.Probe: _probe,
    events.CostCorrection: _cost_correction,
    events.Identify: _identify,
    events.SessionEnded: _session_ended,
}
