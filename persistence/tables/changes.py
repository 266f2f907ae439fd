"""What changed, in an order that a reader can follow without missing a late commit (R14, R15)."""

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from persistence.tables.base import Amount, Code, Identity, Instant, Number, Numbers, PlainText, TenantRow


class FactChangeRow(TenantRow):
    """One row per transaction, subject and month, naming all it touched: a row per session would cost ingest a
    hundred times as much."""

    __tablename__ = "fact_change"

    change_id: Mapped[Number] = mapped_column(primary_key=True)
    transaction_id: Mapped[int] = mapped_column(BigInteger, info={"type": "xid8"})
    changed_at: Mapped[Instant]
    subject: Mapped[Code]
    month: Mapped[Amount]
    ids: Mapped[Numbers]


class ChangeHorizonRow(TenantRow):
    """Entries below `trimmed_below` are gone: whoever read last before it starts afresh."""

    __tablename__ = "change_horizon"

    trimmed_below: Mapped[int] = mapped_column(BigInteger, info={"type": "xid8"})


class ChangeReaderRow(TenantRow):
    """How far a job behind ingest has read the log: where its next look begins."""

    __tablename__ = "change_reader"

    reader: Mapped[PlainText] = mapped_column(primary_key=True)
    read_through: Mapped[Number]


class FeedRow(TenantRow):
    """Where a public feed stands. A new `epoch` makes every older cursor expire."""

    __tablename__ = "feed"

    feed: Mapped[Code] = mapped_column(primary_key=True)
    epoch: Mapped[Identity]
    system: Mapped[Number]  # the database system that gave the waiting entries their transaction ids
    last_position: Mapped[Number]
    removed_through: Mapped[Number]


class FeedEntryRow(TenantRow):
    """`position` is null until the sequencer numbers the entry."""

    __tablename__ = "feed_entry"

    entry_id: Mapped[Number] = mapped_column(primary_key=True)
    feed: Mapped[Code]
    position: Mapped[Number | None]
    transaction_id: Mapped[int] = mapped_column(BigInteger, info={"type": "xid8"})
    entity_id: Mapped[Number]
    version: Mapped[Number]
    created_at: Mapped[Instant]
