"""Which operating-system account runs Postgres, and what that account can reach.

Postgres refuses to run as root, so a server started by root lends it an unprivileged account.
"""

import grp
import os
import pwd
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from persistence.embedded.failure import EmbeddedFailure

OWN_USER_NAME = "parlance"
# A number is enough to own files and run a process: nothing is added to the system's list of users.
FREE_NUMBERS = range(47_800, 47_900)


@dataclass(frozen=True)
class Account:
    user: int
    group: int
    switches: bool  # True when the process must change to it, which only root may

    @property
    def has_name(self) -> bool:
        return _name(self.user) is not None


def choose_account(data_folder: Path) -> Account:
    """The account of an existing data folder stays; else our own user, else a free number."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), switches=False)
    for folder in (data_folder / "postgres", data_folder):
        if folder.exists() and folder.stat().st_uid != 0:
            owner = folder.stat()
            return Account(owner.st_uid, owner.st_gid, switches=True)
    try:
        entry = pwd.getpwnam(OWN_USER_NAME)
    except KeyError:
        number = _free_number()
        return Account(number, number, switches=True)
    return Account(entry.pw_uid, entry.pw_gid, switches=True)


def named_account() -> Account:
    """`initdb` insists on an account that has a name; any unprivileged one will do for that moment."""
    entries = [entry for entry in pwd.getpwall() if entry.pw_uid != 0]
    entries.sort(key=lambda entry: (entry.pw_name != OWN_USER_NAME, entry.pw_name != "nobody", entry.pw_uid))
    if not entries:
        raise EmbeddedFailure(
            "this system has no unprivileged user, and Postgres refuses to be set up by root",
            f"add a user named {OWN_USER_NAME}, or set DATABASE_URL to a Postgres of your own",
        )
    return Account(entries[0].pw_uid, entries[0].pw_gid, switches=True)


def may_enter(account: Account, folder: Path) -> bool:
    return all(_allows(account, part, 0o1) for part in (folder, *folder.parents))


def may_run(account: Account, program: Path) -> bool:
    return may_enter(account, program.parent) and _allows(account, program, 0o5)


def give(account: Account, path: Path) -> None:
    """Make the account the owner of a whole tree."""
    if not account.switches:
        return
    for item in (path, *_below(path)):
        os.chown(item, account.user, account.group, follow_symlinks=False)


def _below(path: Path) -> Iterable[Path]:
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            yield Path(folder, name)


def _allows(account: Account, path: Path, wanted: int) -> bool:
    status = path.stat()
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid == account.user:
        return mode >> 6 & wanted == wanted
    if status.st_gid in _groups(account):
        return mode >> 3 & wanted == wanted
    return mode & wanted == wanted


def _groups(account: Account) -> set[int]:
    """A borrowed account gets its own group only; we ourselves have all of ours."""
    return {account.group} if account.switches else {account.group, *os.getgroups()}


def _free_number() -> int:
    for number in FREE_NUMBERS:
        if _name(number) is None and not _is_group(number):
            return number
    raise EmbeddedFailure(
        f"no free user number between {FREE_NUMBERS[0]} and {FREE_NUMBERS[-1]} to run Postgres under",
        f"add a user named {OWN_USER_NAME}",
    )


def _name(user: int) -> str | None:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return None


def _is_group(number: int) -> bool:
    try:
        grp.getgrgid(number)
    except KeyError:
        return False
    return True
