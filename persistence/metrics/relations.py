"""Which table stands behind each relation of the algebra, and how its rows find their session."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sqlalchemy import FromClause

from domain.metrics.algebra import ALWAYS, Column, IsTrue, Predicate, Relation
from persistence.tables.events import FeedbackRow, GoalCompletionRow, HandoffRow, LeadCaptureRow, OperationRow
from persistence.tables.messages import MessageRow
from persistence.tables.sessions import SessionCostRow, SessionRow, WorkflowRunRow

SESSION: Final = SessionRow.__table__


@dataclass(frozen=True, slots=True)
class Source:
    """`time`: the column that ranges and buckets use; None = the session's start."""

    table: FromClause
    time: str | None
    base: Predicate = ALWAYS

    @property
    def is_session(self) -> bool:
        return self.table is SESSION


SOURCES: Final[Mapping[Relation, Source]] = MappingProxyType(
    {
        Relation.SESSION: Source(SESSION, "started_at_ms"),
        Relation.MOMENT: Source(SESSION, None),
        Relation.MESSAGE: Source(MessageRow.__table__, "occurred_at_ms", IsTrue(Column("message_received"))),
        Relation.ANSWER: Source(MessageRow.__table__, "occurred_at_ms", IsTrue(Column("is_answer"))),
        Relation.OPERATION: Source(OperationRow.__table__, "occurred_at_ms"),
        Relation.WORKFLOW_RUN: Source(WorkflowRunRow.__table__, "started_at_ms"),
        Relation.FEEDBACK: Source(FeedbackRow.__table__, "occurred_at_ms"),
        Relation.HANDOFF: Source(HandoffRow.__table__, "occurred_at_ms"),
        Relation.GOAL_COMPLETION: Source(GoalCompletionRow.__table__, "occurred_at_ms"),
        Relation.LEAD_CAPTURE: Source(LeadCaptureRow.__table__, "occurred_at_ms"),
        Relation.SESSION_COST: Source(SessionCostRow.__table__, None),
    }
)
