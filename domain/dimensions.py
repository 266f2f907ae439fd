"""By what can figures be split and filtered? Each dimension says where its value stands for each kind of fact."""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from domain.dimension import (
    OTHER,
    UNKNOWN,
    Chatbots,
    Closed,
    Dimension,
    Level,
    Open,
    Truth,
    Turn,
    Values,
    VisitorKind,
)
from domain.intent_volume import NAME as INTENT_VOLUME
from domain.intent_volume import IntentVolume, volume_of
from domain.metrics.algebra import (
    Case,
    Column,
    Compare,
    Constant,
    Expression,
    IsTrue,
    Known,
    Not,
    OneOf,
    Place,
    Predicate,
    Relation,
    Sign,
    equals,
    every,
)
from domain.metrics.metric import FactGrain, grain_of
from domain.metrics.populations import OUTCOME, OUTCOME_CODES
from domain.vocabulary import (
    AnswerSource,
    Channel,
    ChatbotType,
    Device,
    EndActor,
    Fault,
    HandoffReason,
    HandoffTarget,
    LabelKind,
    OperationClass,
    OperationStatus,
    Plan,
    Role,
    Source,
    TicketState,
)

__all__ = [
    "DIMENSIONS",
    "OTHER",
    "UNKNOWN",
    "Chatbots",
    "Closed",
    "Dimension",
    "Level",
    "Open",
    "Truth",
    "Turn",
    "Values",
    "VisitorKind",
    "dimensions_of",
    "grains_of",
]


def _session(name: str) -> Column:
    return Column(name, Place.SESSION)


def _closed(vocabulary: type[IntEnum]) -> Closed:
    return Closed(MappingProxyType({member.name: int(member) for member in vocabulary}))


def _plain(name: str, title: str, description: str, values: Values, column: str | None = None) -> Dimension:
    """A value that stands on the session's row."""
    return Dimension(name=name, title=title, description=description, values=values, session=_session(column or name))


def _of_turns(
    name: str, title: str, description: str, values: Values, turn: Turn, own: Mapping[Relation, Expression]
) -> Dimension:
    return Dimension(
        name=name, title=title, description=description, values=values, turn=turn, own=MappingProxyType({**own})
    )


def _of_rows(relation: Relation, name: str, title: str, description: str, values: Values, column: str) -> Dimension:
    of = Column(column)
    return _of_turns(name, title, description, values, Turn(relation, of), {relation: of})


def _of_answers(name: str, title: str, description: str, values: Values, column: str) -> Dimension:
    return _of_rows(Relation.ANSWER, name, title, description, values, column)


def _of_operations(name: str, title: str, description: str, values: Values, of: Column, where: Predicate) -> Dimension:
    """Of some operations only: in a split of all of them, the others stand under unknown."""
    own = Case(((every(where, Known(of)), of),), Constant(UNKNOWN))
    return _of_turns(name, title, description, values, Turn(Relation.OPERATION, of, where), {Relation.OPERATION: own})


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

_OF_USERS: Final = equals(Column("role"), Role.USER)
_FAILED: Final = OneOf(Column("status"), (OperationStatus.ERROR, OperationStatus.TIMEOUT))

_ALL: Final = (
    Dimension(
        name="chatbot",
        title="Chatbot",
        description="The chatbot, by the id that events give.",
        values=Chatbots(),
        session=_session("chatbot_id"),
        own=MappingProxyType({Relation.PROBE: Column("chatbot_id")}),
    ),
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
        name=INTENT_VOLUME,
        title="Volume of the intent",
        description="Is the primary intent one of the few that 80 % of the sessions are about? The set is found "
        "once in the range asked for, over all sessions of the chatbots in the filter, and kept for comparisons.",
        values=_closed(IntentVolume),
        session=volume_of(()),
    ),
    _of_turns(
        "intent",
        "Intent",
        "Intents of the user messages, and of what answers them; a session may have several.",
        Open(LabelKind.INTENT),
        Turn(Relation.MESSAGE, Column("intent"), _OF_USERS),
        {Relation.ANSWER: Column("answer_intent")},
    ),
    _of_turns(
        "topic",
        "Topic",
        "Topics of the user messages; a session may have several.",
        Open(LabelKind.TOPIC),
        Turn(Relation.MESSAGE, Column("topic"), _OF_USERS),
        {},
    ),
    _of_turns(
        "workflow",
        "Workflow",
        "Workflows that were started.",
        Open(LabelKind.WORKFLOW),
        Turn(Relation.WORKFLOW_RUN, Column("workflow")),
        dict.fromkeys((Relation.WORKFLOW_RUN, Relation.WORKFLOW_EXIT, Relation.WORKFLOW_STEP), Column("workflow")),
    ),
    _of_turns(
        "step",
        "Workflow step",
        "Steps of workflows that were reached; of a whole run, the last one.",
        Open(LabelKind.STEP),
        Turn(Relation.WORKFLOW_STEP, Column("step"), Known(Column("step"))),
        {
            Relation.WORKFLOW_RUN: Column("last_step"),
            Relation.WORKFLOW_EXIT: Column("last_step"),
            Relation.WORKFLOW_STEP: Column("step"),
        },
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
    _of_operations(
        "integration",
        "Integration",
        "Integrations by name; other operations stand under unknown.",
        Open(LabelKind.OPERATION),
        Column("operation"),
        equals(Column("operation_class"), OperationClass.INTEGRATION),
    ),
    _of_operations(
        "tool",
        "Tool",
        "Tools and actions by name; other operations stand under unknown.",
        Open(LabelKind.OPERATION),
        Column("operation"),
        equals(Column("operation_class"), OperationClass.TOOL),
    ),
    _of_operations(
        "errorClass",
        "Error class",
        "Kinds of the operations that failed or timed out; those that went well stand under unknown.",
        _closed(OperationClass),
        Column("operation_class"),
        _FAILED,
    ),
    _of_operations(
        "fault",
        "Fault",
        "Whose mistake it was where an operation failed or timed out, as the bot tells it.",
        _closed(Fault),
        Column("fault"),
        _FAILED,
    ),
    _of_turns(
        "queue",
        "Queue",
        "Queues that sessions were handed to; of a ticket, the one it stands in.",
        Open(LabelKind.QUEUE),
        Turn(Relation.HANDOFF, Column("queue"), Known(Column("queue"))),
        {Relation.HANDOFF: Column("queue"), Relation.TICKET: Column("queue")},
    ),
    _of_rows(
        Relation.TICKET, "ticketState", "Ticket state", "What happened to a ticket.", _closed(TicketState), "state"
    ),
    _of_rows(
        Relation.EXPOSURE,
        "experiment",
        "Experiment",
        "Experiments that sessions were exposed to.",
        Open(LabelKind.EXPERIMENT),
        "experiment",
    ),
    _of_rows(
        Relation.EXPOSURE,
        "variant",
        "Variant",
        "Variants of experiments that sessions were exposed to.",
        Open(LabelKind.VARIANT),
        "variant",
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
    Dimension(
        name="component",
        title="Component",
        description="Components that are probed: the core and what it depends on.",
        values=Open(LabelKind.COMPONENT),
        own=MappingProxyType({Relation.PROBE: Column("component")}),
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
            grain_of(relation)
            for relation in Relation
            if dimension.allows(relation)
        )
    )
