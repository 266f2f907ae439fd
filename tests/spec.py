"""Which items of docs/product.md are proved by which tests (R27): `python3 dev.py spec [open]`."""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parent
PRODUCT = TESTS.parent / "docs" / "product.md"
MOST_ITEMS_OF_ONE_TEST = 3
_ROW = re.compile(r"^\| (\d+)(?:[–-](\d+))? \| ([^|]*)")
_HEADING = re.compile(r"^### (S\d+ .*)")


def items() -> dict[int, str]:
    """Number and name of every item; those listed as a range share its text."""
    found: dict[int, str] = {}
    section = ""
    for line in PRODUCT.read_text().splitlines():
        section = heading[1] if (heading := _HEADING.match(line)) else section
        if section and (row := _ROW.match(line)):
            first, last = int(row[1]), int(row[2] or row[1])
            found.update(dict.fromkeys(range(first, last + 1), row[3].strip()))
    return found


def proofs() -> dict[int, list[str]]:
    """For each item the tests that carry its mark, read from the source: nothing is imported or run."""
    found: dict[int, list[str]] = defaultdict(list)
    for file in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                for item in marked_items(node):
                    found[item].append(f"{file.relative_to(TESTS.parent)}::{node.name}")
    return found


def marked_items(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[int]:
    return [number for decorator in function.decorator_list for number in _numbers(decorator)]


def _numbers(decorator: ast.expr) -> Iterator[int]:
    if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("mark.spec"):
        for argument in decorator.args:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, int):
                yield argument.value


def report(only_open: bool) -> str:
    names, proved = items(), proofs()
    lines = [f"{len(names.keys() & proved.keys())} of {len(names)} items of docs/product.md are proved by a test."]
    for number, name in sorted(names.items()):
        if proved.get(number) and not only_open:
            lines.append(f"{number:4}  {name[:60]:60}  {', '.join(proved[number])}")
        elif not proved.get(number) and only_open:
            lines.append(f"{number:4}  {name[:100]}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(report(only_open=sys.argv[1:] == ["open"]) + "\n")
