"""Is the whole up, which needs all of its parts? (item 265)"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod


@dataclass(frozen=True, slots=True)
class CompositeAvailability:
    """Shares, 0 to 1. `worst` is the most that the whole can have been up: a chain is as good as its weakest link.
    `product` is what it was if the parts fail independently of each other, as serial reliability is reckoned."""

    worst: float
    worst_component: str
    product: float


def composite(shares: Mapping[str, float]) -> CompositeAvailability | None:
    """Of the availability of each component that was probed; None where none was: unknown is not up."""
    if not shares:
        return None
    name = min(shares, key=lambda component: (shares[component], component))
    return CompositeAvailability(worst=shares[name], worst_component=name, product=prod(shares.values()))
