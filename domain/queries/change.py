"""Why did a value change? Its change between two ranges, told apart by group: what the groups did, and what their
weights did.

E. M. Kitagawa, "Components of a difference between two rates", Journal of the American Statistical Association 50
(1955), 1168-1194, in its symmetric form. With the ratio r and the weight w (share of the denominator) of each group,
and R the mean of both totals:

    rate effect = (w1 + w0) / 2 * (r1 - r0)          the group itself got better or worse
    mix effect  = (w1 - w0) * ((r1 + r0) / 2 - R)    there is more or less of a group that is above or below the whole

Both together sum over all groups to the change, exactly. A group that has cases in one range only has no change of
rate: that it came or went is mix. Of a sum the contribution of a group is its own change.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from typing import Final

from domain.dimensions import DIMENSIONS
from domain.intervals import Sums, total
from domain.metrics.algebra import Ratio, Single, is_additive, measures_of
from domain.metrics.catalogue import METRICS
from domain.metrics.metric import FactGrain, Metric
from domain.problems import InvalidInput, Problem, Refused
from domain.queries.query import MOST_GROUPS, MetricQuery, Order, Part, allowed_dimensions
from domain.queries.readings import divided, summed_up, suppressed
from domain.queries.table import Figure, Group, KeyPart, MetricTable, Reading, Status

MOST_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class ChangeQuery:
    """`base` names one metric, what to compare with and what to split by. One that exists is valid. `shown`: how many
    groups are told apart, those that contribute most."""

    base: MetricQuery
    shown: int = 10

    def __post_init__(self) -> None:
        problems = tuple(_problems(self))
        if problems:
            raise Refused(*problems)

    @property
    def metric(self) -> Metric:
        return METRICS[self.base.metrics[0]]

    @property
    def asked(self) -> MetricQuery:
        """All groups, as far as they are told apart at all."""
        parts = frozenset({Part.TOTALS, Part.GROUPS, *(self.base.parts & {Part.EXCLUDED, Part.INTERVALS})})
        return replace(self.base, parts=parts, order=Order(None, descending=False), limit=MOST_GROUPS)


def _problems(query: ChangeQuery) -> Iterator[Problem]:
    if not 1 <= query.shown <= MOST_SHOWN:
        yield InvalidInput(
            message=f"limit is {query.shown}; it takes 1 to {MOST_SHOWN}.",
            path=("limit",),
            allowed=(f"1..{MOST_SHOWN}",),
        )
    if not adds_up(query.metric):
        yield InvalidInput(
            message=f"{query.metric.name} of a whole does not follow from that of its groups.",
            path=("metric",),
            allowed=tuple(name for name, metric in METRICS.items() if adds_up(metric)),
        )
        return
    allowed = _splitting(query.metric)
    if not query.base.group_by:
        yield InvalidInput(message="groupBy names nothing to split by.", path=("groupBy",), allowed=allowed)
    for name in query.base.group_by:
        if name not in allowed:
            yield InvalidInput(
                message=f"A case of {query.metric.name} can stand in several groups by {name}, so they do not add up.",
                path=("groupBy", name),
                allowed=allowed,
            )


def adds_up(metric: Metric) -> bool:
    """Whether numerator and denominator of a whole are sums of those of its groups, in any range."""
    is_ratio = isinstance(metric.formula, Ratio)
    is_sum = isinstance(metric.formula, Single) and metric.fact_grain is not FactGrain.MOMENT
    return (is_ratio or is_sum) and all(is_additive(measure) for measure in measures_of(metric.formula))


def _splitting(metric: Metric) -> tuple[str, ...]:
    return tuple(
        name
        for name in allowed_dimensions(metric)
        if not any(DIMENSIONS[name].overlaps(relation) for relation in metric.relations)
    )


@dataclass(frozen=True, slots=True)
class Effect:
    """In the unit of the metric, exactly. A sum has no mix and no rate."""

    contribution: Fraction
    mix: Fraction | None = None
    rate: Fraction | None = None

    def __add__(self, other: "Effect") -> "Effect":
        return Effect(self.contribution + other.contribution, _both(self.mix, other.mix), _both(self.rate, other.rate))


def _both(one: Fraction | None, other: Fraction | None) -> Fraction | None:
    return None if one is None or other is None else one + other


@dataclass(frozen=True, slots=True)
class ChangedGroup:
    """`weight` and `previous_weight`: its share of the denominator. No effect where the group is hidden, or the whole
    has no change."""

    key: tuple[KeyPart, ...]
    figure: Figure
    weight: Fraction | None
    previous_weight: Fraction | None
    effect: Effect | None

    @property
    def is_other(self) -> bool:
        return any(part.is_other for part in self.key)


@dataclass(frozen=True, slots=True)
class ExplainedChange:
    """`effect`: of all groups together; None where there is no change to explain or a group is hidden. `reversal`:
    every group with cases in both ranges moved against the whole, or stood still (Simpson's paradox)."""

    table: MetricTable
    metric: Metric
    figure: Figure
    effect: Effect | None
    reversal: bool
    groups: tuple[ChangedGroup, ...]


@dataclass(frozen=True, slots=True)
class _Parts:
    x: Fraction
    y: int


def explain_change(query: ChangeQuery, table: MetricTable) -> ExplainedChange:
    """Of the answer to `query.asked`."""
    figure = table.totals[query.metric.name]
    whole = _told(figure)
    groups = [_changed(group, group.figures[query.metric.name], whole) for group in table.groups]
    effects = [group.effect for group in groups if group.effect is not None]
    are_all_known = len(effects) == len(groups) > 0
    return ExplainedChange(
        table=table,
        metric=figure.now.metric,
        figure=figure,
        effect=reduce(Effect.__add__, effects) if are_all_known else None,
        reversal=are_all_known and _is_reversal(figure, groups),
        groups=_foremost(groups, query.shown),
    )


def _told(figure: Figure) -> tuple[_Parts, _Parts] | None:
    """Numerator and denominator of the whole, now and before, if both have a value."""
    if figure.previous is None or figure.now.value is None or figure.previous.value is None:
        return None
    return _parts(figure.now), _parts(figure.previous)


def _parts(reading: Reading) -> _Parts:
    """What is not reported is in neither part of the whole."""
    return _Parts(Fraction(reading.stored or 0), reading.denominator or 0)


def _changed(group: Group, figure: Figure, whole: tuple[_Parts, _Parts] | None) -> ChangedGroup:
    is_hidden = figure.previous is None or Status.SUPPRESSED in (figure.now.status, figure.previous.status)
    if is_hidden or whole is None or figure.previous is None:
        return ChangedGroup(group.key, figure, None, None, None)
    now, before = _parts(figure.now), _parts(figure.previous)
    effect = _effect(figure.now.metric, whole, (now, before))
    if not isinstance(figure.now.metric.formula, Ratio):
        return ChangedGroup(group.key, figure, None, None, effect)
    return ChangedGroup(group.key, figure, Fraction(now.y, whole[0].y), Fraction(before.y, whole[1].y), effect)


def _effect(metric: Metric, whole: tuple[_Parts, _Parts], group: tuple[_Parts, _Parts]) -> Effect:
    now, before = group
    if not isinstance(metric.formula, Ratio):
        return Effect((now.x - before.x) / metric.divisor)
    whole_now, whole_before = whole
    moved = Fraction(now.y, whole_now.y) - Fraction(before.y, whole_before.y)
    middle = (whole_now.x / whole_now.y + whole_before.x / whole_before.y) / 2
    contribution = now.x / whole_now.y - before.x / whole_before.y - moved * middle
    rate = Fraction(0)
    if now.y and before.y:
        weights = Fraction(now.y, whole_now.y) + Fraction(before.y, whole_before.y)
        rate = weights / 2 * (now.x / now.y - before.x / before.y)
    return Effect(contribution / metric.divisor, (contribution - rate) / metric.divisor, rate / metric.divisor)


def _is_reversal(figure: Figure, groups: Sequence[ChangedGroup]) -> bool:
    whole = figure.change
    if whole is None or whole == 0 or not isinstance(figure.now.metric.formula, Ratio):
        return False
    rates = [group.effect.rate for group in groups if group.effect is not None and group.effect.rate is not None]
    moved = [rate for rate in rates if rate != 0]
    return bool(moved) and all((rate > 0) != (whole > 0) for rate in moved)


def _foremost(groups: Sequence[ChangedGroup], shown: int) -> tuple[ChangedGroup, ...]:
    """Those that contribute most, however they do; the rest together, last."""
    told_apart = [group for group in groups if not group.is_other]
    # What is hidden comes last: nothing may be told of it by its place.
    told_apart.sort(key=lambda group: -abs(group.effect.contribution) if group.effect else Fraction(1))
    rest = [*told_apart[shown:], *(group for group in groups if group.is_other)]
    return (*told_apart[:shown], *([_together(rest)] if rest else []))


def _together(rest: Sequence[ChangedGroup]) -> ChangedGroup:
    """Its effect is the sum of theirs, so nothing of the finer split is lost."""
    key = tuple(replace(part, value=None, label="Other", is_other=True) for part in rest[0].key)
    metric = rest[0].figure.now.metric
    effects = [group.effect for group in rest]
    if None in effects:
        return ChangedGroup(key, Figure(suppressed(metric), suppressed(metric)), None, None, None)
    figure = Figure(
        _summed(metric, [group.figure.now for group in rest]),
        _summed(metric, [group.figure.previous for group in rest if group.figure.previous is not None]),
    )
    return ChangedGroup(
        key,
        figure,
        _weight([one.weight for one in rest]),
        _weight([one.previous_weight for one in rest]),
        reduce(Effect.__add__, [effect for effect in effects if effect is not None]),
    )


def _weight(weights: Sequence[Fraction | None]) -> Fraction | None:
    known = [weight for weight in weights if weight is not None]
    return sum(known, Fraction(0)) if len(known) == len(weights) else None


def _summed(metric: Metric, readings: Sequence[Reading]) -> Reading:
    parts = [_parts(reading) for reading in readings]
    x, y = sum((one.x for one in parts), Fraction(0)), sum(one.y for one in parts)
    if not isinstance(metric.formula, Ratio):
        return replace(summed_up(metric, x), coverage=None)
    known = [reading.sums for reading in readings if isinstance(reading.sums, Sums)]
    return replace(divided(metric, x, y, total(known) if len(known) == len(readings) else None), coverage=None)
