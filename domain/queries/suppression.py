"""Which cells are hidden from a key that sees only some chatbots: too few people stand behind them (R22, P30).

Where one cell of a set is hidden and its total is shown, the smallest other cell is hidden too: else the hidden one
could be told by subtraction. A set is what is shown together, and all groups of a window, on whatever pages.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from domain.dimensions import OTHER
from domain.queries.branches import PEOPLE, SMALLEST_GROUP
from domain.queries.cells import Cell, CellKey, Cells, Codes
from domain.queries.plan import QueryPlan
from domain.queries.readings import is_of_the_moment, suppressed
from domain.queries.table import Reading


@dataclass(frozen=True, slots=True)
class Hidden:
    """`keys`: cells that are not told. `people`: who started a session in each cell; None hides nothing at all."""

    keys: frozenset[CellKey]
    people: Mapping[CellKey, int] | None

    def shown(self, key: CellKey, reading: Reading) -> Reading:
        if self.people is None:
            return reading
        if key in self.keys:
            return suppressed(reading.metric)
        # Answers and votes may come from sessions that started before the cell, and the present has no cell:
        # then the cases themselves are counted.
        apart = is_of_the_moment(reading.metric) or not self.people.get(key)
        if apart and reading.value and (reading.n or 0) < SMALLEST_GROUP:
            return suppressed(reading.metric)
        return reading


NOTHING_HIDDEN: Final = Hidden(frozenset(), None)


def hidden_cells(plan: QueryPlan, cells: Cells, shown: tuple[Codes, ...]) -> Hidden:
    if not plan.hides_small_groups:
        return NOTHING_HIDDEN
    people = {key: _people(cell) for key, cell in cells.items()}
    hidden = {key for key, count in people.items() if 0 < count < SMALLEST_GROUP}
    # All groups of a window, also those of other pages: else the pages together would tell a hidden one.
    for window in range(len(plan.windows)):
        every_group = [key for key in people if key.window == window and _is_group_of_window(key)]
        _hide_complement(every_group, people, hidden)
    for cellset in _sets(people, shown):
        _hide_complement(cellset, people, hidden)
    return Hidden(frozenset(hidden), people)


def _is_group_of_window(key: CellKey) -> bool:
    return key.codes is not None and key.bucket is None and OTHER not in key.codes


def _people(cell: Cell) -> int:
    """At most how many people: known visitors, and every session without one."""
    return sum(amount for measure in PEOPLE if isinstance(amount := cell.get(measure), int))


def _sets(people: Mapping[CellKey, int], shown: tuple[Codes, ...]) -> Iterable[list[CellKey]]:
    """Cells that together make up a cell that is shown: the groups of a window, the buckets of a group,
    the groups of a bucket."""
    groups: dict[object, list[CellKey]] = {}
    for key in people:
        if key.codes is not None and key.codes not in shown:
            continue
        if key.codes is not None:
            groups.setdefault(("groups", key.window, key.bucket), []).append(key)
        if key.bucket is not None:
            groups.setdefault(("buckets", key.window, key.codes), []).append(key)
    return groups.values()


def _hide_complement(cellset: list[CellKey], people: Mapping[CellKey, int], hidden: set[CellKey]) -> None:
    if sum(1 for key in cellset if key in hidden) != 1:
        return
    rest = [key for key in cellset if key not in hidden and people[key] > 0]
    if rest:
        hidden.add(min(rest, key=lambda key: (people[key], key.bucket or 0, key.codes or ())))
