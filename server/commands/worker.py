"""`worker`: background jobs in a process of their own, beside any number of others."""

import asyncio
import signal

import typer

from delivery.handlers import make_worker
from persistence.engine import open_database
from persistence.vault import Vault
from server.app import now
from server.background import run_worker
from server.database import DatabaseUrls, refuse_unsafe, shared_database
from server.logs import configure_logs
from server.settings import Settings, read_settings

app = typer.Typer(add_completion=False)


@app.command()
def worker() -> None:
    """Run background jobs until told to stop (Ctrl-C or SIGTERM); a running job may finish first."""
    settings = read_settings()
    configure_logs(level=settings.log_level, as_json=settings.logs_as_json)
    with shared_database(settings) as urls:
        asyncio.run(_work(settings, urls))


async def _work(settings: Settings, urls: DatabaseUrls) -> None:
    await refuse_unsafe(urls)
    database = open_database(urls.app, pool_size=settings.pool_size)
    try:
        worker = make_worker(database, Vault(settings.key_file), clock=now, detect_languages=settings.detect_languages)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, worker.stop.set)
        print("The worker runs. Stop it with Ctrl-C.", flush=True)
        await run_worker(worker)
    finally:
        await database.close()
