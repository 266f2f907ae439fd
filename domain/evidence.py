"""What feedback, hand-offs, tickets, workflows, goals and leads do to a session's fact: the evidence of R1."""

from typing import Final

from domain.facts import (
    FeedbackRecord,
    GoalRecord,
    HandoffRecord,
    LeadRecord,
    OperationRecord,
    SessionFact,
    TicketRecord,
    WorkflowRun,
    WorkflowStepRecord,
)
from domain.folding import Folding
from domain.vocabulary import (
    HandoffState,
    HandoffTarget,
    Instrument,
    OperationStatus,
    Signal,
    TicketState,
    WorkflowState,
)

_POSITIVE, _NEGATIVE = int(Signal.POSITIVE), int(Signal.NEGATIVE)
SATISFIED_FROM_RATING: Final = 4
DISSATISFIED_TO_RATING: Final = 2


def _signal(fact: SessionFact, signal: int, at_ms: int) -> None:
    """A signal of the session as a whole: an earlier vote on the last answer can be the latest no more."""
    fact.signal, fact.signal_at_ms = signal, at_ms
    fact.answer_signal = fact.answer_signal_at_ms = None


def fold_feedback(folding: Folding, feedback: FeedbackRecord) -> None:
    if feedback.superseded:
        return
    fact = folding.fact
    _count_feedback(fact, feedback)
    verdict = _verdict(feedback)
    if verdict is None:
        return
    if feedback.message_id is None or feedback.instrument == Instrument.SOLVED:
        _signal(fact, verdict, feedback.occurred_at_ms)
    elif feedback.message_id == fact.last_answer_id:
        fact.answer_signal, fact.answer_signal_at_ms = verdict, feedback.occurred_at_ms


def _verdict(feedback: FeedbackRecord) -> int | None:
    """R32.1: 3 of 5 is no signal, a survey never is one."""
    if feedback.instrument in (Instrument.THUMBS, Instrument.SOLVED):
        return _POSITIVE if feedback.score else _NEGATIVE
    if feedback.instrument == Instrument.RATING_1_5:
        if feedback.score >= SATISFIED_FROM_RATING:
            return _POSITIVE
        return _NEGATIVE if feedback.score <= DISSATISFIED_TO_RATING else None
    return None


def survey_satisfied(score: int, scale: int) -> bool:
    """The upper quarter of the scale: 4 of 5, 8 of 10."""
    return 4 * (score - 1) >= 3 * (scale - 1)


def _count_feedback(fact: SessionFact, feedback: FeedbackRecord) -> None:
    if feedback.instrument == Instrument.THUMBS:
        fact.thumbs_up += bool(feedback.score)
        fact.thumbs_down += not feedback.score
    elif feedback.instrument == Instrument.RATING_1_5:
        fact.ratings += 1
        fact.ratings_satisfied += feedback.score >= SATISFIED_FROM_RATING
    elif feedback.instrument == Instrument.SURVEY:
        fact.surveys += 1
        fact.surveys_satisfied += survey_satisfied(feedback.score, feedback.scale)


def fold_handoff(folding: Folding, handoff: HandoffRecord) -> None:
    """The first performed one decides target and reason; what it leaves out stands as last asked for."""
    fact = folding.fact
    if fact.handoff_performed_at_ms is None:
        fact.handoff_target = handoff.target or fact.handoff_target
        fact.handoff_reason = handoff.reason or fact.handoff_reason
    if handoff.state == HandoffState.PERFORMED:
        if fact.handoff_performed_at_ms is None:
            fact.handoff_performed_at_ms = handoff.occurred_at_ms
        return
    if handoff.state == HandoffState.FAILED:
        fact.handoff_failed = True
    elif fact.handoff_requested_at_ms is None:
        fact.handoff_requested_at_ms = handoff.occurred_at_ms
    _signal(fact, _NEGATIVE, handoff.occurred_at_ms)


def fold_ticket(folding: Folding, ticket: TicketRecord) -> None:
    fact = folding.fact
    if ticket.state == TicketState.OPENED and fact.handoff_performed_at_ms is None:
        fact.handoff_performed_at_ms = ticket.occurred_at_ms
        fact.handoff_target = int(HandoffTarget.TICKET)


def fold_workflow_step(folding: Folding, step: WorkflowStepRecord) -> None:
    """A run stands where its last step left it."""
    fact, at_ms = folding.fact, step.occurred_at_ms
    key = (step.workflow, step.run_id)
    run = folding.runs.get(key)
    if run is None:
        run = folding.runs[key] = WorkflowRun(
            session_id=fact.session_id,
            chatbot_id=fact.chatbot_id,
            workflow=step.workflow,
            run_id=step.run_id,
            started_at_ms=at_ms,
            state=step.state,
        )
    run.state = step.state
    if step.step is not None:
        run.last_step, run.last_step_at_ms = step.step, at_ms
    is_open = step.state in (WorkflowState.STARTED, WorkflowState.REACHED)
    run.ended_at_ms = None if is_open else at_ms
    name = f"{step.workflow}:{step.run_id}"
    if is_open and name not in fact.open_runs:
        fact.open_runs = sorted([*fact.open_runs, name])
    elif not is_open and name in fact.open_runs:
        fact.open_runs = [other for other in fact.open_runs if other != name]
    if step.state in (WorkflowState.COMPLETED, WorkflowState.FAILED):
        _signal(fact, _POSITIVE if step.state == WorkflowState.COMPLETED else _NEGATIVE, at_ms)


def fold_goal(folding: Folding, goal: GoalRecord) -> None:
    fact = folding.fact
    fact.goal_completions += 1
    fact.conversions += goal.converts
    if goal.resolves:
        _signal(fact, _POSITIVE, goal.occurred_at_ms)


def fold_lead(folding: Folding, lead: LeadRecord) -> None:
    """Several events may fill in one lead."""
    if lead.lead_ref not in folding.leads:
        folding.leads.add(lead.lead_ref)
        folding.fact.leads += 1
        folding.fact.conversions += 1


def fold_operation(folding: Folding, operation: OperationRecord) -> None:
    folding.fact.operations += 1
    folding.fact.operation_errors += operation.status != OperationStatus.OK
