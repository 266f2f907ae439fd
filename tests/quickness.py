"""How much CPU something takes at its best, so that a busy machine and other tests' garbage do not count."""

import gc
import time
from collections.abc import Callable

TRIES = 3


def cpu_seconds(act: Callable[[], object]) -> float:
    """The least of three."""
    gc.collect()
    gc.disable()
    try:
        return min(_once(act) for _ in range(TRIES))
    finally:
        gc.enable()


def _once(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began
