"""A filter kept under a name, to be used in any question."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.queries.filters import Filter


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """`version` counts from 1 and grows with every change; questions take the segment as it is when they are asked."""

    segment_id: UUID
    name: str
    description: str | None
    where: Filter
    version: int
    created_at: datetime
    updated_at: datetime
