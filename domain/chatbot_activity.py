"""Which chatbots are in use: enabled, and talked to within the last days (item 119)."""

from enum import StrEnum, unique
from typing import Final

FEWEST_DAYS: Final = 1
MOST_DAYS: Final = 400


@unique
class ChatbotState(StrEnum):
    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    DISABLED = "DISABLED"


def state_of(*, enabled: bool, was_used: bool) -> ChatbotState:
    if not enabled:
        return ChatbotState.DISABLED
    return ChatbotState.ACTIVE if was_used else ChatbotState.INACTIVE
