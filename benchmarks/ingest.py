"""Events a second from HTTP to durable, deduplicated, visible rows and facts, beside what Postgres alone can do.

`python3 dev.py bench ingest [--messages N] [--before SESSIONS]`: one server, one Postgres, this client, all on the
cores there are. `--before 1000000` loads a million sessions (8M messages) into the same workspace first.
"""

import argparse
import asyncio
import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import psutil
from msgspec import json
from rich.console import Console
from rich.table import Table

from benchmarks.client import Answer, make_request, send_all
from benchmarks.floors import copy_bare, drop_floors, in_batches, insert_deduplicating, read_rows
from benchmarks.load import Shape, encode_bodies
from benchmarks.loader import load_world
from benchmarks.stage import Stage, open_patient_database, open_stage, open_workspace
from persistence.tenancy import reading

CONNECTIONS = 8
GOAL_EMPTY, GOAL_FILLED, GOAL_OF_INSERT = 40_000, 30_000, 0.40


@dataclass(frozen=True, kw_only=True)
class Run:
    batch: int
    version: int
    live: int
    rate: float
    slowest_ms: float
    median_ms: float
    server_us: float  # CPU a message; does not depend on what else the machine does
    postgres_us: float
    client_us: float


async def measure(stage: Stage, workspace_id: UUID, key: str, shape: Shape, batch: int, *, connections: int) -> Run:
    requests = [make_request("/v1/events", key, body) for body in encode_bodies(shape, batch)]
    before = await count_messages(stage, workspace_id)
    spent = read_cpu(stage)
    started = time.perf_counter()
    answers = await send_all(stage.port, requests, connections=connections)
    seconds = time.perf_counter() - started
    server, postgres, client = (
        (after - then) / shape.messages * 1e6 for after, then in zip(read_cpu(stage), spent, strict=True)
    )
    visible = await count_messages(stage, workspace_id) - before
    _check(answers, shape.messages, visible)
    times = sorted(answer.seconds * 1000 for answer in answers)
    return Run(
        batch=batch,
        version=shape.version,
        live=shape.live,
        rate=shape.messages / seconds,
        slowest_ms=times[-1],
        median_ms=times[len(times) // 2],
        server_us=server,
        postgres_us=postgres,
        client_us=client,
    )


def read_cpu(stage: Stage) -> tuple[float, float, float]:
    """Seconds so far of the server, of all processes of Postgres, and of this client."""
    assert stage.process is not None
    postmaster = psutil.Process(stage.postgres_process())
    processes = [postmaster, *postmaster.children(recursive=True)]
    return (
        _seconds(psutil.Process(stage.process.pid)),
        sum(_seconds(process) for process in processes),
        _seconds(psutil.Process()),
    )


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def _check(answers: list[Answer], sent: int, visible: int) -> None:
    """A figure counts only if every event was answered as accepted and is there to be asked for."""
    statuses = Counter(answer.status for answer in answers)
    if set(statuses) != {200}:
        odd = next(answer for answer in answers if answer.status != 200)
        raise RuntimeError(f"answers {dict(statuses)}: {odd.body[:500]!r}")
    results = Counter(r["status"] for answer in answers for r in json.decode(answer.body)["results"])
    if results != Counter({"accepted": sent}) or visible != sent:
        raise RuntimeError(f"sent {sent}, answered {dict(results)}, visible {visible}")


async def count_messages(stage: Stage, workspace_id: UUID) -> int:
    database = open_patient_database(stage.app_url())
    try:
        async with reading(database, workspace_id) as reader:
            answer = await reader.connection.exec_driver_sql("select count(*) from message")
            return int(answer.scalar_one())
    finally:
        await database.close()


async def benchmark(messages: int, before: int, connections: int) -> list[str]:
    """Prints the table; gives the goals that it misses, in words."""
    async with open_stage() as stage:
        database = open_patient_database(stage.app_url())
        try:
            workspace_id, key = await open_workspace(database)
            if before:
                await load_world(database, workspace_id, sessions=before)
            await warm_up(stage, workspace_id, key, connections)
            runs = await _measure_all(stage, workspace_id, key, messages, connections)
            floors = await _measure_floors(stage, workspace_id, messages)
        finally:
            await database.close()
    _print(runs, floors, before)
    return list(_missed(runs, floors, GOAL_FILLED if before else GOAL_EMPTY))


def _missed(runs: list[Run], floors: dict[tuple[str, int], float], goal: int) -> Iterator[str]:
    """The goals are set for batches of 1,000 with time-ordered ids."""
    for run in runs:
        if run.batch != 1_000 or run.version != 7:
            continue
        share = run.rate / floors["insert", run.batch]
        if run.rate < goal or share < GOAL_OF_INSERT:
            yield (
                f"{run.rate:,.0f}/s of {goal:,} and {share:.0%} of {GOAL_OF_INSERT:.0%} of the insert "
                f"({run.live:,} sessions at once)"
            )


async def warm_up(stage: Stage, workspace_id: UUID, key: str, connections: int) -> None:
    shape = Shape(messages=20_000, live=500, version=7, seed=99, start_ms=_now_ms() - 3_600_000)
    await measure(stage, workspace_id, key, shape, 1_000, connections=connections)


async def _measure_all(stage: Stage, workspace_id: UUID, key: str, messages: int, connections: int) -> list[Run]:
    plans = ((1_000, 7, 2_000), (1_000, 4, 2_000), (1_000, 7, 1), (100, 7, 2_000), (100, 4, 2_000))
    runs = []
    for number, (batch, version, live) in enumerate(plans):
        share = messages if batch >= 1_000 else messages // 4
        start_ms = _now_ms() - 3_000_000
        shape = Shape(messages=share, live=live, version=version, seed=number, start_ms=start_ms)
        runs.append(await measure(stage, workspace_id, key, shape, batch, connections=connections))
    return runs


async def _measure_floors(stage: Stage, workspace_id: UUID, messages: int) -> dict[tuple[str, int], float]:
    owner = stage.owner_url()
    rows = await read_rows(stage.app_url(), workspace_id, messages)
    found: dict[tuple[str, int], float] = {}
    for batch in (1_000, 100):
        share = rows if batch >= 1_000 else rows[: len(rows) // 4]
        found["copy", batch] = len(share) / await copy_bare(owner, in_batches(share, batch))
        found["insert", batch] = len(share) / await insert_deduplicating(owner, in_batches(share, batch))
    await drop_floors(owner)
    return found


def _print(runs: list[Run], floors: dict[tuple[str, int], float], before: int) -> None:
    console = Console(width=150)
    title = f"Ingest over HTTP, {os.cpu_count()} cores, {before:,} sessions there already"
    table = Table(title=title)
    heads = (
        "batch",
        "UUID",
        "sessions at once",
        "messages/s",
        "of COPY",
        "of dedup. insert",
        "median ms",
        "slowest ms",
        "CPU us: server",
        "Postgres",
        "client",
    )
    for head in heads:
        table.add_column(head, justify="right")
    for run in runs:
        copy, insert = floors["copy", run.batch], floors["insert", run.batch]
        cells = (run.batch, f"v{run.version}", run.live, f"{run.rate:,.0f}", f"{run.rate / copy:.0%}")
        spent = (f"{run.server_us:.1f}", f"{run.postgres_us:.1f}", f"{run.client_us:.1f}")
        rest = (f"{run.rate / insert:.0%}", f"{run.median_ms:.0f}", f"{run.slowest_ms:.0f}", *spent)
        table.add_row(*map(str, cells), *rest)
    for (kind, batch), rate in floors.items():
        table.add_row(str(batch), "", f"floor: {kind}", f"{rate:,.0f}")
    console.print(table)


def _now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=400_000)
    parser.add_argument("--before", type=int, default=0, help="sessions loaded first")
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    given = parser.parse_args()
    for missed in asyncio.run(benchmark(given.messages, given.before, given.connections)):
        print(f"goal missed: {missed}")


if __name__ == "__main__":
    main()
