"""What answering costs: CPU milliseconds a request and requests a second, beside Strawberry as it comes.

Both servers run the same types over the same prepared records, each in a process of its own, and are asked over HTTP.
Parlance checks the key, the limits and the cost and counts for Prometheus; Strawberry does nothing of this. The data of
both answers is compared byte by byte.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
from msgspec import json
from rich.console import Console
from rich.table import Table

from benchmarks.client import Answer, make_request, send_all
from benchmarks.graphql_served import METRIC_NAMES
from benchmarks.stage import CHECKOUT, free_port, open_patient_database, open_stage, open_workspace

GOAL_TIMES = 8
CONNECTIONS = 4
WARM_UP = 20
TURNS = 5
START_SECONDS = 60.0
VALUES = " ".join(f"{name} {{ values }}" for name in METRIC_NAMES)
QUESTIONS = {
    "{ __typename }": "{ __typename }",
    "series, 365 x 6": f"{{ series {{ {VALUES} }} }}",
    "series, with its 365 buckets": f"{{ series {{ buckets {{ label }} {VALUES} }} }}",
    "list, 100 sessions x 20 fields": """{ sessions {
        id sessionId chatbotId chatbotType startedAt lastActivityAt durationSeconds outcome source channel
        device browser country language primaryIntent userMessages botMessages answers
        averageResponseSeconds leads } }""",
}


@dataclass(frozen=True, slots=True)
class Cost:
    cpu_ms: float
    per_second: float
    body: bytes


@dataclass(frozen=True, slots=True)
class Served:
    process: psutil.Process
    port: int
    path: str


@dataclass(frozen=True, slots=True)
class Measured:
    name: str
    ours: Cost
    default: Cost

    @property
    def times(self) -> float:
        return self.default.cpu_ms / self.ours.cpu_ms

    @property
    def identical(self) -> bool:
        """Ours goes on with the account of the cost where the default's answer ends."""
        data = self.default.body.removesuffix(b"}")
        return data.startswith(b'{"data":') and self.ours.body.startswith(data + b',"extensions":')


async def benchmark(requests: int) -> list[Measured]:
    async with open_stage() as stage:
        database = open_patient_database(stage.app_url())
        try:
            _, key = await open_workspace(database)
        finally:
            await database.close()
        with _served("parlance", "/graphql", stage.app_url()) as ours, _served("default", "/", "") as default:
            return [await _measure(name, text, key, ours, default, requests) for name, text in QUESTIONS.items()]


async def _measure(name: str, text: str, key: str, ours: Served, default: Served, requests: int) -> Measured:
    """In turns, and the cheapest turn of each counts: other work on the machine must not speak for either."""
    turns = [
        (await _cost(ours, key, text, requests // TURNS), await _cost(default, key, text, requests // TURNS))
        for _ in range(TURNS)
    ]
    cheapest = [min(costs, key=lambda cost: cost.cpu_ms) for costs in zip(*turns, strict=True)]
    return Measured(name, *cheapest)


@contextmanager
def _served(kind: str, path: str, database_url: str) -> Iterator[Served]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.graphql_served", kind, str(port)],
        cwd=CHECKOUT,
        env=os.environ | {"DATABASE_URL": database_url},
    )
    try:
        _wait_until_answers(port)
        yield Served(psutil.Process(process.pid), port, path)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_until_answers(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2)
            return
        except urllib.error.HTTPError:
            return  # it answers, with a status that is no matter here
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"nothing answers at port {port}")


async def _cost(served: Served, key: str, text: str, requests: int) -> Cost:
    request = make_request(served.path, key, json.encode({"query": text}), "application/json")
    await _asked(served, [request] * WARM_UP)
    before, started = _cpu_seconds(served.process), time.perf_counter()
    answers = await _asked(served, [request] * requests)
    seconds, cpu = time.perf_counter() - started, _cpu_seconds(served.process) - before
    return Cost(cpu / requests * 1000, requests / seconds, answers[0].body)


async def _asked(served: Served, requests: list[bytes]) -> list[Answer]:
    answers = await send_all(served.port, requests, connections=CONNECTIONS)
    for answer in answers:
        if answer.status != 200 or b'"errors"' in answer.body:
            raise RuntimeError(f"answered {answer.status}: {answer.body[:500]!r}")
    return answers


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _print(measured: list[Measured], requests: int) -> None:
    table = Table(
        title=f"Cheapest of {TURNS} turns of {requests // TURNS} requests; {CONNECTIONS} connections, {os.cpu_count()} "
        "cores"
    )
    heads = (
        "",
        "CPU ms",
        "requests/s",
        "CPU ms, default",
        "requests/s, default",
        "times cheaper",
        "of what lists cost",
    )
    for place, head in enumerate((*heads, "same bytes")):
        table.add_column(head, justify="right" if place else "left")
    for one in measured:
        table.add_row(
            one.name,
            f"{one.ours.cpu_ms:.2f}",
            f"{one.ours.per_second:,.0f}",
            f"{one.default.cpu_ms:.2f}",
            f"{one.default.per_second:,.0f}",
            f"{one.times:.1f}",
            "" if one is measured[0] else f"{_beyond(one, measured[0]):.1f}",
            "yes" if one.identical else "NO",
        )
    Console(width=150).print(table)


def _beyond(one: Measured, least: Measured) -> float:
    """How many times cheaper, without what any request costs."""
    return (one.default.cpu_ms - least.default.cpu_ms) / (one.ours.cpu_ms - least.ours.cpu_ms)


def missed(measured: list[Measured]) -> list[str]:
    found = [f"{one.name}: the answers differ" for one in measured if not one.identical]
    return found + [
        f"{one.name}: {one.times:.1f} times cheaper of {GOAL_TIMES}" for one in measured[1:] if one.times < GOAL_TIMES
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=500)
    given = parser.parse_args()
    measured = asyncio.run(benchmark(given.requests))
    _print(measured, given.requests)
    for line in missed(measured):
        print(f"goal missed: {line}")


if __name__ == "__main__":
    main()
