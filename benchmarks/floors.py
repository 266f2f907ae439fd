"""What Postgres alone needs for the same message rows: a bare COPY, and the barest insert that refuses doubles."""

import asyncio
import time
from typing import Any
from uuid import UUID

import asyncpg

Row = tuple[Any, ...]


async def copy_bare(url: str, batches: list[list[Row]]) -> float:
    """Into a table with the columns of `message` and no index; a commit for each batch. Seconds."""
    connection = await asyncpg.connect(url, timeout=10)
    try:
        await connection.execute("drop table if exists floor_copy")
        await connection.execute("create table floor_copy (like message)")
        started = time.perf_counter()
        for rows in batches:
            await connection.copy_records_to_table("floor_copy", records=rows, timeout=120)
        return time.perf_counter() - started
    finally:
        await connection.close()


async def insert_deduplicating(url: str, batches: list[list[Row]], *, already: int = 0) -> float:
    """COPY to a temporary table, INSERT SELECT ... ON CONFLICT DO NOTHING with the event id as key. Seconds."""
    connection = await asyncpg.connect(url, timeout=10)
    try:
        await connection.execute("drop table if exists floor_insert")
        await connection.execute("create table floor_insert (like message, primary key (workspace_id, event_id))")
        await connection.execute("create temp table floor_staged (like message) on commit delete rows")
        started = time.perf_counter()
        for rows in batches:
            async with connection.transaction():
                await connection.copy_records_to_table("floor_staged", records=rows, timeout=120)
                await connection.execute("insert into floor_insert select * from floor_staged on conflict do nothing")
        return time.perf_counter() - started
    finally:
        await connection.close()


async def read_rows(url: str, workspace_id: UUID, limit: int) -> list[Row]:
    """The rows as the server stored them, in the order of their columns."""
    connection = await asyncpg.connect(url, timeout=10)
    try:
        async with connection.transaction(readonly=True):
            await connection.execute(f"set local app.workspace = '{UUID(str(workspace_id))}'")
            found = await connection.fetch("select * from message limit $1", limit, timeout=120)
            return [tuple(row.values()) for row in found]
    finally:
        await connection.close()


def in_batches(rows: list[Row], size: int) -> list[list[Row]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


async def drop_floors(url: str) -> None:
    async with asyncio.timeout(60):
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("drop table if exists floor_copy, floor_insert")
        finally:
            await connection.close()
