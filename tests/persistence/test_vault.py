"""What is sealed opens in its own place only, and rotating the master key never stops a reader (P26, P27)."""

import asyncio
import stat
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from persistence.engine import Database
from persistence.master_keys import MasterKeyRefused, read_master_keys
from persistence.tenancy import reading, writing
from persistence.vault import CannotOpen, Place, Safe, Vault, finish_rotation, rotate_master_key
from persistence.workspaces import create_workspace
from tests.build import a_workspace

HERE = Place("webhook", "secret", "17")
CANARY = b"canary of the harbour"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "master"


@pytest.fixture
def vault(key_file: Path) -> Vault:
    return Vault(key_file)


async def _sealed(database: Database, vault: Vault, workspace_id: UUID, place: Place = HERE) -> bytes:
    async with writing(database, workspace_id) as writer:
        return (await vault.safe_for_sealing(writer)).seal(place, CANARY)


async def _opened(database: Database, vault: Vault, workspace_id: UUID, sealed: bytes, place: Place = HERE) -> bytes:
    async with reading(database, workspace_id) as reader:
        return await vault.open(reader, place, sealed)


async def _another_workspace(database: Database) -> UUID:
    identity = uuid4()
    async with writing(database, identity) as writer:
        await create_workspace(writer, a_workspace())
    return identity


def _put_another_key_in_front(key_file: Path) -> None:
    content = key_file.read_text()
    _lose(key_file)
    read_master_keys(key_file)
    key_file.write_text(key_file.read_text() + content)


def _lose(key_file: Path) -> bytes:
    lost = read_master_keys(key_file).current_id
    key_file.unlink()
    return lost


async def test_what_was_sealed_opens_again_in_a_new_process(
    database: Database, vault: Vault, workspace_id: UUID
) -> None:
    sealed = await _sealed(database, vault, workspace_id)
    assert CANARY not in sealed
    for process in (vault, Vault(vault.key_file)):
        assert await _opened(database, process, workspace_id, sealed) == CANARY


@pytest.mark.parametrize(
    "elsewhere",
    [Place("webhook", "secret", "18"), Place("webhook", "header", "17"), Place("mailbox", "secret", "17")],
    ids=["another row", "another column", "another table"],
)
async def test_a_value_moved_to_another_place_does_not_open(
    database: Database, vault: Vault, workspace_id: UUID, elsewhere: Place
) -> None:
    sealed = await _sealed(database, vault, workspace_id)
    with pytest.raises(CannotOpen):
        await _opened(database, vault, workspace_id, sealed, elsewhere)


async def test_a_value_moved_to_another_workspace_does_not_open(
    database: Database, vault: Vault, workspace_id: UUID
) -> None:
    other = await _another_workspace(database)
    await _sealed(database, vault, other)
    sealed = await _sealed(database, vault, workspace_id)
    with pytest.raises(CannotOpen):
        await _opened(database, vault, other, sealed)


async def test_a_data_key_moved_to_another_workspace_does_not_open(
    database: Database, vault: Vault, workspace_id: UUID, admin_url: str
) -> None:
    other = await _another_workspace(database)
    sealed = await _sealed(database, vault, workspace_id)
    connection = await asyncpg.connect(admin_url)
    await connection.execute("update data_key set workspace_id = $1", other)
    await connection.close()
    with pytest.raises(CannotOpen, match="altered or moved"):
        await _opened(database, Vault(vault.key_file), other, sealed)


def test_every_altered_byte_is_noticed() -> None:
    safe = Safe(uuid4(), {1: bytes(32)})
    sealed = safe.seal(HERE, CANARY)
    for position in range(len(sealed)):
        altered = bytearray(sealed)
        altered[position] ^= 1
        with pytest.raises(CannotOpen):
            safe.open(HERE, bytes(altered))
    for length in range(len(sealed)):
        with pytest.raises(CannotOpen):
            safe.open(HERE, sealed[:length])


def test_equal_contents_look_different() -> None:
    safe = Safe(uuid4(), {1: bytes(32)})
    assert len({safe.seal(HERE, CANARY) for _ in range(1_000)}) == 1_000


