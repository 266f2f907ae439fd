"""A fact and a recounted session in the same words, so that whole sessions can be compared at once."""

from collections.abc import Iterable
from typing import Any

from domain.facts import MessageRecord, SessionFact
from domain.outcomes import outcome
from domain.vocabulary import Device, EndActor, EndReason, HandoffReason, HandoffTarget, Source, WorkflowState
from tests.domain.memory import Memory
from tests.naive.recount import NaiveSession

CLOSED = {
    "end_actor": EndActor,
    "end_reason": EndReason,
    "handoff_target": HandoffTarget,
    "handoff_reason": HandoffReason,
}
CONTEXT = ("channel", "campaign", "country", "region", "city", "language")


def told(memory: Memory, as_of_ms: int) -> list[dict[str, Any]]:
    found = [_of_fact(fact, memory, as_of_ms) for fact in memory.sessions]
    return sorted(found, key=lambda session: (session["chatbot"], session["name"], session["start_ms"]))


def _of_fact(fact: SessionFact, memory: Memory, as_of_ms: int) -> dict[str, Any]:
    text = memory.labels.text
    figures = {name: getattr(fact, name) for name in FIGURES}
    figures |= {name: _name(kind, figures[name]) for name, kind in CLOSED.items()}
    figures["primary_intent"] = text(fact.primary_intent)
    return {
        "chatbot": text(fact.chatbot_id),
        "name": fact.thread_ref or fact.session_ref,
        "start_ms": fact.started_at_ms,
        "last_ms": fact.last_activity_at_ms,
        "visitor": text(fact.visitor_id),
        "own_visitor": text(fact.own_visitor_id),
        "next_contact_ms": fact.next_contact_at_ms,
        "outcome": str(outcome(fact, as_of_ms)),
        "figures": figures,
        "costs": memory.costs[fact.session_id],
        "runs": {
            (text(run.workflow), run.run_id): (
                run.started_at_ms,
                text(run.last_step),
                run.last_step_at_ms,
                _name(WorkflowState, run.state),
                run.ended_at_ms,
            )
            for run in memory.runs[fact.session_id].values()
        },
        "questions": questions_of(
            (one.question_at_ms, 0 if one.is_answer else 1, one.question_judged, one.question_unanswered)
            for one in _messages(memory, fact)
        ),
        "answers": sorted(
            (
                (one.occurred_at_ms, text(one.answer_intent), one.response_ms, one.fallback, one.unanswered)
                for one in _messages(memory, fact)
                if one.is_answer
            ),
            key=repr,
        ),
        "context": {name: text(getattr(fact, name)) for name in CONTEXT}
        | {
            "device": _name(Device, fact.device),
            "source": _name(Source, fact.source),
            "isBot": fact.is_bot,
            "userType": text(fact.user_type),
            "authenticated": fact.authenticated,
        },
    }


def _messages(memory: Memory, fact: SessionFact) -> list[MessageRecord]:
    return [
        one
        for event_id in memory.members[fact.session_id]
        for one in memory.records[event_id]
        if isinstance(one, MessageRecord)
    ]


def questions_of(
    rows: Iterable[tuple[int | None, int, int | None, int | None]],
) -> dict[int, tuple[int, int, int]]:
    """By time: how many were asked, are judged, are unanswered. Rows tell changes."""
    found: dict[int, tuple[int, int, int]] = {}
    for at_ms, asked, judged, unanswered in rows:
        if at_ms is not None:
            before = found.get(at_ms, (0, 0, 0))
            found[at_ms] = (before[0] + asked, before[1] + (judged or 0), before[2] + (unanswered or 0))
    return found


def recounted(sessions: list[NaiveSession], as_of_ms: int) -> list[dict[str, Any]]:
    return [
        {
            "chatbot": session.chatbot,
            "name": session.name,
            "start_ms": session.start_ms,
            "last_ms": session.last_ms,
            "visitor": session.visitor,
            "own_visitor": session.own_visitor,
            "next_contact_ms": session.next_contact_ms,
            "outcome": session.outcome(as_of_ms),
            "figures": {name: session.figures[name] for name in FIGURES},
            "costs": session.costs,
            "runs": session.runs,
            "questions": session.questions,
            "answers": sorted(
                ((one.at_ms, one.intent, one.response_ms, one.fallback, one.unanswered) for one in session.answers),
                key=repr,
            ),
            "context": session.context,
        }
        for session in sessions
    ]


def _name(kind: Any, code: int | None) -> str | None:
    return None if code is None else str(kind(code).name)


FIGURES = (
    "user_messages",
    "bot_messages",
    "human_messages",
    "goal_completions",
    "leads",
    "conversions",
    "operations",
    "operation_errors",
    "answers",
    "replies",
    "response_ms_sum",
    "confidence_count",
    "confidence_ppm_sum",
    "confidence_ppm_min",
    "confidence_ppm_last",
    "fallback_known",
    "fallback_answers",
    "unanswered_known",
    "unanswered_answers",
    "token_answers",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "priced_answers",
    "thumbs_up",
    "thumbs_down",
    "ratings",
    "ratings_satisfied",
    "surveys",
    "surveys_satisfied",
    "handoff_requested_at_ms",
    "handoff_performed_at_ms",
    "handoff_target",
    "handoff_reason",
    "handoff_failed",
    "ended_at_ms",
    "end_actor",
    "end_reason",
    "end_resolved",
    "primary_intent",
)
