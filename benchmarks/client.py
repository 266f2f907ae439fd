"""The cheapest HTTP client that can still be answered: requests made beforehand, kept-alive sockets, no parsing."""

import asyncio
from collections import deque
from dataclasses import dataclass

ANSWER_SECONDS = 120


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    seconds: float


def make_request(path: str, key: str, body: bytes, content_type: str = "application/x-ndjson") -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def send_all(port: int, requests: list[bytes], *, connections: int) -> list[Answer]:
    """Each connection sends its next request when the one before is answered."""
    waiting, answers = deque(requests), list[Answer]()

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        try:
            while waiting:
                answers.append(await _exchange(reader, writer, waiting.popleft()))
        finally:
            writer.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(work())
    return answers


async def send_one(port: int, request: bytes) -> Answer:
    return (await send_all(port, [request], connections=1))[0]


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> Answer:
    clock = asyncio.get_running_loop().time
    started = clock()
    async with asyncio.timeout(ANSWER_SECONDS):
        writer.write(request)
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        length = _content_length(head)
        body = await reader.readexactly(length)
    return Answer(int(head[9:12]), body, clock() - started)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ValueError("the answer has no Content-Length")
