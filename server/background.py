"""What runs beside the requests of a server process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from delivery.handlers import make_worker
from delivery.worker import Clock, Worker
from persistence.engine import Database
from persistence.vault import Vault
from server.lifespan import Background

_log = structlog.get_logger(__name__)
_RESTART_SECONDS = 5.0


def job_background(database: Database, vault: Vault, *, clock: Clock, detect_languages: bool = True) -> Background:
    """A worker in the server process; its running jobs have some seconds to end when the server stops."""

    @asynccontextmanager
    async def background(stop: asyncio.Event) -> AsyncIterator[None]:
        worker = make_worker(database, vault, clock=clock, detect_languages=detect_languages)
        running = asyncio.create_task(run_worker(worker))
        try:
            yield
        finally:
            worker.stop.set()
            await running

    return background


async def run_worker(worker: Worker) -> None:
    """Starts it again after a fault: jobs must not stand still because of one."""
    while not worker.stop.is_set():
        try:
            await worker.run()
        except Exception:
            _log.exception("the worker failed and is started again")
            await asyncio.sleep(_RESTART_SECONDS)
