"""The running Postgres as its pid file tells it, and how to end one that another server left behind."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_POLL_SECONDS = 0.01
# A fast shutdown writes a checkpoint; an immediate one skips it, and the next start repeats the log instead.
_FAST_SECONDS = 10.0
_IMMEDIATE_SECONDS = 5.0
_STOPS = ((signal.SIGINT, _FAST_SECONDS), (signal.SIGQUIT, _IMMEDIATE_SECONDS), (signal.SIGKILL, 5.0))


@dataclass(frozen=True)
class PidFile:
    process: int
    socket_folder: Path | None
    status: str

    @property
    def ready(self) -> bool:
        return self.status == "ready"


def read_pid_file(cluster: Path) -> PidFile | None:
    """None when there is none, or only a part is written yet."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    if not lines or not lines[0].strip().isdigit():
        return None
    lines += [""] * 8
    return PidFile(int(lines[0]), Path(lines[4]) if lines[4] else None, lines[7].strip())


def is_postgres_of(cluster: Path, process: int) -> bool:
    """Process numbers are used again, above all after a reboot or in a container."""
    if Path("/proc/self/cmdline").exists():
        return str(cluster) in _command_line(process)
    asked = ["ps", "-ww", "-o", "command=", "-p", str(process)]  # macOS
    printed = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=10).stdout
    return str(cluster) in printed and "postgres" in printed


def end_left_over(cluster: Path) -> bool:
    """Stops the Postgres of a server that was killed. Only the holder of the lock may call this."""
    pid_file = read_pid_file(cluster)
    if pid_file is None:
        return False
    if not is_postgres_of(cluster, pid_file.process):
        (cluster / "postmaster.pid").unlink(missing_ok=True)
        return False
    for number, seconds in _STOPS:
        with suppress(ProcessLookupError):
            os.kill(pid_file.process, number)
        if _gone(cluster, pid_file.process, seconds):
            break
    return True


def end(process: "subprocess.Popen[bytes]") -> None:
    for number, seconds in _STOPS:
        process.send_signal(number)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
        return


def _gone(cluster: Path, process: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not is_postgres_of(cluster, process):
            return True
        time.sleep(_POLL_SECONDS)
    return False


def _command_line(process: int) -> list[str]:
    """Empty for a process that is gone or waits only to be counted."""
    try:
        return Path(f"/proc/{process}/cmdline").read_text().rstrip("\0").split("\0")
    except OSError:
        return []
