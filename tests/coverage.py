"""docs/coverage.md: for each item about figures, what computes it and which test proves it."""

import re
from typing import Final

from domain.metrics.catalogue import METRICS
from tests.spec import TESTS, items, proofs

PAGE: Final = TESTS.parent / "docs" / "coverage.md"
SPANS: Final = ((1, 37), (46, 50), (54, 62), (69, 73), (85, 136), (207, 212), (245, 294))
LATER: Final = {
    "needs the text of questions: clustering, labels, corrections, review": (
        *(12, 14, *range(54, 59), *range(60, 63)),
        *(128, *range(257, 262)),
    ),
    "needs leads with stages, or typed assumptions about money": (
        *(20, *range(69, 74), *range(85, 100), 104, 107, *range(271, 276)),
        *(277, 278, *range(279, 285)),
    ),
    "pushed figures, and charts to drill into, save and share": (1, 21, 212),
    "needs what a chatbot is set to and when it was last heard of": (120, 121, 122),
    "needs alerts or annotations": (127, 129, 130, 136),
}
"""Items of the spans that nothing computes yet, and why. A proof or a metric takes precedence."""

_INTRODUCTION: Final = """\
# What computes each item

Items of [product.md](product.md) that are about figures; metrics by what their definition cites
([metrics.md](metrics.md)), tests by the items that they mark. Written by
`PARLANCE_REFRESH_GOLDENS=1 python3 dev.py test tests/setup/test_coverage_page.py`, which also holds it against the
catalogue and the tests. `python3 dev.py spec` lists the marks of all items.

| item | name | metrics | tests |
| --: | --- | --- | --- |
"""


def wanted() -> list[int]:
    known = items()
    return [number for first, last in SPANS for number in range(first, last + 1) if number in known]


def metrics_by_item() -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for metric in METRICS.values():
        for told in re.findall(r"items? ([\d, ]+)", metric.source):
            for number in re.findall(r"\d+", told):
                found.setdefault(int(number), []).append(metric.name)
    return found


def reason(number: int) -> str:
    return next((f"later: {words}" for words, numbers in LATER.items() if number in numbers), "")


def page() -> str:
    names, metrics, proved = items(), metrics_by_item(), proofs()
    rows = []
    for number in wanted():
        tests = "<br>".join(f"`{name.removeprefix('tests/')}`" for name in proved.get(number, ()))
        computed = ", ".join(f"`{name}`" for name in metrics.get(number, ()))
        rows.append(f"| {number} | {names[number]} | {computed} | {tests or reason(number)} |\n")
    return _INTRODUCTION + "".join(rows)
