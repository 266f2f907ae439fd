"""By what can figures be split and filtered? Each dimension says where its value stands for each kind of fact."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum, unique
from types import MappingProxyType
from typing import Final

from domain.metrics.algebra import (
    ALWAYS,
    Case,
    Column,
    Compare,
    Constant,
    Expression,
    IsTrue,
    Known,
    Not,
    Place,
    Predicate,
    Relation,
    Sign,
    equals,
)
from domain.metrics.metric import FactGrain
from domain.metrics.populations import OUTCOME, OUTCOME_CODES
from domain.vocabulary import (
    AnswerSource,
    Channel,
    ChatbotType,
    Device,
    EndActor,
    HandoffReason,
    HandoffTarget,
    LabelKind,
    OperationClass,
    Plan,
    Role,
    Source,
)

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dimension:
    """`session` tells the value of a session; for dimensions of turns it is None and `turn` tells them.
    `own` holds, for facts that are such turns themselves, the value on their own row."""

    name: str
    title: str
    description: str
    values: Values
    session: Expression | None = None
    turn: Turn | None = None
    own: Mapping[Relation, Expression] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.session is None) == (self.turn is None):
            raise ValueError(f"{self.name} needs a session's value or a turn's, and not both")

    @property
    def level(self) -> Level:
        return Level.TURN if self.turn else Level.SESSION

    @property
    def enum_name(self) -> str:
        return "".join(f"_{letter}" if letter.isupper() else letter.upper() for letter in self.name)

    def allows(self, relation: Relation) -> bool:
        """A session has its turns' values (as "at least one such"); other facts only what stands on their row."""
        return self.session is not None or relation in self.own or relation in _SESSION_RELATIONS

    def overlaps(self, relation: Relation) -> bool:
        """Whether one row can fall into several groups."""
        return self.turn is not None and relation not in self.own


_SESSION_RELATIONS: Final = frozenset({Relation.SESSION, Relation.MOMENT, Relation.SESSION_COST})


def _session(name: str) -> Column:
    return Column(name, Place.SESSION)


def _closed(vocabulary: type[IntEnum]) -> Closed:
    return Closed(MappingProxyType({member.name: int(member) for member in vocabulary}))


def _plain(name: str, title: str, description: str, values: Values, column: str | None = None) -> Dimension:
    """A value that stands on the session's row."""
    return Dimension(name=name, title=title, description=description, values=values, session=_session(column or name))


def _of_answers(name: str, title: str, description: str, values: Values, column: str) -> Dimension:
    return Dimension(
        name=name,
        title=title,
        description=description,
        values=values,
        turn=Turn(Relation.ANSWER, Column(column)),
        own=MappingProxyType({Relation.ANSWER: Column(column)}),
    )


def _of_rows(relation: Relation, name: str, title: str, description: str, values: Values, column: str) -> Dimension:
    return Dimension(
        name=name,
        title=title,
        description=description,
        values=values,
        turn=Turn(relation, Column(column)),
        own=MappingProxyType({relation: Column(column)}),
    )


def _flag(column: Column) -> Expression:
    return Case(((Not(Known(column)), Constant(UNKNOWN)), (IsTrue(column), Constant(Truth.YES))), Constant(Truth.NO))


_FIRST_SEEN: Final = Column("first_seen_at_ms", Place.VISITOR)
_VISITOR_KIND: Final = Case(
    (
        (Not(Known(_FIRST_SEEN)), Constant(UNKNOWN)),
        (Compare(_session("started_at_ms"), Sign.AT_MOST, _FIRST_SEEN), Constant(VisitorKind.FIRST)),
    ),
    Constant(VisitorKind.LATER),
)

