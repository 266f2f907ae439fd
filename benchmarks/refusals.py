"""How long does a bad question take to be refused? Through GraphQL over HTTP, on an empty server.

`python3 dev.py bench refusals [--repeats N]`: each is asked again and again over one connection, beside a question that
is answered; the fastest refusals are those that happen before any table is looked at.
"""

import argparse
import asyncio
import statistics
from dataclasses import dataclass
from typing import Final

from msgspec import json
from rich.console import Console
from rich.table import Table

from benchmarks.client import make_request, send_all
from benchmarks.stage import open_patient_database, open_stage, open_workspace

GOAL_MS: Final = 50.0
_SESSIONS: Final = "{ totals { sessions { value } } }"
_MONTH: Final = "range: {rolling: LAST_30D}"

GOOD: Final = f"{{ metrics({_MONTH}) {_SESSIONS} }}"
BAD: Final = {
    "unknown metric": f"{{ metrics({_MONTH}) {{ totals {{ sesions {{ value }} }} }} }}",
    "unknown name in a list": f"{{ figures(query: {{metrics: [SESIONS], {_MONTH}}}) {{ totals {{ value }} }} }}",
    "metric and dimension that do not fit": f"{{ metrics({_MONTH}, groupBy: [MODEL]) "
    "{ groups { metrics { averageSessionDuration { value } leads { value } } } } }",
    "a range of 10,000 years": '{ metrics(range: {dates: {first: "0001-01-01", last: "9999-12-31"}}) '
    "{ series { sessions { values } } } }",
    "1,000 aliases": "{" + " ".join(f"a{number}: metrics({_MONTH}) {_SESSIONS}" for number in range(1_000)) + "}",
    "NaN": "{ metrics(range: {rolling: LAST_30D}, limit: NaN) { totals { sessions { value } } } }",
    "a zone that does not exist": f'{{ metrics({_MONTH}, timeZone: "Mars/Olympus") {_SESSIONS} }}',
    "a funnel of one step": f"{{ funnel({_MONTH}, steps: [{{event: LEAD}}]) {{ steps {{ count }} }} }}",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    name: str
    code: str
    message: str
    milliseconds: float
    """Median."""


async def benchmark(repeats: int) -> list[Refusal]:
    async with open_stage(
        PARLANCE_KEY_POINTS_PER_SECOND="10000000", PARLANCE_WORKSPACE_POINTS_PER_SECOND="10000000"
    ) as stage:
        database = open_patient_database(stage.app_url())
        try:
            _, key = await open_workspace(database)
        finally:
            await database.close()
        answered = await _ask(stage.port, key, "an answered question beside them", GOOD, repeats)
        found = [await _ask(stage.port, key, name, document, repeats) for name, document in BAD.items()]
    _print([answered, *found])
    return found


async def _ask(port: int, key: str, name: str, document: str, repeats: int) -> Refusal:
    request = make_request("/graphql", key, json.encode({"query": document}), "application/json")
    answers = (await send_all(port, [request] * (repeats + 3), connections=1))[3:]
    body = json.decode(answers[0].body)
    errors = body.get("errors") or [{}]
    if name in BAD and not errors[0]:
        raise RuntimeError(f"{name} was not refused: {answers[0].body[:400]!r}")
    code = errors[0].get("extensions", {}).get("code", "")
    return Refusal(name, code, errors[0].get("message", ""), statistics.median(one.seconds for one in answers) * 1000)


def _print(found: list[Refusal]) -> None:
    table = Table(title=f"Bad questions over HTTP, milliseconds (goal: {GOAL_MS:.0f})")
    for place, head in enumerate(("question", "code", "message", "median")):
        table.add_column(head, justify="right" if place == 3 else "left", max_width=70)
    for one in found:
        table.add_row(one.name, one.code, one.message[:200], f"{one.milliseconds:.1f}")
    Console(width=150).print(table)


def missed(found: list[Refusal]) -> list[str]:
    return [f"{one.name}: {one.milliseconds:.1f} ms of {GOAL_MS:.0f}" for one in found if one.milliseconds > GOAL_MS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=30)
    for line in missed(asyncio.run(benchmark(parser.parse_args().repeats))):
        print(f"goal missed: {line}")


if __name__ == "__main__":
    main()
