"""What a dimension is: values by which figures are split, and where a fact's value stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum, unique
from typing import Final

from domain.metrics.algebra import ALWAYS, OUTSIDE_SESSIONS, Expression, Predicate, Relation
from domain.vocabulary import LabelKind

UNKNOWN: Final = -1
"""Code of rows whose value is not known; they are a group of their own, never dropped."""
OTHER: Final = -2
"""Code of everything beyond the first groups."""


class VisitorKind(IntEnum):
    """Whether it is the visitor's first session in the workspace or a later one."""

    FIRST = 1
    LATER = 2


class Truth(IntEnum):
    """Codes of a flag."""

    NO = 1
    YES = 2


@dataclass(frozen=True, slots=True, eq=False)
class Closed:
    """Values are the names of a closed vocabulary."""

    codes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Open:
    """Values are texts of the workspace's labels."""

    kind: LabelKind


@dataclass(frozen=True, slots=True)
class Chatbots:
    """Values are the chatbots' ids as events name them."""


Values = Closed | Open | Chatbots


@dataclass(frozen=True, slots=True)
class Turn:
    """A dimension of something inside a session: a session has as many values as it has different turns (R3)."""

    relation: Relation
    of: Expression
    where: Predicate = ALWAYS


@unique
class Level(StrEnum):
    SESSION = "SESSION"
    TURN = "TURN"
    FACT = "FACT"
    """Of facts outside sessions."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dimension:
    """`session` tells the value of a session; for dimensions of turns it is None and `turn` tells them. `own` holds,
    for facts that are such turns themselves, the value on their own row, and is all that facts outside sessions have.
    """

    name: str
    title: str
    description: str
    values: Values
    session: Expression | None = None
    turn: Turn | None = None
    own: Mapping[Relation, Expression] = field(default_factory=dict)

    def __post_init__(self) -> None:
        told = [part for part in (self.session, self.turn) if part is not None]
        if len(told) > 1 or not (told or self.own):
            raise ValueError(f"{self.name} needs a session's value or a turn's, and not both, or its own")

    @property
    def level(self) -> Level:
        if self.session is not None:
            return Level.SESSION
        return Level.TURN if self.turn else Level.FACT

    @property
    def enum_name(self) -> str:
        return "".join(f"_{letter}" if letter.isupper() else letter.upper() for letter in self.name)

    def allows(self, relation: Relation) -> bool:
        """A session has its turns' values (as "at least one such"); other facts only what stands on their row."""
        if relation in self.own:
            return True
        of_sessions = self.session is not None and relation not in OUTSIDE_SESSIONS
        return of_sessions or (self.turn is not None and relation in _SESSION_RELATIONS)

    def stands_on(self, relation: Relation) -> bool:
        """Whether a row of it has a value: as a fact that is counted, or as the very turn that the dimension is of."""
        return self.allows(relation) or (self.turn is not None and self.turn.relation is relation)

    def overlaps(self, relation: Relation) -> bool:
        """Whether one row can fall into several groups."""
        return self.turn is not None and relation not in self.own


_SESSION_RELATIONS: Final = frozenset({Relation.SESSION, Relation.MOMENT, Relation.SESSION_COST})
