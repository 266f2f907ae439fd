"""Pages of a list: Relay connections with opaque keyset cursors, and opaque global ids.

    @strawberry.field(description="...", extensions=[requires(Scope.MANAGE)])
    async def goals(self, info: Info, first: First = 50, after: After = None) -> Connection[Goal]:
        window = page_window("Goal", first=first, after=after, key_types=(datetime, int))
        async with reading(...) as reader:
            rows = await list_goals(reader, limit=window.limit, after=window.key)   # ask for window.limit rows
        return connection(window, rows, node=Goal.from_domain, key=lambda row: (row.created_at, row.goal_id))

`window.limit` is `first + 1`: the one row more tells `hasNextPage`. The key must be unique and be the order of rows.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Generic, TypeVar
from uuid import UUID

import orjson
import strawberry

from domain.problems import InvalidInput, Refused

NodeT = TypeVar("NodeT")
RowT = TypeVar("RowT")

MOST_PER_PAGE: Final = 100
_LONGEST_OPAQUE: Final = 1_000


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more follows this page.")
    has_previous_page: bool = strawberry.field(description="Whether something precedes this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first edge.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last edge: pass it as `after`.")


@strawberry.type(description="One element of a page.")
class Edge(Generic[NodeT]):
    cursor: str = strawberry.field(description="Opaque place of this element.")
    node: NodeT = strawberry.field(description="The element.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[NodeT]):
    edges: list[Edge[NodeT]] = strawberry.field(description="The elements with their cursors.")
    nodes: list[NodeT] = strawberry.field(description="The elements alone.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")


@dataclass(frozen=True, slots=True)
class PageWindow:
    """What to read: `limit` rows after `key` (None = from the start)."""

    kind: str
    first: int
    key: tuple[Any, ...] | None

    @property
    def limit(self) -> int:
        return self.first + 1


def page_window(kind: str, *, first: int, after: str | None, key_types: tuple[type, ...] = (int,)) -> PageWindow:
    """Checks `first` (1..100) and `after` (a cursor of this very list)."""
    if not 1 <= first <= MOST_PER_PAGE:
        raise Refused(
            InvalidInput(
                message=f"first is {first}; it takes 1 to {MOST_PER_PAGE}.",
                path=("first",),
                allowed=(f"1..{MOST_PER_PAGE}",),
            )
        )
    return PageWindow(kind=kind, first=first, key=None if after is None else decode_cursor(kind, after, key_types))


def connection(
    window: PageWindow,
    rows: Sequence[RowT],
    *,
    node: Callable[[RowT], NodeT],
    key: Callable[[RowT], tuple[Any, ...]],
) -> Connection[NodeT]:
    """A connection of the first `window.first` rows."""
    shown = rows[: window.first]
    edges = [Edge(cursor=encode_cursor(window.kind, key(row)), node=node(row)) for row in shown]
    return Connection(
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=PageInfo(
            has_next_page=len(rows) > window.first,
            has_previous_page=window.key is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
    )


def encode_cursor(kind: str, key: tuple[Any, ...]) -> str:
    # asyncpg's UUID is a class of its own, which orjson does not know.
    return _packed(orjson.dumps([kind, *key], default=str))


def decode_cursor(kind: str, cursor: str, key_types: tuple[type, ...]) -> tuple[Any, ...]:
    """The key inside a cursor that this list gave out; anything else is refused."""
    problem = InvalidInput(message=f"after is no cursor of this list of {kind}.", path=("after",))
    try:
        parts = orjson.loads(_unpacked(cursor))
    except ValueError:
        raise Refused(problem) from None
    if not isinstance(parts, list) or len(parts) != len(key_types) + 1 or parts[0] != kind:
        raise Refused(problem)
    try:
        return tuple(_key_part(kind_of, part) for kind_of, part in zip(key_types, parts[1:], strict=True))
    except (ValueError, TypeError):
        raise Refused(problem) from None


def _key_part(kind: type, part: Any) -> Any:
    if kind is datetime:
        moment = datetime.fromisoformat(part)
        if moment.tzinfo is None:
            raise ValueError("a moment without an offset")
        return moment
    if kind is UUID:
        return UUID(part)
    if kind is int and isinstance(part, int) and not isinstance(part, bool) and abs(part) < 2**63:
        return part
    if kind is str and isinstance(part, str) and "\0" not in part:
        return part
    raise ValueError("not a part of this key")


def encode_id(kind: str, key: int | str | UUID) -> strawberry.ID:
    """`encode_id("Chatbot", 7)`: opaque to clients, unique over all kinds."""
    return strawberry.ID(_packed(f"{kind}:{key}".encode()))


def decode_id(kind: str, text: str, key_type: Callable[[str], RowT], *, path: str = "id") -> RowT:
    """`decode_id("Chatbot", id, int, path="chatbotId")`: the key, or a typed refusal."""
    wrong = InvalidInput(message=f"{path} is no id of a {kind}.", path=(path,))
    try:
        found, separator, key = _unpacked(text).decode().partition(":")
    except ValueError:
        raise Refused(wrong) from None
    if not separator or found != kind or "\0" in key:
        raise Refused(wrong)
    try:
        value = key_type(key)
    except ValueError:
        raise Refused(wrong) from None
    if str(value) != key or (isinstance(value, int) and abs(value) >= 2**63):
        raise Refused(wrong)
    return value


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _unpacked(text: str) -> bytes:
    if len(text) > _LONGEST_OPAQUE or not text.isascii():
        raise ValueError("too long, or not base64url")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error


First = Annotated[int, strawberry.argument(description=f"How many, 1 to {MOST_PER_PAGE}.")]
"""Type of a `first` argument."""

After = Annotated[str | None, strawberry.argument(description="Continue after this cursor of the same list.")]
"""Type of an `after` argument."""
