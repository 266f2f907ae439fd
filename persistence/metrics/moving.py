"""The numbers of a statement that differ from one asking of a question to the next: named parameters.

Everything else of a statement is its shape, which is made once and used again (see shapes.py).
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import BigInteger, Integer, Uuid, bindparam
from sqlalchemy.dialects.postgresql import ARRAY

from domain.chatbot_settings import LONGEST_IDLE_TIMEOUT_MS
from domain.queries.branches import Branch
from domain.queries.plan import QueryPlan, cells_on, local_days
from persistence.metrics.compile import Number
from persistence.metrics.slots import grid_of


def workspace() -> Number:
    return bindparam("workspace_id", type_=Uuid())


def as_of() -> Number:
    return bindparam("as_of_ms", type_=BigInteger())


def oldest_open() -> Number:
    """No session that was silent for longer is open at `as_of`."""
    return bindparam("oldest_open_ms", type_=BigInteger())


def range_start(window: int) -> Number:
    return bindparam(f"from_{window}", type_=BigInteger())


def range_end(window: int) -> Number:
    return bindparam(f"to_{window}", type_=BigInteger())


def buckets_of(window: int) -> str:
    """The time axis of a window's buckets; the names of its parameters end with it."""
    return f"buckets_{window}"


def days_of(window: int) -> str:
    """The time axis of the local days of a window's amounts."""
    return f"days_{window}"


def edges(axis: str) -> Number:
    return bindparam(f"edges_of_{axis}", type_=ARRAY(BigInteger))


def cells(axis: str) -> Number:
    """Of each bucket its cell, from 1."""
    return bindparam(f"cells_of_{axis}", type_=ARRAY(Integer))


def grid_base(axis: str) -> Number:
    return bindparam(f"grid_base_of_{axis}", type_=BigInteger())


def slot_width(axis: str) -> Number:
    return bindparam(f"slot_width_of_{axis}", type_=BigInteger())


def slot_numbers(axis: str) -> Number:
    return bindparam(f"slots_of_{axis}", type_=ARRAY(Integer))


def slot_buckets(axis: str) -> Number:
    return bindparam(f"slot_buckets_of_{axis}", type_=ARRAY(Integer))


def slot_starts(axis: str) -> Number:
    return bindparam(f"slot_starts_of_{axis}", type_=ARRAY(BigInteger))


def whole_numbers(name: str) -> Number:
    return bindparam(name, type_=ARRAY(Integer))


def moments(name: str) -> Number:
    return bindparam(name, type_=ARRAY(BigInteger))


def whole_number(name: str) -> Number:
    return bindparam(name, type_=BigInteger())


def values_of(plan: QueryPlan, branches: Iterable[Branch], workspace_id: UUID | None = None) -> dict[str, object]:
    """All of them, whether a statement has a place for them or not. Without a workspace: for a columnar copy."""
    found: dict[str, object] = {"as_of_ms": plan.as_of_ms, "oldest_open_ms": plan.as_of_ms - LONGEST_IDLE_TIMEOUT_MS}
    if workspace_id is not None:
        found["workspace_id"] = workspace_id
    for index, window in enumerate(plan.windows):
        found |= {f"from_{index}": window.from_ms, f"to_{index}": window.to_ms}
    cells_of_axis = {buckets_of(index): cells_on(plan, index) for index in range(len(plan.windows))}
    for axis, moments in _axes(plan, branches).items():
        places = [place + 1 for place in cells_of_axis.get(axis, ())]
        if workspace_id is None:
            found |= _grid_values(axis, moments, places)
        else:
            found |= {f"edges_of_{axis}": list(moments), f"cells_of_{axis}": places}
    return found


def _axes(plan: QueryPlan, branches: Iterable[Branch]) -> dict[str, tuple[int, ...]]:
    """Edges of every time axis that has some."""
    found = {buckets_of(index): plan.edges[index] for index in range(len(plan.windows))}
    found |= {days_of(one.window_index): local_days(plan, one.window_index)[0] for one in branches if one.by_day}
    return {axis: moments for axis, moments in found.items() if moments}


def _grid_values(axis: str, moments: tuple[int, ...], places: Sequence[int]) -> dict[str, object]:
    grid = grid_of(moments)
    if grid is None:
        raise ValueError("the buckets lie on no even grid")
    return {
        f"grid_base_of_{axis}": grid.base_ms,
        f"slot_width_of_{axis}": grid.slot_ms,
        f"slots_of_{axis}": list(range(len(grid.buckets))),
        f"slot_buckets_of_{axis}": [places[bucket - 1] for bucket in grid.buckets] if places else list(grid.buckets),
        f"slot_starts_of_{axis}": list(grid.starts),
    }
