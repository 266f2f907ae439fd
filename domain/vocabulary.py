"""Closed vocabularies of the facts. Codes are stored in the database: never renumber, only append."""

from enum import IntEnum, StrEnum


class Role(IntEnum):
    USER = 1
    BOT = 2
    HUMAN = 3
    SYSTEM = 4


class Source(IntEnum):
    """Where a session comes from. Metrics take LIVE sessions of people unless asked otherwise (R5)."""

    LIVE = 1
    PLAYGROUND = 2
    EVAL = 3
    API = 4


class ChatbotType(IntEnum):
    AVATAR_3D = 1
    TEXT = 2
    VOICE = 3


class Plan(IntEnum):
    FREE = 1
    PRO = 2
    BUSINESS = 3
    PREMIUM = 4


class Channel(IntEnum):
    WEBSITE = 1
    APP = 2
    WHATSAPP = 3
    VOICE = 4
    HELP_DESK = 5
    MESSENGER = 6
    TELEGRAM = 7
    SMS = 8
    EMAIL = 9
    SLACK = 10
    TEAMS = 11
    OTHER = 12


class Device(IntEnum):
    DESKTOP = 1
    MOBILE = 2
    TABLET = 3
    BOT = 4
    OTHER = 5


class AnswerSource(IntEnum):
    RAG = 1
    QA = 2
    GUARDRAIL = 3
    TOOL = 4
    SMALL_TALK = 5
    FALLBACK = 6
    HUMAN = 7
    OTHER = 8


class OperationClass(IntEnum):
    MODEL = 1
    API = 2
    MIDDLEWARE = 3
    WEBHOOK = 4
    INTEGRATION = 5
    TOOL = 6


class OperationStatus(IntEnum):
    OK = 1
    ERROR = 2
    TIMEOUT = 3


class Fault(IntEnum):
    USER = 1
    SYSTEM = 2


class WorkflowState(IntEnum):
    STARTED = 1
    REACHED = 2
    COMPLETED = 3
    FAILED = 4
    CANCELLED = 5


class Instrument(IntEnum):
    THUMBS = 1
    RATING_1_5 = 2
    SURVEY = 3
    SOLVED = 4


class HandoffState(IntEnum):
    REQUESTED = 1
    PERFORMED = 2
    FAILED = 3


class HandoffTarget(IntEnum):
    AGENT = 1
    TICKET = 2
    CALLBACK = 3
    QUEUE = 4


class HandoffReason(IntEnum):
    USER_REQUEST = 1
    LOW_CONFIDENCE = 2
    POLICY = 3
    USAGE_LIMIT = 4
    ERROR = 5
    OUT_OF_HOURS = 6
    OTHER = 7


class TicketState(IntEnum):
    OPENED = 1
    FIRST_RESPONSE = 2
    CLOSED = 3
    REOPENED = 4


class ReleaseKind(IntEnum):
    MODEL = 1
    PROMPT = 2
    KNOWLEDGE_BASE = 3
    RETRIEVAL = 4
    ROUTING = 5
    WORKFLOW = 6
    GREETING = 7


class EndActor(IntEnum):
    USER = 1
    BOT = 2
    AGENT = 3
    SYSTEM = 4
    CHANNEL = 5


class EndReason(IntEnum):
    COMPLETED = 1
    CLOSED = 2
    CHANNEL_LIMIT = 3
    IDLE = 4
    ERROR = 5
    OTHER = 6


class Signal(IntEnum):
    """The latest thing a session said about being solved (R1 rows 4 and 5)."""

    POSITIVE = 1
    NEGATIVE = 2


class LastAnswer(IntEnum):
    """What the last user message got (R1 rows 6 and 7)."""

    OWED = 1
    GOOD = 2
    BAD = 3


class Basis(IntEnum):
    """Outcome of a closed session as far as its own events tell (R1); time is added by the query's `asOf`."""

    NOT_ENGAGED = 1
    ESCALATED = 2
    ESCALATED_USAGE_LIMIT = 3
    RESOLVED_CONFIRMED = 4
    UNRESOLVED = 5
    TIMED_OUT = 6
    ANSWERED = 7
    ABANDONED = 8


class Outcome(StrEnum):
    OPEN = "OPEN"
    NOT_ENGAGED = "NOT_ENGAGED"
    ESCALATED = "ESCALATED"
    RESOLVED_CONFIRMED = "RESOLVED_CONFIRMED"
    UNRESOLVED = "UNRESOLVED"
    TIMED_OUT = "TIMED_OUT"
    RESOLVED_ASSUMED = "RESOLVED_ASSUMED"
    ABANDONED = "ABANDONED"


class Report(IntEnum):
    """What a chatbot declares that it reports; an undeclared fact is null, never zero (R4)."""

    HANDOFF = 1
    FEEDBACK = 2
    LEAD = 3
    GOAL = 4
    ERROR = 5
    COST = 6
    CONFIDENCE = 7
    TOKENS = 8
    WORKFLOW = 9
    RETRIEVAL = 10
    FALLBACK = 11
    VISITOR = 12
    TICKET = 13
    EXPERIMENT = 14
    DEVICE = 15
    GEOGRAPHY = 16
    INTENT = 17
    LATENCY = 18
    AVAILABILITY = 19


class LabelKind(IntEnum):
    """Open vocabularies: free text stored as a small code of the workspace's `label` table."""

    ENTRY_POINT = 1
    REFERRER = 2
    CAMPAIGN = 3
    COUNTRY = 4
    REGION = 5
    CITY = 6
    BROWSER = 7
    OPERATING_SYSTEM = 8
    LANGUAGE = 9
    USER_TYPE = 10
    INTENT = 11
    TOPIC = 12
    MODEL = 13
    PROMPT_VERSION = 14
    KNOWLEDGE_BASE_VERSION = 15
    ACTION = 16
    OPERATION = 17
    WORKFLOW = 18
    STEP = 19
    QUEUE = 20
    GOAL = 21
    EXPERIMENT = 22
    VARIANT = 23
    COMPONENT = 24
    VERSION = 25


_TITLES = {
    "AVATAR_3D": "3D",
    "API": "API",
    "QA": "Q&A",
    "RAG": "RAG",
    "SMS": "SMS",
    "WHATSAPP": "WhatsApp",
}


def title_of(name: str) -> str:
    """A vocabulary's name as people write it: HELP_DESK is "Help desk"."""
    return _TITLES.get(name) or name.replace("_", " ").capitalize()
