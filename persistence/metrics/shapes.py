"""What two askings of one question share: the legs and the statement, made once. Only numbers that move differ.

Making a statement of many measures costs more than running it on a columnar copy does.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, TypeVar

from sqlalchemy import Select

from domain.queries.branches import Branch, branches_of
from domain.queries.plan import QueryPlan
from domain.time import Rolling
from persistence.metrics.reads import tables_read
from persistence.metrics.statement import Layout, Statement, build_statement, layout_of

MOST_SHAPES: Final = 500
Made = TypeVar("Made")


@dataclass(frozen=True)
class Shape:
    """Windows and edges in `branches` are those of the plan that it was made of: look at them in the plan at hand."""

    plan: QueryPlan
    branches: tuple[Branch, ...]

    @cached_property
    def layout(self) -> Layout:
        return layout_of(self.plan, self.branches)

    @cached_property
    def tables(self) -> frozenset[str]:
        return tables_read(self.branches)

    @cached_property
    def for_database(self) -> Statement:
        return build_statement(self.plan, self.branches)

    @cached_property
    def for_copy(self) -> Statement:
        return build_statement(self.plan, self.branches, in_copy=True)


def shape_of(plan: QueryPlan) -> Shape:
    return _once(_shapes, _key(plan), lambda: Shape(plan, branches_of(plan)))


def kept(plan: QueryPlan, rest: Hashable, make: Callable[[], Select[Any]]) -> Select[Any]:
    """A statement of another kind, made once for each plan of one shape and each `rest`."""
    return _once(_statements, (_key(plan), rest), make)


def _once(known: OrderedDict[Hashable, Made], key: Hashable, make: Callable[[], Made]) -> Made:
    found = known.get(key)
    if found is None:
        found = known[key] = make()
        if len(known) > MOST_SHAPES:
            known.popitem(last=False)
    known.move_to_end(key)
    return found


_shapes: Final[OrderedDict[Hashable, Shape]] = OrderedDict()
_statements: Final[OrderedDict[Hashable, Select[Any]]] = OrderedDict()


def _key(plan: QueryPlan) -> Hashable:
    """All that legs and statement are made of, but for the moments."""
    scope = plan.scope
    return (
        replace(
            plan.query,
            range=Rolling.LAST_24H,
            as_of_ms=None,
            time_zone=None,
            grain=None,
            compare=None,
            minimum_sample=1,
            after=None,
        ),
        plan.parts,
        plan.kept,
        tuple(bool(plan.edges[index]) for index in range(len(plan.windows))),
        scope.chatbots,
        scope.instrument,
        scope.rates.currency,
        tuple(sorted(scope.codes.chatbots.items())),
        tuple(sorted(scope.codes.labels.items())),
    )
