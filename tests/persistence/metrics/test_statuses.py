"""Why a value is null or partial: what is not reported, converted or shown."""

from collections.abc import Mapping
from decimal import Decimal

import pytest
from sqlalchemy import update

from domain.queries.filters import In
from domain.queries.query import Part
from domain.queries.table import Figure, Status
from domain.time import Grain, Moments
from domain.vocabulary import Basis, Channel, Instrument, Report
from persistence.tables.events import FeedbackRow, LeadCaptureRow
from persistence.tables.sessions import SessionCostRow
from persistence.tables.workspaces import ChatbotRow, ExchangeRateRow, WorkspaceRow
from persistence.tenancy import writing
from tests.build import NOON, an_identity
from tests.persistence.metrics.conftest import Ask
from tests.persistence.metrics.facts import DAY_MS, HOUR_MS, NOON_MS, Facts, a_message, a_session

GROUPS = frozenset({Part.TOTALS, Part.GROUPS})
DAY_OF_NOON = NOON_MS // DAY_MS


def told(figures: Mapping[str, Figure]) -> dict[str, tuple[object, Status]]:
    return {name: (figure.now.value, figure.now.status) for name, figure in figures.items()}


async def reports(facts: Facts, chatbot: int, *kinds: Report) -> None:
    async with writing(facts.database, facts.workspace_id) as writer:
        await writer.connection.execute(
            update(ChatbotRow).where(ChatbotRow.chatbot_id == chatbot).values(declared_reports=[int(k) for k in kinds])
        )


async def test_nobody_reports_it(facts: Facts, ask: Ask) -> None:
    await reports(facts, 1)
    await facts.sessions(a_session(visitor_id=1))
    table = await ask("escalationRate", "uniqueVisitors", "leads", "costPerConversation", "sessions")
    assert told(table.totals) == {
        "escalationRate": (None, Status.NOT_REPORTED),
        "uniqueVisitors": (None, Status.NOT_REPORTED),
        "leads": (None, Status.FORMS_DISABLED),
        "costPerConversation": (None, Status.NOT_REPORTED),
        "sessions": (1, Status.OK),
    }


async def test_some_report_it(facts: Facts, ask: Ask) -> None:
    """Both parts keep the chatbots that report, and the coverage says how much that is."""
    await facts.chatbot(2, reports=())
    escalated = {"outcome_basis": Basis.ESCALATED}
    await facts.sessions(
        a_session(chatbot_id=1, **escalated), a_session(chatbot_id=1), *(a_session(chatbot_id=2) for _ in range(6))
    )
    table = await ask("escalationRate", group_by=("chatbot",), parts=GROUPS)
    total = table.totals["escalationRate"].now
    assert (total.value, total.status, total.coverage) == (0.5, Status.PARTIAL, 0.25)
    by_chatbot = {group.key[0].value: group.figures["escalationRate"].now for group in table.groups}
    assert (by_chatbot["bot-1"].value, by_chatbot["bot-1"].status) == (0.5, Status.OK)
    assert (by_chatbot["bot-2"].value, by_chatbot["bot-2"].status) == (None, Status.NOT_REPORTED)


async def test_only_chatbots_in_scope_matter(facts: Facts, ask: Ask) -> None:
    await facts.chatbot(2, reports=())
    await facts.sessions(a_session(chatbot_id=1), a_session(chatbot_id=2))
    with_it = await ask("escalationRate", where=In("chatbot", ("bot-1",)))
    without = await ask("escalationRate", where=In("chatbot", ("bot-2",)))
    assert told(with_it.totals) == {"escalationRate": (0.0, Status.OK)}
    assert told(without.totals) == {"escalationRate": (None, Status.NOT_REPORTED)}


async def test_without_a_chatbot_in_scope_nothing_happened(facts: Facts, ask: Ask) -> None:
    await facts.sessions(a_session(visitor_id=1))
    table = await ask("uniqueVisitors", "escalationRate", where=In("chatbot", ("nobody",)))
    assert told(table.totals) == {"uniqueVisitors": (0, Status.OK), "escalationRate": (None, Status.NO_DATA)}


async def test_one_of_several_kinds_is_enough(facts: Facts, ask: Ask) -> None:
    await reports(facts, 1, Report.GOAL)
    await facts.sessions(a_session(outcome_basis=Basis.RESOLVED_CONFIRMED))
    table = await ask("confirmedResolutionRate")
    assert told(table.totals) == {"confirmedResolutionRate": (1.0, Status.OK)}


async def test_cost_of_sessions_without_a_price(facts: Facts, ask: Ask) -> None:
    """R32.5: no answers cost nothing and count; unpriced answers are in neither part."""
    priced = a_session(priced_answers=1)
    await facts.sessions(priced, a_session(answers=0), a_session(answers=2, priced_answers=0))
    cost = {"session_id": priced["session_id"], "currency": "USD", "day": DAY_OF_NOON, "cost_nano": 3 * 10**9}
    await facts.put(SessionCostRow, [cost])
    table = await ask("costPerConversation", "pricedShare", "totalCost")
    assert told(table.totals) == {
        "costPerConversation": (Decimal("1.5"), Status.OK),
        "pricedShare": (1 / 3, Status.OK),
        "totalCost": (Decimal("3"), Status.OK),
    }


