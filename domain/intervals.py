"""How sure is a share that was counted on n cases?

Wilson's score interval: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
Journal of the American Statistical Association 22 (1927), 209-212. Unlike the normal approximation it stays within
0..1 and is sound for few cases and for shares near 0 and 1 (Brown, Cai, DasGupta, Statistical Science 16 (2001)).
"""

from dataclasses import dataclass
from math import sqrt
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
