"""Whole answers over small worlds, each computed by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.metrics.catalogue import METRICS
from domain.problems import Refused
from domain.queries.filters import In, NotThis
from domain.queries.query import Comparison, Order, Part
from domain.queries.table import MetricTable, Status
from domain.time import Calendar, Grain, Moments, Rolling
from domain.vocabulary import Basis, Channel, LabelKind, Role, Source
from tests.persistence.metrics.conftest import Ask
from tests.persistence.metrics.facts import DAY_MS, HOUR_MS, MINUTE_MS, NOON_MS, Facts, a_message, a_session

GROUPED = frozenset({Part.TOTALS, Part.GROUPS, Part.EXCLUDED})


def counts(table: MetricTable, metric: str = "sessions") -> dict[str, object]:
    return {" ".join(part.label for part in group.key): group.figures[metric].now.value for group in table.groups}


async def test_sessions_are_counted_by_their_start(facts: Facts, ask: Ask) -> None:
    await facts.sessions(
        a_session(started_at_ms=NOON_MS - DAY_MS),
        a_session(started_at_ms=NOON_MS + DAY_MS - 1),
        a_session(started_at_ms=NOON_MS + DAY_MS),
        a_session(started_at_ms=NOON_MS - DAY_MS - 1),
    )
    table = await ask("sessions")
    assert table.totals["sessions"].now.value == 2


async def test_every_metric_has_an_answer_over_no_facts(ask: Ask) -> None:
    table = await ask(*METRICS, parts=frozenset({Part.TOTALS, Part.SERIES, Part.EXCLUDED}))
    assert set(table.totals) == set(METRICS)
    for figure in table.totals.values():
        assert (figure.now.value is None) == (figure.now.status is Status.NO_DATA)


async def test_what_the_population_leaves_out(facts: Facts, ask: Ask) -> None:
    await facts.sessions(
        a_session(),
        a_session(is_bot=True),
        a_session(source=Source.EVAL),
        a_session(source=Source.EVAL, is_bot=True),
        a_session(source=Source.PLAYGROUND),
        a_session(merged_into=1),
        a_session(opened=False),
    )
    table = await ask("sessions", parts=frozenset({Part.TOTALS, Part.EXCLUDED}))
    assert table.totals["sessions"].now.value == 1
    assert table.excluded == {"bots": 1, "eval": 2, "playground": 1, "api": 0}


async def test_sources_may_be_asked_for(facts: Facts, ask: Ask) -> None:
    await facts.sessions(a_session(), a_session(source=Source.EVAL), a_session(source=Source.EVAL, is_bot=True))
    table = await ask("sessions", sources=frozenset({Source.EVAL}), include_bots=True)
    assert table.totals["sessions"].now.value == 2
    grouped = await ask("sessions", group_by=("source",), parts=GROUPED)
    assert counts(grouped) == {"Eval": 1, "Live": 1}


async def test_gaps_are_zero_for_counts_and_null_for_rates(facts: Facts, ask: Ask) -> None:
    await facts.sessions(a_session())
    table = await ask(
        "sessions",
        "resolutionRate",
        range=Moments(NOON_MS, NOON_MS + 2 * HOUR_MS),
        grain=Grain.HOUR,
        parts=frozenset({Part.SERIES}),
    )
    assert [reading.value for reading in table.series["sessions"].now] == [1, 0]
    assert [reading.value for reading in table.series["resolutionRate"].now] == [1.0, None]


async def test_daily_visitors_do_not_sum(facts: Facts, ask: Ask) -> None:
    """Section 5, test 4."""
    await facts.sessions(*(a_session(visitor_id=1, started_at_ms=NOON_MS + day * DAY_MS) for day in (-1, 0)))
    table = await ask("uniqueVisitors", grain=Grain.DAY, parts=frozenset({Part.TOTALS, Part.SERIES}))
    assert sum(int(str(reading.value)) for reading in table.series["uniqueVisitors"].now) == 2
    assert table.totals["uniqueVisitors"].now.value == 1
    assert not METRICS["uniqueVisitors"].is_additive


async def test_new_in_a_bucket_and_in_the_range(facts: Facts, ask: Ask) -> None:
    await facts.visitors({1: NOON_MS - DAY_MS})
    await facts.sessions(*(a_session(visitor_id=1, started_at_ms=NOON_MS + day * DAY_MS) for day in (-1, 0)))
    table = await ask("newVisitors", "returningUsers", grain=Grain.DAY, parts=frozenset({Part.TOTALS, Part.SERIES}))
    assert table.totals["newVisitors"].now.value == 1
    assert table.totals["returningUsers"].now.value == 0
    assert [reading.value for reading in table.series["returningUsers"].now] == [0, 1, 0]


async def test_outcomes_sum_to_sessions_and_rates_stay_below_one(facts: Facts, ask: Ask) -> None:
    """Section 5, test 5: the end may lie outside the range."""
    await facts.sessions(*(a_session(outcome_basis=basis, last_activity_at_ms=NOON_MS + 9 * DAY_MS) for basis in Basis))
    names = [name for name in METRICS if name.startswith("outcome")]
    table = await ask("sessions", "resolutionRate", *names)
    assert sum(int(str(table.totals[name].now.value)) for name in names) == table.totals["sessions"].now.value == 8
    assert table.totals["resolutionRate"].now.value == 2 / 7


async def test_silence_alone_is_no_resolution(facts: Facts, ask: Ask) -> None:
    """Section 5, test 6: closed by idleness without a good answer."""
    await facts.sessions(a_session(outcome_basis=Basis.ABANDONED), a_session(outcome_basis=Basis.TIMED_OUT))
    table = await ask("resolutionRate", "abandonmentRate", "timeoutRate")
    assert table.totals["resolutionRate"].now.value == 0
    assert table.totals["abandonmentRate"].now.value == 0.5
    assert table.totals["timeoutRate"].now.value == 0.5


@pytest.mark.parametrize(
    ("back_after_ms", "outcome"),
    [(DAY_MS - 1, "outcomeAbandoned"), (DAY_MS, "outcomeResolvedAssumed")],
    ids=["just within 24 hours", "after exactly 24 hours"],
)
async def test_coming_back_undoes_an_assumed_resolution(
    facts: Facts, ask: Ask, back_after_ms: int, outcome: str
) -> None:
    await facts.sessions(a_session(last_activity_at_ms=NOON_MS, next_contact_at_ms=NOON_MS + back_after_ms))
    table = await ask("outcomeAbandoned", "outcomeResolvedAssumed")
    assert table.totals[outcome].now.value == 1


@pytest.mark.parametrize(
    ("idle_ms", "is_open"), [(30 * MINUTE_MS - 1, 1), (30 * MINUTE_MS, 0)], ids=["almost", "exactly the timeout"]
)
async def test_a_gap_of_exactly_the_timeout_closes(facts: Facts, ask: Ask, idle_ms: int, is_open: int) -> None:
    await facts.sessions(a_session(last_activity_at_ms=NOON_MS))
    table = await ask("openSessions", "outcomeOpen", "openExcluded", now_ms=NOON_MS + idle_ms)
    assert {figure.now.value for figure in table.totals.values()} == {is_open}


async def test_open_and_active_look_at_the_present_alone(facts: Facts, ask: Ask) -> None:
    now = NOON_MS + 20 * DAY_MS
    await facts.sessions(
        a_session(started_at_ms=now - HOUR_MS, last_activity_at_ms=now - 5 * MINUTE_MS),
        a_session(started_at_ms=now - HOUR_MS, last_activity_at_ms=now - 6 * MINUTE_MS),
        a_session(started_at_ms=now - HOUR_MS, last_activity_at_ms=now, ended_at_ms=now),
    )
    table = await ask(
        "activeSessions",
        "openSessions",
        now_ms=now,
        parts=frozenset({Part.TOTALS, Part.SERIES}),
        compare=Comparison.PREVIOUS_PERIOD,
    )
    assert table.totals["activeSessions"].now.value == 1
    assert table.totals["openSessions"].now.value == 2
    previous = table.totals["openSessions"].previous
    assert previous is not None
    assert previous.status is Status.NOT_APPLICABLE
    assert {reading.status for reading in table.series["openSessions"].now} == {Status.NOT_APPLICABLE}


async def test_confidence_at_the_edges_of_bins(facts: Facts, ask: Ask) -> None:
    """Section 5, test 7: an edge belongs to the upper bin, 1.0 to the last."""
    session = a_session()
    await facts.sessions(session)
    told = (0, 99_999, 100_000, 700_000, 999_999, 1_000_000, None)
    await facts.messages(*(a_message(session, confidence_ppm=value) for value in told))
    table = await ask("confidenceHistogram", "averageConfidence", "answers")
    assert table.totals["confidenceHistogram"].now.value == (2, 1, 0, 0, 0, 0, 0, 1, 0, 2)
    assert table.totals["averageConfidence"].now.n == 6
    assert table.totals["answers"].now.value == 7


@pytest.mark.parametrize("size", [1, 2, 19, 20, 21, 100, 101])
async def test_percentiles_are_nearest_rank(facts: Facts, ask: Ask, size: int) -> None:
    """Section 5, test 9: over the whole range, never from the buckets."""
    session = a_session()
    await facts.sessions(session)
    await facts.messages(
        *(a_message(session, response_ms=10 * number, occurred_at_ms=NOON_MS + number) for number in range(1, size + 1))
    )
    percents = (50, 90, 95, 99)
    table = await ask(*(f"responseTimeP{percent}" for percent in percents))
    for percent in percents:
        rank = -(-percent * size // 100)
        assert table.totals[f"responseTimeP{percent}"].now.value == rank / 100


async def test_the_total_of_a_ratio_is_the_ratio_of_totals(facts: Facts, ask: Ask) -> None:
    """Section 5, test 8."""
    await facts.sessions(
        a_session(channel=Channel.APP, user_messages=0),
        *(a_session(channel=Channel.WEBSITE) for _ in range(3)),
    )
    table = await ask("engagementRate", group_by=("channel",), parts=GROUPED)
    assert counts(table, "engagementRate") == {"Website": 1.0, "App": 0.0}
    assert table.totals["engagementRate"].now.value == 0.75


async def test_the_first_groups_and_the_rest_make_the_total(facts: Facts, ask: Ask) -> None:
    codes = await facts.labels(LabelKind.COUNTRY, "DE", "FR", "IT", "US")
    countries = ["DE"] * 4 + ["FR"] * 3 + ["US"] * 2 + ["IT"] * 2
    await facts.sessions(
        *(a_session(country=codes[country], visitor_id=1) for country in countries), a_session(visitor_id=1)
    )
    table = await ask("sessions", "uniqueVisitors", group_by=("country",), limit=2, parts=GROUPED)
    assert counts(table) == {"DE": 4, "FR": 3, "Other": 5}
    assert counts(table, "uniqueVisitors") == {"DE": 1, "FR": 1, "Other": 1}
    assert [group.figures["sessions"].share for group in table.groups] == [4 / 12, 3 / 12, 5 / 12]
    assert table.group_count == 5


async def test_ties_go_by_label_and_unknown_comes_last(facts: Facts, ask: Ask) -> None:
    codes = await facts.labels(LabelKind.COUNTRY, "US", "DE", "FR")
    await facts.sessions(a_session(), *(a_session(country=code) for code in codes.values()))
    table = await ask("sessions", group_by=("country",), parts=GROUPED)
    assert list(counts(table)) == ["DE", "FR", "US", "Unknown"]
    by_label = await ask("sessions", group_by=("country",), parts=GROUPED, order=Order(None, descending=False))
    assert list(counts(by_label)) == ["DE", "FR", "US", "Unknown"]


async def test_a_session_stands_in_each_of_its_intents(facts: Facts, ask: Ask) -> None:
    codes = await facts.labels(LabelKind.INTENT, "order", "refund")
    both, none, silent = a_session(), a_session(), a_session()
    await facts.sessions(both, none, silent)
    told = [(both, codes["order"]), (both, codes["order"]), (both, codes["refund"]), (none, None)]
    await facts.messages(
        *(a_message(session, role=Role.USER, is_answer=False, intent=intent) for session, intent in told)
    )
    table = await ask("sessions", group_by=("intent",), parts=GROUPED)
    assert counts(table) == {"order": 1, "refund": 1, "Unknown": 1}
    assert (table.totals["sessions"].now.value, table.overlap, table.without_turn) == (2, True, 1)


async def test_filters_by_turns_and_their_complement(facts: Facts, ask: Ask) -> None:
    codes = await facts.labels(LabelKind.MODEL, "small")
    with_it, without = a_session(), a_session()
    await facts.sessions(with_it, without)
    await facts.messages(a_message(with_it, model=codes["small"]), a_message(without), a_message(with_it))
    for where, sessions, answers in (
        (In("model", ("small",)), 1, 1),
        (NotThis(In("model", ("small",))), 1, 2),
        (In("model", ("never seen",)), 0, 0),
    ):
        table = await ask("sessions", "answers", where=where)
        assert (table.totals["sessions"].now.value, table.totals["answers"].now.value) == (sessions, answers)


async def test_what_is_unknown_is_in_nobodys_list(facts: Facts, ask: Ask) -> None:
    await facts.sessions(a_session(channel=None), a_session(channel=Channel.APP))
    table = await ask("sessions", where=NotThis(In("channel", ("APP",))))
    assert table.totals["sessions"].now.value == 1


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("America/New_York", "2026-11-01"),
        ("America/New_York", "2026-03-08"),
        ("Europe/London", "2026-10-25"),
        ("Australia/Lord_Howe", "2026-04-05"),
        ("Asia/Kathmandu", "2026-03-10"),
    ],
)
async def test_a_local_day_holds_what_happened_on_it(facts: Facts, ask: Ask, zone: str, day: str) -> None:
    """Section 5, test 3: a session every 10 minutes around a day of 23 to 25 hours."""
    from zoneinfo import ZoneInfo

    noon = datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(hours=12)
    moments = [noon + timedelta(minutes=10 * number) for number in range(-180, 180)]
    await facts.sessions(*(a_session(started_at_ms=int(one.timestamp() * 1000)) for one in moments))
    span = Moments(int(moments[0].timestamp() * 1000), int(moments[-1].timestamp() * 1000) + 1)
    table = await ask("sessions", range=span, time_zone=zone, grain=Grain.DAY, parts=frozenset({Part.SERIES}))
    expected: dict[str, int] = {}
    for one in moments:
        local_day = one.astimezone(ZoneInfo(zone)).date().isoformat()
        expected[local_day] = expected.get(local_day, 0) + 1
    found = zip(table.buckets, table.series["sessions"].now, strict=True)
    assert {bucket.label: reading.value for bucket, reading in found} == expected


async def test_change_and_its_ratio(facts: Facts, ask: Ask) -> None:
    now = NOON_MS + DAY_MS
    await facts.sessions(
        *(a_session(started_at_ms=now - DAY_MS - HOUR_MS) for _ in range(4)),
        *(a_session(started_at_ms=now - HOUR_MS) for _ in range(3)),
    )
    table = await ask("sessions", "leads", range=Rolling.LAST_24H, compare=Comparison.PREVIOUS_PERIOD, now_ms=now)
    sessions, leads = table.totals["sessions"], table.totals["leads"]
    assert (sessions.change, sessions.change_ratio) == (-1, -0.25)
    assert (leads.change, leads.change_ratio) == (0, None)


async def test_the_previous_series_is_aligned_by_index(facts: Facts, ask: Ask) -> None:
    await facts.sessions(a_session(started_at_ms=NOON_MS - DAY_MS + HOUR_MS), a_session(started_at_ms=NOON_MS))
    table = await ask(
        "sessions",
        range=Moments(NOON_MS, NOON_MS + 2 * HOUR_MS),
        compare=Moments(NOON_MS - DAY_MS, NOON_MS - DAY_MS + 2 * HOUR_MS),
        grain=Grain.HOUR,
        parts=frozenset({Part.SERIES}),
    )
    series = table.series["sessions"]
    assert series.previous is not None
    assert [one.value for one in series.now] == [1, 0]
    assert [one.value for one in series.previous] == [0, 1]


async def test_a_key_sees_its_chatbots_only(facts: Facts, ask: Ask) -> None:
    await facts.chatbot(2)
    await facts.sessions(
        *(a_session(chatbot_id=1, visitor_id=number) for number in range(6)),
        *(a_session(chatbot_id=2, visitor_id=number) for number in range(9)),
    )
    table = await ask("sessions", among=frozenset({1}), group_by=("chatbot",), parts=GROUPED)
    assert counts(table) == {"Bot 1": 6}
    foreign = await ask("sessions", among=frozenset({1}), where=In("chatbot", ("bot-2",)))
    assert foreign.totals["sessions"].now.value == 0


async def test_a_workspace_that_is_not_there(ask: Ask, facts: Facts) -> None:
    facts.workspace_id = type(facts.workspace_id)(int=7)
    with pytest.raises(Refused):
        await ask("sessions")


async def test_today_at_midnight_is_empty_and_not_an_error(facts: Facts, ask: Ask) -> None:
    midnight = NOON_MS + 12 * HOUR_MS
    await facts.sessions(a_session(started_at_ms=midnight), a_session(started_at_ms=midnight - 1))
    table = await ask(
        "sessions",
        "newVisitors",
        "resolutionRate",
        range=Calendar.TODAY,
        now_ms=midnight,
        compare=Comparison.PREVIOUS_PERIOD,
        group_by=("channel",),
        parts=frozenset(Part),
    )
    assert table.buckets == ()
    assert table.groups == ()
    assert (table.totals["sessions"].now.value, table.totals["resolutionRate"].now.value) == (0, None)


async def test_a_long_message_stream_belongs_to_its_old_session(facts: Facts, ask: Ask) -> None:
    """The session started long before the range; its messages of the range count, the session does not."""
    old = a_session(started_at_ms=NOON_MS - 40 * DAY_MS, last_activity_at_ms=NOON_MS + HOUR_MS)
    await facts.sessions(old)
    await facts.messages(a_message(old, occurred_at_ms=NOON_MS), a_message(old, occurred_at_ms=NOON_MS - 40 * DAY_MS))
    table = await ask("sessions", "answers")
    assert (table.totals["sessions"].now.value, table.totals["answers"].now.value) == (0, 1)
