"""The way in over HTTP: batches to `/v1/events` of a running server, with an API key."""

import asyncio
import gzip
import http.client
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

from delivery.imports.outcome import ImportStopped, Verdict

SECONDS_PER_REQUEST = 60
TRIES = 12
LONGEST_PAUSE_SECONDS = 20.0


_CREATE_CHATBOT = """mutation ($slug: String!, $reports: [Report!]!) {
    createChatbot(input: {slug: $slug, type: TEXT, reports: $reports}) { __typename } }"""


class _TryAgain(Exception):
    def __init__(self, problem: str, pause: float | None = None) -> None:
        super().__init__(problem)
        self.pause = pause


@dataclass
class HttpDestination:
    """Sending again what was sent already is harmless, so everything that may pass is tried again."""

    address: str
    key: str
    _connection: http.client.HTTPConnection | None = field(default=None, repr=False)

    async def send(self, body: bytes, count: int) -> Sequence[Verdict]:
        pause, problem = 0.25, "no try was made"
        for _ in range(TRIES):
            try:
                return await asyncio.to_thread(self._post, body, count)
            except (_TryAgain, OSError, http.client.HTTPException) as failure:
                self._drop()
                problem = str(failure) or type(failure).__name__
                told = getattr(failure, "pause", None)
            await asyncio.sleep(min(told or pause, LONGEST_PAUSE_SECONDS))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        raise ImportStopped(
            f"{self.address} does not take the events: {problem}",
            "see whether the server runs (its /health/ready), then run the same command again: it goes on here",
        )

    def _post(self, body: bytes, count: int) -> list[Verdict]:
        connection = self._connect()
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
        }
        path = urlsplit(self.address).path.rstrip("/") + "/v1/events"
        connection.request("POST", path, gzip.compress(body, 1), headers)
        response = connection.getresponse()
        content = response.read()
        if response.status in (429, 500, 502, 503, 504):
            raise _TryAgain(f"status {response.status}", _seconds(response.headers.get("Retry-After")))
        if response.status != 200:
            raise ImportStopped(f"{self.address} answers {response.status}: {_explain(content)}")
        return read_verdicts(json.loads(content), count)

    async def declare(self, slug: object, reports: Sequence[str]) -> bool:
        """Makes the chatbot with what its source tells. False if the key may not, or if there is one already: then
        each kind of fact counts as reported once it has arrived."""
        if not isinstance(slug, str) or not reports:
            return False
        variables = {"slug": slug, "reports": list(reports)}
        body = json.dumps({"query": _CREATE_CHATBOT, "variables": variables}).encode()
        try:
            return await asyncio.to_thread(self._ask, body)
        except (OSError, ValueError, http.client.HTTPException):
            self._drop()
            return False

    def _ask(self, body: bytes) -> bool:
        connection = self._connect()
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        connection.request("POST", urlsplit(self.address).path.rstrip("/") + "/graphql", body, headers)
        answer = json.loads(connection.getresponse().read())
        return bool(answer.get("data")) and "errors" not in answer

    def _connect(self) -> http.client.HTTPConnection:
        if self._connection is None:
            parts: SplitResult = urlsplit(self.address)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ImportStopped(f"{self.address!r} is no address", "give one such as http://127.0.0.1:8000")
            kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
            self._connection = kind(parts.hostname, parts.port, timeout=SECONDS_PER_REQUEST)
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def read_verdicts(answer: dict[str, Any], count: int) -> list[Verdict]:
    results = answer.get("results")
    if not isinstance(results, list) or len(results) != count:
        raise ImportStopped("the server's answer does not name every event; is it Parlance of this version?")
    return [Verdict(result["status"].lower(), _describe(result)) for result in results]


def _describe(result: dict[str, Any]) -> str | None:
    if result.get("problems"):
        return "; ".join(f"{problem.get('field', '')}: {problem['message']}" for problem in result["problems"])
    error = result.get("error") or result.get("problem") or {}
    told = {**result, **error} if isinstance(error, dict) else {**result, "message": error}
    parts = [str(told[name]) for name in ("field", "message") if told.get(name)]
    return ": ".join(parts) or told.get("code")


def _explain(content: bytes) -> str:
    return content[:500].decode("utf-8", "replace").strip()


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isdigit() else None