_ALL: Final = (
    _plain("chatbot", "Chatbot", "The chatbot, by the id that events give.", Chatbots(), "chatbot_id"),
    _plain("chatbotType", "Chatbot type", "3D, text or voice.", _closed(ChatbotType), "chatbot_type"),
    _plain("plan", "Plan", "The chatbot's plan when the session started.", _closed(Plan)),
    _plain("channel", "Channel", "Where the conversation took place.", _closed(Channel)),
    _plain(
        "entryPoint",
        "Entry point",
        "Page or placement that opened the conversation.",
        Open(LabelKind.ENTRY_POINT),
        "entry_point",
    ),
    _plain("referrer", "Referrer", "Address that led there, without query and user parts.", Open(LabelKind.REFERRER)),
    _plain("campaign", "Campaign", "Marketing campaign.", Open(LabelKind.CAMPAIGN)),
    _plain("country", "Country", "ISO 3166 code of the country.", Open(LabelKind.COUNTRY)),
    _plain("region", "Region", "Part of the country.", Open(LabelKind.REGION)),
    _plain("city", "City", "City.", Open(LabelKind.CITY)),
    _plain("device", "Device", "Kind of device.", _closed(Device)),
    _plain("browser", "Browser", "Browser family.", Open(LabelKind.BROWSER)),
    _plain(
        "operatingSystem",
        "Operating system",
        "Operating system family.",
        Open(LabelKind.OPERATING_SYSTEM),
        "operating_system",
    ),
    _plain("language", "Language", "Language of the session.", Open(LabelKind.LANGUAGE)),
    _plain("userType", "User type", "Kind of user, as the bot tells it.", Open(LabelKind.USER_TYPE), "user_type"),
    Dimension(
        name="authenticated",
        title="Authenticated",
        description="Whether the user was signed in: YES or NO.",
        values=_closed(Truth),
        session=_flag(_session("authenticated")),
    ),
    Dimension(
        name="visitorKind",
        title="First or later session",
        description="Whether it is the visitor's first session or a later one; newTo says first where.",
        values=_closed(VisitorKind),
        session=_VISITOR_KIND,
    ),
    _plain(
        "primaryIntent",
        "Primary intent",
        "Intent of the first classified user message: one per session.",
        Open(LabelKind.INTENT),
        "primary_intent",
    ),
    Dimension(
        name="intent",
        title="Intent",
        description="Intents of the user messages, and of what answers them; a session may have several.",
        values=Open(LabelKind.INTENT),
        turn=Turn(Relation.MESSAGE, Column("intent"), equals(Column("role"), Role.USER)),
        own=MappingProxyType({Relation.ANSWER: Column("answer_intent")}),
    ),
    _of_rows(
        Relation.WORKFLOW_RUN,
        "workflow",
        "Workflow",
        "Workflows that were started.",
        Open(LabelKind.WORKFLOW),
        "workflow",
    ),
    _of_answers("model", "Model", "Model of the answers.", Open(LabelKind.MODEL), "model"),
    _of_answers(
        "promptVersion",
        "Prompt version",
        "Version of the prompt of the answers.",
        Open(LabelKind.PROMPT_VERSION),
        "prompt_version",
    ),
    _of_answers(
        "knowledgeBaseVersion",
        "Knowledge base version",
        "Version of the knowledge base of the answers.",
        Open(LabelKind.KNOWLEDGE_BASE_VERSION),
        "knowledge_base_version",
    ),
    _of_answers("answerSource", "Answer source", "What the answers came from.", _closed(AnswerSource), "answer_source"),
    _of_rows(
        Relation.OPERATION,
        "operationClass",
        "Operation class",
        "Kinds of operations that ran.",
        _closed(OperationClass),
        "operation_class",
    ),
    _of_rows(
        Relation.OPERATION,
        "operation",
        "Operation",
        "Operations by name: integrations, tools, calls.",
        Open(LabelKind.OPERATION),
        "operation",
    ),
    _of_rows(Relation.GOAL_COMPLETION, "goal", "Goal", "Goals that were reached.", Open(LabelKind.GOAL), "goal"),
    Dimension(
        name="outcome",
        title="Outcome",
        description="How the session ended, as of asOf. The groups sum to sessions.",
        values=Closed(MappingProxyType({outcome.name: code for outcome, code in OUTCOME_CODES.items()})),
        session=OUTCOME,
    ),
    _plain(
        "closingActor",
        "Closing actor",
        "Who ended the session; unknown where idleness did.",
        _closed(EndActor),
        "end_actor",
    ),
    _plain(
        "handoffTarget",
        "Hand-over target",
        "Whom the session was handed to first.",
        _closed(HandoffTarget),
        "handoff_target",
    ),
    _plain(
        "handoffReason",
        "Hand-over reason",
        "Why the session was handed over first; USAGE_LIMIT is blocked demand.",
        _closed(HandoffReason),
        "handoff_reason",
    ),
    _plain("source", "Source", "Live traffic, playground, evaluation or API.", _closed(Source)),
)


def _by_name() -> Mapping[str, Dimension]:
    found = {dimension.name: dimension for dimension in _ALL}
    if len(found) < len(_ALL):
        raise ValueError("two dimensions have one name")
    return MappingProxyType(found)


DIMENSIONS: Final = _by_name()


def dimensions_of(relation: Relation) -> tuple[Dimension, ...]:
    """What facts of this kind can be split by."""
    return tuple(dimension for dimension in _ALL if dimension.allows(relation))


def grains_of(dimension: Dimension) -> tuple[FactGrain, ...]:
    """The grains of metrics that the dimension can split."""
    return tuple(
        dict.fromkeys(
            FactGrain.SESSION if relation is Relation.SESSION_COST else FactGrain[relation.name]
            for relation in Relation
            if dimension.allows(relation)
        )
    )
