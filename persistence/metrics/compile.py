"""The algebra of metrics as SQL expressions: one arm per node, and nothing beyond the closed subset of R10."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, assert_never

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Numeric,
    and_,
    case,
    cast,
    distinct,
    false,
    func,
    literal,
    or_,
    true,
)
from sqlalchemy.sql.elements import Grouping
from sqlalchemy.types import UserDefinedType

from domain.metrics.algebra import (
    AsOf,
    Case,
    Column,
    Compare,
    Constant,
    Count,
    Distinct,
    Either,
    Every,
    Expression,
    HasTurn,
    IsTrue,
    Known,
    Maximum,
    Measure,
    Minimum,
    Minus,
    Not,
    OfPopulation,
    OneOf,
    Plus,
    Predicate,
    Quantile,
    Sign,
    Sum,
    SumMoney,
    SumOfProducts,
    SumOfSquaredMoney,
    WindowStart,
)

Number: TypeAlias = ColumnElement[Any]
Truth: TypeAlias = ColumnElement[bool]

NEAREST_RANK_SLACK: Final = 1e-12
"""percentile_disc takes ceil(p * n) in floating point; a hair less keeps 0.95 * 20 at 19 for every n below 10^9."""

EXACT: Final = Numeric(38, 0)
FACTOR: Final = Numeric(19, 0)
"""Any BIGINT; two of them multiplied are EXACT."""


class Share(UserDefinedType[float]):
    """Travels without a cast: FLOAT means double precision in one engine and single in the other."""

    cache_ok = True


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What names mean where an expression is compiled."""

    column: Callable[[Column], Number]
    has_turn: Callable[[HasTurn], Truth]
    as_of: Number
    window_start: Number
    population: Number | None = None
    """Where an engine keeps of which population a session is (see `persistence.metrics.carried`)."""
    longest: Numeric[Any] = EXACT
    """As long as whole numbers can be here."""


def compile_expression(tree: Expression, within: Surroundings) -> Number:
    match tree:
        case Column():
            return within.column(tree)
        case Constant(value=value):
            return literal(value, BigInteger)
        case AsOf():
            return within.as_of
        case WindowStart():
            return within.window_start
        case Plus(left=left, right=right):
            return compile_expression(left, within) + compile_expression(right, within)
        case Minus(left=left, right=right):
            return compile_expression(left, within) - compile_expression(right, within)
        case Case(branches=branches, otherwise=otherwise):
            return case(
                *(
                    (compile_predicate(condition, within), compile_expression(value, within))
                    for condition, value in branches
                ),
                else_=compile_expression(otherwise, within),
            )
        case _:
            assert_never(tree)


def compile_predicate(tree: Predicate, within: Surroundings) -> Truth:
    match tree:
        case Compare(left=left, sign=sign, right=right):
            return _compared(compile_expression(left, within), sign, compile_expression(right, within))
        case OneOf(of=of, codes=codes):
            return compile_expression(of, within).in_(codes) if codes else false()
        case Known(of=of):
            return compile_expression(of, within).is_not(None)
        case IsTrue(of=of):
            return compile_expression(of, within).is_(true())
        case Every(parts=parts):
            return and_(true(), *(compile_predicate(part, within) for part in parts))
        case Either(parts=parts):
            return or_(false(), *(compile_predicate(part, within) for part in parts))
        case Not(part=Known(of=of)):
            return compile_expression(of, within).is_(None)
        case Not(part=part):
            # What is unknown does not hold, so its complement does: plain NOT would leave it out of both.
            return compile_predicate(part, within).is_not(true())
        case HasTurn():
            return within.has_turn(tree)
        case OfPopulation(meaning=meaning):
            kept = within.population
            return compile_predicate(meaning, within) if kept is None else kept.in_(population_codes(tree))
        case _:
            assert_never(tree)


def population_codes(wanted: OfPopulation) -> tuple[int, ...]:
    """As a copy numbers them: people by their source, bots by its negative."""
    bots = tuple(-code for code in wanted.sources) if wanted.with_bots else ()
    return (*wanted.sources, *bots)


def compile_measure(measure: Measure, within: Surroundings) -> Number:
    """An aggregate as a whole number: BIGINT, or NUMERIC for money and squares."""
    where = compile_predicate(measure.where, within)
    everything = measure.where == Every()
    match measure:
        case Count():
            return _among(func.count(), where, everything)
        case Sum(of=of):
            return cast(_among(func.sum(compile_expression(of, within)), where, everything), BigInteger)
        case SumMoney(of=of):
            return cast(_among(func.sum(compile_expression(of, within)), where, everything), EXACT)
        case SumOfProducts(left=left, right=right):
            return _products(left, right, where, everything, within)
        case SumOfSquaredMoney(of=of):
            return _products(of, of, where, everything, within)
        case Distinct(of=of):
            return _among(func.count(distinct(compile_expression(of, within))), where, everything)
        case Quantile(of=of, percent=percent):
            share = literal(percent / 100 - NEAREST_RANK_SLACK, Share())
            ranked = func.percentile_disc(share).within_group(compile_expression(of, within))
            return cast(ranked if everything else ranked.filter(where), BigInteger)
        case Minimum(of=of):
            return cast(_among(func.min(compile_expression(of, within)), where, everything), BigInteger)
        case Maximum(of=of):
            return cast(_among(func.max(compile_expression(of, within)), where, everything), BigInteger)
        case _:
            assert_never(measure)


def _products(left: Expression, right: Expression, where: Truth, everything: bool, within: Surroundings) -> Number:
    factors = [cast(compile_expression(one, within), FACTOR) for one in (left, right)]
    return cast(_among(func.sum(factors[0] * factors[1]), where, everything), within.longest)


def compile_bucket(time: Number, edges: Number) -> Number:
    """Index of the bucket from 1: the rendering for Postgres of the join to bucket edges (R10)."""
    return func.width_bucket(time, edges, type_=Integer)


def compile_bucket_start(index: Number, edges: Number) -> Number:
    start: Number = Grouping(edges)[index]
    return start


def compile_cell(bucket: Number, cells: Number) -> Number:
    cell: Number = Grouping(cells)[bucket]
    return cell


def compile_slot(time: Number, base: Number, width: Number) -> Number:
    """The place of a moment on an even grid: the rendering for the columnar copy."""
    slot: Number = Grouping(time - base).op("//")(width)
    return slot


def _among(aggregate: Any, where: Truth, everything: bool) -> Number:
    chosen: Number = aggregate if everything else aggregate.filter(where)
    return chosen


def _compared(left: Number, sign: Sign, right: Number) -> Truth:
    match sign:
        case Sign.EQUAL:
            return left == right
        case Sign.LESS:
            return left < right
        case Sign.AT_MOST:
            return left <= right
        case Sign.MORE:
            return left > right
        case Sign.AT_LEAST:
            return left >= right
        case _:
            assert_never(sign)
