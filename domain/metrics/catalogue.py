"""All metrics, by name. Adding one takes a declaration in a family's file, nothing else."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.metrics.adoption import ADOPTION
from domain.metrics.availability import AVAILABILITY
from domain.metrics.business import BUSINESS
from domain.metrics.cost import COST
from domain.metrics.exposure import EXPOSURES
from domain.metrics.handover import HANDOVER, TICKETS
from domain.metrics.metric import Metric
from domain.metrics.quality import QUALITY
from domain.metrics.reliability import RELIABILITY
from domain.metrics.resolution import RESOLUTION
from domain.metrics.retrieval import RETRIEVAL

_ALL: Final = (
    *ADOPTION,
    *EXPOSURES,
    *RESOLUTION,
    *HANDOVER,
    *QUALITY,
    *RETRIEVAL,
    *RELIABILITY,
    *AVAILABILITY,
    *COST,
    *BUSINESS,
    *TICKETS,
)


def _by_name(metrics: tuple[Metric, ...]) -> Mapping[str, Metric]:
    found: dict[str, Metric] = {}
    for metric in metrics:
        if metric.name in found:
            raise ValueError(f"two metrics are named {metric.name}")
        found[metric.name] = metric
    for metric in metrics:
        unknown = {*metric.explains, *metric.companions} - found.keys()
        if unknown:
            raise ValueError(f"{metric.name} names metrics that do not exist: {', '.join(sorted(unknown))}")
    return MappingProxyType(found)


METRICS: Final = _by_name(_ALL)
"""In the order of the families."""
