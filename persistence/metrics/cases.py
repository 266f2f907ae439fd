"""The sessions behind a value, as one SELECT on either engine: newest first, each with what it adds."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Select, and_, cast, func, null, or_, select, union_all
from sqlalchemy.sql.selectable import Subquery

from domain.metrics.algebra import SESSION_NUMBER, Measure
from domain.queries.branches import Branch
from domain.queries.cases import (
    STARTED,
    Case,
    CasePart,
    CasesQuery,
    Explained,
    contributions,
    is_hidden,
    legs_of,
    only_totals,
)
from domain.queries.plan import QueryPlan
from persistence.metrics import moving
from persistence.metrics.answer import answer, plan_for
from persistence.metrics.compile import Truth, compile_measure
from persistence.metrics.engines import rows_from
from persistence.metrics.legs import Leg, column_name, opened
from persistence.metrics.rows import rows_of
from persistence.metrics.shapes import kept
from persistence.metrics.statement import aggregating
from persistence.tenancy import Reader

_AFTER_START: Final = "after_started_at_ms"
_AFTER_NUMBER: Final = "after_session_id"
_MOST: Final = "most_sessions"


async def explain_metric(
    reader: Reader, query: CasesQuery, *, now_ms: int, limit: int, after: tuple[int, int] | None, with_count: bool
) -> Explained:
    """From one snapshot, if the reader has one. `after`: start and number of the last session of the page before."""
    asked = only_totals(query)
    table = await answer(reader, asked, now_ms=now_ms)
    plan = await plan_for(reader, asked, now_ms=now_ms)
    measures = () if is_hidden(table) else contributions(plan)
    if not measures:
        return Explained(table, (), 0 if with_count and not is_hidden(table) else None)
    page = Asked(plan, query.part, measures, is_later=after is not None)
    started, number = after or (0, 0)
    rows = await page.rows(reader, {_AFTER_START: started, _AFTER_NUMBER: number, _MOST: limit})
    count = (await page.count().rows(reader, {}))[0][0] if with_count else None
    return Explained(table, tuple(Case(row[0], row[1], tuple(row[2:])) for row in rows), count)


class Asked:
    """One statement about the cases of a plan: a page of them, or how many there are."""

    def __init__(
        self,
        plan: QueryPlan,
        part: CasePart,
        measures: tuple[Measure, ...],
        *,
        is_later: bool = False,
        only_count: bool = False,
    ) -> None:
        self.plan = plan
        self.part = part
        self.measures = measures
        self.is_later = is_later
        self.only_count = only_count
        self.legs = legs_of(plan, measures)

    def count(self) -> "Asked":
        return Asked(self.plan, self.part, self.measures, only_count=True)

    async def rows(self, reader: Reader, values: Mapping[str, object]) -> Sequence[Any]:
        return await rows_from(reader, self.plan, self.legs, self.statement, values)

    def statement(self, in_copy: bool) -> Select[Any]:
        key = ("cases", self.part, self.is_later, self.only_count, in_copy)
        return kept(self.plan, key, lambda: self._built(in_copy))

    def _built(self, in_copy: bool) -> Select[Any]:
        cases = _cases(self.plan, self.legs, self.measures, in_copy=in_copy)
        parts = [cases.c[_name(place)] for place in range(len(self.measures))]
        wanted = _wanted(self.part, parts)
        if self.only_count:
            return select(func.count()).select_from(cases).where(wanted)
        started, number = cases.c.started_at_ms, cases.c.session_id
        statement = select(number, started, *parts).where(wanted)
        if self.is_later:
            before = started < moving.whole_number(_AFTER_START)
            beside = and_(
                started == moving.whole_number(_AFTER_START), number < moving.whole_number(_AFTER_NUMBER)
            )
            statement = statement.where(or_(before, beside))
        ordered = statement.order_by(started.desc().nulls_last(), number.desc().nulls_last())
        return ordered.limit(moving.whole_number(_MOST))


def _wanted(part: CasePart, parts: Sequence[ColumnElement[Any]]) -> Truth:
    """Whoever adds something, or adds to one part alone."""
    match part:
        case CasePart.ALL:
            return or_(*(one != 0 for one in parts))
        case CasePart.NUMERATOR:
            return parts[0] != 0
        case CasePart.REST:
            return and_(parts[1] != 0, or_(parts[0].is_(None), parts[0] == 0))


def _name(place: int) -> str:
    return f"m{place}"


def _cases(plan: QueryPlan, legs: Sequence[Branch], measures: Sequence[Measure], *, in_copy: bool) -> Subquery:
    """A row per session. What comes from several relations is put together; each part is in one of them."""
    found = [_leg(opened(plan, leg, in_copy=in_copy), index, measures) for index, leg in enumerate(legs)]
    if len(found) == 1:
        return found[0].subquery("cases")
    legs_together = union_all(*found).subquery("legs")
    keys = [legs_together.c.session_id, legs_together.c.started_at_ms]
    parts = [func.max(legs_together.c[_name(place)]).label(_name(place)) for place in range(len(measures))]
    return select(*keys, *parts).group_by(*keys).subquery("cases")


def _leg(leg: Leg, index: int, measures: Sequence[Measure]) -> Select[Any]:
    rows = rows_of(leg).subquery(f"rows_{index}")
    within = aggregating(leg, rows)
    number, started = rows.c[column_name(leg, SESSION_NUMBER)], rows.c[column_name(leg, STARTED)]
    parts = [
        (compile_measure(one, within) if one.relation is leg.branch.relation else cast(null(), BigInteger)).label(
            _name(place)
        )
        for place, one in enumerate(measures)
    ]
    return select(number.label("session_id"), started.label("started_at_ms"), *parts).group_by(number, started)
