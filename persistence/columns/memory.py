"""One workspace's facts in a DuckDB of its own: tables to fill, rows to exchange, and views of one moment to ask.

A question cannot name another workspace's database, a file or the network: there is nothing but these tables.
"""

from collections.abc import Collection, Sequence
from contextlib import closing, suppress
from typing import Any, Final

import duckdb

from persistence.columns.fetching import UNKNOWN, Arrays
from persistence.columns.layout import BY_SESSION, SESSION_TABLE, TABLES, CopiedColumn, CopiedTable
from persistence.engine import MemoryShort

LEAST_BYTES: Final = 64 * 1024 * 1024
"""What DuckDB needs to work at all."""

CHUNKS_TO_PACK: Final = 8
"""Of the chunks that come in (`persistence.columns.fetching`), about 150,000 messages each."""

_FACTS: Final = "facts"
"""A database in memory beside DuckDB's own, which does not compress."""
_USE: Final = f"use {_FACTS}"
_INCOMING: Final = "incoming"
_BESIDE: Final = "beside"


class Memory:
    """Every method blocks, and is called off the event loop. One thread at a time changes it; any number ask."""

    def __init__(self, *, threads: int, most_bytes: int) -> None:
        self._connection = duckdb.connect(":memory:", config={"threads": threads, "python_enable_replacements": False})
        self._connection.execute(f"attach ':memory:' as {_FACTS} (compress)")
        self._connection.execute(_USE)
        for setting in _settings(most_bytes):
            self._connection.execute(setting)
        for table in TABLES.values():
            columns = ", ".join(f"{column.name} {column.kind}" for column in table.all_columns)
            self._connection.execute(f"create table {table.name} ({columns})")

    def close(self) -> None:
        self._connection.close()

    def size_in_bytes(self) -> int:
        """What the tables hold, as DuckDB tells it."""
        with closing(self._cursor()) as cursor:
            row = cursor.execute("select sum(memory_usage_bytes) from duckdb_memory()").fetchone()
        return 0 if row is None or row[0] is None else int(row[0])

    def begin(self) -> None:
        self._connection.begin()

    def commit(self) -> None:
        self._connection.commit()

    def roll_back(self) -> None:
        self._connection.rollback()

    def add(self, table: CopiedTable, arrays: Arrays) -> None:
        _insert(self._connection, table.name, table, arrays)

    def filling(self) -> "Filling":
        return Filling(self._cursor())

    def pack(self) -> None:
        with closing(self._cursor()) as cursor:
            _pack(cursor)

    def drop_rows(self, table: CopiedTable, keys: Collection[int]) -> None:
        if keys:
            self._connection.execute(
                f"delete from {table.name} where {table.key} in (select unnest($1::bigint[]))", [list(keys)]
            )

    def visitors_of(self, session_ids: Collection[int]) -> set[int]:
        """Whose sessions these are, as they stand here now."""
        rows = self._connection.execute(
            "select distinct visitor_id from session "
            "where session_id in (select unnest($1::bigint[])) and visitor_id is not null",
            [list(session_ids)],
        ).fetchall()
        return {row[0] for row in rows}

    def difference(self, table: CopiedTable) -> int:
        """How many rows of `table` and of what was put beside it stand on one side only."""
        row = self._connection.execute(
            f"select (select count(*) from (from {table.name} except all from {_BESIDE})) "
            f"+ (select count(*) from (from {_BESIDE} except all from {table.name}))"
        ).fetchone()
        return 0 if row is None else int(row[0])

    def put_beside(self, table: CopiedTable) -> None:
        """An empty table of the same form, for `add_beside` and `difference`."""
        self._connection.execute(f"create or replace temp table {_BESIDE} as from {table.name} limit 0")

    def add_beside(self, table: CopiedTable, arrays: Arrays) -> None:
        _insert(self._connection, _BESIDE, table, arrays)

    def view(self) -> "View":
        """All that stands here now, whatever is changed afterwards."""
        cursor = self._cursor()
        cursor.begin()
        cursor.execute("select 1 from session limit 1")  # a transaction sees what stood at its first statement
        return View(cursor)

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        """Another way to the same tables, with transactions of its own."""
        cursor = self._connection.cursor()
        cursor.execute(_USE)
        return cursor


class Filling:
    """Whole tables that come in beside questions and changes; nobody asks them yet. Every method blocks."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self._chunks = 0

    def empty(self, table: CopiedTable) -> None:
        self._cursor.execute(f"delete from {table.name}")

    def add(self, table: CopiedTable, arrays: Arrays) -> None:
        _insert(self._cursor, table.name, table, arrays)
        self._chunks += 1
        if self._chunks % CHUNKS_TO_PACK == 0:
            self.pack()

    def pack(self) -> None:
        _pack(self._cursor)

    def close(self) -> None:
        self._cursor.close()


def _pack(cursor: duckdb.DuckDBPyConnection) -> None:
    """Rows take a fifth of their room afterwards, what was taken out takes none, and all is read as quickly."""
    with suppress(duckdb.TransactionException):  # somebody changes rows just now; the next time will do
        cursor.execute(f"checkpoint {_FACTS}")


def _insert(connection: duckdb.DuckDBPyConnection, into: str, table: CopiedTable, arrays: Arrays) -> None:
    connection.register(_INCOMING, dict(arrays))
    try:
        connection.execute(f"insert into {into} {_arriving(table)}")
    except duckdb.OutOfMemoryException as error:
        raise MemoryShort from error
    connection.unregister(_INCOMING)


def _settings(most_bytes: int) -> tuple[str, ...]:
    """The last one makes the others final."""
    return (
        f"set memory_limit = '{max(LEAST_BYTES, most_bytes) // 1024}KiB'",
        "set temp_directory = ''",
        "set autoinstall_known_extensions = false",
        "set autoload_known_extensions = false",
        "set enable_external_access = false",
        "set lock_configuration = true",
    )


class View:
    """One moment of the copy."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor

    def rows(self, statement: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
        try:
            return self._cursor.execute(statement, parameters).fetchall()
        except (duckdb.OutOfMemoryException, duckdb.OutOfRangeException) as error:
            # Sums of squares of more than 38 digits have no room here either.
            raise MemoryShort from error

    def interrupt(self) -> None:
        self._cursor.interrupt()

    def close(self) -> None:
        self._cursor.rollback()
        self._cursor.close()


def _arriving(table: CopiedTable) -> str:
    """Rows as they stand in the table: what came, and what is made of it or taken over from the session."""
    values = ", ".join(f"{_received(column)} as {column.name}" for column in table.columns)
    rows = f"select {values} from {_INCOMING}"
    if not table.added:
        return rows
    session = "" if table.name == SESSION_TABLE else f" left join {SESSION_TABLE} using ({BY_SESSION})"
    return f"select arriving.*, {', '.join(table.added.values())} from ({rows}) as arriving{session}"


def _received(column: CopiedColumn) -> str:
    name = column.name
    match column.kind:
        case "BOOLEAN":
            return f"case {name} when 1 then true when 0 then false end"
        case "VARCHAR":
            letters = f"chr({name} // 65536) || chr({name} // 256 % 256) || chr({name} % 256)"
            return f"case when {name} > 0 then {letters} end"
        case "HUGEINT":
            return f"{name}_high::hugeint * {2**64}::hugeint + ({name}_low::hugeint + {2**63}::hugeint)"
        case kind:
            return f"nullif({name}, {UNKNOWN[kind]})" if column.nullable else name
