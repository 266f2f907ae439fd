"""Sizes, names and habits that keep the code readable."""

import ast
import re

import pytest

from tests.architecture.sources import OTHERS, PACKAGES, ROOT, Source, dotted, sources

LONGEST_FILE = 400
LONGEST_TEST_FILE = 450
LONGEST_FUNCTION = 60
FORBIDDEN_MODULES = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "services",
    "service",
    "core",
    "lib",
    "misc",
    "shared",
}
FORBIDDEN_CLASSES = re.compile(r"(Manager|Service|Helper|Util|Utils|Impl)$")
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns",
          "datetime.datetime.now", "datetime.date.today"}  # fmt: skip
OPENS_CONNECTIONS = {
    "persistence/engine.py",
    "persistence/tenancy.py",
    "persistence/migrate.py",
    "persistence/notices.py",
}
WRITES_SQL_BY_HAND = (
    "persistence/engine.py",
    "persistence/tenancy.py",
    "persistence/migrate.py",
    "persistence/ingest/",
    "persistence/columns/",
)
"""Files that put names of our own tables or a validated literal into a statement; never a value from outside."""
RUNS_SQL = {"text", "execute", "exec_driver_sql", "fetch", "fetchrow", "fetchval", "executemany"}


def _shipped() -> tuple[Source, ...]:
    return sources(*PACKAGES, "migrations")


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.path)
def test_a_file_is_short(source: Source) -> None:
    limit = LONGEST_TEST_FILE if source.package in ("tests", "benchmarks") else LONGEST_FILE
    assert len(source.text.splitlines()) <= limit


def test_a_function_is_short() -> None:
    found = [
        f"{source.path}:{node.lineno} {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for source in sources()
        for node in source.nodes()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.end_lineno
        and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert found == []


def test_names_say_what_is_inside() -> None:
    paths = [*(ROOT / source.path for source in sources())]
    found = {
        str(path.relative_to(ROOT))
        for path in paths
        if FORBIDDEN_MODULES & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}
    }
    assert found == set()


def test_classes_are_named_by_what_they_are() -> None:
    found = [
        f"{source.path}:{node.lineno} {node.name}"
        for source in sources()
        for node in source.nodes()
        if isinstance(node, ast.ClassDef) and FORBIDDEN_CLASSES.search(node.name)
    ]
    assert found == []


def test_every_module_says_which_question_it_answers() -> None:
    assert [source.path for source in _shipped() if source.text.strip() and not ast.get_docstring(source.tree)] == []


def test_the_clock_is_read_in_the_server_only() -> None:
    found = [
        f"{source.path}:{node.lineno} {dotted(node.func)}"
        for source in _shipped()
        if source.package != "server"
        for node in source.nodes()
        if isinstance(node, ast.Call) and dotted(node.func) in CLOCKS
    ]
    assert found == []


def test_connections_are_opened_behind_one_door() -> None:
    found = [
        f"{source.path}:{node.lineno}"
        for source in _shipped()
        if source.path not in OPENS_CONNECTIONS
        for node in source.nodes()
        if isinstance(node, ast.Call) and re.search(r"(engine\.(connect|begin)|asyncpg\.connect)$", dotted(node.func))
    ]
    assert found == []


def test_sql_is_never_put_together_from_strings() -> None:
    """Row-Level Security by a setting is no net under SQL injection."""
    found = [
        f"{source.path}:{node.lineno}"
        for source in _shipped()
        if not source.path.startswith(WRITES_SQL_BY_HAND)
        for node in source.nodes()
        if isinstance(node, ast.Call)
        and dotted(node.func).split(".")[-1] in RUNS_SQL
        and any(isinstance(argument, (ast.JoinedStr, ast.BinOp)) for argument in node.args[:1])
    ]
    assert found == []


def test_every_folder_is_known() -> None:
    allowed = {*PACKAGES, *OTHERS, "web", "docs"}
    found = {
        item.name
        for item in ROOT.iterdir()
        if item.is_dir() and not item.name.startswith((".", "__")) and item.name not in allowed
    }
    assert found == set()
