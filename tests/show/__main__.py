"""`python3 dev.py show NAME`: runs every line and fails if one does not show."""

import importlib
import sys
from pathlib import Path

from tests.show.lines import show_all

_FOLDER = Path(__file__).resolve().parent
_OTHERS = {"__init__", "__main__", "lines", "running"}


def main(arguments: list[str]) -> int:
    names = sorted(file.stem for file in _FOLDER.glob("*.py") if file.stem not in _OTHERS)
    if len(arguments) != 1 or arguments[0] not in names:
        sys.stderr.write(f"Usage: python3 dev.py show NAME, where NAME is one of: {', '.join(names) or '(none)'}\n")
        return 2
    lines = importlib.import_module(f"tests.show.{arguments[0]}").LINES
    failed = show_all(lines, _write)
    _write(f"{arguments[0]}: {len(lines) - failed} of {len(lines)} lines shown\n")
    return 1 if failed else 0


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
