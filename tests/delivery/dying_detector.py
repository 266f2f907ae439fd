"""A worker that tells languages and kills itself: `python -m tests.delivery.dying_detector <url> <key file>`.

It judges three sessions at a time and dies when the second portion begins.
"""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import delivery.languages
from delivery.handlers import make_worker
from persistence.engine import open_database
from persistence.vault import Vault


async def main(url: str, key_file: str) -> None:
    module: Any = delivery.languages
    module._AT_A_TIME = 3
    judge, portions = module._judge, 0

    async def dying(*given: Any) -> None:
        nonlocal portions
        portions += 1
        if portions == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        await judge(*given)

    module._judge = dying
    database = open_database(url, connect_timeout_s=10, acquire_timeout_s=10)
    await make_worker(database, Vault(Path(key_file)), clock=lambda: datetime.now(UTC)).run_due()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
