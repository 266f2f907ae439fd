"""Appends a batch: one transaction of one workspace, whatever the batch's order, repetition or split (P1 to P4).

1. The workspace's writer lock. 2. What is known already is told and left. 3. Names become numbers, events records.
4. Each record gets its session. 5. In order, facts continue from where they stand; all else is derived from rows.
6. Rows, facts, contacts, first-seen, leads, keys, and what others must hear of.
"""

from collections import Counter as Counts
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

import asyncpg

from persistence.engine import Database
from persistence.ingest.arrivals import ACCEPTED, Arrival, EventResult, Parcel, arrivals_of, reject
from persistence.ingest.batch import Batch
from persistence.ingest.derive import NameTaken
from persistence.ingest.encode import name_messages
from persistence.ingest.hot import HotSessions, hot_sessions
from persistence.ingest.keys import find_keys, without_repeated
from persistence.ingest.numbering import encode_all
from persistence.ingest.staging import STAGED, STAGING
from persistence.ingest.storing import store
from persistence.ingest.surroundings import Home, begin_generation, find_speakers
from persistence.ingest.tables import month_at
from persistence.partitions import ensure_months, note_growth
from persistence.tenancy import Writer, lock_key, writing

STATEMENT_TIMEOUT_MS: Final = 20_000


def nothing() -> None:
    """Nobody waits for it."""


async def store_events(
    database: Database, workspace_id: UUID, parcels: Sequence[Parcel], *, at_leisure: Callable[[], None] = nothing
) -> list[list[EventResult]]:
    """In a transaction of its own: when this returns, the accepted events are durable. Calls `at_leisure` when what is
    left is mostly the database's work."""
    months = _months_of(parcels)
    await ensure_months(database, months)
    hot = hot_sessions(database.url, workspace_id)
    try:
        async with writing(database, workspace_id, statement_timeout_ms=STATEMENT_TIMEOUT_MS) as writer:
            results = await append(writer, parcels, hot=hot, at_leisure=at_leisure)
    except (asyncpg.UniqueViolationError, NameTaken):
        # Two messages under one name, told apart only by looking for the names of all: too dear for every batch.
        async with writing(database, workspace_id, statement_timeout_ms=STATEMENT_TIMEOUT_MS) as writer:
            results = await append(writer, parcels, hot=hot, careful=True)
    await note_growth(database, months)
    return results


def _months_of(parcels: Sequence[Parcel]) -> Counts[int]:
    """How many events fall in each month; by day first, as days are few and quick to tell."""
    days = Counts([told.occurred_at_ms // _DAY_MS for parcel in parcels for told in parcel.events])
    months: Counts[int] = Counts()
    for day, count in days.items():
        months[month_at(day * _DAY_MS)] += count
    return months


_DAY_MS: Final = 86_400_000


async def append(
    writer: Writer,
    parcels: Sequence[Parcel],
    *,
    hot: HotSessions | None = None,
    careful: bool = False,
    at_leisure: Callable[[], None] = nothing,
) -> list[list[EventResult]]:
    """One result for each event of each parcel, in order. The partitions of their months must be there."""
    arrivals = arrivals_of(parcels)
    await _begin(writer)
    batch = Batch(writer, *await begin_generation(writer))
    if hot is not None:
        hot.follow(batch.generation)
        batch.hot = hot
        writer.after_commit.append(lambda: hot.keep(batch.generation, batch.places.values()))
    async with batch.staging:
        fresh = await _admitted(batch, arrivals, careful=careful)
        if fresh:
            await encode_all(batch, fresh)
            await store(batch, fresh, at_leisure)
    return _results(arrivals, parcels)


async def _begin(writer: Writer) -> None:
    """Plans are made once and kept, while tables grow from empty to millions of rows: so look-ups go by index."""
    await writer.driver.execute(
        "set local enable_hashjoin = off; set local enable_mergejoin = off; set local enable_seqscan = off; "
        "set local plan_cache_mode = force_generic_plan; set local join_collapse_limit = 1"
    )
    await writer.driver.execute("select pg_advisory_xact_lock($1)", lock_key(writer.workspace_id, "ingest"))
    if not await writer.driver.fetchval(STAGED):
        await writer.driver.execute(STAGING)


async def _admitted(batch: Batch, arrivals: Sequence[Arrival], *, careful: bool) -> list[Arrival]:
    name_messages(arrivals)
    await find_keys(batch, arrivals, careful=careful)
    fresh = [arrival for arrival in without_repeated(batch, arrivals) if not _is_too_old(batch.home, arrival)]
    if fresh:
        batch.speakers = await find_speakers(batch.writer, batch.home, fresh)
    return [arrival for arrival in fresh if arrival.result.status == ACCEPTED]


def _is_too_old(home: Home, arrival: Arrival) -> bool:
    if home.kept_from_ms is None or arrival.at_ms >= home.kept_from_ms:
        return False
    reject(arrival, "TOO_OLD", "occurredAt", "events of that time are no longer kept here.")
    return True


def _results(arrivals: Sequence[Arrival], parcels: Sequence[Parcel]) -> list[list[EventResult]]:
    results: list[list[EventResult]] = []
    start = 0
    for parcel in parcels:
        results.append([arrival.result for arrival in arrivals[start : start + len(parcel.events)]])
        start += len(parcel.events)
    return results
