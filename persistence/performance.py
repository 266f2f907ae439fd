"""Reads how well the database serves a workspace: from this process, from Postgres' own statistics, from the copy."""

from typing import Any, Final

from sqlalchemy import text

from domain.database_performance import DatabasePerformance, ServerState, times_of
from persistence.engine import Database
from persistence.tenancy import Reader

_SERVER: Final = text("""
    select d.blks_hit, d.blks_read, r.replicas, r.lag
    from pg_stat_database d,
        lateral (
            select count(*)::int as replicas, extract(epoch from max(replay_lag))::float as lag from pg_stat_replication
        ) r
    where d.datname = current_database()
""")


async def database_performance(database: Database, reader: Reader) -> DatabasePerformance:
    """`reader`: a snapshot of the workspace."""
    pool: Any = database.engine.pool
    mine = database.timings.of(str(reader.workspace_id))
    hits, reads, replicas, lag = (await reader.connection.execute(_SERVER)).one()
    copy = None if database.columnar is None else await database.columnar.state(reader.connection, reader.workspace_id)
    return DatabasePerformance(
        pool_size=pool.size(),
        pool_busy=pool.checkedout(),
        transactions=times_of([one.waited_seconds for one in mine], [one.held_seconds for one in mine]),
        server=ServerState(cache_hits=hits, disk_reads=reads, replicas=replicas, replication_lag=lag),
        copy=copy,
    )
