"""Months as partitions: which tables have them, and making those of a month before anything is written there."""

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from persistence.engine import Database, connected

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


class MonthOutOfBounds(ValueError):
    """Facts are kept from January 2000 until two months ahead of today."""


async def ensure_months(database: Database, months: Iterable[int]) -> None:
    """In a short transaction of its own, so that no long one holds the locks that a new partition needs. What this
    process knows to be there costs nothing."""
    missing = set(months) - database.known_months
    for month in sorted(missing):
        await _ensure_month(database, month)
        database.known_months.add(month)


async def _ensure_month(database: Database, month: int) -> None:
    try:
        async with connected(database) as connection:
            await connection.execute(text("select ensure_month(:month)"), {"month": month})
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _OUT_OF_BOUNDS:
            raise MonthOutOfBounds(f"no facts can be kept for month {month}") from error
        raise
