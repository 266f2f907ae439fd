"""What all tables share: column types, and how each table and each text column is classified.

A table's `info["holds"]` is "tenant" (Row-Level Security, `workspace_id` leads every key) or "shared" (surrogate
numbers only). A text column's `info["text"]` is "personal" or "plain"; start-up refuses a column without it (P28).
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, DateTime, Integer, LargeBinary, MetaData, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

PERSONAL = {"text": "personal"}
PLAIN = {"text": "plain"}

Moment = Annotated[int, mapped_column(BigInteger)]
"""Milliseconds since the epoch, or a length of time in milliseconds that has no small bound."""
Number = Annotated[int, mapped_column(BigInteger)]
"""A dense number inside the workspace, a sum, or nano units of money."""
Amount = Annotated[int, mapped_column(Integer)]
"""A bounded count, parts per million, or a duration under a day in milliseconds."""
Label = Annotated[int, mapped_column(Integer)]
"""A code of the workspace's `label` table."""
Code = Annotated[int, mapped_column(SmallInteger)]
"""A code of `domain.vocabulary`."""
Flag = Annotated[bool, mapped_column(Boolean)]
Identity = Annotated[UUID, mapped_column(Uuid)]
Digest = Annotated[bytes, mapped_column(LargeBinary)]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
PlainText = Annotated[str, mapped_column(Text, info=PLAIN)]
PersonalText = Annotated[str, mapped_column(Text, info=PERSONAL)]
PlainTexts = Annotated[list[str], mapped_column(ARRAY(Text), info=PLAIN)]
Amounts = Annotated[list[int], mapped_column(ARRAY(Integer))]
Numbers = Annotated[list[int], mapped_column(ARRAY(BigInteger))]


_TENANT = {"info": {"holds": "tenant"}}
_MONTHLY = {"info": {"holds": "tenant", "monthly": True}}
_SHARED = {"info": {"holds": "shared"}}


class Row(DeclarativeBase):
    metadata = MetaData()
    __abstract__ = True


class TenantRow(Row):
    """A table of one workspace's data."""

    __abstract__ = True
    __table_args__: Any = _TENANT

    workspace_id: Mapped[Identity] = mapped_column(primary_key=True)


class MonthlyRow(TenantRow):
    """A table partitioned by the month of its session's first received event (R16)."""

    __abstract__ = True
    __table_args__: Any = _MONTHLY

    month: Mapped[Amount] = mapped_column(primary_key=True)


class SharedRow(Row):
    """A table without Row-Level Security: only surrogate numbers, and ciphertext."""

    __abstract__ = True
    __table_args__: Any = _SHARED
