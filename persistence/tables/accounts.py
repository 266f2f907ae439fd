"""Who may come in, and the record of what they did."""

from sqlalchemy.orm import Mapped, mapped_column

from persistence.tables.base import (
    Amount,
    Amounts,
    Code,
    Digest,
    Identity,
    Instant,
    Number,
    PlainText,
    PlainTexts,
    TenantRow,
)


class ApiKeyRow(TenantRow):
    """`chatbot_ids` null: every chatbot. Only the hash of the key is kept."""

    __tablename__ = "api_key"

    key_id: Mapped[Identity] = mapped_column(primary_key=True)
    kind: Mapped[Code]
    name: Mapped[PlainText]
    hint: Mapped[PlainText]
    secret_hash: Mapped[Digest]
    scopes: Mapped[PlainTexts]
    chatbot_ids: Mapped[Amounts | None]
    origins: Mapped[PlainTexts]
    rate_per_minute: Mapped[Amount | None]
    created_at: Mapped[Instant]
    created_by: Mapped[Identity | None]
    expires_at: Mapped[Instant | None]
    revoked_at: Mapped[Instant | None]
    last_used_at: Mapped[Instant | None]


class AuditEntryRow(TenantRow):
    """Append-only, chained by hash; surrogate ids only, never personal data."""

    __tablename__ = "audit_entry"

    position: Mapped[Number] = mapped_column(primary_key=True)
    occurred_at: Mapped[Instant]
    actor_kind: Mapped[Code]
    actor_key_id: Mapped[Identity | None]
    action: Mapped[PlainText]
    target: Mapped[PlainText | None]
    detail: Mapped[PlainText]
    previous_hash: Mapped[Digest]
    entry_hash: Mapped[Digest]
