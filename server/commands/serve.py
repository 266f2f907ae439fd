"""`serve`: database, tables, demo workspace, then the server until told to stop; then all in reverse."""

import asyncio
import contextlib
import gc
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator

import structlog
import typer
import uvicorn

from persistence.engine import open_database
from persistence.master_keys import MasterKeyRefused, read_master_keys
from server.database import DatabaseUrls, own_database, prepare_tables, refuse_unsafe
from server.settings import Settings, SettingsFailure, read_settings, unknown_variables

WEBSOCKET_MESSAGE_BYTES = 262_144
# Together with the end of the jobs and of Postgres this stays under the 10 s of promise 32.
GRACE_SECONDS = 6
DEMO_STATEMENT_TIMEOUT_MS = 60_000

app = typer.Typer(add_completion=False)
log = structlog.get_logger(__name__)


@app.command()
def serve() -> None:
    """Start the server. Everything is set by environment variables, see the command `settings`."""
    settings = read_settings()
    for problem in unknown_variables(os.environ):
        print(f"Warning: {problem}")
    check_key_file(settings)
    with listening_socket(settings) as listener, own_database(settings) as urls:
        asyncio.run(_prepare(urls))
        demo_key = asyncio.run(make_demo(settings, urls)) if settings.demo else None
        run_server(settings, urls, listener, demo_key)


async def _prepare(urls: DatabaseUrls) -> None:
    await prepare_tables(urls)
    await refuse_unsafe(urls)


async def make_demo(settings: Settings, urls: DatabaseUrls) -> str | None:
    """The key, when it was made just now: it cannot be shown again."""
    from server.app import now
    from server.demo import ensure_demo

    database = open_database(urls.app, statement_timeout_ms=DEMO_STATEMENT_TIMEOUT_MS, application_name="demo")
    try:
        return await ensure_demo(database, settings.demo_key, clock=now)
    finally:
        await database.close()


def check_key_file(settings: Settings) -> None:
    """Made at the first start; asked before anything is started that would have to be stopped again."""
    try:
        read_master_keys(settings.key_file)
    except MasterKeyRefused as refused:
        raise SettingsFailure(str(refused)) from None
    except OSError as error:
        raise SettingsFailure(
            f"the key file {settings.key_file} cannot be read or made: {error.strerror}",
            "set PARLANCE_KEY_FILE to a file that this user may write, outside the data folder",
        ) from None


def run_server(settings: Settings, urls: DatabaseUrls, listener: socket.socket, demo_key: str | None) -> None:
    from server.app import create_app, farewell_of

    application = create_app(settings, urls)
    keep_for_good()
    configuration = uvicorn.Config(
        application,
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=WEBSOCKET_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        lifespan="on",
        timeout_graceful_shutdown=GRACE_SECONDS,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        access_log=False,
        server_header=False,
        log_config=None,
    )
    server = StoppableServer(configuration, settings, farewell_of(application), demo_key)
    with asyncio.Runner(loop_factory=configuration.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=[listener]))


def keep_for_good() -> None:
    """What lives as long as the process (modules, the schema) is not looked through by each collection of garbage, and
    collections come seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)  # a batch makes thousands of rows at once, and hardly ever a cycle


class StoppableServer(uvicorn.Server):
    """Ends by returning, so that Postgres around it is ended too; the stock one raises the signal anew."""

    def __init__(
        self,
        configuration: uvicorn.Config,
        settings: Settings,
        farewell: Callable[[], Awaitable[None]],
        demo_key: str | None,
    ) -> None:
        super().__init__(configuration)
        self._settings = settings
        self._farewell = farewell
        self._demo_key = demo_key

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            print_addresses(self._settings, sockets[0].getsockname()[1], self._demo_key)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Before the stock shutdown, which would cut WebSockets and wait for event streams that never end.
        await self._farewell()
        await super().shutdown(sockets)


@contextlib.contextmanager
def listening_socket(settings: Settings) -> Iterator[socket.socket]:
    """Taken before anything else starts, so that a port in use is told at once; opened when all is ready."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with contextlib.closing(socket.socket(family, socket.SOCK_STREAM)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            raise SettingsFailure(
                f"cannot listen on {settings.host} port {settings.port}: {error.strerror}",
                "stop what listens there, or choose another by PARLANCE_PORT or PARLANCE_HOST",
            ) from None
        yield listener


def print_addresses(settings: Settings, port: int, demo_key: str | None) -> None:
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    base = settings.public_url or f"http://{f'[{host}]' if ':' in host else host}:{port}"
    rows = {
        "Dashboard": f"{base}/",
        "GraphiQL": f"{base}/graphiql",
        "GraphQL API": f"{base}/graphql",
        "Ingest": f"{base}/v1/events",
        "Health": f"{base}/health/ready",
    }
    print("\nParlance is ready.\n")
    for name, address in rows.items():
        print(f"  {name:12} {address}")
    if demo_key:
        print(f"  {'Admin key':12} {demo_key}\n  {'Signed in':12} {base}/#key={demo_key}")
        print("\nThe key of the demo workspace is shown this once; keep it.")
    else:
        print("\nA key, if you have none: python3 dev.py run keys create --help")
    print("Stop the server with Ctrl-C.", flush=True)
