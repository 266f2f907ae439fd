"""The form of a GraphQL request over HTTP: where its parts stand, what type each has, what answer it accepts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.requests import Request

from server.limits import read_body
from server.operations import OperationRequest
from server.refusals import bad_request, method_not_allowed, not_acceptable, unsupported_media

GRAPHQL_RESPONSE: Final = "application/graphql-response+json"
JSON: Final = "application/json"
EVENT_STREAM: Final = "text/event-stream"
_LONGEST_ACCEPT: Final = 2_000
_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class _Range:
    """One media range of an Accept header."""

    media_type: str
    quality: float

    def precision_for(self, offered: str) -> int:
        """3 for the type itself, 2 for `application/*`, 1 for `*/*`, 0 if it does not match."""
        if self.media_type == offered:
            return 3
        if self.media_type == offered.split("/")[0] + "/*":
            return 2
        return 1 if self.media_type == "*/*" else 0


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the client takes: `media_type` for one answer, `streams` for many."""

    media_type: str
    streams: bool


def accepted_by(accept: str | None) -> Accepted:
    """Without a wish it is application/json, which every client reads."""
    ranges = [_range(part) for part in (accept or "*/*")[:_LONGEST_ACCEPT].split(",")]
    # At equal quality a type that is named wins over one that a wildcard covers, and the newer over the older.
    ranked = sorted(
        ((*_best(ranges, offered), -place), offered)
        for place, offered in enumerate((GRAPHQL_RESPONSE, JSON, EVENT_STREAM))
    )
    (quality, precision, _), media_type = ranked[-1]
    if quality <= 0:
        raise not_acceptable()
    if precision < _NAMED and _best(ranges, JSON)[0] == quality and media_type == GRAPHQL_RESPONSE:
        media_type = JSON
    return Accepted(media_type=media_type, streams=_best(ranges, EVENT_STREAM)[0] > 0)


def _best(ranges: list[_Range], offered: str) -> tuple[float, int]:
    """Quality and precision of the most precise range that covers a type; (0, 0) if none does."""
    precision, quality = max(((found.precision_for(offered), found.quality) for found in ranges), default=(0, 0.0))
    return (quality, precision) if precision else (0.0, 0)


def _range(part: str) -> _Range:
    media_type, *parameters = part.split(";")
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.strip().partition("=")
        if name.strip().lower() == "q":
            quality = _quality(value.strip())
    return _Range(media_type.strip().lower(), quality)


def _quality(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0


async def read_operation(request: Request, most_bytes: int) -> OperationRequest:
    if request.method == "GET":
        return operation_from(_query_parameters(request))
    if request.method != "POST":
        raise method_not_allowed("GET, POST", "GraphQL takes GET and POST.")
    _check_content(request)
    return operation_from(decode_object(await read_body(request, most_bytes)))


def _check_content(request: Request) -> None:
    """Only JSON: a page of another origin can send forms and plain text, but not this."""
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    if media_type.strip().lower() != JSON:
        raise unsupported_media("The body must be application/json.")
    charset = parameters.lower().partition("charset=")[2].strip().strip('"')
    if charset and charset not in ("utf-8", "utf8"):
        raise unsupported_media("The body must be in UTF-8.")
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise unsupported_media("The body must not be compressed.")


def _query_parameters(request: Request) -> dict[str, Any]:
    """The same names as in a body; `variables` and `extensions` are JSON in text."""
    parameters: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name in parameters:
            raise bad_request(f"The parameter {name[:40]} is given twice.")
        parameters[name] = value
    for name in ("variables", "extensions"):
        if name in parameters:
            parameters[name] = _decoded(parameters[name], f"{name} must be JSON in text.")
    return parameters


def decode_object(body: bytes | str) -> dict[str, Any]:
    """JSON that is an object; orjson refuses NaN, bad UTF-8, lone surrogates and bottomless nesting."""
    decoded = _decoded(body, "The body is not JSON.")
    if isinstance(decoded, list):
        raise bad_request("Batches of operations are not taken: send one operation a request.")
    if not isinstance(decoded, dict):
        raise bad_request("The body must be a JSON object.")
    return decoded


def _decoded(text: bytes | str, message: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise bad_request(message) from None


def operation_from(parts: Mapping[str, Any]) -> OperationRequest:
    """Checks the type of each part; unknown parts are passed over, as the specification wants."""
    query = _part(parts, "query", str)
    operation_name = _part(parts, "operationName", str)
    variables = _part(parts, "variables", dict)
    extensions = _part(parts, "extensions", dict)
    if any("\0" in text for text in (query or "", operation_name or "")):
        raise bad_request("Text must not contain the character U+0000.")
    return OperationRequest(
        query=query,
        operation_name=operation_name or None,
        variables=variables or {},
        extensions=extensions or {},
        document_id=parts.get("documentId"),
    )


def _part(parts: Mapping[str, Any], name: str, kind: type) -> Any:
    value = parts.get(name)
    if value is not None and not isinstance(value, kind):
        told = "a string" if kind is str else "an object"
        raise bad_request(f"{name} must be {told}.")
    return value
