"""Refusals of whole HTTP requests: one exception, one JSON form, one place that knows the statuses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from graphql import GraphQLError
from starlette.responses import Response

JSON: Final = "application/json; charset=utf-8"


@dataclass(slots=True)
class HttpRefusal(Exception):
    """The request is answered at once with a status and GraphQL-shaped errors."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)
    extensions: Mapping[str, Any] = field(default_factory=dict)
    """Of the answer, such as `cost`."""
    errors: Sequence[GraphQLError] = ()
    """Instead of the one error made from code and message."""

    def body(self, request_id: str) -> dict[str, Any]:
        errors = [error.formatted for error in self.errors] or [
            {"message": self.message, "extensions": {"code": self.code, "requestId": request_id}}
        ]
        body: dict[str, Any] = {"errors": errors}
        if self.extensions:
            body["extensions"] = dict(self.extensions)
        return body

    def response(self, request_id: str, media_type: str = JSON) -> Response:
        return Response(
            orjson.dumps(self.body(request_id)),
            status_code=self.status,
            media_type=media_type,
            headers={"Cache-Control": "no-store", **self.headers},
        )


def unauthenticated(message: str = "A valid key is needed: send it as Authorization: Bearer <key>.") -> HttpRefusal:
    return HttpRefusal(401, "UNAUTHENTICATED", message, headers={"WWW-Authenticate": 'Bearer realm="parlance"'})


def forbidden(message: str) -> HttpRefusal:
    return HttpRefusal(403, "FORBIDDEN", message)


def bad_request(message: str) -> HttpRefusal:
    return HttpRefusal(400, "BAD_REQUEST", message)


def too_large(most_bytes: int) -> HttpRefusal:
    return HttpRefusal(
        413,
        "BODY_TOO_LARGE",
        f"The body may have {most_bytes} bytes.",
        # The rest of the body is not read, so the connection cannot be used again.
        headers={"Connection": "close"},
    )


def unsupported_media(message: str) -> HttpRefusal:
    return HttpRefusal(415, "UNSUPPORTED_MEDIA_TYPE", message, headers={"Accept-Post": "application/json"})


def not_acceptable() -> HttpRefusal:
    return HttpRefusal(
        406,
        "NOT_ACCEPTABLE",
        "Accept must allow application/graphql-response+json, application/json or text/event-stream.",
    )


def method_not_allowed(allowed: str, message: str) -> HttpRefusal:
    return HttpRefusal(405, "METHOD_NOT_ALLOWED", message, headers={"Allow": allowed})


def too_many_requests(message: str, *, retry_after_seconds: int, cost: Mapping[str, Any] | None = None) -> HttpRefusal:
    return HttpRefusal(
        429,
        "LIMIT_REACHED",
        message,
        headers={"Retry-After": str(retry_after_seconds)},
        extensions={"cost": dict(cost)} if cost else {},
    )


def unavailable(message: str = "The database cannot be reached right now; try again.") -> HttpRefusal:
    return HttpRefusal(503, "UNAVAILABLE", message, headers={"Retry-After": "2"})


def internal(request_id: str) -> HttpRefusal:
    return HttpRefusal(
        500, "INTERNAL", f"Something went wrong on our side. Give this id when you report it: {request_id}"
    )


def deadline_exceeded(seconds: float) -> HttpRefusal:
    return HttpRefusal(504, "DEADLINE_EXCEEDED", f"The operation took longer than {seconds:g} s and was stopped.")
