"""A saved query comes back as the very value that was saved."""

from datetime import date
from uuid import UUID

import pytest

from domain.queries.canonical import from_canonical, to_canonical
from domain.queries.filters import AllOf, AnyOf, In, InSegment, IsUnknown, NotThis
from domain.queries.query import Comparison, MetricQuery, NewTo, Order
from domain.time import Calendar, Dates, Grain, Moments, Rolling
from domain.vocabulary import Source

QUERIES = {
    "plain": MetricQuery(metrics=("sessions",), range=Rolling.LAST_7D),
    "calendar": MetricQuery(metrics=("sessions",), range=Calendar.THIS_WEEK, time_zone="Europe/Berlin"),
    "days": MetricQuery(metrics=("sessions",), range=Dates(date(2026, 1, 1), date(2026, 1, 31)), grain=Grain.DAY),
    "moments": MetricQuery(
        metrics=("sessions",), range=Moments(1_767_225_600_000, 1_767_312_000_000), compare=Comparison.PREVIOUS_PERIOD
    ),
    "compared": MetricQuery(
        metrics=("sessions",), range=Rolling.LAST_7D, compare=Dates(date(2025, 1, 1), date(2025, 1, 7))
    ),
    "filtered": MetricQuery(
        metrics=("sessions", "resolutionRate"),
        range=Rolling.LAST_30D,
        where=AllOf(
            (
                AnyOf((In("channel", ("APP", "WEBSITE")), IsUnknown("country"), InSegment(UUID(int=7)))),
                NotThis(In("device", ("BOT",))),
            )
        ),
        group_by=("channel",),
        order=Order("sessions"),
        limit=5,
        sources=frozenset({Source.LIVE, Source.EVAL}),
        include_bots=True,
        new_to=NewTo.WORKSPACE,
        minimum_sample=20,
    ),
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_comes_back_equal(query: MetricQuery) -> None:
    assert from_canonical(to_canonical(query)) == query


def test_order_of_values_does_not_matter() -> None:
    one = MetricQuery(metrics=("sessions",), range=Rolling.LAST_7D, where=In("channel", ("APP", "WEBSITE")))
    other = MetricQuery(metrics=("sessions",), range=Rolling.LAST_7D, where=In("channel", ("WEBSITE", "APP")))
    assert to_canonical(one) == to_canonical(other)
