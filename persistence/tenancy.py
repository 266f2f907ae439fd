"""The only door to a workspace's tables: a transaction that belongs to one tenant (P5, P7).

`SET LOCAL` with a validated literal comes first: it ends with the transaction, so a pooled connection never carries
a tenant on, and it reaches the workers of a distributed database where `set_config` does not.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.engine import Columnar, Database, begun, driver_of
from persistence.results import Results


@dataclass(frozen=True, slots=True)
class Reader:
    """A read-only transaction of one workspace. If it is a snapshot, `columnar` may answer questions beside it,
    `results` knows what was answered just now, and `remembered` holds what was read already."""

    connection: AsyncConnection
    workspace_id: UUID
    columnar: Columnar | None = field(default=None, kw_only=True)
    results: Results | None = field(default=None, kw_only=True)
    remembered: dict[Hashable, Any] | None = field(default=None, kw_only=True, compare=False, repr=False)
    """None where two statements may find different things."""


@dataclass(frozen=True, slots=True)
class Writer(Reader):
    """A transaction of one workspace that may write. `driver` is the same transaction, spoken to directly."""

    driver: asyncpg.Connection
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    """Run once the transaction stands: for memories of this process that must not know what was rolled back."""


@asynccontextmanager
async def reading(
    database: Database, workspace_id: UUID, *, snapshot: bool = False, statement_timeout_ms: int | None = None
) -> AsyncIterator[Reader]:
    """`snapshot`: every statement sees the state of the database as the first one found it."""
    isolation = "REPEATABLE READ" if snapshot else "READ COMMITTED"
    async with _tenant_transaction(
        database, workspace_id, isolation=isolation, read_only=True, statement_timeout_ms=statement_timeout_ms
    ) as connection:
        if snapshot:
            yield Reader(
                connection, workspace_id, columnar=database.columnar, results=database.results, remembered={}
            )
        else:
            yield Reader(connection, workspace_id)


@asynccontextmanager
async def writing(
    database: Database, workspace_id: UUID, *, statement_timeout_ms: int | None = None
) -> AsyncIterator[Writer]:
    """Commits at the end of the block, rolls back if it raises or is cancelled."""
    async with _tenant_transaction(database, workspace_id, statement_timeout_ms=statement_timeout_ms) as connection:
        writer = Writer(connection, workspace_id, await driver_of(connection))
        yield writer
    for remember in writer.after_commit:
        remember()


async def lock_workspace(writer: Writer, purpose: str = "ingest") -> None:
    """Until the end of the transaction this writer is the only one of its workspace with this purpose."""
    await writer.connection.execute(
        text("select pg_advisory_xact_lock(:key)"), {"key": lock_key(writer.workspace_id, purpose)}
    )


def lock_key(workspace_id: UUID, purpose: str) -> int:
    """A signed 64-bit number; two purposes that ever met in one would wait for each other, no more."""
    digest = hashlib.blake2b(workspace_id.bytes, digest_size=8, person=purpose.encode()[:16]).digest()
    return int.from_bytes(digest, "big", signed=True)


@asynccontextmanager
async def _tenant_transaction(
    database: Database,
    workspace_id: UUID,
    *,
    isolation: str = "READ COMMITTED",
    read_only: bool = False,
    statement_timeout_ms: int | None = None,
) -> AsyncIterator[AsyncConnection]:
    workspace = str(UUID(str(workspace_id)))
    async with begun(database, workspace=workspace, isolation=isolation, read_only=read_only) as connection:
        if statement_timeout_ms is not None:
            await connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(statement_timeout_ms)}")
        yield connection
