"""The data folder: prepared for the account that runs Postgres, locked by the one process that uses it."""

import fcntl
import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from persistence.embedded.account import Account, give, may_enter, named_account
from persistence.embedded.failure import EmbeddedFailure

CLUSTER_NAME = "postgres"
LOCK_NAME = "parlance.lock"
# The shortest limit is macOS's 104 bytes, of which Postgres's own file name takes 15.
_LONGEST_SOCKET_FOLDER = 88


def prepare_data_folder(data_folder: Path, account: Account) -> None:
    """Makes the folder, or takes an empty one over. The mode of a folder above it is never changed."""
    try:
        data_folder.mkdir(parents=True, exist_ok=True, mode=0o711)
        empty = not any(data_folder.iterdir())
    except OSError as error:
        raise EmbeddedFailure(
            f"the data folder {data_folder} cannot be used: {error.strerror}",
            "set PARLANCE_DATA to a folder that this user may write to",
        ) from None
    if account.switches:
        if empty:
            os.chown(data_folder, account.user, account.group)
            data_folder.chmod(0o711)
        _check_reach(data_folder, account)
    elif not os.access(data_folder, os.W_OK | os.X_OK):
        raise EmbeddedFailure(
            f"this user may not write to the data folder {data_folder}",
            "run as the folder's owner, or set PARLANCE_DATA to another folder",
        )


def socket_folder(data_folder: Path, account: Account) -> Path:
    """Private to the account; inside the data folder if that path is short enough, else in /tmp."""
    inside = data_folder / "run"
    if len(os.fsencode(inside)) <= _LONGEST_SOCKET_FOLDER:
        folder = inside
    else:
        mark = hashlib.sha256(os.fsencode(data_folder)).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"parlance-{account.user}-{mark}"
        if len(os.fsencode(folder)) > _LONGEST_SOCKET_FOLDER:
            folder = Path("/tmp") / folder.name
    _make_private(folder, account)
    return folder


@dataclass
class FolderLock:
    """Held by the operating system for as long as the process lives: a killed one leaves no lock behind."""

    file: IO[str]

    def release(self) -> None:
        self.file.close()


def lock_data_folder(data_folder: Path, account: Account) -> FolderLock:
    path = data_folder / LOCK_NAME
    try:
        file = path.open("a+")
    except OSError as error:
        raise EmbeddedFailure(
            f"the lock file {path} cannot be opened: {error.strerror}",
            "run as the user who owns the data folder, or set PARLANCE_DATA to another folder",
        ) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        holder = path.read_text().strip() or "unknown"
        raise EmbeddedFailure(
            f"the data folder {data_folder} is in use by another Parlance (process {holder})",
            f"stop that one first (kill {holder}), or give this one a folder of its own by PARLANCE_DATA",
            in_use=True,
        ) from None
    except OSError as error:
        file.close()
        raise EmbeddedFailure(
            f"the data folder {data_folder} lies on a disk without file locks ({error.strerror})",
            "set PARLANCE_DATA to a local disk",
        ) from None
    give(account, path)
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return FolderLock(file)


def _check_reach(data_folder: Path, account: Account) -> None:
    makers = [account] if account.has_name else [account, named_account()]
    for needed in makers:
        for folder in reversed((data_folder, *data_folder.parents)):
            if not may_enter(needed, folder):
                raise EmbeddedFailure(
                    f"Postgres refuses to run as root, and user {needed.user}, under which it would run, "
                    f"may not enter {folder}",
                    "set PARLANCE_DATA to an empty or new folder that others may reach, such as "
                    "/var/lib/parlance, or start Parlance as a plain user",
                )


def _make_private(folder: Path, account: Account) -> None:
    """A folder that somebody else put there first (in /tmp) is refused, not used."""
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if account.switches and stat.S_ISDIR(status.st_mode) and status.st_uid == 0:
        os.chown(folder, account.user, account.group, follow_symlinks=False)
        status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != account.user or status.st_mode & 0o077:
        raise EmbeddedFailure(
            f"{folder}, meant for the database's socket, belongs to somebody else or is open to others",
            f"remove {folder}",
        )
