"""Visitors and threads: the surrogate numbers that facts carry instead of outside names."""

from sqlalchemy.orm import Mapped, mapped_column

from persistence.tables.base import Amount, Code, Flag, Identity, Moment, Number, PersonalText, TenantRow


class VisitorRow(TenantRow):
    """`first_seen_at_ms` is set by LIVE sessions of people only (R32.14)."""

    __tablename__ = "visitor"

    visitor_id: Mapped[Number] = mapped_column(primary_key=True)
    key: Mapped[PersonalText]
    first_seen_at_ms: Mapped[Moment | None]
    identified: Mapped[Flag]


class VisitorChatbotRow(TenantRow):
    __tablename__ = "visitor_chatbot"

    visitor_id: Mapped[Number] = mapped_column(primary_key=True)
    chatbot_id: Mapped[Amount] = mapped_column(primary_key=True)
    first_seen_at_ms: Mapped[Moment | None]


class ThreadRow(TenantRow):
    """A channel's endless conversation that the server cuts into sessions (R2)."""

    __tablename__ = "thread"

    thread_id: Mapped[Number] = mapped_column(primary_key=True)
    chatbot_id: Mapped[Amount]
    thread_ref: Mapped[PersonalText]


class LooseEventRow(TenantRow):
    """Events that are placed by time, or that wait for a session or a message: one place where a new or re-cut
    session finds what belongs to it, instead of every table and month. `kind` is the event's table."""

    __tablename__ = "loose_event"

    event_id: Mapped[Identity] = mapped_column(primary_key=True)
    kind: Mapped[Code]
    month: Mapped[Amount]
    chatbot_id: Mapped[Amount]
    occurred_at_ms: Mapped[Moment]
    session_id: Mapped[Number | None]
    thread_id: Mapped[Number | None]
    visitor_id: Mapped[Number | None]
    message_key: Mapped[Identity | None]
    session_ref: Mapped[PersonalText | None]
