"""From computed parts to one value with its status: the only place where anything is divided (R10)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Final, assert_never

from domain.intervals import Sums
from domain.metrics.algebra import Histogram, Measure, Ratio, Relation, Single, SumMoney, measures_of
from domain.metrics.metric import FactGrain, Metric, Unit
from domain.metrics.spread import SEVERAL_CURRENCIES, Spread
from domain.money import money_of
from domain.queries.cells import Amount, Cell
from domain.queries.counted import Reporting, measures_for, reporting, spread_for
from domain.queries.plan import QueryPlan
from domain.queries.scope import Rates
from domain.queries.table import Reading, Status
from domain.vocabulary import Report

_WORDS: Final = {
    Status.NOT_APPLICABLE: "A state of the present has no buckets and no earlier period.",
    Status.FORMS_DISABLED: "No chatbot in scope collects leads.",
    Status.NOT_REPORTED: "No chatbot in scope reports {needed}.",
    Status.SUPPRESSED: "Fewer than 5 people stand behind it, or behind what could be told from it.",
    Status.NO_DATA: "Nothing of this kind happened.",
    Status.INSUFFICIENT_SAMPLE: "{n} of the {least} cases that were asked for.",
    Status.PARTIAL: "Only chatbots that report {needed} are counted: {share:.1%} of the sessions.",
}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How to read one metric out of cells of one plan."""

    metric: Metric
    measures: tuple[Measure, ...]
    told: Reporting
    rates: Rates
    minimum_sample: int = 1
    spread: Spread | None = None
    of_the_moment: bool = False

    @property
    def needed(self) -> str:
        parts = (" or ".join(sorted(kind.name for kind in kinds)) for kinds in self.metric.needs)
        return " and ".join(parts)


def evaluations(plan: QueryPlan) -> dict[str, Evaluation]:
    return {
        metric.name: Evaluation(
            metric,
            measures_for(plan, metric),
            reporting(plan, metric.needs),
            plan.scope.rates,
            plan.query.minimum_sample,
            spread_for(plan, metric),
            is_of_the_moment(metric),
        )
        for metric in plan.metrics
    }


def read(evaluation: Evaluation, cell: Cell) -> Reading:
    """The value of a cell; an empty cell is one in which nothing happened."""
    metric, told = evaluation.metric, evaluation.told
    coverage = _coverage(told, cell)
    if not told.some or coverage == 0:
        return not_reported(evaluation)
    reading = _large_enough(_value(evaluation, cell), evaluation.minimum_sample)
    if coverage is not None and coverage < 1 and reading.status is Status.OK:
        words = _WORDS[Status.PARTIAL].format(needed=evaluation.needed, share=coverage)
        return _with(reading, status=Status.PARTIAL, reason=words, coverage=coverage)
    return _covered(reading, coverage if metric.needs else 1.0)


def _large_enough(reading: Reading, least: int) -> Reading:
    """Of a count or a sum nothing is estimated, so no number of cases is too small for it."""
    n = reading.n
    if n is None or n >= least or reading.value is None or not reading.metric.is_estimate:
        return reading
    words = _WORDS[Status.INSUFFICIENT_SAMPLE].format(n=n, least=least)
    return _with(reading, value=None, status=Status.INSUFFICIENT_SAMPLE, reason=words)


def not_reported(evaluation: Evaluation) -> Reading:
    forms = frozenset({Report.LEAD}) in evaluation.metric.needs
    status = Status.FORMS_DISABLED if forms else Status.NOT_REPORTED
    words = _WORDS[status].format(needed=evaluation.needed)
    return Reading(evaluation.metric, None, status, words, coverage=0.0)


def not_applicable(metric: Metric) -> Reading:
    return Reading(metric, None, Status.NOT_APPLICABLE, _WORDS[Status.NOT_APPLICABLE], coverage=None)


def suppressed(metric: Metric) -> Reading:
    return Reading(metric, None, Status.SUPPRESSED, _WORDS[Status.SUPPRESSED], coverage=None)


def is_of_the_moment(metric: Metric) -> bool:
    return metric.fact_grain is FactGrain.MOMENT


def _coverage(told: Reporting, cell: Cell) -> float | None:
    """Share of the sessions that reporting chatbots had; unknown where there was no session."""
    if told.covered is None or told.whole is None:
        return 1.0
    whole = _whole(cell.get(told.whole))
    return _whole(cell.get(told.covered)) / whole if whole else None


def _with(reading: Reading, **changes: object) -> Reading:
    return replace(reading, **changes)  # type: ignore[arg-type]


def _covered(reading: Reading, coverage: float | None) -> Reading:
    """Nearly every value is of all sessions, as it is from the start; a copy takes longer than all the rest of it."""
    return reading if reading.coverage == coverage else _with(reading, coverage=coverage)


