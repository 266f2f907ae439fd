"""A metric query as canonical JSON and back: what saved queries keep. Equal queries give equal text.

What only the asker decides (`among`, `as_of_ms`, `parts`) is not part of it: a saved query is cut to whoever runs it.
"""

import json
from datetime import date
from typing import Any, Final, assert_never
from uuid import UUID

from domain.cycles import Cycle
from domain.queries.filters import AllOf, AnyOf, Filter, In, InSegment, IsUnknown, NotThis
from domain.queries.query import Comparison, MetricQuery, NewTo, Order
from domain.time import Calendar, Dates, Grain, Moments, Rolling, TimeRange
from domain.vocabulary import Source

FORMAT: Final = 1


def to_canonical(query: MetricQuery) -> str:
    told: dict[str, Any] = {
        "format": FORMAT,
        "metrics": list(query.metrics),
        "range": _range(query.range),
        "where": _filter(query.where),
        "groupBy": list(query.group_by),
        "limit": query.limit,
        "includeBots": query.include_bots,
        "newTo": query.new_to,
        "timeZone": query.time_zone,
        "grain": query.grain,
        "compare": query.compare if isinstance(query.compare, Comparison | None) else _range(query.compare),
        "order": None if query.order is None else [query.order.metric, query.order.descending],
        "sources": None if query.sources is None else sorted(source.name for source in query.sources),
    }
    if query.cycle is not None:
        told["cycle"] = query.cycle
    if query.minimum_sample > 1:
        told["minimumSample"] = query.minimum_sample
    return _written(told)


def filter_to_canonical(tree: Filter) -> str:
    """A filter alone, as segments keep it."""
    return _written(_filter(tree))


def filter_from_canonical(text: str) -> Filter:
    return _read_filter(json.loads(text))


def _written(told: Any) -> str:
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def from_canonical(text: str) -> MetricQuery:
    """Raises `Refused` where the query has become invalid (a metric that is gone), as any other front door."""
    told = json.loads(text)
    compare = told["compare"]
    return MetricQuery(
        metrics=tuple(told["metrics"]),
        range=_read_range(told["range"]),
        where=_read_filter(told["where"]),
        group_by=tuple(told["groupBy"]),
        limit=told["limit"],
        include_bots=told["includeBots"],
        new_to=NewTo(told["newTo"]),
        minimum_sample=told.get("minimumSample", 1),
        time_zone=told["timeZone"],
        grain=None if told["grain"] is None else Grain(told["grain"]),
        cycle=Cycle(told["cycle"]) if "cycle" in told else None,
        compare=_read_compare(compare),
        order=None if told["order"] is None else Order(metric=told["order"][0], descending=told["order"][1]),
        sources=None if told["sources"] is None else frozenset(Source[name] for name in told["sources"]),
    )


def _range(spec: TimeRange) -> Any:
    match spec:
        case Rolling() | Calendar():
            return spec.value
        case Moments(from_ms=from_ms, to_ms=to_ms):
            return {"fromMs": from_ms, "toMs": to_ms}
        case Dates(first=first, last=last):
            return {"first": first.isoformat(), "last": last.isoformat()}
        case _:
            assert_never(spec)


def _read_range(told: Any) -> TimeRange:
    if isinstance(told, str):
        return Rolling(told) if told in set(Rolling) else Calendar(told)
    return _read_custom(told)


def _read_custom(told: dict[str, Any]) -> Moments | Dates:
    if "fromMs" in told:
        return Moments(from_ms=told["fromMs"], to_ms=told["toMs"])
    return Dates(first=date.fromisoformat(told["first"]), last=date.fromisoformat(told["last"]))


def _read_compare(told: Any) -> Comparison | Moments | Dates | None:
    if told is None:
        return None
    return Comparison(told) if isinstance(told, str) else _read_custom(told)


def _filter(tree: Filter) -> Any:
    match tree:
        case In(dimension=dimension, values=values):
            return {"in": [dimension, sorted(set(values))]}
        case IsUnknown(dimension=dimension):
            return {"unknown": dimension}
        case InSegment(segment_id=segment_id):
            return {"segment": str(segment_id)}
        case AllOf(parts=parts):
            return {"and": [_filter(part) for part in parts]}
        case AnyOf(parts=parts):
            return {"or": [_filter(part) for part in parts]}
        case NotThis(part=part):
            return {"not": _filter(part)}
        case _:
            assert_never(tree)


def _read_filter(told: dict[str, Any]) -> Filter:
    ((kind, content),) = told.items()
    match kind:
        case "in":
            return In(dimension=content[0], values=tuple(content[1]))
        case "unknown":
            return IsUnknown(dimension=content)
        case "segment":
            return InSegment(segment_id=UUID(content))
        case "and":
            return AllOf(parts=tuple(_read_filter(part) for part in content))
        case "or":
            return AnyOf(parts=tuple(_read_filter(part) for part in content))
        case "not":
            return NotThis(part=_read_filter(content))
        case _:
            raise ValueError(f"no such filter: {kind}")
