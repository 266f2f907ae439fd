"""What facts carry of their session in the copy is what stands there now, whoever changed the session and when."""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Select, func, select, text, update

from domain.metrics.algebra import Relation
from domain.queries.branches import branches_of
from domain.queries.filters import In
from domain.queries.plan import make_plan
from domain.queries.query import MetricQuery, Part
from domain.vocabulary import LabelKind, Role, Source
from persistence.changes import record_changes
from persistence.columns import copy as copying
from persistence.columns.copies import Copies
from persistence.engine import Database
from persistence.languages import Place, read_untold, write_languages
from persistence.metrics.carried import MOST_ASKED, POPULATION, SOURCES_IN_COPY
from persistence.metrics.relations import VISITOR
from persistence.metrics.statement import build_statement
from persistence.tables.sessions import SessionCostRow, SessionRow
from persistence.tables.visitors import VisitorRow
from persistence.tenancy import reading, writing
from tests.persistence.columns.test_copy import copies_of, growth_of, raise_generation, various_sessions
from tests.persistence.metrics.facts import MONTH, NOON_MS, Facts, a_message, a_session
from tests.persistence.metrics.planning import DAYS, SCOPE

MESSAGE = SOURCES_IN_COPY[Relation.MESSAGE].row
COST = SOURCES_IN_COPY[Relation.SESSION_COST].row
TABLES = {"session", "message"}


@pytest.fixture
async def facts(database: Database, workspace_id: UUID) -> Facts:
    found = Facts(database, workspace_id)
    await found.chatbot()
    return found


@pytest.fixture
async def copies(database: Database) -> AsyncIterator[Copies]:
    found = copies_of(database)
    yield found
    await found.close()


async def change(facts: Facts, session: Mapping[str, Any], **values: Any) -> None:
    """As whatever derives a session anew does it: the row, the log, and a generation more."""
    number = session["session_id"]
    async with writing(facts.database, facts.workspace_id) as writer:
        found = update(SessionRow).where(
            SessionRow.workspace_id == facts.workspace_id, SessionRow.session_id == number
        )
        await writer.connection.execute(found.values(**values))
        await record_changes(writer, {MONTH: [number]})
        await raise_generation(writer)


async def told(
    facts: Facts, copies: Copies, statement: Select[Any], tables: set[str] = TABLES
) -> list[tuple[Any, ...]] | None:
    """What a copy of the newest moment answers; None if it does not."""
    async with (
        reading(facts.database, facts.workspace_id, snapshot=True) as reader,
        copies.pinned(reader.connection, reader.workspace_id, tables, await growth_of(reader)) as copy,
    ):
        return None if copy is None else sorted(await copy.rows(statement, {}, among=None))


def carried(*names: str) -> Select[Any]:
    return select(*(MESSAGE.c[f"session_{name}"] for name in names))


@pytest.mark.parametrize(
    ("given", "population"),
    [
        ({}, Source.LIVE),
        ({"source": Source.EVAL}, Source.EVAL),
        ({"is_bot": True}, -Source.LIVE),
        ({"opened": False}, None),
        ({"merged_into": 9}, None),
    ],
)
async def test_facts_know_whether_their_session_counts(
    facts: Facts, copies: Copies, given: dict[str, Any], population: int | None
) -> None:
    session = a_session(**given)
    await facts.sessions(session)
    await facts.messages(a_message(session))
    await copies.load(facts.workspace_id, TABLES)

    assert await told(facts, copies, carried(POPULATION)) == [(population,)]


async def test_what_changes_on_a_session_changes_on_its_facts(facts: Facts, copies: Copies) -> None:
    session, other = a_session(country=1, device=2), a_session(country=1, device=2)
    await facts.sessions(session, other)
    await facts.messages(a_message(session), a_message(other), a_message(session))
    await copies.load(facts.workspace_id, TABLES)
    values = {"country": 7, "channel": 3, "device": 1, "plan": 2, "browser": 8, "language": 9, "primary_intent": 6}

    await change(facts, session, merged_into=other["session_id"], **values)

    found = await told(facts, copies, carried("country", "device", POPULATION))
    assert found == [(1, 2, Source.LIVE), (7, 1, None), (7, 1, None)]
    wanted = tuple(values[name] for name in MOST_ASKED)
    assert await told(facts, copies, carried(*MOST_ASKED).where(MESSAGE.c.session_country == 7)) == [wanted] * 2


async def test_facts_that_are_asked_later_know_it_too(facts: Facts, copies: Copies) -> None:
    """A question about sessions alone brings them up to date; their messages follow with the next one."""
    session = a_session(device=1)
    await facts.sessions(session)
    await facts.messages(a_message(session))
    await copies.load(facts.workspace_id, TABLES)

    await change(facts, session, device=2)
    await told(facts, copies, select(func.count()).select_from(SOURCES_IN_COPY[Relation.SESSION].row), {"session"})

    assert await told(facts, copies, carried("device")) == [(2,)]


async def test_facts_that_are_loaded_later_carry_what_stands_now(facts: Facts, copies: Copies) -> None:
    session = a_session(device=1)
    await facts.sessions(session)
    await facts.messages(a_message(session))
    await copies.load(facts.workspace_id, {"session"})

    await change(facts, session, device=2)
    await copies.load(facts.workspace_id, {"message"})

    assert await told(facts, copies, carried("device")) == [(2,)]


