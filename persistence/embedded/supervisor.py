"""Watches one embedded Postgres: a thread starts it, waits for it, and starts it again if it dies unasked."""

import atexit
import logging
import os
import subprocess
import threading
import time
from pathlib import Path

from persistence.embedded.cluster import Cluster
from persistence.embedded.failure import EmbeddedFailure
from persistence.embedded.folder import FolderLock
from persistence.embedded.launcher import launch
from persistence.embedded.process import end, read_pid_file

_POLL_SECONDS = 0.01
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 5.0
_SETTLED_SECONDS = 5.0
_SHORT_LIVES_ALLOWED = 25  # in a row; with the pauses between them about two minutes
_LOG_LIMIT_BYTES = 10_000_000
# Said when processes of a killed Postgres are still on their way out.
_NOT_YET = ("still in use", "is being used by another")

log = logging.getLogger(__name__)


class Supervisor:
    def __init__(self, cluster: Cluster, lock: FolderLock, log_path: Path) -> None:
        self._cluster = cluster
        self._lock = lock
        self._log_path = log_path
        self._log_start = 0
        self._was_ready = False
        self._stopping = threading.Event()
        self._failure: EmbeddedFailure | None = None
        self._process: subprocess.Popen[bytes] | None = None
        # The kernel ties Postgres to the thread that starts it, so that thread has to live as long as we do.
        self._keeper = threading.Thread(target=self._keep, name="embedded-postgres", daemon=True)

    @property
    def failure(self) -> EmbeddedFailure | None:
        """Why Postgres is down for good; None while it runs or is being started again."""
        return self._failure

    def start(self, deadline_seconds: float) -> None:
        self._turn_log_over()
        self._keeper.start()
        atexit.register(self.stop)
        try:
            self._wait_until_ready(deadline_seconds)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        atexit.unregister(self.stop)
        self._stopping.set()
        while self._keeper.is_alive():
            if self._process is not None:
                end(self._process)
            self._keeper.join(_POLL_SECONDS)
        self._lock.release()

    def _keep(self) -> None:
        short_lives = 0
        while not self._stopping.is_set():
            started = time.monotonic()
            self._run_once()
            if self._stopping.is_set():
                return
            printed = self._printed()
            short_lives = 0 if time.monotonic() - started > _SETTLED_SECONDS else short_lives + 1
            may_pass = self._was_ready or any(sign in printed for sign in _NOT_YET)
            if not may_pass or short_lives > _SHORT_LIVES_ALLOWED:
                self._failure = self._explain(printed)
                log.critical("embedded Postgres is down: %s", self._failure)
                return
            log.warning("embedded Postgres ended although nobody asked it to; starting it again")
            self._stopping.wait(min(_FIRST_PAUSE_SECONDS * 2**short_lives, _LONGEST_PAUSE_SECONDS))

    def _run_once(self) -> None:
        with self._log_path.open("ab") as output:
            self._log_start = output.tell()
            self._process = launch(
                self._cluster.account,
                [self._cluster.binaries.program("postgres"), "-D", self._cluster.folder],
                folder=self._cluster.folder,
                output=output,
                parent=os.getpid(),
            )
        self._process.wait()

    def _wait_until_ready(self, deadline_seconds: float) -> None:
        deadline = time.monotonic() + deadline_seconds
        while not self._is_ready():
            if self._failure is not None:
                raise self._failure
            if time.monotonic() > deadline:
                raise EmbeddedFailure(
                    f"Postgres was not ready after {deadline_seconds:.0f} s: {self._printed()[-1500:]}",
                    "start again: after a crash it may need long to read its log, and goes on where it was",
                )
            time.sleep(_POLL_SECONDS)
        self._was_ready = True

    def _is_ready(self) -> bool:
        found, process = read_pid_file(self._cluster.folder), self._process
        return found is not None and process is not None and found.ready and found.process == process.pid

    def _turn_log_over(self) -> None:
        if self._log_path.exists() and self._log_path.stat().st_size > _LOG_LIMIT_BYTES:
            self._log_path.rename(self._log_path.with_suffix(".log.1"))

    def _printed(self) -> str:
        with self._log_path.open("rb") as file:
            file.seek(self._log_start)
            return file.read(100_000).decode(errors="replace").strip()

    def _explain(self, printed: str) -> EmbeddedFailure:
        if "No space left" in printed:
            remedy = f"free some space on the disk of {self._cluster.folder} and start again: nothing is lost"
        elif "Permission denied" in printed:
            remedy = "set PARLANCE_DATA to a disk that lets programs run and files change their owner"
        else:
            remedy = f"read {self._log_path}; check your settings in local.conf, or restore a backup"
        return EmbeddedFailure(f"Postgres does not start: {printed[-1500:] or 'it said nothing'}", remedy)