async def test_a_key_that_was_rolled_back_is_not_used(database: Database, vault: Vault, workspace_id: UUID) -> None:
    async def break_off() -> None:
        async with writing(database, workspace_id) as writer:
            await vault.safe_for_sealing(writer)
            raise RuntimeError("broken off")

    with pytest.raises(RuntimeError, match="broken off"):
        await break_off()
    sealed = await _sealed(database, vault, workspace_id)
    assert await _opened(database, Vault(vault.key_file), workspace_id, sealed) == CANARY


async def test_several_processes_make_one_key_between_them(
    database: Database, vault: Vault, workspace_id: UUID
) -> None:
    processes = [Vault(vault.key_file) for _ in range(4)]
    sealed = await asyncio.gather(*(_sealed(database, process, workspace_id) for process in processes))
    assert [await _opened(database, vault, workspace_id, each) for each in sealed] == [CANARY] * 4


async def test_a_new_data_key_leaves_older_values_readable(
    database: Database, vault: Vault, workspace_id: UUID
) -> None:
    other_process = Vault(vault.key_file)
    before = await _sealed(database, vault, workspace_id)
    assert await _opened(database, other_process, workspace_id, before) == CANARY
    async with writing(database, workspace_id) as writer:
        assert await vault.add_data_key(writer) == 2
    after = await _sealed(database, vault, workspace_id)
    assert (before[1], after[1]) == (1, 2)
    for sealed in (before, after):
        assert await _opened(database, other_process, workspace_id, sealed) == CANARY


async def test_rotation_under_load_fails_no_reader(database: Database, vault: Vault, workspace_id: UUID) -> None:
    sealed = await _sealed(database, vault, workspace_id)
    rotating = True

    async def read_all_the_while() -> int:
        count = 0
        while rotating:
            assert await _opened(database, Vault(vault.key_file), workspace_id, sealed) == CANARY
            count += 1
        return count

    readers = [asyncio.create_task(read_all_the_while()) for _ in range(2)]
    for _ in range(10):
        assert await rotate_master_key(database, vault.key_file) == 1
    rotating = False
    assert min(await asyncio.gather(*readers)) > 0
    await finish_rotation(database, vault.key_file)
    assert len(read_master_keys(vault.key_file).by_id) == 1
    assert await _opened(database, Vault(vault.key_file), workspace_id, sealed) == CANARY


async def test_a_master_key_in_use_is_not_forgotten(
    database: Database, vault: Vault, workspace_id: UUID, key_file: Path
) -> None:
    await _sealed(database, vault, workspace_id)
    _put_another_key_in_front(key_file)
    with pytest.raises(CannotOpen, match="rotate first"):
        await finish_rotation(database, key_file)
    assert await rotate_master_key(database, key_file, add=False) == 1
    await finish_rotation(database, key_file)


async def test_a_lost_key_file_says_which_key_is_missing(
    database: Database, vault: Vault, workspace_id: UUID, key_file: Path
) -> None:
    sealed = await _sealed(database, vault, workspace_id)
    lost = _lose(key_file)
    with pytest.raises(CannotOpen, match=lost.hex()):
        await _opened(database, Vault(key_file), workspace_id, sealed)


def test_the_key_file_is_for_its_owner_only(key_file: Path) -> None:
    keys = read_master_keys(key_file)
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert read_master_keys(key_file) == keys
    assert [item.name for item in key_file.parent.iterdir()] == ["master"]
    assert keys.by_id[keys.current_id].hex() not in repr(keys)


def test_a_key_file_that_others_may_write_is_refused(key_file: Path) -> None:
    read_master_keys(key_file)
    key_file.chmod(0o622)
    with pytest.raises(MasterKeyRefused, match="chmod 600"):
        read_master_keys(key_file)


@pytest.mark.parametrize("content", ["", "nonsense", "parlance-master-key-1 AAAA", "\n\n"], ids=repr)
def test_a_damaged_key_file_is_refused(key_file: Path, content: str) -> None:
    read_master_keys(key_file)
    key_file.write_text(content)
    with pytest.raises(MasterKeyRefused, match="backup"):
        read_master_keys(key_file)
