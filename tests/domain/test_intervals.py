"""Wilson's interval beside the one of scipy."""

import pytest
from scipy.stats import binomtest

from domain.intervals import wilson


@pytest.mark.parametrize(("successes", "cases"), [(0, 1), (1, 1), (0, 10), (5, 10), (10, 10), (81, 263), (999, 1000)])
def test_wilson_equals_scipy(successes: int, cases: int) -> None:
    found = wilson(successes, cases)
    expected = binomtest(successes, cases).proportion_ci(0.95, method="wilson")
    assert found is not None
    assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize(("successes", "cases"), [(0, 0), (3, 2), (-1, 4)])
def test_no_interval_without_a_share(successes: int, cases: int) -> None:
    assert wilson(successes, cases) is None
