"""Answers of the last second, for whoever asks the same again meanwhile (R28).

An answer is found by its question, which holds the chatbots that the asker may see, and by the second of its present.
It is given only to a reader who sees what it was made from: the same facts, as the workspace's generation tells, and
the same settings. So a commit is seen at once, and nothing is older than a second. Where nothing at all was committed
in between, the database's name of the snapshot tells that everything is the same, and one look is enough.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from domain.queries.query import MetricQuery
from domain.queries.scope import Scope
from domain.queries.table import Figure, MetricTable, Series

BYTES_OF_READING: Final = 300
"""One value with its status and parts, as measured; what goes around them is counted as ten of them a group."""


@dataclass(frozen=True, slots=True)
class Asked:
    workspace_id: UUID
    query: MetricQuery
    second: int


@dataclass(frozen=True, slots=True)
class Basis:
    """What an answer is made from."""

    generation: int
    scope: Scope


@dataclass(frozen=True, slots=True)
class _Kept:
    basis: Basis
    table: MetricTable
    size: int
    snapshot: str
    """Name of the last one in which it was true."""


class Results:
    """Of one process; used from its event loop."""

    def __init__(self, most_bytes: int) -> None:
        self.size_in_bytes = 0
        self.found = 0
        self.missed = 0
        self._most_bytes = most_bytes
        self._kept: OrderedDict[Asked, _Kept] = OrderedDict()

    def find(self, asked: Asked, basis: Basis) -> MetricTable | None:
        kept = self._kept.get(asked)
        if kept is None or kept.basis != basis:
            self.missed += 1
            return None
        self.found += 1
        return kept.table

    def may_hold(self, asked: Iterable[Asked]) -> bool:
        return all(one in self._kept for one in asked)

    def seen_at(self, asked: Sequence[Asked], snapshot: str) -> list[MetricTable] | None:
        """The answers, if all were true in that very snapshot; then nothing else has to be looked at."""
        kept = [self._kept.get(one) for one in asked]
        found = [one.table for one in kept if one is not None and one.snapshot == snapshot]
        if len(found) < len(asked):
            return None
        self.found += len(found)
        return found

    def keep(self, asked: Asked, basis: Basis, table: MetricTable, snapshot: str) -> None:
        self._drop(asked)
        size = size_of(table)
        if size <= self._most_bytes:
            self._kept[asked] = _Kept(basis, table, size, snapshot)
            self.size_in_bytes += size
        self._make_room(asked.second)

    def _make_room(self, second: int) -> None:
        """What is of another second is never asked for again."""
        while self._kept:
            oldest = next(iter(self._kept))
            if oldest.second >= second and self.size_in_bytes <= self._most_bytes:
                return
            self._drop(oldest)

    def _drop(self, asked: Asked) -> None:
        kept = self._kept.pop(asked, None)
        if kept is not None:
            self.size_in_bytes -= kept.size


def size_of(table: MetricTable) -> int:
    """Roughly, in bytes."""
    readings = len(table.buckets) + len(table.previous_buckets) + 10
    readings += _readings(table.totals.values(), table.series.values())
    for group in table.groups:
        readings += 10 + _readings(group.figures.values(), group.series.values())
    return readings * BYTES_OF_READING


def _readings(figures: Iterable[Figure], lines: Iterable[Series]) -> int:
    return sum(2 for _ in figures) + sum(len(line.now) + len(line.previous or ()) for line in lines)
