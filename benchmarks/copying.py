"""One loaded week, copied to other weeks inside Postgres under the app role, without losing the truth of its facts.

Facts do not change when a session is moved in time as a whole, with these exceptions that are worked out anew: ids,
visitors (each four weeks have their own people, one visitor excepted), the next contact, the month, the local day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from benchmarks.skew import WEEK_MS

WEEKS_PER_CROWD = 4
SESSION_TABLES = (
    "session", "session_cost", "workflow_run", "message", "retrieval", "operation", "workflow_step", "feedback",
    "handoff", "goal_completion", "exposure", "session_end", "session_start",
)  # fmt: skip
_KEY_TABLES = ("session_key", "event_key")
_UUIDS = {"event_id", "message_id", "answer_event_id", "corrects", "last_answer_id", "last_event_id"}
_VISITORS = {"visitor_id", "own_visitor_id"}
_REFERENCES = {"session_ref", "run_id"}


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """Sizes of the week that is copied, and the number of the visitor who stays the same."""

    sessions: int
    visitors: int
    heavy_visitor: int


async def measure(driver: asyncpg.Connection, heavy_key: str) -> Pattern:
    row = await driver.fetchrow(
        "select (select max(session_id) from session_key) sessions, (select max(visitor_id) from visitor) visitors,"
        " (select visitor_id from visitor where key = $1) heavy",
        heavy_key,
    )
    assert row is not None
    return Pattern(sessions=row["sessions"], visitors=row["visitors"], heavy_visitor=row["heavy"])


def months_of(start_ms: int, weeks: int) -> set[int]:
    days = (datetime.fromtimestamp((start_ms + day * 86_400_000) / 1000, UTC) for day in range(weeks * 7 + 2))
    return {day.year * 12 + day.month - 1 for day in days}


async def prepare(driver: asyncpg.Connection, pattern: Pattern, weeks: int) -> None:
    """Every copy's session with its new month and its visitor's next contact, worked out over all weeks at once."""
    await driver.execute(
        f"""
        create temp table copied on commit drop as
        select week, session_id as old_id, session_id + week * {pattern.sessions}::bigint as new_id, new_month,
            min(starts) filter (where counts) over (
                partition by visitor, chatbot_id order by starts, session_id + week * {pattern.sessions}::bigint
                rows between 1 following and unbounded following) as next_contact
        from (
            select week, session_id, chatbot_id,
                started_at_ms + week * {WEEK_MS}::bigint as starts,
                {_visitor("visitor_id", "week", pattern)} as visitor,
                visitor_id is not null and source = 1 and not is_bot and user_messages > 0 as counts,
                {_month(f"started_at_ms + week * {WEEK_MS}::bigint")} as new_month
            from session cross join generate_series(0, {weeks - 1}) as week
            where opened and merged_into is null
        ) as every
        """
    )
    await driver.execute("create index on copied (week, old_id)")
    for table in (*SESSION_TABLES, *_KEY_TABLES):  # the week by itself: the tables grow while it is copied
        await driver.execute(
            f"create temp table pattern_{table} on commit drop as"
            f" select * from {table} where session_id <= {pattern.sessions}"
        )
        await driver.execute(f"analyze pattern_{table}")
    await driver.execute("analyze copied")
    await driver.execute(
        "update session set next_contact_at_ms = copied.next_contact from copied"
        " where copied.week = 0 and copied.old_id = session.session_id"
    )


async def copy_week(driver: asyncpg.Connection, pattern: Pattern, week: int) -> None:
    for table in SESSION_TABLES:
        await _copy_rows(driver, table, pattern, week)
    await _copy_keys(driver, pattern, week)
    if week % WEEKS_PER_CROWD == 0:
        await _copy_visitors(driver, pattern, week)


async def _copy_rows(driver: asyncpg.Connection, table: str, pattern: Pattern, week: int) -> None:
    columns = await _columns(driver, table)
    values = ", ".join(_value(name, pattern, week) for name in columns)
    await driver.execute(
        f"insert into {table} ({', '.join(columns)}) select {values} from pattern_{table} as old"
        f" join copied on copied.week = {week} and copied.old_id = old.session_id"
    )


async def _copy_keys(driver: asyncpg.Connection, pattern: Pattern, week: int) -> None:
    for table in _KEY_TABLES:
        await _copy_rows(driver, table, pattern, week)


async def _copy_visitors(driver: asyncpg.Connection, pattern: Pattern, week: int) -> None:
    later = week * WEEK_MS
    offset = week // WEEKS_PER_CROWD * pattern.visitors
    known = f"visitor_id <= {pattern.visitors} and visitor_id <> {pattern.heavy_visitor}"
    await driver.execute(
        "insert into visitor (workspace_id, visitor_id, key, first_seen_at_ms, identified)"
        f" select workspace_id, visitor_id + {offset}, key || '-{week}', first_seen_at_ms + {later}, identified"
        f" from visitor where {known}"
    )
    await driver.execute(
        "insert into visitor_chatbot (workspace_id, visitor_id, chatbot_id, first_seen_at_ms)"
        f" select workspace_id, visitor_id + {offset}, chatbot_id, first_seen_at_ms + {later}"
        f" from visitor_chatbot where {known}"
    )


async def finish(driver: asyncpg.Connection, pattern: Pattern, weeks: int) -> None:
    # The first week came in just now; its messages, too, shall have come when they were written.
    await driver.execute(
        f"update message as old set received_at_ms = {_received('old', 0)} where session_id <= {pattern.sessions}"
    )
    crowds = (weeks - 1) // WEEKS_PER_CROWD + 1
    await driver.execute(
        f"update workspace_counter set next_session_id = {pattern.sessions * weeks + 1},"
        f" next_visitor_id = {pattern.visitors * crowds + 1}, ingest_generation = ingest_generation + 1"
    )


def _value(name: str, pattern: Pattern, week: int) -> str:
    later = week * WEEK_MS
    column = f"old.{name}"
    if name == "month":
        return "copied.new_month"
    if name == "session_id":
        return "copied.new_id"
    if name == "next_contact_at_ms":
        return "copied.next_contact"
    if name == "received_at_ms":
        return _received("old", week)
    if name.endswith("_at_ms"):
        return f"{column} + {later}"
    if name == "day":
        return f"{column} + {7 * week}"
    if name in _UUIDS:
        return _moved(column, later)
    if name in _VISITORS:
        return _visitor(column, str(week), pattern)
    if name in _REFERENCES:
        return f"{column} || '-{week}'"
    if name == "open_runs":
        return f"array(select run || '-{week}' from unnest({column}) as run)"
    return column


def _received(row: str, week: int) -> str:
    """Two events in a hundred arrive late, by up to a day and a half; the others within two seconds."""
    chance = f"abs(hashtext({row}.event_id::text || '{week}'))"
    late = f"case when {chance} % 50 = 0 then 3600000 + {chance} % 126000000 else {chance} % 2000 end"
    return f"{row}.occurred_at_ms + {week * WEEK_MS} + {late}"


def _moved(column: str, later: int) -> str:
    """The first 48 bits of our ids are their time."""
    return (
        f"(lpad(to_hex(('x' || translate(substr({column}::text, 1, 13), '-', ''))::bit(48)::bigint + {later}), 12, '0')"
        f" || substr({column}::text, 14))::uuid"
    )


def _visitor(column: str, week: str, pattern: Pattern) -> str:
    return (
        f"case when {column} = {pattern.heavy_visitor} then {column}"
        f" else {column} + {week} / {WEEKS_PER_CROWD} * {pattern.visitors}::bigint end"
    )


def _month(milliseconds: str) -> str:
    moment = f"to_timestamp(({milliseconds}) / 1000.0) at time zone 'UTC'"
    return f"(extract(year from {moment}) * 12 + extract(month from {moment}) - 1)::int"


async def _columns(driver: asyncpg.Connection, table: str) -> Iterable[str]:
    rows = await driver.fetch(
        "select attname from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped",
        table,
    )
    return [row["attname"] for row in rows]
