"""Arithmetic on parts: divided once, rounded once, null with a reason."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import pytest

from domain.metrics.algebra import Measure
from domain.metrics.catalogue import METRICS
from domain.queries.cells import Amount
from domain.queries.counted import measures_for
from domain.queries.filters import Codes
from domain.queries.plan import QueryPlan, make_plan
from domain.queries.query import MetricQuery
from domain.queries.readings import evaluations, read
from domain.queries.scope import KnownChatbot, Rates, Scope
from domain.queries.table import Reading, Status
from domain.time import DAY_MS, Moments, Zone
from domain.vocabulary import Report

ALL = frozenset(Report)
NANO = 10**9


def plan_of(
    metric: str,
    *reports: frozenset[Report],
    rates: Mapping[str, tuple[tuple[int, Fraction], ...]] | None = None,
    minimum_sample: int = 1,
) -> QueryPlan:
    chatbots = tuple(
        KnownChatbot(number, f"bot-{number}", "", told) for number, told in enumerate(reports or (ALL,), 1)
    )
    scope = Scope(Zone("UTC"), Rates("USD", rates or {}), chatbots, Codes({}, {}))
    return make_plan(
        MetricQuery(
            metrics=(metric,), range=Moments(9_000 * DAY_MS, 9_001 * DAY_MS), minimum_sample=minimum_sample
        ),
        scope,
        9_002 * DAY_MS,
    )


def reading(plan: QueryPlan, *amounts: Amount, coverage: tuple[int, int] | None = None) -> Reading:
    (evaluation,) = evaluations(plan).values()
    cell: dict[Measure, Amount] = dict(zip(measures_for(plan, evaluation.metric), amounts, strict=True))
    told = evaluation.told
    if coverage is not None and told.covered is not None and told.whole is not None:
        cell |= {told.covered: coverage[0], told.whole: coverage[1]}
    return read(evaluation, cell)


def test_a_ratio_is_divided_once() -> None:
    found = reading(plan_of("resolutionRate"), 1, 3)
    assert (found.value, found.numerator, found.denominator, found.n) == (1 / 3, 1, 3, 3)
    assert found.interval is not None


@pytest.mark.parametrize("metric", ["resolutionRate", "averageResponseTime", "messagesPerSession", "averageConfidence"])
def test_nothing_by_nothing_is_null(metric: str) -> None:
    found = reading(plan_of(metric), 0, 0)
    assert (found.value, found.status, found.interval) == (None, Status.NO_DATA, None)
    assert found.reason


def test_a_percentile_of_nothing_is_null() -> None:
    assert reading(plan_of("responseTimeP95"), None, 0).status is Status.NO_DATA


def test_a_count_of_nothing_is_zero() -> None:
    found = reading(plan_of("sessions"), None)
    assert (found.value, found.status) == (0, Status.OK)


def test_milliseconds_leave_as_seconds() -> None:
    assert reading(plan_of("averageResponseTime"), 4500, 3).value == 1.5


@pytest.mark.parametrize(
    ("nano", "conversations", "expected"),
    [(1, 2, "0E-9"), (3, 2, "2E-9"), (5, 2, "2E-9"), (2 * NANO, 3, "0.666666667"), (10**27, 1, "1000000000000000000")],
)
def test_money_is_rounded_once_half_even(nano: int, conversations: int, expected: str) -> None:
    found = reading(plan_of("costPerConversation"), {("USD", -1): nano}, conversations)
    assert found.value == Decimal(expected)


def test_amounts_convert_at_the_rate_of_their_day() -> None:
    plan = plan_of("totalCost", rates={"EUR": ((10, Fraction("1.1")), (20, Fraction("1.2")))})
    found = reading(plan, {("EUR", 19): NANO, ("EUR", 20): NANO, ("USD", -1): NANO})
    assert found.value == Decimal("3.3")


def test_a_missing_rate_is_named() -> None:
    found = reading(plan_of("totalCost", rates={"EUR": ((10, Fraction(1)),)}), {("EUR", 9): NANO})
    assert (found.value, found.status) == (None, Status.MISSING_RATE)
    assert "EUR to USD" in str(found.reason)


def test_unreported_is_null_and_not_zero() -> None:
    found = reading(plan_of("escalationRate", frozenset()))
    assert (found.value, found.status, found.coverage) == (None, Status.NOT_REPORTED, 0.0)
    assert "HANDOFF" in str(found.reason)


def test_leads_without_forms() -> None:
    assert reading(plan_of("leads", frozenset())).status is Status.FORMS_DISABLED


def test_partly_reported_says_how_much() -> None:
    found = reading(plan_of("escalationRate", ALL, frozenset()), 1, 4, coverage=(4, 5))
    assert (found.value, found.status, found.coverage) == (0.25, Status.PARTIAL, 0.8)


def test_a_cell_of_those_that_do_not_report_is_null() -> None:
    found = reading(plan_of("escalationRate", ALL, frozenset()), 0, 0, coverage=(0, 5))
    assert found.status is Status.NOT_REPORTED


def test_no_data_comes_before_partial() -> None:
    found = reading(plan_of("escalationRate", ALL, frozenset()), 0, 0, coverage=(1, 5))
    assert found.status is Status.NO_DATA


@pytest.mark.parametrize(
    ("metric", "amounts", "n"),
    [("resolutionRate", (7, 19), 19), ("averageResponseTime", (4500, 3), 3), ("responseTimeP95", (900, 19), 19)],
)
def test_too_few_cases_are_null_and_say_how_many(metric: str, amounts: tuple[int, ...], n: int) -> None:
    found = reading(plan_of(metric, minimum_sample=20), *amounts)
    assert (found.value, found.status, found.n, found.interval) == (None, Status.INSUFFICIENT_SAMPLE, n, None)
    assert found.reason == f"{n} of the 20 cases that were asked for."
    assert reading(plan_of(metric, minimum_sample=n), *amounts).status is Status.OK


def test_a_count_is_never_too_small() -> None:
    found = reading(plan_of("sessions", minimum_sample=20), 3)
    assert (found.value, found.status) == (3, Status.OK)


def test_no_data_comes_before_too_few_and_that_before_partial() -> None:
    plan = plan_of("escalationRate", ALL, frozenset(), minimum_sample=20)
    assert reading(plan, 0, 0, coverage=(1, 5)).status is Status.NO_DATA
    assert reading(plan, 1, 4, coverage=(4, 5)).status is Status.INSUFFICIENT_SAMPLE


def test_every_metric_reads_an_empty_cell() -> None:
    for name in METRICS:
        (evaluation,) = evaluations(plan_of(name)).values()
        found = read(evaluation, {})
        assert (found.value is None) == (found.status is not Status.OK)
