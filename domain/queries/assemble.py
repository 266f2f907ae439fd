"""From computed cells to the table: gaps, totals from parts, change, the first groups and OTHER."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.cycles import Cells as CycleCells
from domain.cycles import count_occurrences
from domain.dimensions import OTHER, UNKNOWN, Chatbots, Closed, Dimension, Open
from domain.metrics.algebra import Measure, Relation, is_additive
from domain.metrics.metric import Unit
from domain.queries.cells import Amount, Cell, CellKey, Cells, Codes
from domain.queries.counted import excluded_measures
from domain.queries.pending import Pending, pending_cells
from domain.queries.plan import NOW, PREVIOUS, QueryPlan
from domain.queries.query import Part
from domain.queries.readings import (
    Evaluation,
    evaluations,
    not_applicable,
    not_reported,
    read,
)
from domain.queries.suppression import Hidden, hidden_cells
from domain.queries.table import Figure, Group, KeyPart, MetricTable, Reading, Series, number_of
from domain.vocabulary import LabelKind, title_of

Labels = Mapping[tuple[LabelKind, int], str]


@dataclass(frozen=True, slots=True)
class Shelf:
    """All that a value is read from."""

    plan: QueryPlan
    cells: Cells
    evaluations: Mapping[str, Evaluation]
    hidden: Hidden
    pending: Pending | None

    def reading(self, evaluation: Evaluation, key: CellKey) -> Reading:
        if evaluation.of_the_moment and (key.bucket is not None or key.window != NOW):
            return not_applicable(evaluation.metric) if evaluation.told.some else not_reported(evaluation)
        found = read(evaluation, self.cells.get(key, {}))
        if self.pending is not None:
            found = self.pending.shown(key, found)
        return self.hidden.shown(key, found)


def assemble(
    plan: QueryPlan, cells: Cells, labels: Labels, shown: tuple[Codes, ...], group_count: int, fresh_through_ms: int
) -> MetricTable:
    """`shown`: the codes of the groups in their order, OTHER last."""
    shelf = Shelf(plan, cells, evaluations(plan), hidden_cells(plan, cells, shown), pending_cells(plan))
    totals = _figures(shelf, None) if Part.TOTALS in plan.parts else {}
    excluded = _excluded(plan, cells)
    overlapping = any(
        dimension.overlaps(relation) for dimension in plan.query.dimensions for relation in _relations(plan)
    )
    return MetricTable(
        as_of_ms=plan.as_of_ms,
        fresh_through_ms=fresh_through_ms,
        time_zone=plan.scope.zone.name,
        currency=plan.scope.rates.currency,
        satisfaction_instrument=plan.scope.instrument,
        grain=plan.grain,
        window=plan.windows[NOW],
        previous_window=plan.windows[PREVIOUS] if len(plan.windows) > 1 else None,
        buckets=plan.buckets[NOW],
        previous_buckets=plan.buckets[PREVIOUS] if len(plan.buckets) > 1 else (),
        cells=_cells(plan),
        totals=totals,
        series=_all_series(shelf, None) if Part.SERIES in plan.parts else {},
        groups=tuple(_group(shelf, codes, labels, totals) for codes in shown),
        order=plan.query.order,
        group_count=group_count,
        overlap=overlapping and bool(plan.query.group_by),
        excluded={name: count for name, count in excluded.items() if name != "without_turn"},
        without_turn=excluded.get("without_turn"),
    )


def _cells(plan: QueryPlan) -> CycleCells | None:
    cycle = plan.query.cycle
    if cycle is None:
        return None
    return count_occurrences(plan.windows[NOW], cycle, plan.scope.zone, plan.as_of_ms)


def _relations(plan: QueryPlan) -> Iterable[Relation]:
    return dict.fromkeys(relation for metric in plan.metrics for relation in metric.relations)


def _figures(shelf: Shelf, codes: Codes | None, totals: Mapping[str, Figure] | None = None) -> dict[str, Figure]:
    compared = len(shelf.plan.windows) > 1
    found: dict[str, Figure] = {}
    for name, evaluation in shelf.evaluations.items():
        now = shelf.reading(evaluation, CellKey(NOW, codes=codes))
        before = shelf.reading(evaluation, CellKey(PREVIOUS, codes=codes)) if compared else None
        found[name] = Figure(now, before, _share(now, (totals or {}).get(name)))
    return found


def _share(part: Reading, whole: Figure | None) -> float | None:
    if whole is None or not part.metric.is_additive or part.metric.unit is not Unit.COUNT:
        return None
    total = whole.now.value
    if not isinstance(part.value, int) or not isinstance(total, int) or total == 0:
        return None
    return part.value / total


def _all_series(shelf: Shelf, codes: Codes | None) -> dict[str, Series]:
    return {name: _series(shelf, evaluation, codes) for name, evaluation in shelf.evaluations.items()}


def _series(shelf: Shelf, evaluation: Evaluation, codes: Codes | None) -> Series:
    now, *before = (
        tuple(shelf.reading(evaluation, CellKey(window, index, codes)) for index in range(length))
        for window, length in enumerate(shelf.plan.lengths)
    )
    return Series(evaluation.metric, now, before[0] if before else None)


def _group(shelf: Shelf, codes: Codes, labels: Labels, totals: Mapping[str, Figure]) -> Group:
    plan = shelf.plan
    return Group(
        key=tuple(key_part(plan, *pair, labels) for pair in zip(plan.query.dimensions, codes, strict=True)),
        codes=codes,
        figures=_figures(shelf, codes, totals),
        series=_all_series(shelf, codes) if Part.GROUP_SERIES in plan.parts else {},
    )


def key_part(plan: QueryPlan, dimension: Dimension, code: int, labels: Labels) -> KeyPart:
    if code == OTHER:
        return KeyPart(dimension, None, "Other", is_other=True)
    if code == UNKNOWN:
        return KeyPart(dimension, None, "Unknown")
    match dimension.values:
        case Closed(codes=codes):
            # A newer server may have stored a code that this one does not know yet.
            name = next((name for name, known in codes.items() if known == code), None)
            return KeyPart(dimension, name, title_of(name) if name else f"Code {code}")
        case Chatbots():
            chatbot = next((one for one in plan.scope.chatbots if one.chatbot_id == code), None)
            if chatbot is None:
                return KeyPart(dimension, None, f"Chatbot {code}")
            return KeyPart(dimension, chatbot.slug, chatbot.name)
        case Open(kind=kind):
            text = labels[(kind, code)]
            return KeyPart(dimension, text, text)


def groups_in(cells: Cells) -> tuple[Codes, ...]:
    """Every group that has a cell in the present window or the compared one."""
    return tuple(dict.fromkeys(key.codes for key in cells if key.codes is not None and key.bucket is None))


@dataclass(frozen=True, slots=True)
class Ranking:
    """All groups in order. `start`: where those begin that were not told before."""

    order: tuple[Codes, ...]
    start: int = 0


def ranked(plan: QueryPlan, cells: Cells, labels: Labels) -> Ranking:
    """In the order asked for; ties by label, and what has no value last. The place to go on from is put among them as
    it was, whatever became of its group since."""
    query, after = plan.query, plan.query.after
    named = {
        codes: tuple(key_part(plan, *pair, labels).label for pair in zip(query.dimensions, codes, strict=True))
        for codes in groups_in(cells)
    }
    if after is None:
        return Ranking(_sorted(plan, named, _values(plan, cells, named)))
    values = _values(plan, cells, named) | {after.codes: after.value}
    everything = _sorted(plan, {after.codes: after.labels} | named, values)
    before = everything.index(after.codes)
    is_there = after.codes in named
    return Ranking(tuple(one for one in everything if is_there or one != after.codes), before + is_there)


def _values(plan: QueryPlan, cells: Cells, groups: Iterable[Codes]) -> dict[Codes, float | None]:
    """What the groups are ordered by; nothing where that is their label."""
    order = plan.query.order
    metric = order.metric if order else _first_orderable(plan)
    if metric is None:
        return {}
    evaluation = evaluations(plan)[metric]
    found = {codes: read(evaluation, cells.get(CellKey(NOW, codes=codes), {})).value for codes in groups}
    return {codes: number_of(value) for codes, value in found.items()}


def _sorted(
    plan: QueryPlan, named: Mapping[Codes, tuple[str, ...]], values: Mapping[Codes, float | None]
) -> tuple[Codes, ...]:
    order = plan.query.order
    by_label = sorted(named, key=lambda codes: (UNKNOWN in codes, named[codes], codes))
    if order is not None and order.metric is None:
        return tuple(reversed(by_label)) if order.descending else tuple(by_label)
    sign = -1 if order is None or order.descending else 1

    def place(codes: Codes) -> tuple[bool, float]:
        value = values.get(codes)
        return (True, 0.0) if value is None else (False, sign * value)

    return tuple(sorted(by_label, key=place))


def _first_orderable(plan: QueryPlan) -> str | None:
    return next((metric.name for metric in plan.metrics if metric.is_orderable), None)


def can_be_summed(plan: QueryPlan, measures: Iterable[Measure]) -> bool:
    """Whether OTHER is the sum of its groups: no distinct counts, no percentiles, no session in two groups."""
    return all(
        is_additive(measure) and not any(dimension.overlaps(measure.relation) for dimension in plan.query.dimensions)
        for measure in measures
    )


def summed(plan: QueryPlan, cells: Cells, rest: Iterable[Codes]) -> dict[CellKey, Cell]:
    """The OTHER group out of the groups that are not shown."""
    other = (OTHER,) * len(plan.query.group_by)
    found: dict[CellKey, Cell] = {}
    for window in range(len(plan.windows)):
        total: dict[Measure, Amount] = {}
        for codes in rest:
            for measure, amount in cells.get(CellKey(window, codes=codes), {}).items():
                total[measure] = added(total.get(measure), amount)
        found[CellKey(window, codes=other)] = total
    return found


def added(left: Amount, right: Amount) -> Amount:
    if left is None or right is None:
        return left if right is None else right
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return {key: left.get(key, 0) + right.get(key, 0) for key in (*left, *right)}
    raise TypeError("a count cannot be added to money")


def _excluded(plan: QueryPlan, cells: Cells) -> dict[str, int]:
    if Part.EXCLUDED not in plan.parts:
        return {}
    cell = cells.get(CellKey(NOW), {})
    return {
        name: amount if isinstance(amount := cell.get(measure), int) else 0
        for name, measure in excluded_measures(plan).items()
    }
