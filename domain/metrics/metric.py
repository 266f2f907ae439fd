"""What a metric is: a formula with everything that people and programs need to read its value rightly."""

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from domain.metrics.algebra import Formula, Histogram, Ratio, Relation, Single, is_additive, measures_of
from domain.vocabulary import Report


@unique
class Family(StrEnum):
    """The six categories of the KPI framework (item 245)."""

    ADOPTION = "ADOPTION"
    RESOLUTION = "RESOLUTION"
    QUALITY = "QUALITY"
    RELIABILITY = "RELIABILITY"
    COST = "COST"
    BUSINESS = "BUSINESS"


@unique
class Tier(StrEnum):
    """PRIMARY metrics belong on the main view; DIAGNOSTIC ones explain why they move."""

    PRIMARY = "PRIMARY"
    DIAGNOSTIC = "DIAGNOSTIC"


@unique
class Unit(StrEnum):
    COUNT = "COUNT"
    SHARE = "SHARE"
    """0 to 1."""
    NUMBER = "NUMBER"
    SECONDS = "SECONDS"
    MONEY = "MONEY"
    BINS = "BINS"


@unique
class Direction(StrEnum):
    HIGHER_IS_BETTER = "HIGHER_IS_BETTER"
    LOWER_IS_BETTER = "LOWER_IS_BETTER"
    NEUTRAL = "NEUTRAL"


@unique
class FactGrain(StrEnum):
    """Whose time decides in which bucket something is counted (R3)."""

    SESSION = "SESSION"
    MOMENT = "MOMENT"
    MESSAGE = "MESSAGE"
    ANSWER = "ANSWER"
    QUESTION = "QUESTION"
    RETRIEVAL = "RETRIEVAL"
    OPERATION = "OPERATION"
    WORKFLOW_RUN = "WORKFLOW_RUN"
    WORKFLOW_STEP = "WORKFLOW_STEP"
    FEEDBACK = "FEEDBACK"
    HANDOFF = "HANDOFF"
    TICKET = "TICKET"
    EXPOSURE = "EXPOSURE"
    GOAL_COMPLETION = "GOAL_COMPLETION"
    LEAD_CAPTURE = "LEAD_CAPTURE"
    PROBE = "PROBE"


_GRAINS: Final = {Relation.SESSION_COST: FactGrain.SESSION, Relation.WORKFLOW_EXIT: FactGrain.WORKFLOW_STEP}


def grain_of(relation: Relation) -> FactGrain:
    """Cost is looked at by the session's start, like the sessions it is divided by; an exit is at a step."""
    return _GRAINS.get(relation) or FactGrain[relation.name]


Needs = tuple[frozenset[Report], ...]
"""Every part must be reported, by any of its kinds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """`name` is the field of the API. `divisor` turns stored integers into the unit (ms to seconds: 1,000)."""

    name: str
    title: str
    family: Family
    tier: Tier
    unit: Unit
    direction: Direction
    formula: Formula
    definition: str
    source: str
    explains: tuple[str, ...] = ()
    companions: tuple[str, ...] = ()
    needs: Needs = ()
    divisor: int = 1
    precision: int = 0

    @property
    def relations(self) -> tuple[Relation, ...]:
        return tuple(dict.fromkeys(measure.relation for measure in measures_of(self.formula)))

    @property
    def fact_grain(self) -> FactGrain:
        return grain_of(self.relations[0])

    @property
    def is_additive(self) -> bool:
        """Whether the values of groups and buckets sum to the value of the whole."""
        match self.formula:
            case Single(of=of):
                return is_additive(of) and self.fact_grain is not FactGrain.MOMENT
            case Histogram():
                return True
            case Ratio():
                return False

    @property
    def is_estimate(self) -> bool:
        """Whether few cases make the value a doubtful one: of shares, means, percentiles and extremes."""
        match self.formula:
            case Single(sample=sample):
                return sample is not None
            case Ratio():
                return True
            case Histogram():
                return False

    @property
    def is_orderable(self) -> bool:
        return self.unit is not Unit.BINS

    @property
    def is_proportion(self) -> bool:
        return isinstance(self.formula, Ratio) and self.formula.proportion

    @property
    def enum_name(self) -> str:
        """resolutionRate -> RESOLUTION_RATE, returnRate7Days -> RETURN_RATE_7_DAYS."""
        letters: list[str] = []
        for before, letter in zip(" " + self.name, self.name, strict=False):
            starts_word = letter.isupper() or (letter.isdigit() and not before.isdigit() and before != "P")
            letters.append(f"_{letter.upper()}" if starts_word else letter.upper())
        return "".join(letters)


def needs(*kinds: Report) -> Needs:
    """All of these kinds."""
    return tuple(frozenset({kind}) for kind in kinds)


def needs_any(*kinds: Report) -> Needs:
    """One of these kinds is enough."""
    return (frozenset(kinds),)
