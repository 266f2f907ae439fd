"""The queue of things to do, and the workspace keys that encrypt what leaves the tables."""

from sqlalchemy.orm import Mapped, mapped_column

from persistence.tables.base import (
    Amount,
    Code,
    Digest,
    Identity,
    Instant,
    PlainText,
    SharedRow,
    TenantRow,
)


class JobRow(SharedRow):
    """A plain table: no tenant's data, since the payload is sealed and the rest are surrogate ids. `token` is new
    with every claim and fences off whoever held the job before. `last_error` names kinds of errors only."""

    __tablename__ = "job"

    job_id: Mapped[Identity] = mapped_column(primary_key=True)
    kind: Mapped[PlainText]
    workspace_id: Mapped[Identity | None]
    unique_key: Mapped[PlainText | None]
    priority: Mapped[Code]
    state: Mapped[Code]
    attempts: Mapped[Amount]
    most_attempts: Mapped[Amount]
    due_at: Mapped[Instant]
    lease_until: Mapped[Instant | None]
    token: Mapped[Identity | None]
    payload: Mapped[Digest]
    last_error: Mapped[PlainText | None]
    created_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]


class DataKeyRow(TenantRow):
    """A workspace's data key, wrapped by the master key named by `master_key_id`."""

    __tablename__ = "data_key"

    version: Mapped[Code] = mapped_column(primary_key=True)
    master_key_id: Mapped[Digest]
    wrapped: Mapped[Digest]
    created_at: Mapped[Instant]
