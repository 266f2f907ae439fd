"""Encryption at rest (R19): AES-GCM with a data key per workspace, wrapped by the master key of a file.

What is sealed is bound to its place (table, column, workspace, row): moved anywhere else it does not open. Rotating
the master key wraps the data keys anew and touches nothing that was sealed.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from persistence.engine import Database, connected
from persistence.master_keys import MasterKeys, add_master_key, keep_only_current, read_master_keys
from persistence.tables.jobs import DataKeyRow
from persistence.tenancy import Reader, Writer, reading, writing
from persistence.workspaces import workspace_ids

_FORMAT = 1
_NONCE_BYTES = 12
_HEADER_BYTES = 2
_MOST_VERSIONS = 255
_ROTATION_LOCK = 0x7661756C74  # "vault": shared by who makes a data key, alone for who forgets a master key


class CannotOpen(Exception):
    """Altered, moved from another place, or sealed under a key that is gone. Never says which."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value lies. `row` is the row's id inside the workspace."""

    table: str
    column: str
    row: str

    def bound_to(self, workspace_id: UUID) -> bytes:
        return f"{self.table}|{self.column}|{workspace_id}|{self.row}".encode()


@dataclass(frozen=True, slots=True)
class Safe:
    """One workspace's data keys, opened. Seals with the newest."""

    workspace_id: UUID
    keys: Mapping[int, bytes] = field(repr=False)

    def seal(self, place: Place, content: bytes) -> bytes:
        version = max(self.keys)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self.keys[version]).encrypt(nonce, content, place.bound_to(self.workspace_id))
        return bytes((_FORMAT, version)) + nonce + sealed

    def open(self, place: Place, sealed: bytes) -> bytes:
        key = self.keys.get(sealed[1]) if len(sealed) > _HEADER_BYTES + _NONCE_BYTES and sealed[0] == _FORMAT else None
        if key is None:
            raise CannotOpen("a sealed value does not open")
        nonce, content = sealed[_HEADER_BYTES : _HEADER_BYTES + _NONCE_BYTES], sealed[_HEADER_BYTES + _NONCE_BYTES :]
        try:
            return AESGCM(key).decrypt(nonce, content, place.bound_to(self.workspace_id))
        except InvalidTag:
            raise CannotOpen("a sealed value does not open") from None


class Vault:
    """Opens workspaces' safes with the master keys of a file; one per process."""

    def __init__(self, key_file: Path) -> None:
        self.key_file = key_file
        self._safes: dict[UUID, Safe] = {}

    async def safe_for_sealing(self, writer: Writer) -> Safe:
        """Makes the workspace's first data key if it has none, in the writer's transaction."""
        known = self._safes.get(writer.workspace_id)
        if known:
            return known
        await self._make_data_key(writer, version=1)
        return await self._load(writer)

    async def safe_for_opening(self, reader: Reader) -> Safe:
        return self._safes.get(reader.workspace_id) or await self._load(reader)

    async def open(self, reader: Reader, place: Place, sealed: bytes) -> bytes:
        """Looks for newer data keys first where another process may have made one."""
        safe = await self.safe_for_opening(reader)
        if len(sealed) > 1 and sealed[1] not in safe.keys:
            safe = await self._load(reader)
        return safe.open(place, sealed)

    async def add_data_key(self, writer: Writer) -> int:
        """What is sealed from now on uses a new key; what was sealed opens with its own."""
        newest = await writer.connection.scalar(
            select(func.max(DataKeyRow.version)).where(DataKeyRow.workspace_id == writer.workspace_id)
        )
        version = (newest or 0) + 1
        if version > _MOST_VERSIONS:
            raise CannotOpen(f"a workspace has at most {_MOST_VERSIONS} data keys")
        await self._make_data_key(writer, version=version)
        writer.after_commit.append(lambda: self.forget(writer.workspace_id))
        return version

    def forget(self, workspace_id: UUID) -> None:
        """The next use reads the keys again."""
        self._safes.pop(workspace_id, None)

    async def _make_data_key(self, writer: Writer, *, version: int) -> None:
        await writer.connection.execute(text("select pg_advisory_xact_lock_shared(:key)"), {"key": _ROTATION_LOCK})
        masters = read_master_keys(self.key_file)  # read anew: a key wrapped by a forgotten master were lost
        data_key = AESGCM.generate_key(bit_length=256)
        values = {
            "workspace_id": writer.workspace_id,
            "version": version,
            "master_key_id": masters.current_id,
            "wrapped": _wrap(masters, writer.workspace_id, version, data_key),
            "created_at": func.now(),
        }
        await writer.connection.execute(insert(DataKeyRow).values(values).on_conflict_do_nothing())

    async def _load(self, reader: Reader) -> Safe:
        statement = select(DataKeyRow.version, DataKeyRow.master_key_id, DataKeyRow.wrapped).where(
            DataKeyRow.workspace_id == reader.workspace_id
        )
        masters = read_master_keys(self.key_file)
        keys = {
            row.version: _unwrap(masters, reader.workspace_id, row.version, row.master_key_id, row.wrapped)
            for row in await reader.connection.execute(statement)
        }
        safe = Safe(reader.workspace_id, keys)
        if isinstance(reader, Writer):
            reader.after_commit.append(lambda: self._safes.__setitem__(safe.workspace_id, safe))
        elif keys:
            self._safes[safe.workspace_id] = safe
        return safe


