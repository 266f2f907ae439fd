"""Exchange rates: what one unit of a currency is worth in another from a day on (R7)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

LARGEST_RATE: Final = Decimal(10) ** 12
MOST_RATE_PLACES: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRate:
    """One unit of `base` is worth `rate` units of `quote`, from `effective_from` until a later rate."""

    base: str
    quote: str
    effective_from: date
    rate: Decimal
