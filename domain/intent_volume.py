"""High-volume and long-tail intents (item 294): which intents are the few that most conversations are about?

The set is found once for a question, in its own range, and holds for every row of it: also for the period that it is
compared with, and for every bucket. Else an intent that grows would leave the long tail in the middle of a line, and
the two groups would not be the same in both periods.
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import IntEnum
from functools import lru_cache
from typing import Final

from domain.dimension import UNKNOWN, Dimension
from domain.metrics.algebra import Case, Column, Constant, Expression, Known, Not, OneOf, Place

COVERED_PERCENT: Final = 80
NAME: Final = "intentVolume"

_PRIMARY_INTENT: Final = Column("primary_intent", Place.SESSION)


class IntentVolume(IntEnum):
    HIGH_VOLUME = 1
    LONG_TAIL = 2


def frequent(sessions: Mapping[int, int]) -> tuple[int, ...]:
    """The smallest set of intents that covers 80 % of the sessions, by code; among equals those that were told first.
    `sessions` of each intent."""
    whole, covered = sum(sessions.values()), 0
    found: list[int] = []
    for code, count in sorted(sessions.items(), key=lambda item: (-item[1], item[0])):
        if covered * 100 >= COVERED_PERCENT * whole:
            break
        found.append(code)
        covered += count
    return tuple(sorted(found))


def volume_of(frequent_intents: tuple[int, ...]) -> Expression:
    """Of a session, by its primary intent."""
    return Case(
        (
            (Not(Known(_PRIMARY_INTENT)), Constant(UNKNOWN)),
            (OneOf(_PRIMARY_INTENT, frequent_intents), Constant(IntentVolume.HIGH_VOLUME)),
        ),
        Constant(IntentVolume.LONG_TAIL),
    )


@lru_cache(maxsize=64)
def frozen(dimension: Dimension, frequent_intents: tuple[int, ...]) -> Dimension:
    """The dimension with its set; the same object for the same set, by which statements are known again."""
    return replace(dimension, session=volume_of(frequent_intents))
