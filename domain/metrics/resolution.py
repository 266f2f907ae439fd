"""Is the bot helping people to complete what they came for? Outcomes by R1, told at query time."""

from typing import Final

from domain.metrics.algebra import (
    SESSION_NUMBER,
    Column,
    Count,
    Distinct,
    Known,
    Not,
    Predicate,
    Ratio,
    Relation,
    Single,
    equals,
    every,
)
from domain.metrics.metric import Direction, Family, Metric, Needs, Tier, Unit, needs, needs_any
from domain.metrics.populations import (
    ABANDONED,
    CLOSED,
    CLOSED_ENGAGED,
    CONFIRMED,
    CONTAINED,
    DURABLY_JUDGED,
    DURABLY_RESOLVED,
    ESCALATED,
    FALSELY_CONTAINED,
    IN_CONTAINMENT,
    OPEN,
    PROVISIONAL,
    RESOLVED,
    TIMED_OUT,
    closed_with,
)
from domain.vocabulary import HandoffState, Outcome, Report, WorkflowState

_CLOSED_ENGAGED: Final = Count(Relation.SESSION, CLOSED_ENGAGED)


def _rate(
    name: str,
    title: str,
    definition: str,
    source: str,
    *,
    part: Predicate,
    direction: Direction,
    whole: Predicate = CLOSED_ENGAGED,
    tier: Tier = Tier.PRIMARY,
    family: Family = Family.RESOLUTION,
    required: Needs = (),
    explains: tuple[str, ...] = (),
    companions: tuple[str, ...] = (),
) -> Metric:
    return Metric(
        name=name,
        title=title,
        family=family,
        tier=tier,
        unit=Unit.SHARE,
        direction=direction,
        formula=Ratio(Count(Relation.SESSION, part), Count(Relation.SESSION, whole), proportion=True),
        definition=definition,
        source=source,
        explains=explains,
        companions=companions,
        needs=required,
        precision=3,
    )


def _outcome(name: str, title: str, where: Predicate, direction: Direction, *, row: int) -> Metric:
    return Metric(
        name=name,
        title=title,
        family=Family.RESOLUTION,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.COUNT,
        direction=direction,
        formula=Single(Count(Relation.SESSION, where)),
        definition=f"Sessions started in the range whose outcome at asOf is that of row {row} of the outcome table. "
        "The eight outcomes sum to sessions.",
        source=f"item 49, R1 row {row}",
        explains=("resolutionRate",),
    )


def _handoffs(name: str, title: str, state: HandoffState) -> Metric:
    return Metric(
        name=name,
        title=title,
        family=Family.RESOLUTION,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.COUNT,
        direction=Direction.NEUTRAL,
        formula=Single(Count(Relation.HANDOFF, equals(Column("state"), state))),
        definition=f"Hand-over events with state {state.name} in the range; one session may have several.",
        source="items 48, 253",
        explains=("escalationRate",),
        needs=needs(Report.HANDOFF),
    )


_BETTER: Final = Direction.HIGHER_IS_BETTER
_WORSE: Final = Direction.LOWER_IS_BETTER

