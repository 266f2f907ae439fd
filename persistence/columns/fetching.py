"""Rows of Postgres as arrays, by binary COPY: every value has its place, unknown ones travel as a number of their own.

A million rows a second and core; making Python objects of them would cost ten times as much.
"""

import asyncio
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

LONGEST_SECONDS: Final = 600.0
"""For one table: far longer than any other statement may take, because the workspace is read whole."""

_HEADER_BYTES: Final = 19  # signature, flags, length of the extension
_CHUNK_BYTES: Final = 32 * 1024 * 1024
_NO_CURRENCY: Final = b"   "
_LETTERS: Final = numpy.array([65_536, 256, 1], dtype=numpy.int32)
"""A currency's three letters as one number."""
_DIGEST: Final = "('x' || substr(md5({0}), {1}, 16))::bit(64)::bigint"


async def fetch_rows(
    driver: asyncpg.Connection,
    table: CopiedTable,
    workspace_id: UUID,
    take: Take,
    *,
    keys: Collection[int] | None = None,
) -> None:
    """Hands over all rows of the workspace, or those of some keys, in chunks. While one is taken in, the database
    sends the next."""
    statement = f"{_selection(table)} where workspace_id = $1 and {_wanted(table)}"
    arguments: list[object] = [workspace_id]
    if keys is not None:
        statement += f" and {table.key} = any($2)"
        arguments.append(list(keys))
    handing = _HandingOver(_row_type(table), take)
    async with handing:
        await driver.copy_from_query(
            statement, *arguments, output=handing.receive, format="binary", timeout=LONGEST_SECONDS
        )


class _HandingOver:
    """Chunks are given on one after the other, each while the next one comes in."""

    def __init__(self, row_type: "numpy.dtype[Any]", take: Take) -> None:
        self._received = _Received(row_type)
        self._take = take
        self._taking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            await self._hand_over()
        await self._taken(quietly=kind is not None)

    async def receive(self, data: bytes) -> None:
        self._received.add(data)
        if self._received.size >= _CHUNK_BYTES:
            await self._hand_over()

    async def _hand_over(self) -> None:
        await self._taken()
        chunk = self._received.cut()
        if chunk:
            self._taking = asyncio.create_task(self._take_in(chunk))

    async def _take_in(self, chunk: bytearray) -> None:
        rows = await asyncio.get_running_loop().run_in_executor(None, self._received.arrays, chunk)
        await self._take(rows)

    async def _taken(self, *, quietly: bool = False) -> None:
        """Nobody may change the copy any more when this ends."""
        if self._taking is not None:
            taking, self._taking = self._taking, None
            found = await asyncio.gather(taking, return_exceptions=True)
            if not quietly and isinstance(found[0], BaseException):
                raise found[0]


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
            return (f"coalesce({name}::int4, -1)" if column.nullable else name,)
        case "VARCHAR":
            # Padded or cut to three letters, so that every row is as wide as the next.
            return (f"coalesce({name}::char(3), '')::char(3)",)
        case "HUGEINT":
            return (_DIGEST.format(name, 1), _DIGEST.format(name, 17))
        case kind:
            return (f"coalesce({name}, ({UNKNOWN[kind]})::{kind})" if column.nullable else name,)


_WIDTH: Final = {"BIGINT": ">i8", "INTEGER": ">i4", "SMALLINT": ">i2", "BOOLEAN": ">i4", "VARCHAR": "S3"}


def arrays_of(column: CopiedColumn) -> tuple[tuple[str, str], ...]:
    """Name and number type of the arrays that carry a column."""
    if column.kind == "HUGEINT":
        return ((f"{column.name}_high", ">i8"), (f"{column.name}_low", ">i8"))
    if column.kind == "BOOLEAN" and not column.nullable:
        return ((column.name, "i1"),)
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

    def cut(self) -> bytearray:
        """The rows that came so far, without the one that is not whole; the two bytes that end a COPY are no row."""
        size = len(self._waiting) // self._row_type.itemsize * self._row_type.itemsize
        chunk, self._waiting = self._waiting, self._waiting[size:]
        del chunk[size:]
        return chunk

    def arrays(self, chunk: bytearray) -> Arrays:
        rows = numpy.frombuffer(chunk, dtype=self._row_type)
        return {name: _numbers(rows[name]) for name in self._names}


def _numbers(values: NDArray[Any]) -> NDArray[Any]:
    """In this machine's order of bytes; letters as one number, 0 where there are none."""
    if values.dtype.kind != "S":
        return values.astype(values.dtype.newbyteorder("="))
    letters = numpy.ascontiguousarray(values)
    numbers: NDArray[Any] = letters.view(numpy.uint8).reshape(-1, 3).astype(numpy.int32) @ _LETTERS
    numbers[letters == _NO_CURRENCY] = 0
    return numbers