async def test_a_language_that_is_told_behind_ingest(facts: Facts, copies: Copies) -> None:
    session = a_session(user_messages=1, language=None)
    await facts.sessions(session)
    await facts.messages(a_message(session, role=Role.USER, text="Wo ist meine Bestellung?"))
    await copies.load(facts.workspace_id, TABLES)
    before = await told(facts, copies, carried("language"))

    async with reading(facts.database, facts.workspace_id, snapshot=True) as reader:
        untold = await read_untold(reader, [Place(session["session_id"], MONTH)])
    async with writing(facts.database, facts.workspace_id) as writer:
        assert await write_languages(writer, [(one, "de") for one in untold]) == 1

    codes = await facts.labels(LabelKind.LANGUAGE, "de")
    assert (before, await told(facts, copies, carried("language"))) == ([(None,)], [(codes["de"],)])


async def test_costs_know_chatbot_and_time_of_their_session(facts: Facts, copies: Copies) -> None:
    session = a_session(chatbot_id=1)
    await facts.sessions(session)
    amount = {"session_id": session["session_id"], "currency": "EUR", "day": 1, "cost_nano": 5}
    await facts.put(SessionCostRow, [amount])
    await copies.load(facts.workspace_id, {"session_cost"})

    found = select(COST.c.chatbot_id, COST.c.session_started_at_ms, COST.c.cost_nano)

    assert await told(facts, copies, found, {"session", "session_cost"}) == [(1, session["started_at_ms"], 5)]


async def test_whoever_left_a_session_is_read_anew_though_sessions_were_asked_alone(
    facts: Facts, copies: Copies
) -> None:
    session = a_session(visitor_id=1)
    await facts.sessions(session)
    await facts.visitors({1: NOON_MS, 2: NOON_MS})
    await copies.load(facts.workspace_id, {"session", "visitor"})
    async with writing(facts.database, facts.workspace_id) as writer:
        of_first = (VisitorRow.workspace_id == facts.workspace_id, VisitorRow.visitor_id == 1)
        await writer.connection.execute(update(VisitorRow).where(*of_first).values(first_seen_at_ms=NOON_MS + 5))
    await change(facts, session, visitor_id=2)

    sessions = select(func.count()).select_from(SOURCES_IN_COPY[Relation.SESSION].row)
    assert await told(facts, copies, sessions, {"session"}) == [(1,)]

    visitor = VISITOR.c
    seen = select(visitor.visitor_id, visitor.first_seen_at_ms)
    assert await told(facts, copies, seen, {"session", "visitor"}) == [(1, NOON_MS + 5), (2, NOON_MS)]


async def test_tables_of_two_moments_answer_nobody(facts: Facts, copies: Copies) -> None:
    """A reader of an older moment cannot bring the messages to where the sessions are already."""
    session = a_session(device=1)
    await facts.sessions(session)
    await facts.messages(a_message(session))
    await copies.load(facts.workspace_id, TABLES)
    await change(facts, session, device=2)
    sessions = select(func.count()).select_from(SOURCES_IN_COPY[Relation.SESSION].row)

    async with reading(facts.database, facts.workspace_id, snapshot=True) as older:
        await older.connection.execute(text("select 1"))
        await change(facts, session, device=3)
        assert await told(facts, copies, sessions, {"session"}) == [(1,)]
        async with copies.pinned(older.connection, older.workspace_id, TABLES, await growth_of(older)) as copy:
            assert copy is None

    assert await told(facts, copies, carried("device")) == [(3,)]


async def test_what_is_exchanged_again_and_again_takes_no_more_room(
    facts: Facts, copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "SESSIONS_TO_PACK", 5)
    session = a_session(device=1)
    await facts.sessions(session, *various_sessions())
    await copies.load(facts.workspace_id, {"session"})
    sessions = select(func.count()).select_from(SOURCES_IN_COPY[Relation.SESSION].row)
    sizes = []

    for device in range(5):
        await change(facts, session, device=device)
        assert await told(facts, copies, sessions, {"session"}) == [(301,)]
        sizes.append(copies.size_in_bytes())

    assert sizes[0] < sizes[3]
    assert sizes[4] < sizes[3]


def text_for_copy(query: MetricQuery) -> str:
    plan = make_plan(query, SCOPE, DAYS.to_ms)
    return str(build_statement(plan, branches_of(plan), in_copy=True))


def joins(query: MetricQuery) -> int:
    return text_for_copy(query).count("JOIN session")


_CARRIED = ("messages", "averageResponseTime", "fallbackRate", "responseTimeP95", "tokensPerAnswer")
_PARTS = frozenset({Part.TOTALS, Part.SERIES, Part.GROUPS})


@pytest.mark.parametrize("dimension", ["chatbot", "country", "device", "plan", "primaryIntent"])
@pytest.mark.parametrize("metric", _CARRIED)
def test_no_session_is_joined_for_what_is_asked_most(metric: str, dimension: str) -> None:
    filtered = In("channel", ("APP",))
    assert joins(MetricQuery(metrics=(metric,), range=DAYS, where=filtered, group_by=(dimension,), parts=_PARTS)) == 0


@pytest.mark.parametrize("dimension", ["city", "visitorKind"])
def test_a_session_is_joined_for_what_is_not_carried(dimension: str) -> None:
    assert joins(MetricQuery(metrics=("messages",), range=DAYS, group_by=(dimension,), parts=_PARTS)) == 1
