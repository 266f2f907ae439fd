"""Which table stands behind each relation of the algebra, and how its rows find their session."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sqlalchemy import FromClause, Table
from sqlalchemy.sql.selectable import Alias

from domain.metrics.algebra import ALWAYS, Column, IsTrue, Known, Predicate, Relation
from persistence.tables.base import Row
from persistence.tables.events import (
    ExposureRow,
    FeedbackRow,
    GoalCompletionRow,
    HandoffRow,
    LeadCaptureRow,
    OperationRow,
    ProbeRow,
    RetrievalRow,
    TicketRow,
    WorkflowStepRow,
)
from persistence.tables.messages import MessageRow
from persistence.tables.sessions import SessionCostRow, SessionRow, WorkflowRunRow
from persistence.tables.visitors import VisitorChatbotRow, VisitorRow

# Made once: an alias of a wide table costs more than the rest of a statement.
SESSION: Final = SessionRow.__table__.alias("session")
VISITOR: Final = VisitorRow.__table__.alias("visitor")
VISITOR_OF_CHATBOT: Final = VisitorChatbotRow.__table__.alias("visitor")


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """`time`: the column that ranges and buckets use; None = the session's start. `row` and `turn` name the table
    where it is aggregated and where a session is asked whether it has such a row. `currency`: that of its amounts;
    `day`: their day, None = that of `time`."""

    row: FromClause
    turn: FromClause
    time: str | None
    base: Predicate
    currency: str | None = None
    day: str | None = None

    @property
    def is_session(self) -> bool:
        return self.row is SESSION


def _of_sessions(time: str | None) -> Source:
    return Source(SESSION, SESSION, time, ALWAYS)


def _of_facts(
    kind: type[Row],
    time: str | None = "occurred_at_ms",
    base: Predicate = ALWAYS,
    *,
    currency: str | None = None,
    day: str | None = None,
) -> Source:
    return Source(kind.__table__.alias("fact"), kind.__table__.alias("turn"), time, base, currency, day)


SOURCES: Final[Mapping[Relation, Source]] = MappingProxyType(
    {
        Relation.SESSION: _of_sessions("started_at_ms"),
        Relation.MOMENT: _of_sessions(None),
        Relation.MESSAGE: _of_facts(MessageRow, base=IsTrue(Column("message_received"))),
        Relation.ANSWER: _of_facts(MessageRow, base=IsTrue(Column("is_answer")), currency="cost_currency"),
        Relation.QUESTION: _of_facts(MessageRow, "question_at_ms", Known(Column("question_at_ms"))),
        Relation.RETRIEVAL: _of_facts(RetrievalRow),
        Relation.OPERATION: _of_facts(OperationRow),
        Relation.WORKFLOW_RUN: _of_facts(WorkflowRunRow, "started_at_ms"),
        Relation.WORKFLOW_EXIT: _of_facts(WorkflowRunRow, "last_step_at_ms", Known(Column("last_step_at_ms"))),
        Relation.WORKFLOW_STEP: _of_facts(WorkflowStepRow),
        Relation.FEEDBACK: _of_facts(FeedbackRow),
        Relation.HANDOFF: _of_facts(HandoffRow),
        Relation.TICKET: _of_facts(TicketRow),
        Relation.EXPOSURE: _of_facts(ExposureRow),
        Relation.GOAL_COMPLETION: _of_facts(GoalCompletionRow, currency="value_currency"),
        Relation.LEAD_CAPTURE: _of_facts(LeadCaptureRow),
        Relation.SESSION_COST: _of_facts(SessionCostRow, None, currency="currency", day="day"),
        Relation.PROBE: _of_facts(ProbeRow),
    }
)


def table_name(alias: FromClause) -> str:
    """Of the table that an alias of this module stands for."""
    return table_of(alias).name


def table_of(alias: FromClause) -> Table:
    assert isinstance(alias, Alias)
    assert isinstance(alias.element, Table)
    return alias.element
