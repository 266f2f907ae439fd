"""What a session is, from its own events: one pure fold, run from the beginning or from where it last stood."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import astuple

from domain.chatbots import ChatbotSettings
from domain.evidence import (
    fold_feedback,
    fold_goal,
    fold_handoff,
    fold_lead,
    fold_operation,
    fold_ticket,
    fold_workflow_step,
)
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
    SessionCost,
    SessionEndRecord,
    SessionFact,
    SessionStartRecord,
    TicketRecord,
    WorkflowRun,
    WorkflowStepRecord,
)
from domain.folding import Folding
from domain.outcomes import outcome_basis
from domain.turns import fold_end, fold_message, fold_retrieval, fold_start
from domain.visitors import stamp_session
from domain.vocabulary import Instrument


class SessionDelta(Struct, gc=False):
    """What a run of the fold yields. From `continue_session`, `costs` are to be added to those stored and `runs` to
    be upserted (keep the earlier start, and the last step where there is no new one); from `derive_session` both are
    the whole truth, and `changed` are the records given whose derived columns are other than before."""

    fact: SessionFact
    costs: list[SessionCost]
    runs: list[WorkflowRun]
    changed: list[Record]


def new_session(
    session_id: int, *, chatbot_id: int, session_ref: str, settings: ChatbotSettings, thread_ref: str | None = None
) -> SessionFact:
    """The empty fact; `idle_timeout_ms` and `plan` become those in force once something opens it."""
    return SessionFact(
        session_id=session_id,
        chatbot_id=chatbot_id,
        session_ref=session_ref,
        thread_ref=thread_ref,
        idle_timeout_ms=settings.history[0].idle_timeout_ms,
        chatbot_type=settings.chatbot_type,
        open_runs=[],
    )


def order_of(record: Record) -> tuple[int, str, bool]:
    """Events by time, then id; the context that a message brought stands before it."""
    return record.occurred_at_ms, record.event_id, record.__class__ is not SessionStartRecord


def continue_session(
    fact: SessionFact,
    records: Sequence[Record],
    settings: ChatbotSettings,
    identifies: Sequence[IdentifyRecord] = (),
) -> SessionDelta | None:
    """Folds new records of one session onto its fact and fills their derived columns, both in place.

    None, with nothing touched, when that would not equal a derivation from all rows: something came late, or tells
    of an earlier row. `identifies` are all that name the session's visitor (see `visitors`).
    """
    if len(records) > 1:
        records = sorted(records, key=order_of)
    if fact.last_event_at_ms is not None and not _follows(fact, records, bool(identifies)):
        return None
    folding = _folded(fact, records, settings)
    return _concluded(folding, identifies)


def derive_session(
    fact: SessionFact,
    records: Iterable[Record],
    settings: ChatbotSettings,
    identifies: Sequence[IdentifyRecord] = (),
) -> SessionDelta:
    """The same from nothing: `fact` only lends its identity, and all rows of the session are given, in any order."""
    ordered = sorted(records, key=order_of)
    before = [_derived_columns(record) for record in ordered]
    for record in ordered:
        if isinstance(record, MessageRecord):
            _forget(record)
    empty = new_session(
        fact.session_id,
        chatbot_id=fact.chatbot_id,
        session_ref=fact.session_ref,
        thread_ref=fact.thread_ref,
        settings=settings,
    )
    empty.next_contact_at_ms = fact.next_contact_at_ms
    if fact.language_detected:  # it stands until it is judged anew, or told
        empty.language, empty.language_detected = fact.language, True
    delta = _concluded(_folded(empty, ordered, settings), identifies)
    delta.changed = [record for record, was in zip(ordered, before, strict=True) if was != _derived_columns(record)]
    return delta


def merged_session(fact: SessionFact, into: int, settings: ChatbotSettings) -> SessionFact:
    """What is left of a session whose events now belong to `into` (R2)."""
    left = new_session(
        fact.session_id,
        chatbot_id=fact.chatbot_id,
        session_ref=fact.session_ref,
        thread_ref=fact.thread_ref,
        settings=settings,
    )
    left.merged_into = into
    return left


def _folded(fact: SessionFact, records: Sequence[Record], settings: ChatbotSettings) -> Folding:
    folding = Folding(fact, settings)
    if any(record.__class__ in _NAMING for record in records):
        folding.gather(records)
    for record in records:
        step = _STEPS.get(record.__class__)
        if step is not None:
            step(folding, record)
    folding.finish(records[-1] if records else None)
    return folding


def _concluded(folding: Folding, identifies: Sequence[IdentifyRecord]) -> SessionDelta:
    fact = folding.fact
    stamp_session(fact, identifies)
    fact.outcome_basis = int(outcome_basis(fact))
    costs = [
        SessionCost(session_id=fact.session_id, currency=currency, day=day, cost_nano=nano)
        for (currency, day), nano in folding.costs.items()
    ]
    return SessionDelta(fact, costs, list(folding.runs.values()), [])


def _follows(fact: SessionFact, records: Sequence[Record], identified: bool) -> bool:
    """Do all records come after what is folded already, and tell nothing of it?"""
    if not records:
        return True
    first = records[0]
    if (first.occurred_at_ms, first.event_id) <= (fact.last_event_at_ms or 0, fact.last_event_id or ""):
        return False
    for record in records:
        may_follow = _MAY_FOLLOW.get(record.__class__)
        if may_follow is not None and not may_follow(fact, record, records):
            return False
    return not identified or not any(
        isinstance(record, SessionStartRecord) and _tells_trait(record) for record in records
    )


def _names_one_of(record: RetrievalRecord | CostCorrectionRecord, records: Sequence[Record]) -> bool:
    return record.message_id is None or any(
        isinstance(other, MessageRecord) and other.message_id == record.message_id for other in records
    )


def _first_of_its_instrument(fact: SessionFact, feedback: FeedbackRecord) -> bool:
    """Else an earlier one may be superseded, which only the rows can tell."""
    counted = {
        Instrument.THUMBS: fact.thumbs_up + fact.thumbs_down,
        Instrument.RATING_1_5: fact.ratings,
        Instrument.SURVEY: fact.surveys,
    }
    instrument = Instrument(feedback.instrument)
    if instrument is Instrument.SOLVED:
        return fact.signal is None
    return counted[instrument] == 0


def _tells_trait(start: SessionStartRecord) -> bool:
    """A trait that an identify told is not the session's own; what the session tells itself goes before it."""
    return start.user_type is not None or start.authenticated is not None


