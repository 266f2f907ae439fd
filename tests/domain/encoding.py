"""Wire events as the records of the fold, with plain texts interned as codes: what ingest does, in memory."""

from typing import Any

from domain import events
from domain.answers import normalised, retrieval_failed
from domain.chatbots import ChatbotSettings, FallbackList, Rules
from domain.days import LocalDays
from domain.facts import (
    CostCorrectionRecord,
    FeedbackRecord,
    GoalRecord,
    HandoffRecord,
    IdentifyRecord,
    LeadRecord,
    MessageRecord,
    OperationRecord,
    Record,
    RetrievalRecord,
    SessionEndRecord,
    SessionStartRecord,
    TicketRecord,
    WorkflowStepRecord,
)
from domain.quantities import feedback_scale, money_nano, ppm
from domain.reporting import Reported
from domain.vocabulary import (
    AnswerSource,
    Device,
    EndActor,
    EndReason,
    HandoffReason,
    HandoffState,
    HandoffTarget,
    Instrument,
    OperationClass,
    OperationStatus,
    Role,
    Source,
    TicketState,
    WorkflowState,
)
from tests.naive.world import World


class Labels:
    """Codes of texts, one after the other."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def code(self, text: str | None) -> int | None:
        return None if text is None else self.sure(text)

    def sure(self, text: str) -> int:
        return self._codes.setdefault(text, len(self._codes) + 1)

    def text(self, code: int | None) -> str | None:
        return None if code is None else next(text for text, known in self._codes.items() if known == code)


def _closed(kind: Any, name: str | None) -> int | None:
    return None if name is None else int(kind[name])


def answer_columns(answer: events.AnswerDetails, labels: Labels) -> dict[str, Any]:
    return {
        "action": labels.code(answer.action),
        "answer_source": _closed(AnswerSource, answer.source),
        "confidence_ppm": None if answer.confidence is None else ppm(answer.confidence),
        "low_confidence": answer.low_confidence,
        "generic_failure": answer.generic_failure,
        "uncertain": answer.uncertain,
        "retrieval_failed": answer.retrieval_failed,
        "out_of_scope": answer.out_of_scope,
        "model": labels.code(answer.model),
        "input_tokens": answer.input_tokens,
        "output_tokens": answer.output_tokens,
        "cached_tokens": answer.cached_tokens,
        "cost_nano": None if answer.cost is None else money_nano(answer.cost),
        "cost_currency": None if answer.cost is None else answer.cost.currency,
        "told_intent": labels.code(answer.intent),
    }


def records_of(reported: Reported, labels: Labels, resolving_goals: frozenset[str]) -> list[Record]:
    """Without answer events, exposures, releases and probes."""
    event = reported.event
    base: dict[str, Any] = {
        "event_id": reported.event_id,
        "chatbot_id": labels.sure(event.chatbot_id),
        "session_id": None,
        "occurred_at_ms": reported.occurred_at_ms,
        "received_at_ms": reported.occurred_at_ms,
    }
    match event:
        case events.Message():
            found: list[Record] = [_message(event, base, labels)]
            if event.context is not None:
                found.append(_start(event, base, labels, opens=False))
            return found
        case events.SessionStarted():
            return [_start(event, base, labels, opens=True)]
        case _:
            return _evidence(event, base, labels, resolving_goals)


def _message(event: events.Message, base: dict[str, Any], labels: Labels) -> MessageRecord:
    told: dict[str, Any] = {}
    if event.answer is not None:
        told = answer_columns(event.answer, labels)
        told |= {"answer_event_id": base["event_id"], "answer_at_ms": base["occurred_at_ms"]}
    begun = event.first_byte_at
    return MessageRecord(
        **base,
        **told,
        message_id=event.message_id or event.event_id or base["event_id"],
        visitor_id=labels.code(event.visitor_id),
        role=int(Role[event.role]),
        proactive=event.proactive,
        first_byte_at_ms=None if begun is None else round(begun.timestamp() * 1000),
        text=event.text,
        language=labels.code(event.language),
        intent=labels.code(event.intent),
        corrects=event.corrects,
    )


def _start(
    event: events.Message | events.SessionStarted, base: dict[str, Any], labels: Labels, *, opens: bool
) -> SessionStartRecord:
    context = event.context or events.SessionContext()
    return SessionStartRecord(
        **base,
        opens=opens,
        visitor_id=labels.code(event.visitor_id),
        source=_closed(Source, context.source),
        is_bot=context.is_bot,
        channel=labels.code(context.channel),
        campaign=labels.code(context.campaign),
        country=labels.code(context.country),
        region=labels.code(context.region),
        city=labels.code(context.city),
        device=_closed(Device, context.device),
        language=labels.code(context.language),
        user_type=labels.code(context.user_type),
        authenticated=context.authenticated,
    )


def _evidence(
    event: events.AnyEvent, base: dict[str, Any], labels: Labels, resolving_goals: frozenset[str]
) -> list[Record]:
    match event:
        case events.WorkflowStep():
            return [
                WorkflowStepRecord(
                    **base,
                    workflow=labels.sure(event.workflow),
                    run_id=event.run_id,
                    step=labels.code(event.step),
                    state=int(WorkflowState[event.state]),
                )
            ]
        case events.Feedback():
            return [
                FeedbackRecord(
                    **base,
                    instrument=int(Instrument[event.instrument]),
                    score=event.score,
                    scale=feedback_scale(event),
                    message_id=event.message_id,
                )
            ]
        case events.Handoff():
            return [
                HandoffRecord(
                    **base,
                    state=int(HandoffState[event.state]),
                    target=_closed(HandoffTarget, event.target),
                    reason=_closed(HandoffReason, event.reason),
                )
            ]
        case events.Ticket():
            return [TicketRecord(**base, ticket_ref=event.ticket_id, state=int(TicketState[event.state]))]
        case events.Goal():
            return [GoalRecord(**base, goal=labels.sure(event.goal), resolves=event.goal in resolving_goals)]
        case events.Lead():
            return [LeadRecord(**base, lead_ref=event.lead_id or base["event_id"])]
        case _:
            return _other(event, base, labels)


def _other(event: events.AnyEvent, base: dict[str, Any], labels: Labels) -> list[Record]:
    match event:
        case events.Retrieval():
            return [_retrieval(event, base)]
        case events.Operation():
            return [
                OperationRecord(
                    **base,
                    operation_class=int(OperationClass[event.operation_class]),
                    operation=labels.sure(event.name),
                    status=int(OperationStatus[event.status]),
                )
            ]
        case events.CostCorrection():
            return [
                CostCorrectionRecord(
                    **base,
                    message_id=event.message_id,
                    cost_nano=money_nano(event.cost),
                    cost_currency=event.cost.currency,
                )
            ]
        case events.Identify():
            return [
                IdentifyRecord(
                    **base,
                    visitor_id=labels.sure(event.visitor_id or ""),
                    known_visitor_id=labels.sure(event.user_id),
                    user_type=labels.code(event.user_type),
                    authenticated=event.authenticated,
                    relink=event.relink,
                )
            ]
        case events.SessionEnded():
            return [
                SessionEndRecord(
                    **base,
                    actor=int(EndActor[event.actor]),
                    reason=int(EndReason[event.reason]),
                    resolved=event.resolved,
                )
            ]
        case _:
            return []


def _retrieval(event: events.Retrieval, base: dict[str, Any]) -> RetrievalRecord:
    score = None if event.top_score is None else ppm(event.top_score)
    threshold = None if event.threshold is None else ppm(event.threshold)
    return RetrievalRecord(
        **base,
        message_id=event.message_id,
        hits=event.hits,
        failed=retrieval_failed(hits=event.hits, top_score_ppm=score, threshold_ppm=threshold, error=event.error),
    )


ANSWER_COLUMNS = (
    "answer_event_id",
    "answer_at_ms",
    "told_intent",
    "action",
    "answer_source",
    "confidence_ppm",
    "low_confidence",
    "generic_failure",
    "uncertain",
    "retrieval_failed",
    "out_of_scope",
    "model",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cost_nano",
    "cost_currency",
)


def is_later(waiting: MessageRecord, message: MessageRecord) -> bool:
    told = (waiting.answer_at_ms or 0, waiting.answer_event_id or "")
    return told > (message.answer_at_ms or 0, message.answer_event_id or "")


def settings_of(chatbot: str, world: World, labels: Labels) -> ChatbotSettings:
    rules = [
        Rules(
            from_ms=entry.since_ms,
            idle_timeout_ms=entry.idle_timeout_ms,
            unanswered_below_ppm=ppm(entry.unanswered_below),
            fallback_below_ppm=ppm(entry.fallback_below),
            correction_detector=int(entry.detects_corrections),
            fallbacks=FallbackList(
                version=1,
                failure_phrases=frozenset(map(normalised, entry.failure_phrases)),
                failure_actions=frozenset(map(labels.sure, entry.failure_actions)),
                uncertain_phrases=frozenset(map(normalised, entry.uncertain_phrases)),
                uncertain_actions=frozenset(map(labels.sure, entry.uncertain_actions)),
            ),
        )
        for entry in world.settings.get(chatbot, [])
    ]
    return ChatbotSettings(rules, days=LocalDays(world.zone))
