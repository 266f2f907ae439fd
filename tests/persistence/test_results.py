"""What is kept of answers: for one second, within its bytes, and only for who sees what they were made from."""

from dataclasses import replace
from uuid import UUID

from domain.queries.filters import Codes
from domain.queries.query import MetricQuery
from domain.queries.scope import KnownChatbot, Rates, Scope
from domain.queries.table import MetricTable
from domain.time import Grain, Rolling, Window, Zone
from domain.vocabulary import Instrument
from persistence.results import Asked, Basis, Results, size_of

SCOPE = Scope(Zone("UTC"), Rates("EUR", {}), (), Codes({}, {}))
BASIS = Basis(5, SCOPE)
QUERY = MetricQuery(metrics=("sessions",), range=Rolling.LAST_24H)
ASKED = Asked(UUID(int=1), QUERY, 1_000)
TABLE = MetricTable(
    as_of_ms=0,
    fresh_through_ms=0,
    time_zone="UTC",
    currency="EUR",
    satisfaction_instrument=Instrument.THUMBS,
    grain=Grain.HOUR,
    window=Window(0, 1),
    previous_window=None,
    buckets=(),
    previous_buckets=(),
    cells=None,
    totals={},
    series={},
    groups=(),
    order=None,
    group_count=0,
    overlap=False,
    excluded={},
    without_turn=None,
)


def test_the_same_question_in_its_second() -> None:
    results = Results(10_000)
    assert results.find(ASKED, BASIS) is None
    results.keep(ASKED, BASIS, TABLE, "1:1:")
    assert results.find(replace(ASKED, query=replace(QUERY)), Basis(5, replace(SCOPE))) is TABLE
    assert (results.found, results.missed) == (1, 1)


def test_anything_else_is_another_question() -> None:
    results = Results(10_000)
    results.keep(ASKED, BASIS, TABLE, "1:1:")
    scope = replace(SCOPE, chatbots=(KnownChatbot(1, "shop", "Shop", frozenset()),))
    others = [
        (replace(ASKED, workspace_id=UUID(int=2)), BASIS),
        (replace(ASKED, second=1_001), BASIS),
        (replace(ASKED, query=replace(QUERY, among=frozenset({1}))), BASIS),
        (ASKED, Basis(6, SCOPE)),
        (ASKED, Basis(5, scope)),
        (ASKED, Basis(5, replace(SCOPE, rates=Rates("USD", {})))),
    ]
    assert [results.find(asked, basis) for asked, basis in others] == [None] * len(others)


def test_one_look_is_enough_where_nothing_was_committed() -> None:
    results = Results(10_000)
    other = replace(ASKED, query=replace(QUERY, limit=3))
    assert not results.may_hold([ASKED])
    results.keep(ASKED, BASIS, TABLE, "7:7:")
    assert results.seen_at([ASKED], "7:7:") == [TABLE]
    assert results.seen_at([ASKED], "7:8:7") is None
    assert results.seen_at([ASKED, other], "7:7:") is None
    results.keep(other, BASIS, TABLE, "7:8:7")
    assert results.seen_at([ASKED, other], "7:8:7") is None


def test_no_more_than_its_bytes_and_nothing_of_an_earlier_second() -> None:
    size = size_of(TABLE)
    results = Results(3 * size)
    queries = [replace(QUERY, limit=limit) for limit in range(1, 6)]
    for query in queries:
        results.keep(replace(ASKED, query=query), BASIS, TABLE, "1:1:")
    kept = [results.find(replace(ASKED, query=query), BASIS) is not None for query in queries]
    assert kept == [False, False, True, True, True]
    assert results.size_in_bytes == 3 * size
    results.keep(replace(ASKED, second=1_001), BASIS, TABLE, "1:1:")
    assert results.size_in_bytes == size
    Results(size - 1).keep(ASKED, BASIS, TABLE, "1:1:")
