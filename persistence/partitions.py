"""Months as partitions: which tables have them, and making those of a month before anything is written there."""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from persistence.engine import Database, DatabaseUnavailable, connected

MONTHLY_TABLES = (
    "session",
    "session_cost",
    "workflow_run",
    "message",
    "retrieval",
    "operation",
    "workflow_step",
    "feedback",
    "handoff",
    "ticket",
    "goal_completion",
    "lead_capture",
    "exposure",
    "release",
    "probe",
    "cost_correction",
    "identification",
    "session_end",
    "session_start",
)
"""The numbers of `loose_event.kind` are places in this list: never reorder, only append."""

_OUT_OF_BOUNDS = "22003"
_STATISTICS_AFTER_ROWS = (1_000, 10_000, 100_000)


class MonthOutOfBounds(ValueError):
    """Facts are kept from January 2000 until two months ahead of today."""


async def ensure_months(database: Database, months: Iterable[int]) -> None:
    """In a short transaction of its own, so that no long one holds the locks that a new partition needs. What this
    process knows to be there costs nothing."""
    missing = set(months) - database.known_months
    for month in sorted(missing):
        await _ensure_month(database, month)
        database.known_months.add(month)


async def note_growth(database: Database, rows_by_month: Mapping[int, int]) -> None:
    """After a commit that added rows. Asks for the planner's statistics while a month is young, when there are none
    and a bad plan made from an empty table would be kept; later autovacuum does it."""
    for month, rows in rows_by_month.items():
        before = database.grown[month]
        database.grown[month] += rows
        if any(before < threshold <= before + rows for threshold in _STATISTICS_AFTER_ROWS):
            await refresh_statistics(database, month)


async def refresh_statistics(database: Database, month: int) -> None:
    """Never worth a failure: who cannot get the lock or the time leaves it to autovacuum."""
    with suppress(DatabaseUnavailable):
        async with connected(database) as connection:
            await connection.execute(text("select refresh_statistics(:month)"), {"month": month})


async def _ensure_month(database: Database, month: int) -> None:
    try:
        async with connected(database) as connection:
            await connection.execute(text("select ensure_month(:month)"), {"month": month})
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _OUT_OF_BOUNDS:
            raise MonthOutOfBounds(f"no facts can be kept for month {month}") from error
        raise
