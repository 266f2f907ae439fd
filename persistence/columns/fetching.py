"""Rows of Postgres as arrays, by binary COPY: every value has its place, unknown ones travel as a number of their own.

A million rows a second and core; making Python objects of them would cost ten times as much.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Final
from uuid import UUID

import asyncpg
import numpy
from numpy.typing import NDArray

from persistence.columns.layout import BY_SESSION, CopiedColumn, CopiedTable

Arrays = Mapping[str, NDArray[Any]]
Take = Callable[[Arrays], Awaitable[None]]

UNKNOWN: Final = {"BIGINT": -(2**63), "INTEGER": -(2**31), "SMALLINT": -(2**15), "BOOLEAN": -1}
"""What stands for null on the way; no fact reaches there."""

_HEADER_BYTES: Final = 19  # signature, flags, length of the extension
_CHUNK_BYTES: Final = 32 * 1024 * 1024
_CURRENCY: Final = "ascii(substr({0}, 1, 1)) * 65536 + ascii(substr({0}, 2, 1)) * 256 + ascii(substr({0}, 3, 1))"
_DIGEST: Final = "('x' || substr(md5({0}), {1}, 16))::bit(64)::bigint"


async def fetch_rows(
    driver: asyncpg.Connection,
    table: CopiedTable,
    workspace_id: UUID,
    take: Take,
    *,
    keys: Collection[int] | None = None,
) -> None:
    """Hands over all rows of the workspace, or those of some keys, in chunks; the database waits meanwhile."""
    statement = f"{_selection(table)} where workspace_id = $1 and {_wanted(table)}"
    arguments: list[object] = [workspace_id]
    if keys is not None:
        statement += f" and {table.key} = any($2)"
        arguments.append(list(keys))
    received = _Received(_row_type(table))

    async def take_in(data: bytes) -> None:
        received.add(data)
        if received.size >= _CHUNK_BYTES:
            await take(received.whole_rows())

    await driver.copy_from_query(statement, *arguments, output=take_in, format="binary")
    rest = received.whole_rows()
    if rest:
        await take(rest)


def _selection(table: CopiedTable) -> str:
    parts = [part for column in table.columns for part in _sent(column)]
    return f"select {', '.join(parts)} from {table.name}"


def _wanted(table: CopiedTable) -> str:
    """What lies in no session counts nowhere, and a visitor who was never seen is like one who is not there."""
    return "session_id is not null" if table.key == BY_SESSION else "first_seen_at_ms is not null"


def _sent(column: CopiedColumn) -> tuple[str, ...]:
    name = column.name
    match column.kind:
        case "BOOLEAN":
            return (f"coalesce({name}::int, -1)::int2",)
        case "VARCHAR":
            return (f"coalesce({_CURRENCY.format(name)}, 0)::int4",)
        case "HUGEINT":
            return (_DIGEST.format(name, 1), _DIGEST.format(name, 17))
        case kind:
            return (f"coalesce({name}, ({UNKNOWN[kind]})::{kind})" if column.nullable else name,)


_WIDTH: Final = {"BIGINT": ">i8", "INTEGER": ">i4", "SMALLINT": ">i2", "BOOLEAN": ">i2", "VARCHAR": ">i4"}


def arrays_of(column: CopiedColumn) -> tuple[tuple[str, str], ...]:
    """Name and number type of the arrays that carry a column."""
    if column.kind == "HUGEINT":
        return ((f"{column.name}_high", ">i8"), (f"{column.name}_low", ">i8"))
    return ((column.name, _WIDTH[column.kind]),)


def _row_type(table: CopiedTable) -> "numpy.dtype[Any]":
    """A row as COPY writes it: the number of fields, then each with its length before it."""
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for column in table.columns:
        for name, kind in arrays_of(column):
            fields += [(f"length of {name}", ">i4"), (name, kind)]
    return numpy.dtype(fields)


class _Received:
    """Bytes as they come in, cut into whole rows."""

    def __init__(self, row_type: "numpy.dtype[Any]") -> None:
        self._row_type = row_type
        self._names = [name for name in row_type.names or () if name != "fields" and not name.startswith("length of ")]
        self._waiting = bytearray()
        self._begun = False

    @property
    def size(self) -> int:
        return len(self._waiting)

    def add(self, data: bytes) -> None:
        self._waiting += data
        if not self._begun and len(self._waiting) >= _HEADER_BYTES:
            del self._waiting[:_HEADER_BYTES]
            self._begun = True

    def whole_rows(self) -> Arrays:
        """What came so far, without the row that is not whole; the two bytes that end a COPY are no row."""
        count = len(self._waiting) // self._row_type.itemsize
        if count == 0:
            return {}
        size = count * self._row_type.itemsize
        rows = numpy.frombuffer(bytes(self._waiting[:size]), dtype=self._row_type)
        del self._waiting[:size]
        return {name: rows[name].astype(rows[name].dtype.newbyteorder("=")) for name in self._names}
