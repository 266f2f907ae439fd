"""Saved queries with every version they ever had."""

from sqlalchemy.orm import Mapped, mapped_column

from persistence.tables.base import Amount, Identity, Instant, PlainText, TenantRow


class SavedQueryRow(TenantRow):
    __tablename__ = "saved_query"

    saved_query_id: Mapped[Identity] = mapped_column(primary_key=True)
    name: Mapped[PlainText]
    description: Mapped[PlainText | None]
    current_version: Mapped[Amount]
    created_by: Mapped[Identity | None]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    archived_at: Mapped[Instant | None]


class SavedQueryVersionRow(TenantRow):
    """`definition` is the canonical JSON of the query's input."""

    __tablename__ = "saved_query_version"

    saved_query_id: Mapped[Identity] = mapped_column(primary_key=True)
    version: Mapped[Amount] = mapped_column(primary_key=True)
    definition: Mapped[PlainText]
    created_by: Mapped[Identity | None]
    created_at: Mapped[Instant]