async def rotate_master_key(database: Database, key_file: Path, *, add: bool = True) -> int:
    """Wraps every data key by a new master key and says how many. Readers go on all the while; `add=False` takes up
    an interrupted run, or a file to which the operator added the key."""
    masters = add_master_key(key_file) if add else read_master_keys(key_file)
    count = 0
    for workspace_id in await workspace_ids(database):
        async with writing(database, workspace_id) as writer:
            count += await _rewrap(writer, masters)
    return count


async def finish_rotation(database: Database, key_file: Path) -> None:
    """Forgets the older master keys, after looking that nothing is wrapped by them."""
    async with connected(database) as connection:
        await connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _ROTATION_LOCK})
        current = read_master_keys(key_file).current_id
        for workspace_id in await workspace_ids(database):
            async with reading(database, workspace_id) as reader:
                if await _wrapped_by_others(reader, current):
                    raise CannotOpen(
                        f"workspace {workspace_id} still has data keys under an older master key: rotate first"
                    )
        keep_only_current(key_file)


async def _rewrap(writer: Writer, masters: MasterKeys) -> int:
    rows = await writer.connection.execute(
        select(DataKeyRow.version, DataKeyRow.master_key_id, DataKeyRow.wrapped)
        .where(DataKeyRow.workspace_id == writer.workspace_id, DataKeyRow.master_key_id != masters.current_id)
        .with_for_update()
    )
    count = 0
    for version, master_key_id, wrapped in rows.all():
        data_key = _unwrap(masters, writer.workspace_id, version, master_key_id, wrapped)
        await writer.connection.execute(
            update(DataKeyRow)
            .where(DataKeyRow.workspace_id == writer.workspace_id, DataKeyRow.version == version)
            .values(master_key_id=masters.current_id, wrapped=_wrap(masters, writer.workspace_id, version, data_key))
        )
        count += 1
    return count


async def _wrapped_by_others(reader: Reader, current: bytes) -> bool:
    statement = select(DataKeyRow.version).where(
        DataKeyRow.workspace_id == reader.workspace_id, DataKeyRow.master_key_id != current
    )
    return (await reader.connection.execute(statement.limit(1))).first() is not None


def _wrap(masters: MasterKeys, workspace_id: UUID, version: int, data_key: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    place = Place("data_key", "wrapped", str(version)).bound_to(workspace_id)
    return nonce + AESGCM(masters.by_id[masters.current_id]).encrypt(nonce, data_key, place)


def _unwrap(masters: MasterKeys, workspace_id: UUID, version: int, master_key_id: bytes, wrapped: bytes) -> bytes:
    master = masters.by_id.get(master_key_id)
    if master is None:
        raise CannotOpen(f"the key file lacks the master key {master_key_id.hex()}: restore it from a backup")
    place = Place("data_key", "wrapped", str(version)).bound_to(workspace_id)
    try:
        return AESGCM(master).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], place)
    except InvalidTag:
        raise CannotOpen("a data key does not open: it was altered or moved") from None
