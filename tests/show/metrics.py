"""What issue "The metric engine" must show, line by line."""

import asyncio
import os

from benchmarks import graphql, questions, refusals
from tests.show.lines import Line
from tests.show.running import run_tests


def show_worlds() -> str:
    return run_tests(
        "tests/persistence/metrics/test_against_naive.py",
        "tests/persistence/metrics/test_cycles.py",
        "tests/persistence/metrics/test_funnels.py",
        "tests/persistence/columns",
    )


def show_buckets() -> str:
    return run_tests("tests/domain/test_time.py")


def show_questions() -> str:
    sessions = int(os.environ.get("PARLANCE_SHOW_SESSIONS", "1000000"))
    missed = questions.missed(asyncio.run(questions.benchmark(sessions, repeats=15)))
    if missed:
        raise AssertionError("goals missed: " + "; ".join(missed))
    return "table above: all goals met"


def show_answering() -> str:
    missed = graphql.missed(asyncio.run(graphql.benchmark(requests=1_000)))
    if missed:
        raise AssertionError("goals missed: " + "; ".join(missed))
    return "table above: all goals met, answers the same to the byte"


def show_coverage() -> str:
    return run_tests("tests/setup/test_coverage_page.py", "tests/persistence/metrics/test_closed_subset.py")


def show_pitfalls() -> str:
    names = "people_of_the_days or percentiles_are_nearest_rank or month_to_date or leap_day"
    return run_tests("tests/flows/test_trends.py", "-k", names)


def show_refusals() -> str:
    found = asyncio.run(refusals.benchmark(repeats=30))
    missed = refusals.missed(found)
    if missed:
        raise AssertionError("goals missed: " + "; ".join(missed))
    return f"{len(found)} bad questions, slowest {max(one.milliseconds for one in found):.1f} ms"


LINES = [
    Line("Random histories x random queries: columns = Postgres = naive Python over raw rows", show_worlds),
    Line("Buckets tile the range exactly in random zones", show_buckets),
    Line("A table of all items: metric, definition, where tested; nothing declared but computed", show_coverage),
    Line("Section 5 of product.md: tests 4, 9, 21", show_pitfalls),
    Line("Bad queries are refused in under 50 ms before any work", show_refusals),
    Line("benchmarks/questions: 1M sessions, over HTTP, beside hand-written SQL in the same run", show_questions),
    Line("benchmarks/graphql: beside default Strawberry in the same run", show_answering),
    Line("A repeat from the result cache takes at most 3 ms", None),
]
