"""Filters kept under a name."""

from datetime import datetime
from typing import Self

import strawberry

from domain.queries.canonical import filter_to_canonical
from domain.segments import Segment as DomainSegment
from schema.paging import encode_id


@strawberry.type(
    description="A filter kept under a name. Questions and saved queries name it in their filter and take it as it is "
    "when they are asked."
)
class Segment:
    id: strawberry.ID = strawberry.field(description="Opaque id; stays through all versions.")
    name: str = strawberry.field(description="Name shown to people.")
    text: str | None = strawberry.field(name="description", description="Whom it is meant to hold.")
    definition: str = strawberry.field(description="The filter as canonical JSON; equal filters have equal text.")
    version: int = strawberry.field(description="Grows by one with every change.")
    created_at: datetime = strawberry.field(description="When it was first saved.")
    updated_at: datetime = strawberry.field(description="When its current version was saved.")

    @classmethod
    def from_domain(cls, segment: DomainSegment) -> Self:
        return cls(
            id=encode_id("Segment", segment.segment_id),
            name=segment.name,
            text=segment.description,
            definition=filter_to_canonical(segment.where),
            version=segment.version,
            created_at=segment.created_at,
            updated_at=segment.updated_at,
        )
