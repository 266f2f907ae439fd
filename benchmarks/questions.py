"""How long does a question take? Through GraphQL over HTTP, from the columnar copy, beside hand-written SQL on the raw
tables in the same run.

`python3 dev.py bench questions [--sessions N] [--repeats N]`: one server, one Postgres, this client, all on the cores
there are. The result cache is off; every answer is computed.
"""

import argparse
import asyncio
import os
import statistics
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psutil
from msgspec import json
from rich.console import Console
from rich.table import Table

from benchmarks.client import Answer, make_request, send_all, send_one
from benchmarks.loader import load_world
from benchmarks.question_set import QUESTIONS, Question, random_slices
from benchmarks.stage import Stage, open_patient_database, open_stage, open_workspace
from persistence.engine import Database
from persistence.tenancy import reading

DAY_MS = 86_400_000
LOAD_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    question: Question
    alone_ms: float
    alone_p95_ms: float
    beside_ms: float
    beside_p95_ms: float
    raw_ms: float | None


async def benchmark(sessions: int, repeats: int) -> list[Measured]:
    console = Console(width=150)
    async with open_stage(
        PARLANCE_COLUMNS_MEGABYTES="12288",
        PARLANCE_RESULTS_MEGABYTES="0",
        PARLANCE_STATEMENT_TIMEOUT_MS="120000",
        PARLANCE_OPERATION_TIMEOUT_MS="120000",
        PARLANCE_KEY_POINTS_PER_SECOND="10000000",
        PARLANCE_WORKSPACE_POINTS_PER_SECOND="10000000",
    ) as stage:
        workspace_id, key = await load_and_start(stage, sessions)
        ask = Asking(stage, key)
        console.print(await _first_answer(ask))
        console.print(await _load_copies(ask, stage, sessions))
        database = open_patient_database(stage.app_url())
        try:
            measured = [await _measure(ask, database, workspace_id, one, repeats) for one in asked_questions()]
        finally:
            await database.close()
    _print(console, measured, sessions)
    return measured


async def load_and_start(stage: Stage, sessions: int) -> tuple[UUID, str]:
    """The world, and a server that has just started on it."""
    database = open_patient_database(stage.app_url())
    try:
        workspace_id, key = await open_workspace(database)
        await load_world(database, workspace_id, sessions=sessions)
    finally:
        await database.close()
    await asyncio.to_thread(stage.stop)
    stage.start()
    await asyncio.to_thread(stage.wait_until_ready)
    return workspace_id, key


def asked_questions() -> list[Question]:
    today = datetime.now(UTC).date()
    dates = {"today": str(today), "day90": str(today - timedelta(days=89))}
    known = [replace(one, document=one.document % dates if "%(" in one.document else one.document) for one in QUESTIONS]
    return [*known, *random_slices()]