async def test_money_without_a_rate(facts: Facts, ask: Ask) -> None:
    session = a_session(priced_answers=1)
    await facts.sessions(session)
    cost = {"session_id": session["session_id"], "currency": "EUR", "day": DAY_OF_NOON, "cost_nano": 10**9}
    await facts.put(SessionCostRow, [cost])
    missing = (await ask("totalCost")).totals["totalCost"].now
    assert (missing.value, missing.status) == (None, Status.MISSING_RATE)
    assert "EUR to USD" in str(missing.reason)
    await facts.put(
        ExchangeRateRow,
        [
            {
                "base_currency": "EUR",
                "quote_currency": "USD",
                "effective_day": DAY_OF_NOON,
                "rate": Decimal("1.08"),
                "created_at": NOON,
            }
        ],
    )
    assert (await ask("totalCost")).totals["totalCost"].now.value == Decimal("1.08")


async def test_satisfaction_goes_by_one_instrument(facts: Facts, ask: Ask) -> None:
    """R11: the one most used, or the one the workspace names; never pooled."""
    session = a_session()
    await facts.sessions(session)
    votes = [(Instrument.THUMBS, 1), (Instrument.THUMBS, 0), (Instrument.RATING_1_5, 5)]
    await facts.put(
        FeedbackRow,
        [
            {
                "event_id": an_identity(number),
                "chatbot_id": 1,
                "session_id": session["session_id"],
                "occurred_at_ms": NOON_MS,
                "received_at_ms": NOON_MS,
                "instrument": instrument,
                "score": score,
                "scale": 5,
                "superseded": False,
            }
            for number, (instrument, score) in enumerate(votes, 1)
        ],
    )
    table = await ask("satisfaction")
    assert (table.totals["satisfaction"].now.value, table.satisfaction_instrument) == (0.5, Instrument.THUMBS)
    async with writing(facts.database, facts.workspace_id) as writer:
        await writer.connection.execute(update(WorkspaceRow).values(primary_instrument=Instrument.RATING_1_5))
    table = await ask("satisfaction")
    assert (table.totals["satisfaction"].now.value, table.satisfaction_instrument) == (1.0, Instrument.RATING_1_5)


async def test_a_lead_told_of_twice_is_one(facts: Facts, ask: Ask) -> None:
    session = a_session()
    await facts.sessions(session)
    common = {"chatbot_id": 1, "session_id": session["session_id"], "received_at_ms": NOON_MS, "lead_ref": "l-1"}
    await facts.put(
        LeadCaptureRow,
        [{**common, "event_id": an_identity(n), "occurred_at_ms": NOON_MS + n * HOUR_MS} for n in (1, 2)],
    )
    assert told((await ask("leads")).totals) == {"leads": (1, Status.OK)}


def people(channel: Channel | None, number: int, first: int) -> list[dict[str, object]]:
    return [a_session(channel=channel, visitor_id=first + one) for one in range(number)]


@pytest.mark.parametrize("metric", ["sessions", "uniqueVisitors", "resolutionRate"])
async def test_small_groups_are_hidden_and_cannot_be_told_by_subtraction(facts: Facts, ask: Ask, metric: str) -> None:
    await facts.sessions(*people(Channel.APP, 4, 100), *people(Channel.WEBSITE, 9, 200), *people(Channel.VOICE, 6, 300))
    table = await ask(metric, among=frozenset({1}), group_by=("channel",), parts=GROUPS)
    shown = {group.key[0].value: group.figures[metric].now for group in table.groups}
    assert {name for name, reading in shown.items() if reading.status is Status.SUPPRESSED} == {"APP", "VOICE"}
    for hidden in ("APP", "VOICE"):
        reading = shown[hidden]
        assert (reading.value, reading.numerator, reading.denominator, reading.n) == (None, None, None, None)
    assert table.totals[metric].now.status is Status.OK


async def test_small_buckets_are_hidden(facts: Facts, ask: Ask) -> None:
    await facts.sessions(
        *(a_session(visitor_id=one, started_at_ms=NOON_MS) for one in range(7)),
        *(a_session(visitor_id=one, started_at_ms=NOON_MS + HOUR_MS) for one in range(3)),
        *(a_session(visitor_id=one, started_at_ms=NOON_MS + 2 * HOUR_MS) for one in range(5)),
    )
    table = await ask(
        "sessions",
        among=frozenset({1}),
        range=Moments(NOON_MS, NOON_MS + 4 * HOUR_MS),
        grain=Grain.HOUR,
        parts=frozenset({Part.TOTALS, Part.SERIES}),
    )
    assert [reading.value for reading in table.series["sessions"].now] == [7, None, None, 0]


async def test_nothing_is_hidden_from_a_key_of_the_whole_workspace(facts: Facts, ask: Ask) -> None:
    await facts.sessions(a_session(visitor_id=1))
    assert (await ask("sessions")).totals["sessions"].now.value == 1


async def test_what_comes_from_earlier_sessions_is_hidden_too(facts: Facts, ask: Ask) -> None:
    """Few answers in a range in which no session started, and few people who are there right now."""
    early = a_session(started_at_ms=NOON_MS - 2 * DAY_MS, last_activity_at_ms=NOON_MS + 3 * DAY_MS, visitor_id=1)
    await facts.sessions(early)
    await facts.messages(a_message(early, occurred_at_ms=NOON_MS))
    table = await ask("answers", "sessions", "openSessions", among=frozenset({1}), now_ms=NOON_MS + 3 * DAY_MS)
    assert told(table.totals) == {
        "answers": (None, Status.SUPPRESSED),
        "sessions": (0, Status.OK),
        "openSessions": (None, Status.SUPPRESSED),
    }
