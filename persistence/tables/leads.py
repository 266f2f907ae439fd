"""A lead as it stands now, put together from its captures."""

from sqlalchemy.orm import Mapped, mapped_column

from persistence.tables.base import Amount, Flag, Moment, Number, PersonalText, PlainText, TenantRow


class LeadRow(TenantRow):
    """`version` grows by one with every change; `captured_*` is the first capture."""

    __tablename__ = "lead"

    lead_id: Mapped[Number] = mapped_column(primary_key=True)
    chatbot_id: Mapped[Amount]
    lead_ref: Mapped[PersonalText]
    version: Mapped[Number]
    captured_at_ms: Mapped[Moment]
    captured_session_id: Mapped[Number | None]
    captured_month: Mapped[Amount]
    updated_at_ms: Mapped[Moment]
    name: Mapped[PersonalText | None]
    email: Mapped[PersonalText | None]
    phone: Mapped[PersonalText | None]
    company: Mapped[PersonalText | None]
    interest: Mapped[PersonalText | None]
    consent: Mapped[Flag | None]
    lawful_basis: Mapped[PlainText | None]
    identity_key: Mapped[PersonalText | None]