class Asking:
    """One server, asked over HTTP."""

    def __init__(self, stage: Stage, key: str) -> None:
        self.stage = stage
        self._key = key

    def request(self, document: str) -> bytes:
        return make_request("/graphql", self._key, json.encode({"query": document}), "application/json")

    async def answer(self, document: str) -> Answer:
        found = await send_one(self.stage.port, self.request(document))
        body = json.decode(found.body)
        if found.status != 200 or "errors" in body:
            raise RuntimeError(f"{document}\nanswered {found.status}: {found.body[:800]!r}")
        return found

    async def many(self, document: str, count: int, connections: int) -> list[float]:
        answers = await send_all(self.stage.port, [self.request(document)] * count, connections=connections)
        if any(answer.status != 200 for answer in answers):
            raise RuntimeError(f"{document}\nanswered {answers[0].body[:800]!r}")
        return sorted(answer.seconds * 1000 for answer in answers)

    async def figures(self, prefix: str = "parlance_columns") -> dict[str, float]:
        """What the server tells Prometheus."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.stage.port)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
        text = (await reader.read()).decode()
        writer.close()
        lines = (line.rsplit(" ", 1) for line in text.splitlines() if line.startswith(prefix))
        return {name: float(value) for name, value in lines}


async def _first_answer(ask: Asking) -> str:
    answer = await ask.answer(QUESTIONS[0].document)
    return f"first question after the start, which the database answers: {answer.seconds * 1000:,.0f} ms"


async def _load_copies(ask: Asking, stage: Stage, sessions: int) -> str:
    """Asks each question until a copy answers it: the cold start."""
    assert stage.process is not None
    process = psutil.Process(stage.process.pid)
    before, started = process.memory_info().rss, time.perf_counter()
    seconds = []
    for question in asked_questions():
        if "sessions(first" not in question.document:
            await _until_answered(ask, question)
            seconds.append(time.perf_counter() - started)
    held = (await ask.figures())["parlance_columns_bytes"]
    grown = process.memory_info().rss - before
    return (
        f"cold start: a copy answers {QUESTIONS[0].name} after {seconds[0]:.1f} s and all questions after "
        f"{seconds[-1]:.1f} s, asked one after the other meanwhile; it takes {held / 2**20:,.0f} MiB as DuckDB tells "
        f"it, {held / sessions:,.0f} bytes a session with its messages ({grown / 2**20:,.0f} MiB of the process)"
    )


async def _until_answered(ask: Asking, question: Question) -> None:
    """The database answers meanwhile, so the question rests for as long as it took: it should not be the load."""
    deadline = time.perf_counter() + LOAD_SECONDS
    while time.perf_counter() < deadline:
        before = (await ask.figures())["parlance_columns_answered"]
        answer = await ask.answer(question.document)
        if (await ask.figures())["parlance_columns_answered"] > before:
            return
        await asyncio.sleep(max(0.5, answer.seconds))
    raise RuntimeError(f"no copy answered {question.name} within {LOAD_SECONDS:.0f} s")


async def _measure(
    ask: Asking, database: Database, workspace_id: UUID, question: Question, repeats: int
) -> Measured:
    await ask.many(question.document, 3, 1)
    alone = await ask.many(question.document, repeats, 1)
    beside = await ask.many(question.document, repeats * 4, 8)
    raw = None if question.raw is None else await _time_raw(database, workspace_id, question.raw, question.days)
    return Measured(
        question=question,
        alone_ms=statistics.median(alone),
        alone_p95_ms=_p95(alone),
        beside_ms=statistics.median(beside),
        beside_p95_ms=_p95(beside),
        raw_ms=raw,
    )


def _p95(times: list[float]) -> float:
    return times[max(0, -(-len(times) * 95 // 100) - 1)]


async def _time_raw(database: Database, workspace_id: UUID, statement: str, days: int) -> float:
    """The quicker of two: the first may find cold pages."""
    to_ms = int(datetime.now(UTC).timestamp() * 1000)
    times = []
    for _ in range(2):
        async with reading(database, workspace_id) as reader:
            started = time.perf_counter()
            await reader.connection.exec_driver_sql(statement, (to_ms - days * DAY_MS, to_ms))
            times.append(time.perf_counter() - started)
    return min(times) * 1000


def _print(console: Console, measured: list[Measured], sessions: int) -> None:
    table = Table(title=f"Questions over HTTP, {sessions:,} sessions, {os.cpu_count()} cores, milliseconds")
    heads = ("", "question", "goal", "median", "p95", "median of 8", "p95 of 8", "raw SQL", "times quicker")
    for place, head in enumerate(heads):
        table.add_column(head, justify="left" if place < 2 else "right")
    slices = [one for one in measured if one.question.name.startswith("Q10")]
    for one in measured:
        if one not in slices:
            table.add_row(*_cells(one))
    if slices:
        table.add_row(
            "Q10",
            "20 random slices, 12 months",
            f"{slices[0].question.goal_ms}",
            f"{statistics.median(one.alone_ms for one in slices):.1f}",
            f"worst {max(one.alone_ms for one in slices):.1f}",
            f"{statistics.median(one.beside_ms for one in slices):.1f}",
            f"worst {max(one.beside_p95_ms for one in slices):.1f}",
            "",
            "",
        )
    console.print(table)


def _cells(one: Measured) -> tuple[str, ...]:
    raw = one.raw_ms
    return (
        one.question.name,
        one.question.what,
        str(one.question.goal_ms),
        f"{one.alone_ms:.1f}",
        f"{one.alone_p95_ms:.1f}",
        f"{one.beside_ms:.1f}",
        f"{one.beside_p95_ms:.1f}",
        "" if raw is None else f"{raw:,.0f}",
        "" if raw is None else f"{raw / one.alone_ms:.0f}",
    )


def missed(measured: list[Measured]) -> list[str]:
    """Goals that were not met, in words."""
    found = [
        f"{one.question.name}: {one.alone_ms:.1f} ms of {one.question.goal_ms}"
        for one in measured
        if one.alone_ms > one.question.goal_ms
    ]
    for one in measured:
        wanted = one.question.times_raw
        if wanted is not None and one.raw_ms is not None and one.raw_ms < wanted * one.alone_ms:
            found.append(f"{one.question.name}: {one.raw_ms / one.alone_ms:.0f} times quicker than raw SQL of {wanted}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=15)
    given = parser.parse_args()
    for line in missed(asyncio.run(benchmark(given.sessions, given.repeats))):
        print(f"goal missed: {line}")


if __name__ == "__main__":
    main()
