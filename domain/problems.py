"""What can be wrong with a request, as values: few kinds, each with a code, a place and what is allowed.

Raise `Refused(problem, ...)` from any layer below the API; the API turns it into coded errors. Collect all
problems of one input before raising, so that a client can mend everything at once.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong: where, what, what would be allowed and the nearest right name."""

    code: ClassVar[str] = "PROBLEM"

    message: str
    path: tuple[str | int, ...] = ()
    """Place in the input, as GraphQL names: ("range", "rolling")."""
    allowed: tuple[str, ...] = ()
    suggestion: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidInput(Problem):
    """A value has the wrong form, is out of range, or contradicts another one."""

    code: ClassVar[str] = "INVALID_INPUT"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownName(Problem):
    """A name (metric, dimension, zone, setting) that does not exist; says the nearest that does."""

    code: ClassVar[str] = "UNKNOWN_NAME"

    @classmethod
    def among(cls, what: str, name: str, known: Iterable[str], *, path: tuple[str | int, ...] = ()) -> Self:
        """`UnknownName.among("metric", "sesions", METRICS)`; lists at most 50 allowed names."""
        names = sorted(known)
        near = nearest(name, names)
        hint = f" Nearest: {near}." if near else ""
        return cls(
            message=f"There is no {what} named {_shortened(name)!r}.{hint}",
            path=path,
            allowed=tuple(names[:_MOST_ALLOWED_NAMES]),
            suggestion=near,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound(Problem):
    """Nothing of this id is visible to the viewer: absent and foreign look alike."""

    code: ClassVar[str] = "NOT_FOUND"

    @classmethod
    def of(cls, what: str, *, path: tuple[str | int, ...] = ()) -> Self:
        """The id is not repeated, so that absent and foreign ids give equal bytes."""
        return cls(message=f"There is no such {what}.", path=path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forbidden(Problem):
    """The key lacks the scope; `allowed` names the scope that would do."""

    code: ClassVar[str] = "FORBIDDEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict(Problem):
    """Somebody else changed it first, or the name is taken."""

    code: ClassVar[str] = "CONFLICT"


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitReached(Problem):
    """Too much at once or too often; `allowed` says the limit."""

    code: ClassVar[str] = "LIMIT_REACHED"


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorExpired(Problem):
    """A cursor of another feed, of the future or of before a restore; says how to start again."""

    code: ClassVar[str] = "CURSOR_EXPIRED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable(Problem):
    """Something the answer needs is down or busy right now; trying again later helps."""

    code: ClassVar[str] = "UNAVAILABLE"


PROBLEM_KINDS: Final[tuple[type[Problem], ...]] = (
    InvalidInput,
    UnknownName,
    NotFound,
    Forbidden,
    Conflict,
    LimitReached,
    CursorExpired,
    Unavailable,
)


class Refused(Exception):
    """Carries problems up to the API. Expected: never logged as a fault."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, ignoring case and separators, or None if none is near."""
    plain = {_plain(candidate): candidate for candidate in known}
    found = difflib.get_close_matches(_plain(name[:_LONGEST_COMPARED]), plain, n=1, cutoff=0.6)
    return plain[found[0]] if found else None


_MOST_ALLOWED_NAMES: Final = 50
_LONGEST_COMPARED: Final = 64


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_COMPARED else name[:_LONGEST_COMPARED] + "…"
