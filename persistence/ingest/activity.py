"""Is ingest at work just now? Asked by what shall give way to it."""

from sqlalchemy import text

from persistence.engine import Database, connected
from persistence.tenancy import lock_key
from persistence.workspaces import workspace_ids


async def ingest_at_work(database: Database) -> bool:
    """Whether a writer of any workspace holds its lock at this moment, in whichever process it runs."""
    async with connected(database) as connection:
        held = {row.key for row in await connection.execute(text(_HELD))}
    if not held:
        return False
    return any(lock_key(workspace_id, "ingest") in held for workspace_id in await workspace_ids(database))


# A lock's 64 bits stand there in two halves.
_HELD = """
select classid::bigint << 32 | objid::bigint as key from pg_locks
where locktype = 'advisory' and objsubid = 1 and granted
    and database = (select oid from pg_database where datname = current_database())
"""
