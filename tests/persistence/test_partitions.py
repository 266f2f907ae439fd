from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from persistence.engine import Database
from persistence.partitions import MONTHLY_TABLES, MonthOutOfBounds, ensure_months, note_growth
from persistence.tenancy import writing
from tests.build import month_of


async def _partitions(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("select relname from pg_class where relispartition and relkind = 'r'")
        return {row["relname"] for row in rows}
    finally:
        await connection.close()


async def test_a_month_gets_a_partition_of_every_monthly_table(database: Database, admin_url: str) -> None:
    await ensure_months(database, [2026 * 12 + 2, 2026 * 12 + 2])
    assert await _partitions(admin_url) == {f"{table}_y2026m03" for table in MONTHLY_TABLES}


async def test_asking_again_changes_nothing(database: Database, admin_url: str) -> None:
    for _ in range(2):
        database.known_months.clear()
        await ensure_months(database, [2026 * 12])
    assert len(await _partitions(admin_url)) == len(MONTHLY_TABLES)


@pytest.mark.parametrize("offset", [1, 2], ids=["next month", "the month after"])
async def test_the_near_future_is_allowed(database: Database, offset: int) -> None:
    await ensure_months(database, [month_of(datetime.now(UTC)) + offset])


@pytest.mark.parametrize(
    "month",
    [2000 * 12 - 1, month_of(datetime.now(UTC)) + 4, 0, -5, 2**31 - 1],
    ids=["before 2000", "too far ahead", "year zero", "negative", "largest"],
)
async def test_an_absurd_month_is_refused(database: Database, month: int) -> None:
    with pytest.raises(MonthOutOfBounds, match=str(month)):
        await ensure_months(database, [month])
    assert month not in database.known_months


async def test_the_app_role_cannot_read_a_partition_by_name(database: Database, app_url: str) -> None:
    await ensure_months(database, [2026 * 12])
    connection = await asyncpg.connect(app_url)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("select * from message_y2026m01")
    finally:
        await connection.close()


async def test_a_young_month_gets_statistics_after_its_first_thousands_of_rows(
    database: Database, workspace_id: UUID, admin_url: str
) -> None:
    """So that a plan made from an empty table does not stay."""
    month = 2026 * 12
    await ensure_months(database, [month])
    async with writing(database, workspace_id) as writer:
        await writer.driver.execute(
            "insert into workflow_run "
            "(workspace_id, month, session_id, workflow, run_id, chatbot_id, started_at_ms, state) "
            "select $1, $2, number, 1, '', 1, 0, 1 from generate_series(1, 1500) as number",
            workspace_id,
            month,
        )
    known: list[float] = []
    for rows in (999, 1, 400):
        await note_growth(database, {month: rows})
        known.append(await _known_rows(admin_url, "workflow_run_y2026m01"))
    assert known == [-1, 1500, 1500]


async def _known_rows(url: str, table: str) -> float:
    connection = await asyncpg.connect(url)
    try:
        return float(await connection.fetchval("select reltuples from pg_class where relname = $1", table))
    finally:
        await connection.close()
