"""Filters kept under a name."""

from sqlalchemy.orm import Mapped, mapped_column

from persistence.tables.base import Amount, Identity, Instant, PlainText, TenantRow


class SegmentRow(TenantRow):
    """`definition` is the filter as canonical JSON."""

    __tablename__ = "segment"

    segment_id: Mapped[Identity] = mapped_column(primary_key=True)
    name: Mapped[PlainText]
    description: Mapped[PlainText | None]
    definition: Mapped[PlainText]
    version: Mapped[Amount]
    created_by: Mapped[Identity | None]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    archived_at: Mapped[Instant | None]
