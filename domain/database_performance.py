"""How well does the database serve a workspace? (item 118)"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

SLOW_SECONDS: Final = 1.0
"""From here on a transaction is called slow."""


@dataclass(frozen=True, slots=True)
class TransactionTimes:
    """Of the workspace's transactions in one server process within the last minutes; seconds."""

    count: int
    slow: int
    wait_p95: float | None
    held_p95: float | None


@dataclass(frozen=True, slots=True)
class ServerState:
    """What Postgres tells of itself. `replication_lag` is the largest, in seconds; None where it is not told."""

    cache_hits: int
    disk_reads: int
    replicas: int
    replication_lag: float | None

    @property
    def cache_hit_share(self) -> float | None:
        """Blocks found in shared buffers / blocks asked for, as pg_stat_database counts them."""
        asked = self.cache_hits + self.disk_reads
        return self.cache_hits / asked if asked else None


@dataclass(frozen=True, slots=True)
class CopyState:
    """Of the columnar copy. `lag` in seconds: 0 if it holds every commit, else since when it may lack one."""

    bytes: int
    lag: float


@dataclass(frozen=True, slots=True)
class DatabasePerformance:
    pool_size: int
    pool_busy: int
    transactions: TransactionTimes
    server: ServerState
    copy: CopyState | None


def times_of(waited: Sequence[float], held: Sequence[float]) -> TransactionTimes:
    return TransactionTimes(
        count=len(held),
        slow=sum(seconds >= SLOW_SECONDS for seconds in held),
        wait_p95=_p95(waited),
        held_p95=_p95(held),
    )


def _p95(seconds: Sequence[float]) -> float | None:
    """Nearest rank, as everywhere (R10)."""
    return sorted(seconds)[-(-95 * len(seconds) // 100) - 1] if seconds else None
