"""The answer to `databasePerformance`."""

import strawberry

from domain import database_performance as domain
from schema.scalars import BigInt


@strawberry.type(description="The columnar copy that answers the workspace's questions.")
class ColumnarCopyState:
    bytes: BigInt = strawberry.field(description="Memory that it takes.")
    lag_seconds: float = strawberry.field(
        description="0 if it holds every commit, else since when it may lack one. A question takes in first what is "
        "missing, so no answer is behind."
    )


@strawberry.type(
    description="How well the database serves this workspace. Pool and transactions are those of the server process "
    "that answers, transactions only this workspace's; cache and replicas are the whole database's."
)
class DatabasePerformance:
    pool_size: int = strawberry.field(description="Connections that the process may hold.")
    pool_busy: int = strawberry.field(description="Of these in use now, this question's included.")
    window_seconds: float = strawberry.field(description="How far back transactions are looked at.")
    transactions: BigInt = strawberry.field(description="Transactions that ended in that time.")
    pool_wait_p95_seconds: float | None = strawberry.field(
        description="95 % of them had their connection within this time (nearest rank); null if there were none."
    )
    transaction_p95_seconds: float | None = strawberry.field(
        description="95 % of them took at most this, without the wait; null if there were none."
    )
    slow_transactions: BigInt = strawberry.field(
        description="How many took `slowAfterSeconds` or more; loading a columnar copy is among them."
    )
    slow_after_seconds: float = strawberry.field(description="From here on a transaction is called slow.")
    cache_hit_share: float | None = strawberry.field(
        description="Blocks found in shared buffers / blocks asked for since Postgres counts, 0 to 1."
    )
    replicas: int = strawberry.field(description="Servers that follow this database.")
    replication_lag_seconds: float | None = strawberry.field(
        description="How far the last of them is behind; null without replica, while nothing is written, and where the "
        "server's role may not see it (it needs pg_read_all_stats)."
    )
    columnar_copy: ColumnarCopyState | None = strawberry.field(
        description="Null while Postgres answers every question of the workspace itself."
    )

    @classmethod
    def from_domain(cls, told: domain.DatabasePerformance, window_seconds: float) -> "DatabasePerformance":
        times, copy = told.transactions, told.copy
        return cls(
            pool_size=told.pool_size,
            pool_busy=told.pool_busy,
            window_seconds=window_seconds,
            transactions=BigInt(times.count),
            pool_wait_p95_seconds=times.wait_p95,
            transaction_p95_seconds=times.held_p95,
            slow_transactions=BigInt(times.slow),
            slow_after_seconds=domain.SLOW_SECONDS,
            cache_hit_share=told.server.cache_hit_share,
            replicas=told.server.replicas,
            replication_lag_seconds=told.server.replication_lag,
            columnar_copy=None if copy is None else ColumnarCopyState(bytes=BigInt(copy.bytes), lag_seconds=copy.lag),
        )
