"""POST /v1/events: events as a JSON array, an object or lines, gzipped or not; answered after they are durable."""

import zlib
from collections import Counter
from typing import Any, Final

from msgspec import Struct
from msgspec import json as wire
from starlette.requests import Request
from starlette.responses import Response

from domain.accounts import Scope
from domain.problems import LimitReached, Refused
from persistence.ingest.arrivals import ACCEPTED, CONFLICT, DUPLICATE, REJECTED, EventResult
from server.admission import admit
from server.enrichment import country_of
from server.intake import IntakeFull
from server.limits import read_body
from server.recording import Recorder
from server.refusals import HttpRefusal, bad_request, method_not_allowed, too_large, too_many_requests

MOST_BODY_BYTES: Final = 8 * 1024 * 1024
_CONTENT_TYPES: Final = (
    "application/json",
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
)
_GZIP_FORMAT: Final = 31  # zlib's number for a gzip header and the largest window
_MOST_MEMBERS: Final = 64


class Summary(Struct):
    """The answer: how many of each, and every event's result in order."""

    accepted: int
    duplicate: int
    conflict: int
    rejected: int
    results: list[EventResult]


_encode: Final = wire.Encoder().encode


def summary_of(results: list[EventResult]) -> Summary:
    counts = Counter(result.status for result in results)
    return Summary(counts[ACCEPTED], counts[DUPLICATE], counts[CONFLICT], counts[REJECTED], results)


class IngestEndpoint:
    """`handle` is the route's function. In `country_header` a proxy tells the visitor's country."""

    def __init__(self, recorder: Recorder, *, most_bytes: int = MOST_BODY_BYTES, country_header: str = "") -> None:
        self._recorder = recorder
        self._most_bytes = most_bytes
        self._country_header = country_header

    async def handle(self, request: Request) -> Response:
        if request.method != "POST":
            raise method_not_allowed("POST", "Events are sent with POST.")
        admission = await admit(request, Scope.EVENTS_WRITE)
        content_type = _content_type(request)
        body = await self._body(request)
        country = country_of(request.headers.get(self._country_header)) if self._country_header else None
        try:
            results = await self._recorder.record(admission.viewer, body, content_type=content_type, country=country)
        except IntakeFull as full:
            raise too_many_requests(str(full), retry_after_seconds=full.retry_after) from None
        except Refused as refused:
            raise _whole_body(refused) from None
        return self._answer(request, summary_of(results))

    async def _body(self, request: Request) -> bytes:
        encoding = request.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip"):
            raise _unsupported("Content-Encoding must be gzip or identity.", {"Accept-Encoding": "gzip, identity"})
        body = await read_body(request, self._most_bytes)
        return unzipped(body, self._most_bytes) if encoding.endswith("gzip") else body

    def _answer(self, request: Request, summary: Summary) -> Response:
        deployment: Any = request.app.state.deployment
        for status in (ACCEPTED, DUPLICATE, CONFLICT, REJECTED):
            count = getattr(summary, status)
            if count:
                deployment.measures.ingested_events.labels(status).inc(count)
        all_rejected = summary.rejected and summary.rejected == len(summary.results)
        return Response(
            _encode(summary),
            status_code=422 if all_rejected else 200,
            media_type="application/json",
            headers={"Cache-Control": "no-store"},
        )


def unzipped(body: bytes, most_bytes: int) -> bytes:
    """At most `most_bytes`, however much more the body would become."""
    parts: list[bytes] = []
    room = most_bytes
    for _ in range(_MOST_MEMBERS):
        member = zlib.decompressobj(_GZIP_FORMAT)
        try:
            part = member.decompress(body, room + 1)
        except zlib.error:
            raise bad_request("The body is not gzip, as Content-Encoding says.") from None
        room -= len(part)
        if room < 0:
            raise too_large(most_bytes)
        if not member.eof:
            raise bad_request("The gzip body is cut off.")
        parts.append(part)
        body = member.unused_data
        if not body:
            return b"".join(parts)
    raise bad_request(f"The gzip body has more than {_MOST_MEMBERS} members.")


def _content_type(request: Request) -> str:
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    media_type = media_type.strip().lower()
    if media_type not in _CONTENT_TYPES:
        raise _unsupported(
            "Content-Type must be application/json or application/x-ndjson.", {"Accept-Post": ", ".join(_CONTENT_TYPES)}
        )
    charset = parameters.lower().partition("charset=")[2].strip().strip('"')
    if charset and charset not in ("utf-8", "utf8"):
        raise _unsupported("The body must be in UTF-8.", {})
    return media_type


def _unsupported(message: str, headers: dict[str, str]) -> HttpRefusal:
    return HttpRefusal(415, "UNSUPPORTED_MEDIA_TYPE", message, headers=headers)


def _whole_body(refused: Refused) -> HttpRefusal:
    problem = refused.problems[0]
    status = 413 if isinstance(problem, LimitReached) else 400
    return HttpRefusal(status, problem.code, problem.message, headers={"Connection": "close"} if status == 413 else {})
