"""docs/coverage.md says nothing that is not so: its metrics are the catalogue's, its tests exist and mark the item."""

import os
import re

from tests.coverage import PAGE, metrics_by_item, page, reason, wanted
from tests.spec import items, proofs


def rows() -> dict[int, tuple[str, list[str], list[str], str]]:
    found = {}
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0].isdigit():
            number, name, metrics, tests = cells
            found[int(number)] = (name, re.findall("`(.+?)`", metrics), re.findall("`(.+?)`", tests), tests)
    return found


def test_the_page_is_true() -> None:
    if os.environ.get("PARLANCE_REFRESH_GOLDENS"):
        PAGE.write_text(page())
    told, metrics, proved, names = rows(), metrics_by_item(), proofs(), items()
    assert list(told) == wanted()
    for number, (name, computed, tests, words) in told.items():
        assert (name, computed) == (names[number], metrics.get(number, []))
        assert {f"tests/{test}" for test in tests} <= set(proved.get(number, ()))
        assert tests or words == reason(number)


def test_every_item_is_computed_proved_or_said_to_come_later() -> None:
    metrics, proved = metrics_by_item(), proofs()
    assert [number for number in wanted() if not (metrics.get(number) or proved.get(number) or reason(number))] == []
