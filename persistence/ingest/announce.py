"""What others must hear of an append: which facts changed, which leads; a notice carries ids only."""

from collections.abc import Sequence
from typing import Final

from persistence.ingest.batch import Batch

_SESSIONS: Final = 1


async def announce(batch: Batch, leads: Sequence[tuple[int, int]]) -> None:
    driver, workspace_id = batch.writer.driver, batch.writer.workspace_id
    for month, session_ids in batch.touched.items():
        await driver.execute(
            "insert into fact_change (workspace_id, month, subject, ids) values ($1, $2, $3, $4)",
            workspace_id,
            month,
            _SESSIONS,
            list(session_ids),
        )
