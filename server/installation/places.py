"""Where installed and built things go, and how a change of what they are made of is noticed."""

import fcntl
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


class Refusal(Exception):
    """What is wrong, with a last line that begins with "Remedy:"."""


def cache_folder() -> Path:
    """Stands in for the checkout where that may not be written to."""
    mark = hashlib.sha256(bytes(CHECKOUT)).hexdigest()[:16]
    for base in (os.environ.get("XDG_CACHE_HOME", ""), os.path.expanduser("~/.cache")):
        if os.path.isabs(base) and can_make(Path(base)):
            return Path(base, "parlance", mark)
    return _own_temporary_folder() / mark


def _own_temporary_folder() -> Path:
    """Anybody may put a folder of that name there first, and what lies in it is run."""
    folder = Path(tempfile.gettempdir(), f"parlance-{os.geteuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != os.geteuid() or status.st_mode & 0o077 or not folder.is_dir():
        raise Refusal(f"{folder} belongs to somebody else or is open to others\nRemedy: set HOME, or remove it")
    return folder


def workplace() -> Path:
    return CHECKOUT if can_make(CHECKOUT) else cache_folder()


def can_make(folder: Path) -> bool:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK)


@contextmanager
def locked(folder: Path, purpose: str) -> Iterator[None]:
    """Two starts at once must not build the same thing twice."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{purpose}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write(f"[parlance] waiting for another process that makes the {purpose}\n")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def fingerprint(files: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        content = file.read_bytes() if file.exists() else b""
        total.update(f"{os.path.relpath(file, CHECKOUT)}\0{len(content)}\0".encode() + content)
    return total.hexdigest()


def read_stamp(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
