"""One line that a capability must show, and how it is shown."""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic


@dataclass(frozen=True)
class Line:
    promise: str  # as the issue words it
    show: Callable[[], str] | None  # gives the figure or raises; None: nothing shows it yet


def show_all(lines: Sequence[Line], write: Callable[[str], object]) -> int:
    """Every line is tried, also after one that fails. Gives the number of those that fail."""
    return sum(not _show(number, line, write) for number, line in enumerate(lines, start=1))


def _show(number: int, line: Line, write: Callable[[str], object]) -> bool:
    started = monotonic()
    write(f"{number}. {line.promise}\n")
    if line.show is None:
        write("   MISSING: nothing shows this yet\n\n")
        return False
    try:
        figure = line.show()
    except Exception:
        write(f"   FAILED\n{traceback.format_exc(limit=-4)}\n")
        return False
    indented = figure.strip().replace("\n", "\n   ")
    write(f"   {indented}\n   ({monotonic() - started:.1f} s)\n\n")
    return True
