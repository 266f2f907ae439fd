"""The metrics computed a second way: plain loops over plain rows, written from the definitions and not from the
algebra. Slow on purpose; shares no code with the product but its vocabularies."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
DAY_MS = 86_400_000


@dataclass
class World:
    """Everything that happened in a workspace. Rows other than sessions name theirs by `session_id`."""

    sessions: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    retrievals: list[Row] = field(default_factory=list)
    operations: list[Row] = field(default_factory=list)
    runs: list[Row] = field(default_factory=list)
    steps: list[Row] = field(default_factory=list)
    tickets: list[Row] = field(default_factory=list)
    exposures: list[Row] = field(default_factory=list)
    probes: list[Row] = field(default_factory=list)
    feedback: list[Row] = field(default_factory=list)
    handoffs: list[Row] = field(default_factory=list)
    goals: list[Row] = field(default_factory=list)
    leads: list[Row] = field(default_factory=list)
    costs: list[Row] = field(default_factory=list)
    first_seen: dict[int, int] = field(default_factory=dict)
    frequent_intents: frozenset[int] = frozenset()
    """Those of high volume, in a question that speaks of them."""
    rates: dict[str, list[tuple[int, Fraction]]] = field(default_factory=dict)

    @property
    def most_used(self) -> str:
        """The metric of the instrument with most feedback; ties go to the smaller code."""
        used = [one["instrument"] for one in self.feedback]
        names = {1: "thumbsUpShare", 2: "customerSatisfaction", 3: "surveySatisfaction", 4: "solvedShare"}
        return names[max(names, key=lambda number: (used.count(number), -number))]

    def session_of(self, row: Row) -> Row:
        return self._by_id()[row["session_id"]]

    def _by_id(self) -> dict[int, Row]:
        return {session["session_id"]: session for session in self.sessions}

    def turns(self, rows: list[Row], session: Row) -> list[Row]:
        return [row for row in rows if row["session_id"] == session["session_id"]]

    @property
    def questions(self) -> list[Row]:
        return [row for row in self.messages if row["question_at_ms"] is not None]

    @property
    def exits(self) -> list[Row]:
        return [row for row in self.runs if row["last_step_at_ms"] is not None]

    @property
    def answers(self) -> list[Row]:
        return [row for row in self.messages if row["is_answer"]]


def outcome(session: Row, as_of_ms: int) -> str:
    """R1 over the stored basis."""
    idle = as_of_ms - session["last_activity_at_ms"]
    if session["ended_at_ms"] is None and idle < session["idle_timeout_ms"]:
        return "OPEN"
    names = {
        1: "NOT_ENGAGED",
        2: "ESCALATED",
        3: "ESCALATED",
        4: "RESOLVED_CONFIRMED",
        5: "UNRESOLVED",
        6: "TIMED_OUT",
        8: "ABANDONED",
    }
    if session["outcome_basis"] == 7:
        following = session["next_contact_at_ms"]
        came_back = following is not None and following - session["last_activity_at_ms"] < DAY_MS
        return "ABANDONED" if came_back else "RESOLVED_ASSUMED"
    return names[session["outcome_basis"]]


@dataclass
class Cell:
    """The rows that fall into one cell, and its start."""

    world: World
    start_ms: int
    as_of_ms: int
    sessions: list[Row]
    now_sessions: list[Row]
    messages: list[Row]
    answers: list[Row]
    retrievals: list[Row]
    operations: list[Row]
    runs: list[Row]
    steps: list[Row]
    tickets: list[Row]
    exposures: list[Row]
    questions: list[Row]
    exits: list[Row]
    probes: list[Row]
    feedback: list[Row]
    handoffs: list[Row]
    goals: list[Row]
    leads: list[Row]

    def of(self, *outcomes: str) -> list[Row]:
        return [one for one in self.sessions if outcome(one, self.as_of_ms) in outcomes]

    @property
    def closed_engaged(self) -> list[Row]:
        return [one for one in self.sessions if outcome(one, self.as_of_ms) not in ("OPEN", "NOT_ENGAGED")]


def share(part: int, whole: int) -> float | None:
    return None if whole == 0 else part / whole


def mean(values: Iterable[float]) -> float | None:
    known = list(values)
    return None if not known else sum(known) / len(known)


def nearest_rank(values: Iterable[int], percent: int) -> int | None:
    ordered = sorted(values)
    if not ordered:
        return None
    return ordered[math.ceil(Fraction(percent * len(ordered), 100)) - 1]


def seconds(value: float | None) -> float | None:
    return None if value is None else value / 1000


def visitors(sessions: Iterable[Row]) -> set[int]:
    return {one["visitor_id"] for one in sessions if one["visitor_id"] is not None}


def returned_within(cell: Cell, days: int) -> float | None:
    judged = [one for one in cell.sessions if cell.as_of_ms - one["started_at_ms"] >= days * DAY_MS]
    back = [
        one
        for one in judged
        if one["next_contact_at_ms"] is not None and one["next_contact_at_ms"] - one["started_at_ms"] <= days * DAY_MS
    ]
    return share(len(visitors(back)), len(visitors(judged)))


def known_cost(cell: Cell) -> list[Row]:
    return [one for one in cell.sessions if one["answers"] == 0 or one["priced_answers"] > 0]


def cost_of(cell: Cell) -> Fraction | None:
    costs = [cost for session in cell.sessions for cost in cell.world.turns(cell.world.costs, session)]
    return converted(cell.world, ((cost["currency"], cost["day"], cost["cost_nano"]) for cost in costs))


def converted(world: World, amounts: Iterable[tuple[str, int, int]]) -> Fraction | None:
    """In units of the reporting currency USD, exact; None if a rate is missing."""
    total = Fraction(0)
    for currency, day, nano in amounts:
        rate = Fraction(1)
        if currency != "USD":
            known = [one for since, one in world.rates.get(currency, []) if since <= day]
            if not known:
                return None
            rate = known[-1]
        total += nano * rate
    return total / 10**9


def money(amount: Fraction | None, per: int = 1) -> Decimal | None:
    if amount is None or per == 0:
        return None
    exact = amount / per
    with localcontext() as context:
        context.prec = 80
        quotient = Decimal(exact.numerator) / Decimal(exact.denominator)
        return quotient.quantize(Decimal("0.000000001"), rounding=ROUND_HALF_EVEN)


def tokens(cell: Cell, *columns: str) -> float | None:
    told = [one for one in cell.sessions if one["answers"] == 0 or one["token_answers"] > 0]
    return mean(sum(one[column] for column in columns) for one in told)


def error_rate(cell: Cell, kind: int | None = None) -> float | None:
    tried = [one for one in cell.operations if kind is None or one["operation_class"] == kind]
    return share(sum(1 for one in tried if one["status"] in (2, 3)), len(tried))


def responses(cell: Cell) -> list[int]:
    return [one["response_ms"] for one in cell.answers if one["response_ms"] is not None]


def full_responses(cell: Cell) -> list[int]:
    return [
        one["response_ms"] + one["occurred_at_ms"] - one["first_byte_at_ms"]
        for one in cell.answers
        if one["response_ms"] is not None and one["first_byte_at_ms"] is not None
    ]


def durations(cell: Cell) -> list[int]:
    return [
        one["last_activity_at_ms"] - one["started_at_ms"]
        for one in cell.sessions
        if outcome(one, cell.as_of_ms) != "OPEN"
    ]


def flagged(rows: list[Row], flag: str) -> float | None:
    told = [row[flag] for row in rows if row[flag] is not None]
    return share(sum(told), len(told))


def votes(cell: Cell, instrument: int) -> list[int]:
    return [one["score"] for one in cell.feedback if one["instrument"] == instrument and not one["superseded"]]


def engaged(sessions: list[Row]) -> list[Row]:
    return [one for one in sessions if one["user_messages"] > 0]


def confidences(cell: Cell) -> list[int]:
    return [one["confidence_ppm"] for one in cell.answers if one["confidence_ppm"] is not None]


def histogram(cell: Cell) -> tuple[int, ...]:
    bins = [0] * 10
    for value in confidences(cell):
        bins[min(9, value // 100_000)] += 1
    return tuple(bins)


NAIVE: dict[str, Callable[[Cell], Any]] = {
    "sessions": lambda c: len(c.sessions),
    "activeSessions": lambda c: sum(
        1 for s in c.now_sessions if s["ended_at_ms"] is None and c.as_of_ms - s["last_activity_at_ms"] <= 300_000
    ),
    "openSessions": lambda c: sum(1 for s in c.now_sessions if outcome(s, c.as_of_ms) == "OPEN"),
    "engagedSessions": lambda c: len(engaged(c.sessions)),
    "engagementRate": lambda c: share(len(engaged(c.sessions)), len(c.sessions)),
    "uniqueVisitors": lambda c: len(visitors(c.sessions)),
    "uniqueUsers": lambda c: len(visitors(engaged(c.sessions))),
    "newVisitors": lambda c: sum(1 for v in visitors(c.sessions) if c.world.first_seen[v] >= c.start_ms),
    "returningUsers": lambda c: sum(1 for v in visitors(c.sessions) if c.world.first_seen[v] < c.start_ms),
    "returnRate1Day": lambda c: returned_within(c, 1),
    "returnRate7Days": lambda c: returned_within(c, 7),
    "returnRate30Days": lambda c: returned_within(c, 30),
    "usersServed": lambda c: len(visitors(s for s in c.sessions if s["answers"] > 0)),
    "messages": lambda c: sum(1 for m in c.messages if m["role"] in (1, 2, 3)),
    "userMessages": lambda c: sum(1 for m in c.messages if m["role"] == 1),
    "botMessages": lambda c: sum(1 for m in c.messages if m["role"] == 2),
    "humanMessages": lambda c: sum(1 for m in c.messages if m["role"] == 3),
    "messagesPerSession": lambda c: mean(s["user_messages"] + s["bot_messages"] for s in c.sessions),
    "userMessagesPerSession": lambda c: mean(s["user_messages"] for s in c.sessions),
    "averageSessionDuration": lambda c: seconds(mean(durations(c))),
    "medianSessionDuration": lambda c: seconds(nearest_rank(durations(c), 50)),
    "openExcluded": lambda c: len(c.of("OPEN")),
    "resolutionRate": lambda c: share(len(c.of("RESOLVED_CONFIRMED", "RESOLVED_ASSUMED")), len(c.closed_engaged)),
    "confirmedResolutionRate": lambda c: share(len(c.of("RESOLVED_CONFIRMED")), len(c.closed_engaged)),
    "provisionalShare": lambda c: share(
        sum(1 for s in c.of("RESOLVED_ASSUMED") if c.as_of_ms - s["last_activity_at_ms"] < DAY_MS),
        len(c.of("RESOLVED_CONFIRMED", "RESOLVED_ASSUMED")),
    ),
    "containmentRate": lambda c: share(
        sum(1 for s in c.closed_engaged if s["outcome_basis"] not in (2, 3)),
        sum(1 for s in c.closed_engaged if s["outcome_basis"] != 3),
    ),
    "escalationRate": lambda c: share(len(c.of("ESCALATED")), len(c.closed_engaged)),
    "abandonmentRate": lambda c: share(len(c.of("ABANDONED")), len(c.closed_engaged)),
    "timeoutRate": lambda c: share(len(c.of("TIMED_OUT")), len(c.closed_engaged)),
    "taskCompletionRate": lambda c: share(sum(1 for r in c.runs if r["state"] == 3), len(c.runs)),
    "closedEngagedSessions": lambda c: len(c.closed_engaged),
    "outcomeOpen": lambda c: len(c.of("OPEN")),
    "outcomeNotEngaged": lambda c: len(c.of("NOT_ENGAGED")),
    "outcomeEscalated": lambda c: len(c.of("ESCALATED")),
    "outcomeResolvedConfirmed": lambda c: len(c.of("RESOLVED_CONFIRMED")),
    "outcomeUnresolved": lambda c: len(c.of("UNRESOLVED")),
    "outcomeTimedOut": lambda c: len(c.of("TIMED_OUT")),
    "outcomeResolvedAssumed": lambda c: len(c.of("RESOLVED_ASSUMED")),
    "outcomeAbandoned": lambda c: len(c.of("ABANDONED")),
    "handoffRequestedEvents": lambda c: sum(1 for h in c.handoffs if h["state"] == 1),
    "handoffPerformedEvents": lambda c: sum(1 for h in c.handoffs if h["state"] == 2),
    "handoffFailedEvents": lambda c: sum(1 for h in c.handoffs if h["state"] == 3),
    "answers": lambda c: len(c.answers),
    "fallbackRate": lambda c: flagged(c.answers, "fallback"),
    "fallbackSessionRate": lambda c: share(
        sum(1 for s in engaged(c.sessions) if s["fallback_answers"] > 0), len(engaged(c.sessions))
    ),
    "fallbackAnswers": lambda c: sum(1 for a in c.answers if a["fallback"]),
    "unansweredAnswers": lambda c: sum(1 for a in c.answers if a["unanswered"]),
    "unansweredRate": lambda c: flagged(c.answers, "unanswered"),
    "lowConfidenceAnswers": lambda c: sum(1 for a in c.answers if a["low_confidence_effective"]),
    "answerCoverage": lambda c: share(
        sum(1 for s in engaged(c.sessions) if s["answers"] > s["unanswered_answers"]), len(engaged(c.sessions))
    ),
    "averageConfidence": lambda c: mean(value / 1_000_000 for value in confidences(c)),
    "medianConfidence": lambda c: None if not confidences(c) else nearest_rank(confidences(c), 50) / 1_000_000,  # type: ignore[operator]
    "confidenceHistogram": histogram,
    "thumbsUp": lambda c: votes(c, 1).count(1),
    "thumbsDown": lambda c: votes(c, 1).count(0),
    "thumbsUpShare": lambda c: share(votes(c, 1).count(1), len(votes(c, 1))),
    "customerSatisfaction": lambda c: share(sum(1 for v in votes(c, 2) if v >= 4), len(votes(c, 2))),
    "solvedShare": lambda c: share(votes(c, 4).count(1), len(votes(c, 4))),
    "surveySatisfaction": lambda c: share(sum(1 for v in votes(c, 3) if (v - 1) / 4 >= 0.75), len(votes(c, 3))),
    "satisfaction": lambda c: NAIVE[c.world.most_used](c),
    "feedbackResponseRate": lambda c: share(
        sum(
            1
            for s in c.sessions
            if s["answers"] > 0 and s["thumbs_up"] + s["thumbs_down"] + s["ratings"] + s["surveys"] > 0
        ),
        sum(1 for s in c.sessions if s["answers"] > 0),
    ),
    "averageResponseTime": lambda c: seconds(mean(responses(c))),
    **{f"responseTimeP{p}": lambda c, p=p: seconds(nearest_rank(responses(c), p)) for p in (50, 90, 95, 99)},  # type: ignore[misc]
    "averageFullResponseTime": lambda c: seconds(mean(full_responses(c))),
    **{f"fullResponseTimeP{p}": lambda c, p=p: seconds(nearest_rank(full_responses(c), p)) for p in (50, 95)},  # type: ignore[misc]
    "errorRate": error_rate,
    "modelErrorRate": lambda c: error_rate(c, 1),
    "apiErrorRate": lambda c: error_rate(c, 2),
    "middlewareErrorRate": lambda c: error_rate(c, 3),
    "webhookErrorRate": lambda c: error_rate(c, 4),
    "integrationErrorRate": lambda c: error_rate(c, 5),
    "toolFailureRate": lambda c: error_rate(c, 6),
    "operationTimeoutRate": lambda c: share(sum(1 for o in c.operations if o["status"] == 3), len(c.operations)),
    "operationAttempts": lambda c: len(c.operations),
    **{
        f"operationDurationP{p}": lambda c, p=p: seconds(  # type: ignore[misc]
            nearest_rank((o["duration_ms"] for o in c.operations if o["duration_ms"] is not None), p)
        )
        for p in (50, 95, 99)
    },
    "totalCost": lambda c: money(cost_of(c)),
    "costPerConversation": lambda c: money(cost_of(c), len(known_cost(c))),
    "costPerResolvedConversation": lambda c: money(
        cost_of(c),
        sum(1 for s in known_cost(c) if outcome(s, c.as_of_ms) in ("RESOLVED_CONFIRMED", "RESOLVED_ASSUMED")),
    ),
    "tokensPerSession": lambda c: tokens(c, "input_tokens", "output_tokens"),
    "inputTokensPerSession": lambda c: tokens(c, "input_tokens"),
    "outputTokensPerSession": lambda c: tokens(c, "output_tokens"),
    "cachedTokensPerSession": lambda c: tokens(c, "cached_tokens"),
    "pricedShare": lambda c: share(sum(s["priced_answers"] for s in c.sessions), sum(s["answers"] for s in c.sessions)),
    "tokenShare": lambda c: share(sum(s["token_answers"] for s in c.sessions), sum(s["answers"] for s in c.sessions)),
    "leads": lambda c: len({lead["lead_ref"] for lead in c.leads}),
    "conversionRate": lambda c: share(
        sum(1 for s in engaged(c.sessions) if s["conversions"] > 0), len(engaged(c.sessions))
    ),
    "leadCaptureRate": lambda c: share(sum(1 for s in engaged(c.sessions) if s["leads"] > 0), len(engaged(c.sessions))),
    "goalCompletions": lambda c: len(c.goals),
    "convertingSessions": lambda c: sum(1 for s in c.sessions if s["conversions"] > 0),
}


Keep = Callable[[str, Row], bool]


def counts(session: Row) -> bool:
    """The default population."""
    return session["opened"] and session["merged_into"] is None and session["source"] == 1 and not session["is_bot"]


def cell(world: World, start_ms: int, end_ms: int, as_of_ms: int, keep: Keep) -> Cell:
    """Everything of the window that counts and is kept; each kind of row by its own time."""

    def inside(kind: str, rows: list[Row], time: str) -> list[Row]:
        return [
            row for row in rows if start_ms <= row[time] < end_ms and counts(world.session_of(row)) and keep(kind, row)
        ]

    return Cell(
        world=world,
        start_ms=start_ms,
        as_of_ms=as_of_ms,
        sessions=inside("sessions", world.sessions, "started_at_ms"),
        now_sessions=[row for row in world.sessions if counts(row) and keep("sessions", row)],
        messages=inside("messages", world.messages, "occurred_at_ms"),
        answers=inside("answers", world.answers, "occurred_at_ms"),
        retrievals=inside("retrievals", world.retrievals, "occurred_at_ms"),
        operations=inside("operations", world.operations, "occurred_at_ms"),
        runs=inside("runs", world.runs, "started_at_ms"),
        steps=inside("steps", world.steps, "occurred_at_ms"),
        tickets=inside("tickets", world.tickets, "occurred_at_ms"),
        questions=inside("questions", world.questions, "question_at_ms"),
        exits=inside("exits", world.exits, "last_step_at_ms"),
        probes=[
            row for row in world.probes if start_ms <= row["occurred_at_ms"] < end_ms and keep("probes", row)
        ],
        exposures=inside("exposures", world.exposures, "occurred_at_ms"),
        feedback=inside("feedback", world.feedback, "occurred_at_ms"),
        handoffs=inside("handoffs", world.handoffs, "occurred_at_ms"),
        goals=inside("goals", world.goals, "occurred_at_ms"),
        leads=inside("leads", world.leads, "occurred_at_ms"),
    )


def local_bucket(at_ms: int, grain: str, zone: str) -> tuple[Any, ...]:
    """What names the bucket of a moment, from the wall clock alone."""
    wall = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)).astimezone(ZoneInfo(zone))
    if grain == "HOUR":
        return (wall.date(), wall.hour, wall.utcoffset())
    if grain == "DAY":
        return (wall.date(),)
    if grain == "WEEK":
        return tuple(wall.isocalendar())[:2]
    return (wall.year, wall.month)
