"""Second definitions of the metrics over retrievals, steps, tickets, exposures and what follows from them."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from tests.persistence.metrics.naive import (
    DAY_MS,
    NAIVE,
    Cell,
    Row,
    converted,
    cost_of,
    known_cost,
    mean,
    money,
    nearest_rank,
    outcome,
    seconds,
    share,
    visitors,
)

RESOLVED = ("RESOLVED_CONFIRMED", "RESOLVED_ASSUMED")


def judged_retrievals(cell: Cell) -> list[Row]:
    return [one for one in cell.retrievals if one["failed"] is not None]


def retrieval_durations(cell: Cell) -> list[int]:
    return [one["duration_ms"] for one in cell.retrievals if one["duration_ms"] is not None]


def contained(cell: Cell) -> list[Row]:
    return [one for one in cell.closed_engaged if one["outcome_basis"] not in (2, 3)]


def durable(cell: Cell) -> float | None:
    old = [one for one in cell.closed_engaged if cell.as_of_ms - one["last_activity_at_ms"] >= 7 * DAY_MS]
    kept = 0
    for one in old:
        following = one["next_contact_at_ms"]
        came_back = following is not None and following - one["last_activity_at_ms"] < 7 * DAY_MS
        kept += outcome(one, cell.as_of_ms) in RESOLVED and not came_back
    return share(kept, len(old))


def requested(cell: Cell) -> list[Row]:
    return [one for one in cell.sessions if one["handoff_requested_at_ms"] is not None]


def waits(cell: Cell) -> list[int]:
    both = [one for one in requested(cell) if one["handoff_performed_at_ms"] is not None]
    apart = [one["handoff_performed_at_ms"] - one["handoff_requested_at_ms"] for one in both]
    return [wait for wait in apart if wait >= 0]


def assisted(cell: Cell, session: Row) -> bool:
    closed = any(one["state"] == 3 for one in cell.world.turns(cell.world.tickets, session))
    return closed or (session["end_actor"] == 3 and session["end_resolved"] is True)


def tickets(cell: Cell, state: int) -> int:
    return len({one["ticket_ref"] for one in cell.tickets if one["state"] == state})


def cost_per(cell: Cell, column: str) -> Any:
    return money(cost_of(cell), sum(one[column] for one in known_cost(cell)))


def answer_tokens(cell: Cell, *columns: str) -> float | None:
    told = [one for one in cell.answers if not (one["input_tokens"] is None and one["output_tokens"] is None)]
    return mean(sum(one[column] or 0 for column in columns) for one in told)


def amounts(cell: Cell, rows: list[Row], kind: str) -> Fraction | None:
    """Of rows of their own; the workspace keeps UTC."""
    told = [one for one in rows if one[f"{kind}_nano"] is not None]
    days = ((one[f"{kind}_currency"], one["occurred_at_ms"] // DAY_MS, one[f"{kind}_nano"]) for one in told)
    return converted(cell.world, days)


def told(rows: list[Row], column: str) -> int:
    return sum(1 for one in rows if one[column] is not None)


def final_failures(cell: Cell) -> float | None:
    failed = sum(1 for one in cell.operations if one["status"] in (2, 3))
    retries = sum(1 for one in cell.operations if one["attempt"] > 1)
    return share(failed - retries, len(cell.operations) - retries)


def left_at_a_step(cell: Cell) -> float | None:
    def closed(rows: list[Row]) -> set[int]:
        found = [cell.world.session_of(row) for row in rows]
        return {one["session_id"] for one in found if outcome(one, cell.as_of_ms) != "OPEN"}

    reached = closed([one for one in cell.steps if one["step"] is not None])
    return share(len(closed([one for one in cell.exits if one["state"] != 3])), len(reached))


def unanswered_questions(cell: Cell) -> int:
    return sum(one["question_unanswered"] or 0 for one in cell.questions)


OF_EVENTS: dict[str, Callable[[Cell], Any]] = {
    "sessionsActive": lambda c: len({m["session_id"] for m in c.messages}),
    "exposures": lambda c: len(c.exposures),
    "exposedSessions": lambda c: len({e["session_id"] for e in c.exposures}),
    "exposedVisitors": lambda c: len(visitors(c.world.session_of(e) for e in c.exposures)),
    "falseContainmentRate": lambda c: share(
        sum(1 for s in contained(c) if outcome(s, c.as_of_ms) not in RESOLVED),
        sum(1 for s in c.closed_engaged if s["outcome_basis"] != 3),
    ),
    "durableResolutionRate": durable,
    "workflowRuns": lambda c: len(c.runs),
    "stepsReached": lambda c: sum(1 for s in c.steps if s["step"] is not None),
    "stepAbandonmentRate": left_at_a_step,
    "questions": lambda c: sum(1 for q in c.questions if q["role"] == 1),
    "unansweredQuestions": unanswered_questions,
    "unansweredQuestionRate": lambda c: share(
        unanswered_questions(c), sum(q["question_judged"] or 0 for q in c.questions)
    ),
    "handoffCompletionRate": lambda c: share(
        sum(1 for s in requested(c) if s["handoff_performed_at_ms"] is not None), len(requested(c))
    ),
    "averageHandoffWait": lambda c: seconds(mean(waits(c))),
    "handoffWaitP50": lambda c: seconds(nearest_rank(waits(c), 50)),
    "handoffWaitP95": lambda c: seconds(nearest_rank(waits(c), 95)),
    "assistedResolutionRate": lambda c: share(
        sum(1 for s in c.of("ESCALATED") if assisted(c, s)), len(c.of("ESCALATED"))
    ),
    "retrievals": lambda c: len(c.retrievals),
    "failedRetrievals": lambda c: sum(1 for r in c.retrievals if r["failed"]),
    "retrievalFailureRate": lambda c: share(
        sum(1 for r in judged_retrievals(c) if r["failed"]), len(judged_retrievals(c))
    ),
    "emptyRetrievalRate": lambda c: share(
        sum(1 for r in judged_retrievals(c) if r["failed"] and not r["error"]), len(judged_retrievals(c))
    ),
    "retrievalErrorRate": lambda c: share(
        sum(1 for r in judged_retrievals(c) if r["error"]), len(judged_retrievals(c))
    ),
    "retrievalDurationP50": lambda c: seconds(nearest_rank(retrieval_durations(c), 50)),
    "retrievalDurationP95": lambda c: seconds(nearest_rank(retrieval_durations(c), 95)),
    "operationErrors": lambda c: sum(1 for o in c.operations if o["status"] in (2, 3)),
    "requestErrorRate": final_failures,
    "retryShare": lambda c: share(sum(1 for o in c.operations if o["attempt"] > 1), len(c.operations)),
    "costPerLead": lambda c: cost_per(c, "leads"),
    "costPerGoal": lambda c: cost_per(c, "goal_completions"),
    "costPerConversion": lambda c: cost_per(c, "conversions"),
    "answerCost": lambda c: money(amounts(c, c.answers, "cost")),
    "costPerAnswer": lambda c: money(amounts(c, c.answers, "cost"), told(c.answers, "cost_nano")),
    "goalValue": lambda c: money(amounts(c, c.goals, "value")),
    "averageGoalValue": lambda c: money(amounts(c, c.goals, "value"), told(c.goals, "value_nano")),
    "availability": lambda c: share(sum(p["up"] for p in c.probes), len(c.probes)),
    "probes": lambda c: len(c.probes),
    "failedProbes": lambda c: sum(not p["up"] for p in c.probes),
    "probeDurationP95": lambda c: seconds(
        nearest_rank((p["duration_ms"] for p in c.probes if p["duration_ms"] is not None), 95)
    ),
    "tokensPerAnswer": lambda c: answer_tokens(c, "input_tokens", "output_tokens"),
    "inputTokensPerAnswer": lambda c: answer_tokens(c, "input_tokens"),
    "ticketsOpened": lambda c: tickets(c, 1),
    "ticketsClosed": lambda c: tickets(c, 3),
    "ticketsReopened": lambda c: tickets(c, 4),
    "ticketReopenRate": lambda c: share(tickets(c, 4), tickets(c, 3)),
}

EVERY_DEFINITION = NAIVE | OF_EVENTS
