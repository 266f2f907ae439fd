"""docs/metrics.md, made from the catalogue: what each metric and dimension means and where that is settled."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from domain.dimensions import DIMENSIONS, Chatbots, Closed, Dimension, Level
from domain.metrics.catalogue import METRICS
from domain.metrics.metric import FactGrain, Metric
from domain.queries.query import allowed_dimensions

_INTRODUCTION: Final = """\
# Metrics and dimensions

Generated from the catalogue by `python3 dev.py schema --write`; a test compares it. The API tells the same in
`metricDefinitions` and `dimensionDefinitions`.

Every metric counts live sessions of people unless the question names other `sources` or `includeBots`; `excluded`
says how many were left out. A metric belongs to the bucket of its own fact's time: a session to its start, a message,
answer, operation, hand-over, vote, goal or lead to when it happened. A ratio over two kinds of facts (messages, cost
or tokens per session) follows the sessions that started in the range. Ratios are sums divided once; percentiles are
nearest-rank over all values; a ratio without a denominator is null, never 0.

"Reports" are the kinds of facts that a chatbot must report: where no chatbot in scope does, the value is null with
status NOT_REPORTED (FORMS_DISABLED for leads); where only some do, only those count, and `coverage` says their share
of the sessions.
"""


def metrics_page() -> str:
    lines = [_INTRODUCTION]
    for family, metrics in groupby(METRICS.values(), key=lambda metric: metric.family):
        lines.append(f"## {family.title()}\n")
        for metric in metrics:
            lines.extend(_metric_lines(metric))
    lines.append("## Dimensions\n")
    lines.append("| dimension | level | meaning | values |")
    lines.append("| --- | --- | --- | --- |")
    lines.extend(_dimension_line(dimension) for dimension in DIMENSIONS.values())
    return "\n".join(lines) + "\n"


def _metric_lines(metric: Metric) -> Iterator[str]:
    yield f"### `{metric.name}`: {metric.title}\n"
    yield f"{metric.definition}\n"
    direction = metric.direction.replace("_", " ").lower()
    yield f"- {metric.tier.lower()}, {metric.unit.lower()}, {direction}, counted by {_words(metric.fact_grain)} time"
    yield "- " + ("adds up over groups and buckets" if metric.is_additive else "does not add up")
    if metric.needs:
        yield "- reports: " + ", and ".join(" or ".join(sorted(kind.name for kind in kinds)) for kinds in metric.needs)
    if metric.companions:
        yield "- read with: " + ", ".join(f"`{name}`" for name in metric.companions)
    if metric.explains:
        yield "- explains: " + ", ".join(f"`{name}`" for name in metric.explains)
    if metric.fact_grain is FactGrain.PROBE:
        yield "- by: " + ", ".join(f"`{name}`" for name in allowed_dimensions(metric))
    else:
        yield "- by: every dimension of sessions" + "".join(f", `{name}`" for name in _turns_of(metric))
    yield f"- source: {metric.source}\n"


def _turns_of(metric: Metric) -> list[str]:
    return [name for name in allowed_dimensions(metric) if DIMENSIONS[name].level is Level.TURN]


def _words(name: str) -> str:
    return name.replace("_", " ").lower()


def _dimension_line(dimension: Dimension) -> str:
    match dimension.values:
        case Closed(codes=codes):
            values = ", ".join(codes)
        case Chatbots():
            values = "ids of chatbots"
        case _:
            values = "texts"
    return f"| `{dimension.name}` | {dimension.level.lower()} | {dimension.description} | {values} |"
