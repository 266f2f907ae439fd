"""How long does a question take that was just asked? The same questions as `questions`, with answers kept for a second.

Each is asked again and again over one connection; the median is of those that an answer that was kept answered, told
apart by what the server tells Prometheus.
"""

import argparse
import asyncio
import os
import statistics
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from benchmarks.question_set import Question
from benchmarks.questions import Asking, asked_questions, load_and_start
from benchmarks.stage import open_stage

GOAL_MS = 3.0
REPEATS = 60


@dataclass(frozen=True, slots=True)
class Repeated:
    question: Question
    computed_ms: float
    again_ms: float
    again: int


async def benchmark(sessions: int) -> list[Repeated]:
    async with open_stage(
        PARLANCE_STATEMENT_TIMEOUT_MS="120000",
        PARLANCE_KEY_POINTS_PER_SECOND="10000000",
        PARLANCE_WORKSPACE_POINTS_PER_SECOND="10000000",
    ) as stage:
        _, key = await load_and_start(stage, sessions)
        ask = Asking(stage, key)
        # Q10 is twenty questions of one kind, and lists are not kept: their rows are personal.
        asked = [one for one in asked_questions() if "metrics" in one.document and not one.name.startswith("Q10")]
        return [await _repeated(ask, question) for question in asked]


async def _repeated(ask: Asking, question: Question) -> Repeated:
    computed: list[float] = []
    again: list[float] = []
    for _ in range(REPEATS):
        before = await ask.figures("parlance_results")
        took = (await ask.answer(question.document)).seconds * 1000
        missed = (await ask.figures("parlance_results"))["parlance_results_missed"] > before["parlance_results_missed"]
        (computed if missed else again).append(took)
    return Repeated(question, statistics.median(computed), statistics.median(again), len(again))


def _print(found: list[Repeated], sessions: int) -> None:
    table = Table(title=f"The same question again, {sessions:,} sessions, {os.cpu_count()} cores, milliseconds")
    for place, head in enumerate(("", "question", "computed", "again", "times it was kept")):
        table.add_column(head, justify="left" if place < 2 else "right")
    for one in found:
        table.add_row(
            one.question.name,
            one.question.what,
            f"{one.computed_ms:.1f}",
            f"{one.again_ms:.1f}",
            f"{one.again} of {REPEATS}",
        )
    Console(width=130).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=100_000)
    given = parser.parse_args()
    found = asyncio.run(benchmark(given.sessions))
    _print(found, given.sessions)
    for one in found:
        if one.again_ms > GOAL_MS:
            print(f"goal missed: {one.question.name}: {one.again_ms:.1f} ms again of {GOAL_MS}")


if __name__ == "__main__":
    main()