RESOLUTION: Final[tuple[Metric, ...]] = (
    _rate(
        "resolutionRate",
        "Resolution rate",
        "Confirmed and assumed resolutions / closed engaged sessions. Read it with confirmedResolutionRate and "
        "provisionalShare: an assumed one may still turn within 24 hours.",
        "item 252, R1",
        part=RESOLVED,
        direction=_BETTER,
        companions=("confirmedResolutionRate", "provisionalShare"),
    ),
    _rate(
        "confirmedResolutionRate",
        "Confirmed resolution rate",
        "Sessions whose latest signal is positive / closed engaged sessions.",
        "item 252, R1 row 4, R32.6",
        part=CONFIRMED,
        direction=_BETTER,
        tier=Tier.DIAGNOSTIC,
        required=needs_any(Report.FEEDBACK, Report.GOAL, Report.WORKFLOW),
        explains=("resolutionRate",),
    ),
    _rate(
        "provisionalShare",
        "Provisional share of resolutions",
        "Assumed resolutions less than 24 hours after their last message / all resolutions.",
        "R1, R32.16",
        part=PROVISIONAL,
        whole=RESOLVED,
        direction=Direction.NEUTRAL,
        tier=Tier.DIAGNOSTIC,
        explains=("resolutionRate",),
    ),
    _rate(
        "containmentRate",
        "Containment rate",
        "1 - escalated / closed engaged sessions. Sessions handed over because of a usage limit are in neither "
        "part. Abandoned sessions count as contained: read it beside resolutionRate.",
        "item 251, R1, R32.6, R32.10",
        part=CONTAINED,
        whole=IN_CONTAINMENT,
        direction=_BETTER,
        required=needs(Report.HANDOFF),
        companions=("resolutionRate",),
    ),
    _rate(
        "falseContainmentRate",
        "Containment gap",
        "Contained sessions that were not resolved / closed engaged sessions without those handed over because of a "
        "usage limit: how much of containmentRate is nobody being helped.",
        "items 251, 303, R1",
        part=FALSELY_CONTAINED,
        whole=IN_CONTAINMENT,
        direction=_WORSE,
        tier=Tier.DIAGNOSTIC,
        required=needs(Report.HANDOFF),
        explains=("containmentRate",),
    ),
    _rate(
        "durableResolutionRate",
        "Durable resolution rate",
        "Resolved sessions whose visitor did not return to the chatbot within 7 days of the last message / closed "
        "engaged sessions whose last message is at least 7 days older than asOf.",
        "item 252, R1",
        part=every(DURABLY_JUDGED, DURABLY_RESOLVED),
        whole=DURABLY_JUDGED,
        direction=_BETTER,
        tier=Tier.DIAGNOSTIC,
        required=needs(Report.VISITOR),
        explains=("resolutionRate",),
    ),
    _rate(
        "escalationRate",
        "Escalation rate",
        "Sessions handed over to an agent, a ticket queue or a callback / closed engaged sessions; also because "
        "of a usage limit.",
        "items 48, 253, R32.10",
        part=ESCALATED,
        direction=_WORSE,
        required=needs(Report.HANDOFF),
    ),
    _rate(
        "abandonmentRate",
        "Abandonment rate",
        "Sessions with outcome ABANDONED / closed engaged sessions; timed-out ones are told apart.",
        "item 254, R1 row 8",
        part=ABANDONED,
        direction=_WORSE,
    ),
    _rate(
        "timeoutRate",
        "Session timeout rate",
        "Sessions closed by idleness or a channel limit while the bot owed a reply or a workflow was open / closed "
        "engaged sessions. Silence of the user after an answer is none.",
        "item 264, R1 row 6",
        part=TIMED_OUT,
        direction=_WORSE,
        family=Family.RELIABILITY,
        tier=Tier.DIAGNOSTIC,
        explains=("abandonmentRate",),
    ),
    Metric(
        name="taskCompletionRate",
        title="Task completion rate",
        family=Family.RESOLUTION,
        tier=Tier.PRIMARY,
        unit=Unit.SHARE,
        direction=_BETTER,
        formula=Ratio(
            Count(Relation.WORKFLOW_RUN, equals(Column("state"), WorkflowState.COMPLETED)),
            Count(Relation.WORKFLOW_RUN),
            proportion=True,
        ),
        definition="Completed / started workflow runs, by the start of the run. Group by WORKFLOW for each task.",
        source="item 255",
        needs=needs(Report.WORKFLOW),
        precision=3,
    ),
    Metric(
        name="workflowRuns",
        title="Workflow runs",
        family=Family.RESOLUTION,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.COUNT,
        direction=Direction.NEUTRAL,
        formula=Single(Count(Relation.WORKFLOW_RUN)),
        definition="Workflow runs that started in the range.",
        source="item 255",
        explains=("taskCompletionRate",),
        needs=needs(Report.WORKFLOW),
    ),
    Metric(
        name="stepsReached",
        title="Workflow steps reached",
        family=Family.RESOLUTION,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.COUNT,
        direction=Direction.NEUTRAL,
        formula=Single(Count(Relation.WORKFLOW_STEP, Known(Column("step")))),
        definition="Events in the range that tell of a workflow's step; a step reached twice counts twice.",
        source="items 135, 255",
        explains=("taskCompletionRate",),
        needs=needs(Report.WORKFLOW),
    ),
    Metric(
        name="stepAbandonmentRate",
        title="Abandonment at a workflow step",
        family=Family.RESOLUTION,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.SHARE,
        direction=_WORSE,
        formula=Ratio(
            Distinct(
                Relation.WORKFLOW_EXIT,
                SESSION_NUMBER,
                every(CLOSED, Not(equals(Column("state"), WorkflowState.COMPLETED))),
            ),
            Distinct(Relation.WORKFLOW_STEP, SESSION_NUMBER, every(CLOSED, Known(Column("step")))),
            proportion=True,
        ),
        definition="Closed sessions with a run that was not completed and whose last step this was / closed sessions "
        "that reached the step, by the time of the step. Group by STEP. A session that left one run there and "
        "completed another counts as having left.",
        source="item 135",
        explains=("taskCompletionRate",),
        needs=needs(Report.WORKFLOW),
        precision=3,
    ),
    Metric(
        name="closedEngagedSessions",
        title="Closed engaged sessions",
        family=Family.RESOLUTION,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.COUNT,
        direction=Direction.NEUTRAL,
        formula=Single(_CLOSED_ENGAGED),
        definition="Sessions started in the range with a user message that are not open any more: rows 3 to 8 of "
        "the outcome table, the denominator of most rates.",
        source="R1",
        explains=("resolutionRate",),
    ),
    _outcome("outcomeOpen", "Open", OPEN, Direction.NEUTRAL, row=1),
    _outcome("outcomeNotEngaged", "Not engaged", closed_with(Outcome.NOT_ENGAGED), _WORSE, row=2),
    _outcome("outcomeEscalated", "Escalated", ESCALATED, _WORSE, row=3),
    _outcome("outcomeResolvedConfirmed", "Resolved, confirmed", CONFIRMED, _BETTER, row=4),
    _outcome("outcomeUnresolved", "Unresolved", closed_with(Outcome.UNRESOLVED), _WORSE, row=5),
    _outcome("outcomeTimedOut", "Timed out", TIMED_OUT, _WORSE, row=6),
    _outcome("outcomeResolvedAssumed", "Resolved, assumed", closed_with(Outcome.RESOLVED_ASSUMED), _BETTER, row=7),
    _outcome("outcomeAbandoned", "Abandoned", ABANDONED, _WORSE, row=8),
    _handoffs("handoffRequestedEvents", "Hand-overs requested", HandoffState.REQUESTED),
    _handoffs("handoffPerformedEvents", "Hand-overs performed", HandoffState.PERFORMED),
    _handoffs("handoffFailedEvents", "Hand-overs failed", HandoffState.FAILED),
)
