"""Which cells may still change, because something that they are split or filtered by is told behind ingest (R32.7)?"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final

from domain.buckets import Bucket
from domain.queries.cells import CellKey
from domain.queries.filters import dimensions_in
from domain.queries.plan import QueryPlan
from domain.queries.query import MetricQuery
from domain.queries.scope import Awaited
from domain.queries.table import Reading, Status
from domain.time import Window

BEHIND_INGEST: Final = frozenset({"language"})
"""Dimensions that a job tells of sessions which came without."""
_WORDS: Final = "The language of some of its sessions is still being told."
_KNOWN: Final = frozenset({Status.OK, Status.PARTIAL})


def waits_behind_ingest(query: MetricQuery) -> bool:
    return bool(BEHIND_INGEST & {*query.group_by, *dimensions_in(query.where)})


@dataclass(frozen=True, slots=True)
class Pending:
    """Of each window: whether a session that was there waits, and of each of its buckets."""

    windows: tuple[bool, ...]
    buckets: tuple[tuple[bool, ...], ...]

    def shown(self, key: CellKey, reading: Reading) -> Reading:
        if reading.status not in _KNOWN or not self._holds(key):
            return reading
        return replace(reading, status=Status.PENDING, reason=_WORDS)

    def _holds(self, key: CellKey) -> bool:
        buckets = self.buckets[key.window]
        # The cells of a cycle lie all over the window.
        in_time = key.bucket is not None and len(buckets) > 0
        return buckets[key.bucket] if in_time and key.bucket is not None else self.windows[key.window]


def pending_cells(plan: QueryPlan) -> Pending | None:
    """A session that waits may yet come into any group, so all groups of a time are alike. None: nothing waits."""
    if not plan.scope.awaited:
        return None
    chatbots = {one.chatbot_id for one in plan.scope.chatbots_in(plan.query.where)}
    waiting = [one for one in plan.scope.awaited if one.chatbot_id is None or one.chatbot_id in chatbots]
    return Pending(
        windows=tuple(any(_meets(one, window) for one in waiting) for window in plan.windows),
        buckets=tuple(_met(buckets, waiting) for buckets in plan.buckets),
    )


def _meets(one: Awaited, window: Window) -> bool:
    return one.first_ms < window.to_ms and one.last_ms >= window.from_ms


def _met(buckets: Sequence[Bucket], waiting: Iterable[Awaited]) -> tuple[bool, ...]:
    starts = [bucket.from_ms for bucket in buckets]
    ends = [bucket.to_ms for bucket in buckets]
    steps = [0] * (len(buckets) + 1)
    for one in waiting:
        first, after = bisect_right(ends, one.first_ms), bisect_left(starts, one.last_ms + 1)
        if first < after:
            steps[first] += 1
            steps[after] -= 1
    return tuple(count > 0 for count in accumulate(steps[:-1]))
