"""The language that metrics are declared in: rows of a relation, predicates over them, and measures of them.

Small frozen data, no SQL. `persistence.metrics.compile` has one arm per node; nothing is rounded or divided.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, StrEnum, unique
from typing import Final, assert_never, get_args

from domain.metrics.hashing import KnowsItsHash, hash_once


@unique
class Relation(StrEnum):
    """Which rows a measure looks at; each has its own time (R3)."""

    SESSION = "session"
    """Sessions by their start."""
    MOMENT = "moment"
    """Sessions as they stand at `asOf`, whenever they started; no time of their own."""
    MESSAGE = "message"
    ANSWER = "answer"
    """Messages that answer."""
    QUESTION = "question"
    """First messages of questions, and their answers, by the time of the first message (R32.13)."""
    RETRIEVAL = "retrieval"
    OPERATION = "operation"
    WORKFLOW_RUN = "workflow_run"
    WORKFLOW_STEP = "workflow_step"
    WORKFLOW_EXIT = "workflow_exit"
    """Workflow runs by the time of the last step they reached."""
    FEEDBACK = "feedback"
    HANDOFF = "handoff"
    TICKET = "ticket"
    EXPOSURE = "exposure"
    GOAL_COMPLETION = "goal_completion"
    LEAD_CAPTURE = "lead_capture"
    SESSION_COST = "session_cost"
    """What sessions cost, by the session's start."""
    PROBE = "probe"
    """Belongs to a chatbot and to no session."""


OUTSIDE_SESSIONS: Final = frozenset({Relation.PROBE})
"""Nothing but what stands on their own row can be asked of them."""


@unique
class Place(Enum):
    """Where a column stands, seen from a row of the relation."""

    ROW = "row"
    SESSION = "session"
    VISITOR = "visitor"


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    place: Place = Place.ROW


SESSION_NUMBER: Final = Column("session_id", Place.SESSION)


@dataclass(frozen=True, slots=True)
class Constant:
    value: int


@dataclass(frozen=True, slots=True)
class AsOf:
    """The moment that the question is asked for, in ms."""


@dataclass(frozen=True, slots=True)
class WindowStart:
    """Start of the cell a row is counted in: of its bucket in a series, of the whole range in a total."""


@dataclass(frozen=True, slots=True)
class Plus:
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Minus:
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Case:
    """The value of the first branch whose predicate holds."""

    branches: tuple[tuple["Predicate", "Expression"], ...]
    otherwise: "Expression"


Expression = Column | Constant | AsOf | WindowStart | Plus | Minus | Case


@unique
class Sign(StrEnum):
    EQUAL = "="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="


@dataclass(frozen=True, slots=True)
class Compare:
    """Holds where both sides are known and stand so."""

    left: "Expression"
    sign: Sign
    right: "Expression"


@dataclass(frozen=True, slots=True)
class OneOf:
    """Holds where the value is known and among the codes."""

    of: "Expression"
    codes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Known:
    of: "Expression"


@dataclass(frozen=True, slots=True)
class IsTrue:
    """A flag that is known and set."""

    of: Column


