"""Stands for a server in these tests: holds the embedded Postgres of a folder until told to stop."""

import signal
import sys
import threading
from pathlib import Path

from persistence.embedded import EmbeddedFailure, start_embedded


def hold(folder: Path) -> int:
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    try:
        with start_embedded(folder, durable=False) as postgres:
            sys.stdout.write(f"ready {postgres.app_url}\n")
            sys.stdout.flush()
            while not told.wait(0.05):
                pass
    except EmbeddedFailure as failure:
        sys.stdout.write(f"refused {failure.problem} | {failure.remedy}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(hold(Path(sys.argv[1])))
