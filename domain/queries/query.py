"""One question: which metrics, when, of what, split how. A `MetricQuery` that exists is valid.

Every front door (GraphQL, saved queries, alerts, reports) makes this value; equal questions are equal values.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum, unique
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.buckets import default_grain
from domain.cycles import Cycle
from domain.dimensions import DIMENSIONS, Dimension, dimensions_of
from domain.metrics.algebra import Place, columns, measures_of
from domain.metrics.catalogue import METRICS
from domain.metrics.metric import Metric
from domain.problems import InvalidInput, Problem, Refused, UnknownName
from domain.queries.filters import EVERYTHING, AllOf, Filter, In, dimensions_in, filter_problems
from domain.time import DAY_MS, Calendar, Dates, Grain, Moments, Rolling, TimeRange, Window
from domain.vocabulary import Source

MOST_BUCKETS: Final = 10_000
MOST_HOURS_OF_CYCLE: Final = 50_000
"""They are not told one by one."""
MOST_CELLS: Final = 100_000
MOST_GROUPS: Final = 1_000
MOST_DIMENSIONS: Final = 3
MOST_SAMPLE: Final = 1_000_000
LONGEST_RANGE_DAYS: Final = 20 * 366
EARLIEST: Final = date(1990, 1, 1)
LATEST: Final = date(2100, 1, 1)
_EARLIEST_MS: Final = (EARLIEST - date(1970, 1, 1)).days * DAY_MS
_LATEST_MS: Final = (LATEST - date(1970, 1, 1)).days * DAY_MS


@unique
class Part(StrEnum):
    """What of the answer is wanted; the rest is not computed."""

    TOTALS = "TOTALS"
    SERIES = "SERIES"
    GROUPS = "GROUPS"
    GROUP_SERIES = "GROUP_SERIES"
    EXCLUDED = "EXCLUDED"
    INTERVALS = "INTERVALS"
    """Of means; shares have theirs without it."""


@unique
class Comparison(StrEnum):
    PREVIOUS_PERIOD = "PREVIOUS_PERIOD"
    SAME_PERIOD_LAST_YEAR = "SAME_PERIOD_LAST_YEAR"


@unique
class NewTo(StrEnum):
    """Where a visitor counts as new (R6)."""

    WORKSPACE = "WORKSPACE"
    CHATBOT = "CHATBOT"


@dataclass(frozen=True, slots=True)
class Order:
    """By a metric's value, or by the group's label if `metric` is None."""

    metric: str | None
    descending: bool = True


@dataclass(frozen=True, slots=True)
class GroupPlace:
    """Where a group stood in its order: by its value then, and among equals by its labels, of which the beginnings are
    enough, and codes."""

    value: float | None
    codes: tuple[int, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricQuery:
    """`among`: the chatbots that the asker may see, None = all. `sources` None = live, or all where the question
    itself speaks of sources. `as_of_ms` None = the moment of asking. With a `cycle`, series run over its cells. Means,
    shares and percentiles of fewer cases than `minimum_sample` are not told. `after`: only groups that come later."""

    metrics: tuple[str, ...]
    range: TimeRange
    time_zone: str | None = None
    grain: Grain | None = None
    cycle: Cycle | None = None
    where: Filter = EVERYTHING
    group_by: tuple[str, ...] = ()
    compare: Comparison | Moments | Dates | None = None
    order: Order | None = None
    limit: int = 20
    after: GroupPlace | None = None
    as_of_ms: int | None = None
    sources: frozenset[Source] | None = None
    include_bots: bool = False
    new_to: NewTo = NewTo.WORKSPACE
    minimum_sample: int = 1
    parts: frozenset[Part] = field(default_factory=lambda: frozenset({Part.TOTALS}))
    among: frozenset[int] | None = None

    def __post_init__(self) -> None:
        problems = tuple(_problems(self))
        if problems:
            raise Refused(*problems)

    @property
    def wanted_sources(self) -> frozenset[Source]:
        if self.sources is not None:
            return self.sources
        speaks_of_sources = "source" in self.group_by or "source" in dimensions_in(self.where)
        return frozenset(Source) if speaks_of_sources else frozenset({Source.LIVE})

    @property
    def computed_metrics(self) -> tuple[str, ...]:
        """The metrics asked for, and the one that orders the groups."""
        by = self.order.metric if self.order else None
        return self.metrics if by is None or by in self.metrics else (*self.metrics, by)

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        return tuple(DIMENSIONS[name] for name in self.group_by)

    def grain_over(self, window: Window) -> Grain:
        if self.cycle is not None:
            return self.cycle.grain
        return self.grain or default_grain(window)

    @property
    def effective_new_to(self) -> NewTo:
        """A key limited to chatbots never learns what a visitor did elsewhere (R6)."""
        return NewTo.CHATBOT if self.among is not None else self.new_to


def _problems(query: MetricQuery) -> Iterator[Problem]:
    names = list(_name_problems(query))
    yield from names
    yield from _range_problems(query.range, ("range",))
    if isinstance(query.compare, Moments | Dates):
        yield from _range_problems(query.compare, ("compare",))
    yield from _zone_problems(query.time_zone)
    yield from _limit_problems(query)
    if not names:
        yield from _compatibility_problems(query)
        yield from _new_to_problems(query)


def _name_problems(query: MetricQuery) -> Iterator[Problem]:
    for name in query.metrics:
        if name not in METRICS:
            yield UnknownName.among("metric", name, METRICS, path=("metrics",))
    for name in query.group_by:
        if name not in DIMENSIONS:
            yield UnknownName.among("dimension", name, DIMENSIONS, path=("groupBy",))
    yield from filter_problems(query.where, ("filter",))
    if query.order and query.order.metric is not None:
        ordered = METRICS.get(query.order.metric)
        if ordered is None:
            yield UnknownName.among("metric", query.order.metric, METRICS, path=("orderBy",))
        elif not ordered.is_orderable:
            yield InvalidInput(message=f"{ordered.name} is a distribution and has no order.", path=("orderBy",))


def _range_problems(spec: TimeRange, path: tuple[str, ...]) -> Iterator[Problem]:
    match spec:
        case Rolling() | Calendar():
            return
        case Dates(first=first, last=last):
            ordered, days = first <= last, (last - first).days + 1
            inside = first >= EARLIEST and last < LATEST
        case Moments(from_ms=from_ms, to_ms=to_ms):
            ordered, days = from_ms < to_ms, (to_ms - from_ms) // DAY_MS
            inside = from_ms >= _EARLIEST_MS and to_ms <= _LATEST_MS
    if not ordered:
        yield InvalidInput(message="The range ends before it begins.", path=path, allowed=("an end after the start",))
    elif days > LONGEST_RANGE_DAYS:
        yield InvalidInput(
            message=f"The range spans {days} days; it takes up to {LONGEST_RANGE_DAYS}.",
            path=path,
            allowed=(f"1..{LONGEST_RANGE_DAYS} days",),
        )
    elif not inside:
        yield InvalidInput(
            message=f"The range must lie between {EARLIEST} and {LATEST}.",
            path=path,
            allowed=(f"{EARLIEST}..{LATEST}",),
        )


def _zone_problems(name: str | None) -> Iterator[Problem]:
    try:
        ZoneInfo(name or "UTC")
    except (ValueError, ZoneInfoNotFoundError, OSError):
        yield UnknownName(
            message=f"There is no time zone of that name: {name!r:.80}.",
            path=("timeZone",),
            allowed=("an IANA name, such as Europe/Berlin",),
        )


def _limit_problems(query: MetricQuery) -> Iterator[Problem]:
    if not 1 <= query.limit <= MOST_GROUPS:
        yield InvalidInput(
            message=f"limit is {query.limit}; it takes 1 to {MOST_GROUPS}.",
            path=("limit",),
            allowed=(f"1..{MOST_GROUPS}",),
        )
    if len(query.group_by) > MOST_DIMENSIONS or len(set(query.group_by)) < len(query.group_by):
        yield InvalidInput(
            message=f"groupBy takes up to {MOST_DIMENSIONS} different dimensions.",
            path=("groupBy",),
            allowed=(f"0..{MOST_DIMENSIONS} dimensions",),
        )
    if {Part.GROUPS, Part.GROUP_SERIES} & query.parts and not query.group_by:
        yield InvalidInput(message="groups need a dimension in groupBy.", path=("groupBy",), allowed=tuple(DIMENSIONS))
    yield from _place_problems(query)
    if not 1 <= query.minimum_sample <= MOST_SAMPLE:
        yield InvalidInput(
            message=f"minimumSample is {query.minimum_sample}; it takes 1 to {MOST_SAMPLE}.",
            path=("minimumSample",),
            allowed=(f"1..{MOST_SAMPLE}",),
        )
    if query.sources is not None and not query.sources:
        yield InvalidInput(
            message="sources names none.", path=("sources",), allowed=tuple(source.name for source in Source)
        )
    if query.as_of_ms is not None and not _EARLIEST_MS <= query.as_of_ms <= _LATEST_MS:
        yield InvalidInput(
            message=f"asOf must lie between {EARLIEST} and {LATEST}.",
            path=("asOf",),
            allowed=(f"{EARLIEST}..{LATEST}",),
        )
    yield from bucket_problems(query, _longest_span(query.range))


def _place_problems(query: MetricQuery) -> Iterator[Problem]:
    place = query.after
    if place is None:
        return
    if not len(place.codes) == len(place.labels) == len(query.group_by):
        yield InvalidInput(message="after is no cursor of these groups.", path=("after",))
    elif query.among is not None and (query.order is None or query.order.metric is not None):
        # The place of a hidden group among the values would tell its value.
        yield InvalidInput(
            message="Keys that see only some chatbots page through groups by label.",
            path=("after",),
            allowed=("orderBy without a metric",),
        )


def bucket_problems(query: MetricQuery, window: Window) -> Iterator[Problem]:
    """Too many buckets or cells. Judged by the shortest bucket there can be, so before any zone is looked at."""
    if not {Part.SERIES, Part.GROUP_SERIES} & query.parts:
        return
    grain = query.grain_over(window)
    count = window.span_ms // grain.least_ms + 1
    most = MOST_BUCKETS if query.cycle is None else MOST_HOURS_OF_CYCLE
    if count > most:
        yield InvalidInput(
            message=f"The range holds about {count} buckets of grain {grain}; it takes up to {most}.",
            path=("range",) if query.cycle else ("grain",),
            allowed=_shorter(query, window),
        )
    elif Part.GROUP_SERIES in query.parts and count * (query.limit + 1) > MOST_CELLS:
        yield InvalidInput(
            message=f"{query.limit} groups of about {count} buckets are too many; {MOST_CELLS} cells are the most.",
            path=("limit",),
            allowed=(f"1..{max(1, MOST_CELLS // count - 1)}",),
        )


def _shorter(query: MetricQuery, window: Window) -> tuple[str, ...]:
    if query.cycle is not None:
        return (f"1..{MOST_HOURS_OF_CYCLE * query.cycle.grain.least_ms // DAY_MS} days",)
    return tuple(other for other in Grain if window.span_ms // other.least_ms + 1 <= MOST_BUCKETS)


def _longest_span(spec: TimeRange) -> Window:
    """A window at least as long as the range can be."""
    match spec:
        case Moments(from_ms=from_ms, to_ms=to_ms):
            return Window(from_ms, max(from_ms, to_ms))
        case Dates(first=first, last=last):
            return Window(0, max(0, (last - first).days + 1) * DAY_MS)
        case Rolling() | Calendar():
            return Window(0, 366 * DAY_MS)


def _compatibility_problems(query: MetricQuery) -> Iterator[Problem]:
    for name in query.computed_metrics:
        metric = METRICS[name]
        for path, used in (("groupBy", query.group_by), ("filter", dimensions_in(query.where))):
            for dimension in used:
                if not _fits(metric, DIMENSIONS[dimension]):
                    allowed = allowed_dimensions(metric)
                    yield InvalidInput(
                        message=f"{metric.name} cannot be looked at by {dimension}. It can by: {', '.join(allowed)}.",
                        path=(path, dimension),
                        allowed=allowed,
                    )


def allowed_dimensions(metric: Metric) -> tuple[str, ...]:
    """What the metric can be split and filtered by."""
    shared = [set(dimensions_of(relation)) for relation in metric.relations]
    return tuple(dimension.name for dimension in DIMENSIONS.values() if all(dimension in group for group in shared))


def _fits(metric: Metric, dimension: Dimension) -> bool:
    return all(dimension.allows(relation) for relation in metric.relations)


def _new_to_problems(query: MetricQuery) -> Iterator[Problem]:
    """New to a chatbot needs one chatbot to be new to (R32.14)."""
    if query.effective_new_to is not NewTo.CHATBOT or not _speaks_of_first_visits(query):
        return
    one_chatbot = query.among is not None and len(query.among) == 1
    if one_chatbot or "chatbot" in query.group_by or _names_one_chatbot(query.where):
        return
    yield InvalidInput(
        message="Being new to a chatbot needs one chatbot: filter by one, or group by chatbot.",
        path=("newTo",),
        allowed=("a filter on one chatbot", "groupBy CHATBOT"),
    )


def _speaks_of_first_visits(query: MetricQuery) -> bool:
    by_metric = any(
        column.place is Place.VISITOR
        for name in query.computed_metrics
        for measure in measures_of(METRICS[name].formula)
        for column in columns(measure)
    )
    return by_metric or "visitorKind" in query.group_by or "visitorKind" in dimensions_in(query.where)


def _names_one_chatbot(tree: Filter) -> bool:
    match tree:
        case In(dimension="chatbot", values=values):
            return len(set(values)) == 1
        case AllOf(parts=parts):
            return any(_names_one_chatbot(part) for part in parts)
        case _:
            return False
