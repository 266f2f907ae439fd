"""Intervals beside those of scipy, and of every possible draw."""

from fractions import Fraction
from math import sqrt

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats
from scipy.stats import binomtest

from domain.intervals import Sums, ratio_spread, student_95, wilson


@pytest.mark.parametrize(("successes", "cases"), [(0, 1), (1, 1), (0, 10), (5, 10), (10, 10), (81, 263), (999, 1000)])
def test_wilson_equals_scipy(successes: int, cases: int) -> None:
    found = wilson(successes, cases)
    expected = binomtest(successes, cases).proportion_ci(0.95, method="wilson")
    assert found is not None
    assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize(("successes", "cases"), [(0, 0), (3, 2), (-1, 4)])
def test_no_interval_without_a_share(successes: int, cases: int) -> None:
    assert wilson(successes, cases) is None


@pytest.mark.parametrize("degrees", [*range(1, 130), 500, 10_000, 10**9])
def test_students_point_equals_scipy(degrees: int) -> None:
    assert student_95(degrees) == pytest.approx(stats.t.ppf(0.975, degrees), rel=1e-9)


def sums_of(pairs: list[tuple[int, int]]) -> Sums:
    return Sums(
        x=sum(x for x, _ in pairs),
        y=sum(y for _, y in pairs),
        xx=sum(x * x for x, _ in pairs),
        xy=sum(x * y for x, y in pairs),
        yy=sum(y * y for _, y in pairs),
        rows=len(pairs),
    )


@given(some.lists(some.integers(0, 10**13), min_size=2, max_size=60))
def test_a_mean_has_students_interval(values: list[int]) -> None:
    found = ratio_spread(sums_of([(value, 1) for value in values]))
    assert found is not None
    assert found[0] == Fraction(sum(values), len(values))
    assert found[1] == pytest.approx(stats.t.ppf(0.975, len(values) - 1) * stats.sem(values), rel=1e-6, abs=1e-6)


@given(some.lists(some.tuples(some.integers(-50, 50), some.integers(0, 9)), min_size=2, max_size=60))
def test_a_ratio_has_that_of_the_delta_method(pairs: list[tuple[int, int]]) -> None:
    found = ratio_spread(sums_of(pairs))
    total = sum(y for _, y in pairs)
    if total == 0:
        assert found is None
        return
    residuals = [x - sum(x for x, _ in pairs) / total * y for x, y in pairs]
    deviation = sqrt(sum(one * one for one in residuals) / (len(pairs) - 1))
    assert found is not None
    expected = stats.t.ppf(0.975, len(pairs) - 1) * deviation * sqrt(len(pairs)) / total
    assert found[1] == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_one_case_tells_no_spread() -> None:
    assert ratio_spread(sums_of([(5, 1)])) is None


def test_values_all_alike_have_no_width() -> None:
    assert ratio_spread(sums_of([(10**18, 1)] * 10)) == (Fraction(10**18), 0.0)


def test_the_interval_of_a_skewed_mean_covers_it_nearly_as_often_as_it_says() -> None:
    """Means of 40 response times that are drawn log-normally, as real ones lie."""
    dice = numpy.random.default_rng(3)
    truth = numpy.exp(0.5**2 / 2)
    covered = 0
    for _ in range(1_000):
        drawn = [(round(value * 1_000), 1) for value in dice.lognormal(0, 0.5, 40)]
        found = ratio_spread(sums_of(drawn))
        assert found is not None
        covered += abs(float(found[0]) / 1_000 - truth) <= found[1] / 1_000
    assert 0.92 <= covered / 1_000 <= 0.97
