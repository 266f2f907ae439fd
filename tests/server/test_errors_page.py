"""docs/errors.md promises a test for each row: the test must be there."""

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
PAGE = (CHECKOUT / "docs" / "errors.md").read_text()
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| ---", "| What"))]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:50])
def test_each_row_names_a_test_that_is_there(row: str) -> None:
    found = re.search(r"`(tests/[\w/]+\.py)::(test_\w+)`", row)
    assert found, "the row names no test"
    assert re.search(rf"^(async )?def {found[2]}\(", (CHECKOUT / found[1]).read_text(), re.MULTILINE)