@dataclass(frozen=True, slots=True)
class Every:
    """All parts hold; without parts, always."""

    parts: tuple["Predicate", ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """Some part holds; without parts, never."""

    parts: tuple["Predicate", ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    part: "Predicate"


@dataclass(frozen=True, slots=True)
class HasTurn:
    """The session has at least one such row (R3)."""

    relation: "Relation"
    where: "Predicate"


@dataclass(frozen=True, slots=True)
class OfPopulation:
    """The session counts. `meaning` says it in its own terms; an engine may keep the answer on every row."""

    sources: tuple[int, ...]
    with_bots: bool
    meaning: "Predicate"


Predicate = Compare | OneOf | Known | IsTrue | Every | Either | Not | HasTurn | OfPopulation

ALWAYS: Final = Every()
NEVER: Final = Either()


@dataclass(frozen=True, slots=True)
class Count(KnowsItsHash):
    relation: Relation
    where: Predicate = ALWAYS


@dataclass(frozen=True, slots=True)
class Sum(KnowsItsHash):
    relation: Relation
    of: Expression
    where: Predicate = ALWAYS


@dataclass(frozen=True, slots=True)
class SumMoney(KnowsItsHash):
    """Nano-units by currency and day, to be converted afterwards (R7)."""

    relation: Relation
    of: Column
    where: Predicate = ALWAYS


@dataclass(frozen=True, slots=True)
class SumOfProducts(KnowsItsHash):
    """Of rows in which both are known; exact, however long it gets."""

    relation: Relation
    left: Expression
    right: Expression
    where: Predicate = ALWAYS


@dataclass(frozen=True, slots=True)
class SumOfSquaredMoney(KnowsItsHash):
    """Squared nano-units by currency and day, to be converted by the squared rate; of costs, by whole sessions."""

    relation: Relation
    of: Column
    where: Predicate = ALWAYS


@dataclass(frozen=True, slots=True)
class Distinct(KnowsItsHash):
    """How many different known values; never summed."""

    relation: Relation
    of: Column
    where: Predicate = ALWAYS


@dataclass(frozen=True, slots=True)
class Quantile(KnowsItsHash):
    """Nearest-rank percentile (R10)."""

    relation: Relation
    of: Expression
    percent: int
    where: Predicate = ALWAYS


@dataclass(frozen=True, slots=True)
class Minimum(KnowsItsHash):
    relation: Relation
    of: Expression
    where: Predicate = ALWAYS


@dataclass(frozen=True, slots=True)
class Maximum(KnowsItsHash):
    relation: Relation
    of: Expression
    where: Predicate = ALWAYS


Measure = Count | Sum | SumMoney | SumOfProducts | SumOfSquaredMoney | Distinct | Quantile | Minimum | Maximum
hash_once(*get_args(Measure))


@dataclass(frozen=True, slots=True)
class Single:
    """The metric is the measure itself. `sample` says how many rows stand behind a percentile or extreme."""

    of: Measure
    sample: Count | None = None


@dataclass(frozen=True, slots=True)
class Ratio:
    """Sum of the numerators over sum of the denominators. `proportion`: the numerator counts some of what the
    denominator counts, so the value is a share with a Wilson interval."""

    numerator: Measure
    denominator: Count | Sum | Distinct
    proportion: bool = False


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many rows fall between consecutive edges; the last bin includes its upper edge."""

    of: Column
    relation: Relation
    edges: tuple[int, ...]
    where: Predicate = ALWAYS

    def bins(self) -> tuple[Count, ...]:
        pairs = list(zip(self.edges, self.edges[1:], strict=False))
        last = len(pairs) - 1
        return tuple(
            Count(
                self.relation,
                every(
                    self.where,
                    Compare(self.of, Sign.AT_LEAST, Constant(low)),
                    Compare(self.of, Sign.AT_MOST if index == last else Sign.LESS, Constant(high)),
                ),
            )
            for index, (low, high) in enumerate(pairs)
        )


Formula = Single | Ratio | Histogram


def measures_of(formula: Formula) -> tuple[Measure, ...]:
    """The parts that have to be computed; everything else is arithmetic on them."""
    match formula:
        case Single(of=of, sample=sample):
            return (of,) if sample is None else (of, sample)
        case Ratio(numerator=numerator, denominator=denominator):
            return (numerator, denominator)
        case Histogram():
            return formula.bins()
        case _:
            assert_never(formula)


def is_additive(measure: Measure) -> bool:
    """Whether values of disjoint row sets add up to the value of their union."""
    match measure:
        case Count() | Sum() | SumMoney() | SumOfProducts() | SumOfSquaredMoney():
            return True
        case Distinct() | Quantile() | Minimum() | Maximum():
            return False
        case _:
            assert_never(measure)


def restricted(measure: Measure, to: Predicate) -> Measure:
    """The same measure over fewer rows."""
    return replace(measure, where=every(measure.where, to))


def depends_on_window(measure: Measure) -> bool:
    """Whether the measure looks at the start of the cell, so that series and totals need it apart."""
    return any(isinstance(node, WindowStart) for node in nodes(measure))


def columns(measure: Measure) -> tuple[Column, ...]:
    """Every column that the measure reads, once, in order."""
    return tuple(dict.fromkeys(node for node in nodes(measure) if isinstance(node, Column)))


def nodes(tree: Measure | Expression | Predicate) -> Iterator[Measure | Expression | Predicate]:
    """The node and everything below it."""
    yield tree
    for child in _children(tree):
        yield from nodes(child)


def _children(tree: Measure | Expression | Predicate) -> tuple[Expression | Predicate, ...]:
    match tree:
        case Column() | Constant() | AsOf() | WindowStart():
            return ()
        case Plus(left=left, right=right) | Minus(left=left, right=right) | Compare(left=left, right=right):
            return (left, right)
        case Case(branches=branches, otherwise=otherwise):
            return (*(node for branch in branches for node in branch), otherwise)
        case OneOf(of=of) | Known(of=of) | IsTrue(of=of):
            return (of,)
        case Every(parts=parts) | Either(parts=parts):
            return parts
        case Not(part=part):
            return (part,)
        case HasTurn():
            # The turn's columns are on its own row; of this one it takes the session alone.
            return (SESSION_NUMBER,)
        case OfPopulation():
            # Whoever compiles it says what it reads: the columns of its meaning, or what is kept instead.
            return ()
        case Count(where=where):
            return (where,)
        case Sum() | SumMoney() | SumOfSquaredMoney() | Distinct() | Quantile() | Minimum() | Maximum():
            return (tree.of, tree.where)
        case SumOfProducts(left=left, right=right, where=where):
            return (left, right, where)
        case _:
            assert_never(tree)


def every(*parts: Predicate) -> Predicate:
    """All of them, without needless nesting."""
    flat = tuple(inner for part in parts for inner in (part.parts if isinstance(part, Every) else (part,)))
    return flat[0] if len(flat) == 1 else Every(flat)


def either(*parts: Predicate) -> Predicate:
    return parts[0] if len(parts) == 1 else Either(parts)


def at_least(left: Expression, right: int) -> Compare:
    return Compare(left, Sign.AT_LEAST, Constant(right))


def equals(left: Expression, right: int) -> Compare:
    return Compare(left, Sign.EQUAL, Constant(right))