_MAY_FOLLOW: Final[dict[type[Record], Callable[[SessionFact, Any, Sequence[Record]], bool]]] = {
    RetrievalRecord: lambda _, record, records: _names_one_of(record, records),
    CostCorrectionRecord: lambda _, record, records: _names_one_of(record, records),
    FeedbackRecord: lambda fact, record, _: _first_of_its_instrument(fact, record),
    LeadRecord: lambda fact, _, __: fact.leads == 0,
}

_STEPS: Final[dict[type[Record], Callable[[Folding, Any], None]]] = {
    MessageRecord: fold_message,
    SessionStartRecord: fold_start,
    RetrievalRecord: fold_retrieval,
    OperationRecord: fold_operation,
    WorkflowStepRecord: fold_workflow_step,
    FeedbackRecord: fold_feedback,
    HandoffRecord: fold_handoff,
    TicketRecord: fold_ticket,
    GoalRecord: fold_goal,
    LeadRecord: fold_lead,
    SessionEndRecord: fold_end,
}
"""Kinds that are not here (exposure, identify, cost correction) change nothing at their own place."""

_NAMING: Final = frozenset({FeedbackRecord, CostCorrectionRecord, RetrievalRecord})


def _forget(message: MessageRecord) -> None:
    message.is_answer = False
    message.response_ms = message.answer_intent = None
    message.low_confidence_effective = message.fallback = message.unanswered = None
    message.question_at_ms = message.question_judged = message.question_unanswered = None
    message.detected_correction = None


def _derived_columns(record: Record) -> tuple[object, ...]:
    if isinstance(record, MessageRecord | FeedbackRecord):
        return astuple(record)
    return ()
