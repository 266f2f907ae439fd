"""How sure is a share or a mean of n cases, if they are taken as drawn by chance and none tells of another?

Wilson's score interval: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
Journal of the American Statistical Association 22 (1927), 209-212. Unlike the normal approximation it stays within
0..1 and is sound for few cases and for shares near 0 and 1 (Brown, Cai, DasGupta, Statistical Science 16 (2001)).

A mean has Student's interval; a ratio of two sums that both vary has that of the delta method: W. G. Cochran, Sampling
Techniques, 3rd ed. (1977), 2.8 and 6.3. The mean is the ratio whose denominator is 1 in every case.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import cos, pi, sin, sqrt, tan
from typing import Final

Z_95: Final = 1.959963984540054
"""Two-sided 95 % point of the standard normal distribution."""


@dataclass(frozen=True, slots=True)
class Interval:
    lower: float
    upper: float


def wilson(successes: int, cases: int, *, z: float = Z_95) -> Interval | None:
    """The 95 % interval of a share; None without cases, or where the counts are no share."""
    if cases <= 0 or not 0 <= successes <= cases:
        return None
    share = successes / cases
    spread = z * sqrt(share * (1 - share) / cases + z * z / (4 * cases * cases))
    centre = share + z * z / (2 * cases)
    scale = 1 + z * z / cases
    return Interval(
        lower=0.0 if successes == 0 else max(0.0, (centre - spread) / scale),
        upper=1.0 if successes == cases else min(1.0, (centre + spread) / scale),
    )


@dataclass(frozen=True, slots=True)
class Sums:
    """Exact sums over cases of x and y, whose ratio is x / y. `rows`: how many cases."""

    x: int | Fraction
    y: int
    xx: int | Fraction
    xy: int | Fraction
    yy: int
    rows: int


def total(parts: Sequence[Sums]) -> Sums:
    """Of cases that are told in several parts."""
    columns = zip(*((one.x, one.y, one.xx, one.xy, one.yy, one.rows) for one in parts), strict=True)
    return Sums(*(sum(column) for column in columns))


def ratio_spread(sums: Sums) -> tuple[Fraction, float] | None:
    """The ratio and half the width of its 95 % interval; None of fewer than two cases, or by nothing.

    With r = x / y, the residuals x_i - r y_i have the sum 0 and the squares Q; the variance of r is
    Q n / ((n - 1) y^2), and Student's point is taken at n - 1. Everything is exact up to the one square root.
    """
    if sums.rows < 2 or sums.y == 0:
        return None
    ratio = Fraction(sums.x) / sums.y
    squares = sums.xx - 2 * ratio * sums.xy + ratio * ratio * sums.yy
    variance = squares * sums.rows / ((sums.rows - 1) * Fraction(sums.y) ** 2)
    return ratio, student_95(sums.rows - 1) * sqrt(variance)


@lru_cache(maxsize=10_000)
def student_95(degrees: int) -> float:
    """Two-sided 95 % point of Student's distribution, to 8 digits or better.

    Up to 100 degrees of freedom from the closed form of its probability, beyond from the expansion in 1 / degrees:
    M. Abramowitz, I. A. Stegun, Handbook of Mathematical Functions (1964), 26.7.3 to 26.7.5.
    """
    return _by_halving(degrees) if degrees <= _CLOSED_UP_TO else _expanded(degrees)


_CLOSED_UP_TO: Final = 100
_HALVINGS: Final = 60


def _by_halving(degrees: int) -> float:
    low, high = 0.0, pi / 2
    for _ in range(_HALVINGS):
        angle = (low + high) / 2
        low, high = (angle, high) if _within(angle, degrees) < 0.95 else (low, angle)
    return sqrt(degrees) * tan(low)


def _within(angle: float, degrees: int) -> float:
    """Probability that |t| is at most sqrt(degrees) * tan(angle)."""
    odd = degrees % 2
    term = cos(angle) if odd else 1.0
    total = 0.0
    for factor in range(2 + odd, degrees + 1, 2):
        total += term
        term *= (factor - 1) / factor * cos(angle) ** 2
    return (angle + sin(angle) * total) * 2 / pi if odd else sin(angle) * total


def _expanded(degrees: int) -> float:
    z, inverse = Z_95, 1 / degrees
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term * inverse**power for power, term in enumerate(terms, 1))
