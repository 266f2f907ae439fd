"""The answer to a metric query: totals, series, groups, each value with what is needed to judge it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum, unique
from fractions import Fraction
from typing import cast

from domain.buckets import Bucket
from domain.cycles import Cells
from domain.dimensions import Dimension
from domain.intervals import Interval, Sums, ratio_spread, wilson
from domain.metrics.metric import Metric
from domain.metrics.spread import spread_of
from domain.money import money_of
from domain.queries.cells import Codes
from domain.queries.query import Order
from domain.time import Grain, Window
from domain.vocabulary import Instrument

Value = int | float | Decimal | tuple[int, ...]


@unique
class Status(StrEnum):
    """Why a value is as it is (R4). Where several hold, the first of the list is told (R32.7). With PENDING and PARTIAL
    there is a value, with the others none."""

    OK = "OK"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    FORMS_DISABLED = "FORMS_DISABLED"
    NOT_REPORTED = "NOT_REPORTED"
    SUPPRESSED = "SUPPRESSED"
    MISSING_RATE = "MISSING_RATE"
    NO_DATA = "NO_DATA"
    INSUFFICIENT_SAMPLE = "INSUFFICIENT_SAMPLE"
    PENDING = "PENDING"
    PARTIAL = "PARTIAL"


@dataclass(frozen=True, slots=True)
class Reading:
    """One value. Numerator and denominator are in the unit's scale; `n` is how many cases stand behind it. `sums`: of
    a mean, where its interval is wanted, or why there are none. `stored`: the numerator, exactly as it is stored."""

    metric: Metric
    value: Value | None
    status: Status = Status.OK
    reason: str | None = None
    numerator: int | float | Decimal | None = None
    denominator: int | None = None
    n: int | None = None
    coverage: float | None = 1.0
    sums: Sums | str | None = None
    stored: int | Fraction | None = None

    @property
    def interval(self) -> Interval | None:
        """95 %, in the unit's scale. What is never below 0 has no lower end below it."""
        if self.value is None:
            return None
        if self.metric.is_proportion:
            whole = isinstance(self.numerator, int) and self.denominator is not None
            return wilson(cast("int", self.numerator), cast("int", self.denominator)) if whole else None
        ends = self._ends
        return None if ends is None else Interval(*(float(end / self.metric.divisor) for end in ends))

    @property
    def money_interval(self) -> tuple[Decimal, Decimal] | None:
        """The same of an amount of money, which is stored in nano-units."""
        ends = self._ends
        return None if ends is None else (money_of(ends[0]), money_of(ends[1]))

    @property
    def no_interval(self) -> str | None:
        """Why there is none."""
        if self.interval is not None:
            return None
        if self.value is None:
            return "There is no value."
        told = spread_of(self.metric.formula)
        if isinstance(told, str):
            return told
        if not isinstance(self.sums, Sums):
            return self.sums or "It was not looked for."
        return "A single case does not tell how far others lie apart."

    @property
    def _ends(self) -> tuple[Fraction, Fraction] | None:
        found = ratio_spread(self.sums) if isinstance(self.sums, Sums) and self.value is not None else None
        if found is None:
            return None
        ratio, half = found
        lower = ratio - Fraction(half)
        return lower if ratio < 0 else max(lower, Fraction(0)), ratio + Fraction(half)


@dataclass(frozen=True, slots=True)
class Figure:
    """A value beside the one of the compared period. `share`: of the total, for additive counts in a group."""

    now: Reading
    previous: Reading | None = None
    share: float | None = None

    @property
    def change(self) -> int | float | Decimal | None:
        if self.previous is None:
            return None
        return _difference(self.now.value, self.previous.value)

    @property
    def change_ratio(self) -> float | None:
        """Null if the period before is null or 0 (item 103)."""
        before = None if self.previous is None else self.previous.value
        change = self.change
        if change is None or before is None or isinstance(before, tuple) or before == 0:
            return None
        return float(change) / abs(float(before))


def number_of(value: Value | None) -> float | None:
    """What a value is ordered by; a distribution by nothing."""
    return None if value is None or isinstance(value, tuple) else float(value)


def _difference(now: Value | None, before: Value | None) -> int | float | Decimal | None:
    if now is None or before is None or isinstance(now, tuple) or isinstance(before, tuple):
        return None
    if isinstance(now, Decimal) and isinstance(before, Decimal):
        return now - before
    if isinstance(now, int) and isinstance(before, int):
        return now - before
    return float(now) - float(before)


@dataclass(frozen=True, slots=True)
class Series:
    """A metric over the buckets. The previous period is aligned by index; it may be shorter or longer."""

    metric: Metric
    now: tuple[Reading, ...]
    previous: tuple[Reading, ...] | None = None


@dataclass(frozen=True, slots=True)
class KeyPart:
    """`value` is what a filter takes, None for unknown and OTHER."""

    dimension: Dimension
    value: str | None
    label: str
    is_other: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    key: tuple[KeyPart, ...]
    codes: Codes
    figures: Mapping[str, Figure]
    series: Mapping[str, Series]

    @property
    def is_other(self) -> bool:
        return any(part.is_other for part in self.key)


@dataclass(frozen=True, slots=True)
class MetricTable:
    """`excluded`: sessions of the range that the population leaves out, by reason. `without_turn`: sessions that
    have no turn of the dimension grouped by and so stand in no group (R32.13). `cells`: of a cycle; series run over
    them instead of the buckets."""

    as_of_ms: int
    fresh_through_ms: int
    time_zone: str
    currency: str
    satisfaction_instrument: Instrument
    grain: Grain
    window: Window
    previous_window: Window | None
    buckets: tuple[Bucket, ...]
    previous_buckets: tuple[Bucket, ...]
    cells: Cells | None
    totals: Mapping[str, Figure]
    series: Mapping[str, Series]
    groups: tuple[Group, ...]
    order: Order | None
    group_count: int
    overlap: bool
    excluded: Mapping[str, int]
    without_turn: int | None
