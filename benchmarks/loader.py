"""A large, skewed world: one week goes in as events, the other weeks are copies of it (see copying.py).

`python3 dev.py bench loader --sessions 1000000` fills a throw-away database, prints the skew and checks a sample of
the copied facts against the fold of their rows. Other benchmarks call `load_world` for the world itself.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from uuid import UUID

from msgspec import json
from rich.console import Console
from rich.progress import track

from benchmarks.copying import copy_week, finish, measure, months_of, prepare
from benchmarks.skew import HEAVY_VISITOR, WEEK_MS, Pattern
from benchmarks.skew_report import describe_skew
from benchmarks.stage import open_patient_database, open_stage, open_workspace
from benchmarks.verifying import compare_with_fold
from domain.events import AnyEvent
from domain.reporting import Reported, read_events
from persistence.engine import Database
from persistence.ingest.append import store_events
from persistence.ingest.arrivals import Parcel
from persistence.partitions import ensure_months, refresh_statistics
from persistence.tenancy import writing

WEEKS = 52
SEED = 20_26
_EVENTS_TOGETHER = 5_000


async def load_world(database: Database, workspace_id: UUID, *, sessions: int, weeks: int = WEEKS) -> None:
    """The last of the weeks ends now."""
    start_ms = int(datetime.now(UTC).timestamp() * 1000) // 86_400_000 * 86_400_000 - weeks * WEEK_MS
    await _load_pattern(database, workspace_id, start_ms, -(-sessions // weeks))
    await ensure_months(database, months_of(start_ms, weeks))
    async with writing(database, workspace_id) as writer:
        pattern = await measure(writer.driver, HEAVY_VISITOR)
        await prepare(writer.driver, pattern, weeks)
        for week in track(range(1, weeks), description="Copying weeks"):
            await copy_week(writer.driver, pattern, week)
        await finish(writer.driver, pattern, weeks)
    for month in months_of(start_ms, weeks):
        await refresh_statistics(database, month)


async def _load_pattern(database: Database, workspace_id: UUID, start_ms: int, sessions: int) -> None:
    waiting: list[AnyEvent] = []
    pattern = Pattern(random=Random(SEED), start_ms=start_ms, sessions=sessions)
    for events in track(pattern.draw_sessions(), total=sessions, description="Loading one week"):
        waiting += events
        if len(waiting) >= _EVENTS_TOGETHER:
            await append_events(database, workspace_id, waiting)
            waiting = []
    await append_events(database, workspace_id, waiting)


async def append_events(database: Database, workspace_id: UUID, events: Sequence[AnyEvent]) -> None:
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    read = read_events(json.encode(events), now_ms=now_ms)
    good = [told for told in read if isinstance(told, Reported)]
    if len(good) != len(read):
        raise RuntimeError(f"refused: {next(told for told in read if not isinstance(told, Reported))}")
    await store_events(database, workspace_id, [Parcel(events=good, received_at_ms=now_ms)])


async def load_and_report(sessions: int) -> None:
    console = Console(width=110)
    async with open_stage() as stage:
        database = open_patient_database(stage.app_url())
        try:
            workspace_id, _ = await open_workspace(database)
            started = time.perf_counter()
            await load_world(database, workspace_id, sessions=sessions)
            console.print(f"Loaded in {time.perf_counter() - started:.0f} s")
            for line in await describe_skew(database, workspace_id):
                console.print(line, highlight=False)
            looked_at, different = await compare_with_fold(database, workspace_id)
            console.print(f"facts of {looked_at} sessions against the fold of their rows: {len(different)} differ")
            for line in different[:10]:
                console.print(line, highlight=False)
        finally:
            await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=1_000_000)
    asyncio.run(load_and_report(parser.parse_args().sessions))


if __name__ == "__main__":
    main()