def _value(evaluation: Evaluation, cell: Cell) -> Reading:
    formula = evaluation.metric.formula
    match formula:
        case Single():
            return _single(evaluation, formula, cell)
        case Ratio():
            return _ratio(evaluation, cell)
        case Histogram():
            counts = tuple(_whole(cell.get(measure)) for measure in evaluation.measures)
            return Reading(evaluation.metric, counts, n=sum(counts))
        case _:
            assert_never(formula)


def _single(evaluation: Evaluation, formula: Single, cell: Cell) -> Reading:
    metric, measure = evaluation.metric, evaluation.measures[0]
    if isinstance(measure, SumMoney):
        total = _converted(evaluation, cell.get(measure))
        return total if isinstance(total, Reading) else summed_up(metric, total)
    if formula.sample is None:
        return summed_up(metric, _whole(cell.get(measure)))
    found, sample = cell.get(measure), _whole(cell.get(evaluation.measures[1]))
    if found is None or not isinstance(found, int):
        return _no_data(metric)
    return Reading(metric, found / metric.divisor, n=sample)


def summed_up(metric: Metric, x: int | Fraction) -> Reading:
    """A count, or a sum of money, out of what is stored."""
    if metric.unit is Unit.MONEY:
        return Reading(metric, money_of(Fraction(x)), numerator=money_of(Fraction(x)), stored=x)
    return Reading(metric, int(x), numerator=int(x), n=int(x), stored=x)


def _ratio(evaluation: Evaluation, cell: Cell) -> Reading:
    over, under = evaluation.measures
    y = _whole(cell.get(under))
    if not isinstance(over, SumMoney):
        x = _whole(cell.get(over))
        return divided(evaluation.metric, x, y, _sums(evaluation.spread, cell, x, y))
    total = _converted(evaluation, cell.get(over))
    if isinstance(total, Reading):
        return total
    return divided(evaluation.metric, total, y, _money_sums(evaluation, cell, total, y))


def divided(metric: Metric, x: int | Fraction, y: int, sums: Sums | str | None = None) -> Reading:
    """A ratio out of what is stored."""
    numerator: int | float | Decimal
    if metric.unit is Unit.MONEY:
        numerator = money_of(Fraction(x))
    else:
        numerator = int(x) if metric.divisor == 1 else int(x) / metric.divisor
    if y == 0:
        return _no_data(metric, numerator=numerator, denominator=0, n=0, stored=x)
    value = money_of(Fraction(x) / y) if metric.unit is Unit.MONEY else int(x) / (y * metric.divisor)
    return Reading(metric, value, numerator=numerator, denominator=y, n=y, sums=sums, stored=x)


def _sums(spread: Spread | None, cell: Cell, x: int, y: int) -> Sums | None:
    if spread is None:
        return None

    def found(measure: Measure | None, otherwise: int) -> int:
        return otherwise if measure is None else _whole(cell.get(measure))

    return Sums(
        x=x,
        y=y,
        xx=_whole(cell.get(spread.squares)),
        xy=found(spread.products, x),
        yy=found(spread.weights, y),
        rows=found(spread.rows, y),
    )


def _money_sums(evaluation: Evaluation, cell: Cell, total: Fraction, cases: int) -> Sums | str | None:
    spread = evaluation.spread
    if spread is None:
        return None
    if spread.squares.relation is Relation.SESSION_COST and not _is_of_one_currency(evaluation, cell):
        return SEVERAL_CURRENCIES
    squares = _converted(evaluation, cell.get(spread.squares), power=2)
    products = total if spread.products is None else _converted(evaluation, cell.get(spread.products))
    if isinstance(squares, Reading) or isinstance(products, Reading):
        return None
    return Sums(total, cases, squares, products, cases, cases)


def _is_of_one_currency(evaluation: Evaluation, cell: Cell) -> bool:
    """A session's amounts in another currency stand by day, and are not squared as one."""
    assert evaluation.spread is not None
    amounts = cell.get(evaluation.spread.squares)
    return not isinstance(amounts, Mapping) or all(currency == evaluation.rates.currency for currency, _ in amounts)


def _no_data(metric: Metric, **parts: object) -> Reading:
    return _with(Reading(metric, None, Status.NO_DATA, _WORDS[Status.NO_DATA], n=0), **parts)


def _whole(amount: Amount) -> int:
    return amount if isinstance(amount, int) else 0


def _converted(evaluation: Evaluation, amount: Amount, *, power: int = 1) -> Fraction | Reading:
    """The exact sum in nano-units of the reporting currency, or why there is none; of squares with `power` 2."""
    rates = evaluation.rates
    total = Fraction(0)
    for (currency, day), nano in amount.items() if isinstance(amount, Mapping) else ():
        rate = rates.at(currency, day)
        if rate is None:
            words = f"No exchange rate from {currency} to {rates.currency} for some amounts in {currency}."
            return Reading(evaluation.metric, None, Status.MISSING_RATE, words)
        total += nano * rate**power
    return total


def needs_rates(metrics: tuple[Metric, ...]) -> bool:
    return any(isinstance(measure, SumMoney) for metric in metrics for measure in measures_of(metric.formula))
