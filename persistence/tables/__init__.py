"""The tables. Importing this package knows them all."""

from persistence.tables import (
    accounts,
    changes,
    events,
    jobs,
    leads,
    messages,
    queries,
    segments,
    sessions,
    visitors,
    workspaces,
)
from persistence.tables.base import Row

__all__ = [
    "Row",
    "accounts",
    "changes",
    "events",
    "jobs",
    "leads",
    "messages",
    "queries",
    "segments",
    "sessions",
    "visitors",
    "workspaces",
]
