"""Amounts as they leave, and exchange rates: what one unit of a currency is worth in another from a day on (R7)."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Final

LARGEST_RATE: Final = Decimal(10) ** 12
MOST_RATE_PLACES: Final = 12
_NANO: Final = 1_000_000_000
_PLACES: Final = Decimal(1).scaleb(-9)
_WIDE: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)


def money_of(nano: Fraction) -> Decimal:
    """Rounded once, half-even, to 9 places (R32.15)."""
    exact = _WIDE.divide(Decimal(nano.numerator), Decimal(nano.denominator * _NANO))
    return exact.quantize(_PLACES, context=_WIDE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRate:
    """One unit of `base` is worth `rate` units of `quote`, from `effective_from` until a later rate."""

    base: str
    quote: str
    effective_from: date
    rate: Decimal
