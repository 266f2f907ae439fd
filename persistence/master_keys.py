"""The master keys: a small file outside the database, the current key first, older ones until rotation is finished.

Each line is `parlance-master-key-1 <base64 of 32 bytes>`. Losing the file loses every secret sealed under it.
"""

import base64
import binascii
import hashlib
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

_MARK = "parlance-master-key-1"
_KEY_BYTES = 32
_ID_BYTES = 8
_MOST_KEYS = 16
_MODE = 0o600


class MasterKeyRefused(Exception):
    """The key file cannot be used as it is; the message says what to do."""


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """`by_id` in the order of the file; the first is the one that wraps from now on."""

    by_id: dict[bytes, bytes] = field(repr=False)

    @property
    def current_id(self) -> bytes:
        return next(iter(self.by_id))


def read_master_keys(path: Path) -> MasterKeys:
    """Makes the file, readable by its owner only, if there is none."""
    if not path.exists():
        _create(path, _line(secrets.token_bytes(_KEY_BYTES)))
    if path.stat().st_mode & 0o022:
        raise MasterKeyRefused(f"others may write to {path}: run `chmod 600 {path}`")
    keys = [_key(path, number, line) for number, line in enumerate(_lines(path), start=1)]
    if not keys or len(keys) > _MOST_KEYS:
        raise MasterKeyRefused(
            f"{path} holds {len(keys)} keys; 1 to {_MOST_KEYS} are allowed: restore it from a backup"
        )
    return MasterKeys({identity_of(key): key for key in keys})


def add_master_key(path: Path) -> MasterKeys:
    """A new key in front; the older ones stay readable until `keep_only_current`."""
    older = read_master_keys(path)
    _replace(path, [_line(secrets.token_bytes(_KEY_BYTES)), *map(_line, older.by_id.values())])
    return read_master_keys(path)


def keep_only_current(path: Path) -> MasterKeys:
    """Forgets the older keys for good. Only after nothing is wrapped by them any more."""
    keys = read_master_keys(path)
    _replace(path, [_line(keys.by_id[keys.current_id])])
    return read_master_keys(path)


def identity_of(key: bytes) -> bytes:
    """Names a key without telling anything of it."""
    return hashlib.sha256(b"parlance master key" + key).digest()[:_ID_BYTES]


def _lines(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text(encoding="ascii").splitlines() if line.strip()]


def _line(key: bytes) -> str:
    return f"{_MARK} {base64.b64encode(key).decode()}\n"


def _key(path: Path, number: int, line: str) -> bytes:
    mark, _, encoded = line.partition(" ")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if mark != _MARK or len(key) != _KEY_BYTES:
        raise MasterKeyRefused(
            f"line {number} of {path} is not `{_MARK} <base64 of 32 bytes>`: restore it from a backup"
        )
    return key


def _create(path: Path, content: str) -> None:
    """Whole or not at all, and never over another process's file: what it wrapped would be lost."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = _written_beside(path, content)
    try:
        os.link(written, path)
    except FileExistsError:
        pass
    finally:
        written.unlink()


def _replace(path: Path, lines: list[str]) -> None:
    _written_beside(path, "".join(lines)).replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _written_beside(path: Path, content: str) -> Path:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "w", encoding="ascii") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return temporary
