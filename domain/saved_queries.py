"""A metric query kept under a name, with every version it ever had."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedQuery:
    """`definition` is the canonical JSON of the query's input; `current_version` counts from 1."""

    saved_query_id: UUID
    name: str
    description: str | None
    current_version: int
    definition: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedQueryVersion:
    version: int
    definition: str
    created_at: datetime
