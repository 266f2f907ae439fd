"""Which sums an interval of a mean or of a ratio needs beside its two parts, and where there can be none."""

from dataclasses import dataclass, fields, is_dataclass, replace
from functools import lru_cache
from typing import Any, Final, assert_never

from domain.metrics.algebra import (
    Column,
    Constant,
    Count,
    Distinct,
    Every,
    Formula,
    HasTurn,
    Histogram,
    Known,
    Measure,
    Place,
    Predicate,
    Ratio,
    Relation,
    Single,
    Sum,
    SumMoney,
    SumOfProducts,
    SumOfSquaredMoney,
    either,
    every,
    restricted,
)

OF_MONEY: Final = (SumMoney, SumOfSquaredMoney)
"""By currency and day."""
LONG: Final = (*OF_MONEY, SumOfProducts)
"""May need more than 64 bits."""

_ONE: Final = Constant(1)
NO_ESTIMATE: Final = "What happened is counted or summed, not estimated."
OF_A_RANK: Final = "None is told of percentiles and extremes."
DIFFERENT_FACTS: Final = "Numerator and denominator are counted on different kinds of facts, and both vary."
MONEY_BY_VARYING: Final = "The amounts are divided by something that varies too."
SEVERAL_CURRENCIES: Final = "Some sessions cost amounts in other currencies, which do not tell what each cost."


@dataclass(frozen=True, slots=True)
class Spread:
    """Sums over the cases of a ratio x / y. `squares`: of x. `products`: of x y, None: equal to x. `weights`: of y
    squared, None: equal to y. `rows`: how many cases, None: as many as y."""

    squares: Measure
    products: Measure | None = None
    weights: Measure | None = None
    rows: Measure | None = None

    @property
    def measures(self) -> tuple[Measure, ...]:
        return tuple(one for one in (self.squares, self.products, self.weights, self.rows) if one is not None)

    def restricted(self, to: Predicate) -> "Spread":
        parts = (self.squares, self.products, self.weights, self.rows)
        return Spread(*(None if one is None else restricted(one, to) for one in parts))  # type: ignore[arg-type]


@lru_cache(maxsize=1_000)
def spread_of(formula: Formula) -> Spread | str:
    """What has to be summed, or in words why there is no interval. Shares have Wilson's, out of their parts alone."""
    match formula:
        case Single(sample=sample):
            return NO_ESTIMATE if sample is None else OF_A_RANK
        case Histogram():
            return NO_ESTIMATE
        case Ratio():
            return _of_ratio(formula)
        case _:
            assert_never(formula)


def _of_ratio(formula: Ratio) -> Spread | str:
    over, under = formula.numerator, formula.denominator
    if over.relation is Relation.SESSION_COST and isinstance(over, SumMoney) and isinstance(under, Count):
        return _of_session_costs(over, under)
    if over.relation is not under.relation or isinstance(under, Distinct):
        return DIFFERENT_FACTS
    match over:
        case SumMoney(relation=relation, of=of, where=where):
            return Spread(SumOfSquaredMoney(relation, of, where)) if _is_mean(over, under) else MONEY_BY_VARYING
        case Sum():
            return Spread(_squares(over)) if _is_mean(over, under) else _of_both(over, under)
        case Count(relation=relation, where=where):
            return _of_both(Sum(relation, _ONE, where), under)
        case _:
            return DIFFERENT_FACTS


def _of_session_costs(over: SumMoney, under: Count) -> Spread:
    """A session is a case, whatever its rows. It is counted in the denominator by what stands on the session."""
    counted = SumMoney(over.relation, over.of, every(over.where, on_session(under.where)))
    return Spread(SumOfSquaredMoney(over.relation, over.of, over.where), products=counted)


def is_by_session(measure: Measure) -> bool:
    """Whether rows have to be summed by session before they are squared."""
    return isinstance(measure, SumOfSquaredMoney) and measure.relation is Relation.SESSION_COST


def on_session(tree: Any) -> Any:
    """A predicate over sessions, as a row of one says it."""
    if isinstance(tree, Column):
        return replace(tree, place=Place.SESSION) if tree.place is Place.ROW else tree
    if isinstance(tree, tuple):
        return tuple(on_session(part) for part in tree)
    if isinstance(tree, HasTurn) or not is_dataclass(tree):
        return tree
    node: Any = tree
    return replace(node, **{one.name: on_session(getattr(tree, one.name)) for one in fields(tree)})


def _is_mean(over: Sum | SumMoney, under: Count | Sum) -> bool:
    """Whether just those rows are counted whose values are summed. A sum leaves out what is not known."""
    if not isinstance(under, Count):
        return False
    summed, counted = _parts(over.where), _parts(under.where)
    return counted in (summed, summed | {Known(over.of)})


def _parts(where: Predicate) -> frozenset[Predicate]:
    return frozenset(where.parts if isinstance(where, Every) else (where,))


def _squares(of: Sum) -> SumOfProducts:
    return SumOfProducts(of.relation, of.of, of.of, of.where)


def _of_both(over: Sum, under: Count | Sum) -> Spread:
    weight = under.of if isinstance(under, Sum) else _ONE
    return Spread(
        squares=_squares(over),
        products=SumOfProducts(over.relation, over.of, weight, every(over.where, under.where)),
        weights=_squares(under) if isinstance(under, Sum) else None,
        rows=Count(over.relation, either(over.where, under.where)),
    )
