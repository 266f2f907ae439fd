"""Exchange rates that a workspace brings, effective-dated by day (R7)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert

from domain.money import ExchangeRate
from persistence.tables.workspaces import ExchangeRateRow
from persistence.tenancy import Reader, Writer

_EPOCH = date(1970, 1, 1)


async def list_rates(reader: Reader, *, limit: int, after: tuple[str, str, int] | None) -> Sequence[ExchangeRate]:
    """By pair, oldest first."""
    row = ExchangeRateRow
    order = (row.base_currency, row.quote_currency, row.effective_day)
    statement = select(*order, row.rate).where(row.workspace_id == reader.workspace_id).order_by(*order).limit(limit)
    if after is not None:
        statement = statement.where(tuple_(*order) > tuple_(*after))
    return [
        ExchangeRate(
            base=found.base_currency,
            quote=found.quote_currency,
            effective_from=_EPOCH + timedelta(days=found.effective_day),
            rate=found.rate,
        )
        for found in await reader.connection.execute(statement)
    ]


async def set_rate(writer: Writer, rate: ExchangeRate, *, now: datetime) -> None:
    """From its day on, until a later one; a rate of the same day is replaced."""
    await writer.connection.execute(
        insert(ExchangeRateRow)
        .values(
            workspace_id=writer.workspace_id,
            base_currency=rate.base,
            quote_currency=rate.quote,
            effective_day=(rate.effective_from - _EPOCH).days,
            rate=rate.rate,
            created_at=now,
        )
        .on_conflict_do_update(
            index_elements=[
                ExchangeRateRow.workspace_id,
                ExchangeRateRow.base_currency,
                ExchangeRateRow.quote_currency,
                ExchangeRateRow.effective_day,
            ],
            set_={"rate": rate.rate},
        )
    )
