"""The records of the domain and the tables of the database are one vocabulary."""

import msgspec
import pytest

from domain import facts
from persistence.partitions import MONTHLY_TABLES
from persistence.tables import Row

RECORDS: dict[str, type[msgspec.Struct]] = {
    "message": facts.MessageRecord,
    "retrieval": facts.RetrievalRecord,
    "operation": facts.OperationRecord,
    "workflow_step": facts.WorkflowStepRecord,
    "feedback": facts.FeedbackRecord,
    "handoff": facts.HandoffRecord,
    "ticket": facts.TicketRecord,
    "goal_completion": facts.GoalRecord,
    "lead_capture": facts.LeadRecord,
    "exposure": facts.ExposureRecord,
    "release": facts.ReleaseRecord,
    "probe": facts.ProbeRecord,
    "cost_correction": facts.CostCorrectionRecord,
    "identification": facts.IdentifyRecord,
    "session_end": facts.SessionEndRecord,
    "session_start": facts.SessionStartRecord,
    "session": facts.SessionFact,
    "session_cost": facts.SessionCost,
    "workflow_run": facts.WorkflowRun,
}
PERSISTENCE_ONLY = {"workspace_id", "month", "thread_id", "visitor_id", "session_ref"}


@pytest.mark.parametrize("table", sorted(RECORDS))
def test_a_record_has_the_columns_of_its_table(table: str) -> None:
    fields = {field.name for field in msgspec.structs.fields(RECORDS[table])}
    columns = set(Row.metadata.tables[table].columns.keys())
    assert fields - columns == set()
    assert columns - fields <= PERSISTENCE_ONLY


def test_every_monthly_table_is_a_record() -> None:
    monthly = {name for name, table in Row.metadata.tables.items() if table.info.get("monthly")}
    assert monthly == set(MONTHLY_TABLES) == set(RECORDS)
