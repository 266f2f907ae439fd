"""Exchange rates of the workspace: without them, amounts in other currencies stay null."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Self

import strawberry

from domain.accounts import Scope
from domain.checking import Checks
from domain.money import LARGEST_RATE, MOST_RATE_PLACES, ExchangeRate
from persistence import exchange_rates as store
from persistence.tenancy import reading
from resolvers.acting import acting
from resolvers.request import Info
from schema.paging import After, Connection, First, connection, page_window
from schema.permissions import requires
from schema.problems import Refusal


@strawberry.type(name="ExchangeRate", description="What one unit of a currency is worth in another, from a day on.")
class ExchangeRateType:
    base: str = strawberry.field(description="ISO 4217 code of the amount.")
    quote: str = strawberry.field(description="ISO 4217 code that it is converted to.")
    effective_from: date = strawberry.field(description="First day, in the workspace's zone.")
    rate: str = strawberry.field(description="Decimal string: units of quote per unit of base.")

    @classmethod
    def from_domain(cls, rate: ExchangeRate) -> Self:
        return cls(
            base=rate.base, quote=rate.quote, effective_from=rate.effective_from, rate=f"{rate.rate.normalize():f}"
        )


@strawberry.input
class SetExchangeRateInput:
    base: str = strawberry.field(description="ISO 4217 code of amounts to convert.")
    quote: str = strawberry.field(description="ISO 4217 code to convert to: the workspace's reporting currency.")
    effective_from: date = strawberry.field(description="First day, in the workspace's zone.")
    rate: str = strawberry.field(description="Decimal string above 0 with at most 12 places, such as 1.0825.")


ExchangeRateResult = Annotated[ExchangeRateType | Refusal, strawberry.union("ExchangeRateResult")]


@strawberry.type
class ExchangeRateQuery:
    @strawberry.field(description="Exchange rates by pair and day.", extensions=[requires(Scope.METRICS_READ)])
    async def exchange_rates(self, info: Info, first: First = 50, after: After = None) -> Connection[ExchangeRateType]:
        context = info.context
        window = page_window("ExchangeRate", first=first, after=after, key_types=(str, str, int))
        async with reading(context.database, context.viewer.workspace_id) as reader:
            rows = await store.list_rates(
                reader,
                limit=window.limit,
                after=(window.key[0], window.key[1], window.key[2]) if window.key else None,
            )
        return connection(window, rows, node=ExchangeRateType.from_domain, key=_key)


@strawberry.type
class ExchangeRateMutation:
    @strawberry.mutation(
        description="Sets a rate from a day on; figures are restated by it.", extensions=[requires(Scope.MANAGE)]
    )
    async def set_exchange_rate(self, info: Info, input: SetExchangeRateInput) -> ExchangeRateResult:
        context = info.context
        rate = _checked(input)
        async with acting(context, "exchangeRate.set") as act:
            await store.set_rate(act.writer, rate, now=context.clock())
            act.target = f"ExchangeRate:{rate.base}:{rate.quote}"
        return ExchangeRateType.from_domain(rate)


def _key(rate: ExchangeRate) -> tuple[str, str, int]:
    return rate.base, rate.quote, (rate.effective_from - date(1970, 1, 1)).days


def _checked(input: SetExchangeRateInput) -> ExchangeRate:
    checks = Checks("input")
    base = checks.currency(input.base, "base")
    quote = checks.currency(input.quote, "quote")
    if base == quote:
        checks.note("base and quote are the same currency.", "quote")
    try:
        rate = Decimal(input.rate)
    except InvalidOperation:
        rate = Decimal("NaN")
    exponent = rate.as_tuple().exponent
    if (
        not rate.is_finite()
        or not 0 < rate <= LARGEST_RATE
        or not isinstance(exponent, int)
        or -exponent > MOST_RATE_PLACES
    ):
        checks.note("rate takes a decimal above 0 with at most 12 places, such as 1.0825.", "rate")
    checks.refuse()
    return ExchangeRate(base=base, quote=quote, effective_from=input.effective_from, rate=rate)
