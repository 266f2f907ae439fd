"""The closed vocabularies as GraphQL enums: names are those of the wire, the stored numbers stay inside.

Import the enums from here, so that they are registered with their descriptions before a type names them.
"""

from enum import Enum
from typing import Final

import strawberry

from domain.vocabulary import (
    AnswerSource,
    Channel,
    ChatbotType,
    Device,
    EndActor,
    EndReason,
    Fault,
    HandoffReason,
    HandoffTarget,
    Instrument,
    OperationClass,
    Outcome,
    Plan,
    Report,
    Role,
    Source,
    TicketState,
)

__all__ = [
    "AnswerSource",
    "Channel",
    "ChatbotType",
    "Device",
    "EndActor",
    "EndReason",
    "Fault",
    "HandoffReason",
    "HandoffTarget",
    "Instrument",
    "OperationClass",
    "Outcome",
    "Plan",
    "Report",
    "Role",
    "Source",
    "TicketState",
]

_DESCRIPTIONS: Final[dict[type[Enum], str]] = {
    AnswerSource: "Where an answer came from.",
    Channel: "Where people talk to the chatbot.",
    ChatbotType: "How people meet the chatbot.",
    Device: "What people hold in their hands.",
    EndActor: "Who ended a session.",
    EndReason: "Why a session was ended.",
    Fault: "Whose mistake made an operation fail.",
    HandoffReason: "Why a session was handed over.",
    HandoffTarget: "To whom a session was handed.",
    Instrument: "How people tell whether they are satisfied.",
    OperationClass: "What kind of system an operation called.",
    Outcome: "How a session ended; each session has exactly one.",
    Plan: "The plan a chatbot is on.",
    Report: "A kind of fact that a chatbot reports; what it does not report is null, never 0.",
    Source: "Real traffic, or a test of some kind.",
    TicketState: "What happened to a ticket.",
}

for _kind, _description in _DESCRIPTIONS.items():
    strawberry.enum(_kind, description=_description)
strawberry.enum(Role, name="MessageRole", description="Who wrote a message.")
