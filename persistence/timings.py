"""How long the last transactions of this process waited for a connection and then held it, by workspace."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Final

WINDOW_SECONDS: Final = 300.0
_MOST: Final = 20_000
"""Of a busy server the window is shorter."""


@dataclass(frozen=True, slots=True)
class Transaction:
    workspace: str
    ended: float
    waited_seconds: float
    held_seconds: float


class Timings:
    def __init__(self) -> None:
        self._transactions: deque[Transaction] = deque(maxlen=_MOST)

    @contextmanager
    def measured(self, workspace: str, asked: float) -> Iterator[None]:
        """Around what holds a connection; `asked`: since when it was waited for (monotonic seconds)."""
        had = monotonic()
        try:
            yield
        finally:
            ended = monotonic()
            self._transactions.append(Transaction(workspace, ended, had - asked, ended - had))

    def of(self, workspace: str) -> list[Transaction]:
        """Of one workspace, of the last five minutes, oldest first; a workspace is not told of others."""
        since = monotonic() - WINDOW_SECONDS
        return [one for one in self._transactions if one.workspace == workspace and one.ended >= since]
