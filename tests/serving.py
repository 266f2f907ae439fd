"""A running server over real sockets: `async with serving(app) as server` listens on a free port of this machine."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette

from server.app import farewell_of


@dataclass(frozen=True)
class RunningServer:
    app: Starlette
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def graphql(self) -> str:
        return f"{self.url}/graphql"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/graphql"


class _Server(uvicorn.Server):
    """Without signal handlers: the test run keeps its own."""

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        await self._serve(sockets)


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[RunningServer]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    configuration = uvicorn.Config(
        app,
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=262_144,
        ws_per_message_deflate=False,
        lifespan="on",
        timeout_graceful_shutdown=5,
        access_log=False,
        log_config=None,
    )
    server = _Server(configuration)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            if task.done():
                task.result()
                raise RuntimeError("the server ended before it listened")
            await asyncio.sleep(0.01)
        yield RunningServer(app, listener.getsockname()[1])
    finally:
        await farewell_of(app)()
        server.should_exit = True
        await task
        listener.close()
