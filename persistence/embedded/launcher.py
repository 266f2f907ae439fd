"""Starts a Postgres program under another account, and ties its life to ours.

The small program below runs in between: as root until it has changed account, and then, on Linux, asks the
kernel to be told (fast shutdown) when we die, however we die. A function run between fork and exec would do
the same, but is not safe once there are threads.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from persistence.embedded.account import Account

_BETWEEN = """
import os, signal, sys
user, group, parent, folder = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
tie = None
if parent and sys.platform == "linux":
    import ctypes  # while we may still read it: Python itself can lie in a folder closed to the account
    tie = ctypes.CDLL(None).prctl
os.umask(0o077)
if user >= 0:
    os.setgroups([group])
    os.setgid(group)
    os.setuid(user)
os.chdir(folder)
if tie:
    tie(1, int(signal.SIGINT), 0, 0, 0)  # PR_SET_PDEATHSIG, which a change of user undoes
    if os.getppid() != parent:
        sys.exit(1)
os.execv(sys.argv[5], sys.argv[5:])
"""
# Nothing of the operator's environment (PGDATA, PGOPTIONS, LD_PRELOAD) may steer these programs.
_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}


def launch(
    account: Account,
    command: Sequence[str | Path],
    *,
    folder: Path,
    output: int | IO[bytes],
    parent: int = 0,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
) -> "subprocess.Popen[bytes]":
    """`parent` is our process id when the program must not outlive us.

    The kernel means the thread that called this, not the process: that thread has to live as long.
    """
    user, group = (account.user, account.group) if account.switches else (-1, -1)
    between = [sys.executable, "-I", "-S", "-c", _BETWEEN, str(user), str(group), str(parent), str(folder)]
    return subprocess.Popen(
        [*between, *(str(part) for part in command)],
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=_ENVIRONMENT,
        start_new_session=True,  # Ctrl-C reaches us alone: Postgres stops after the server, not beside it
    )


def run_to_end(
    account: Account,
    command: Sequence[str | Path],
    *,
    folder: Path,
    typed: str = "",
    deadline_seconds: float,
) -> tuple[int, str]:
    """Exit code and everything it printed; killed at the deadline."""
    process = launch(account, command, folder=folder, output=subprocess.PIPE, stdin=subprocess.PIPE)
    try:
        printed, _ = process.communicate(typed.encode(), timeout=deadline_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        printed, _ = process.communicate()
        return 124, f"{printed.decode(errors='replace')}\nstopped after {deadline_seconds:.0f} s"
    return process.returncode, printed.decode(errors="replace")
