"""Which errors a client may read: its own mistakes and our coded ones; every other becomes one sentence and an id."""

from collections.abc import Sequence
from typing import Any, Final

import structlog
from graphql import GraphQLError

from domain.problems import Refused, Unavailable
from persistence.engine import DatabaseUnavailable
from schema.problems import extensions_of

_log = structlog.get_logger(__name__)
_MOST_ERRORS: Final = 50
_LONGEST_MESSAGE: Final = 500


class DatabaseGone(Exception):
    """An error of the operation says that the database cannot be reached: the whole request is tried again later."""


def masked_errors(errors: Sequence[GraphQLError], *, request_id: str) -> list[Any]:
    """Errors as they may leave the server. Unexpected ones are logged here, once, with the request's id."""
    return [_masked(error, request_id) for error in errors[:_MOST_ERRORS]]


def _masked(error: GraphQLError, request_id: str) -> Any:
    cause = _cause(error)
    if isinstance(cause, DatabaseUnavailable):
        raise DatabaseGone
    if isinstance(cause, Refused):
        if any(isinstance(problem, Unavailable) for problem in cause.problems):
            raise DatabaseGone
        return _told(error, str(cause), extensions_of(cause.problems))
    if cause is None or isinstance(cause, GraphQLError):
        extensions = dict(error.extensions or {})
        extensions.setdefault("code", "INVALID_INPUT")
        return _told(error, error.message, extensions)
    if isinstance(cause, RecursionError):
        return _told(error, "The input is nested too deeply.", {"code": "LIMIT_REACHED"})
    _log.error("operation failed", request_id=request_id, path=_path(error), exc_info=cause)
    message = f"Something went wrong on our side. Give this id when you report it: {request_id}"
    return _told(error, message, {"code": "INTERNAL", "requestId": request_id})


def _cause(error: GraphQLError) -> BaseException | None:
    """The innermost exception: graphql-core wraps what resolvers raise."""
    cause: BaseException | None = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _told(error: GraphQLError, message: str, extensions: dict[str, Any]) -> Any:
    if len(message) > _LONGEST_MESSAGE:
        message = message[:_LONGEST_MESSAGE] + "…"
    told = dict(error.formatted)
    return {**told, "message": message, "extensions": extensions}


def _path(error: GraphQLError) -> str:
    return ".".join(str(step) for step in error.path or ())
