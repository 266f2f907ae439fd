"""The answer to `chatbotActivity`."""

import strawberry

from domain.chatbot_activity import ChatbotState
from schema.scalars import BigInt
from schema.types.workspaces import Chatbot

strawberry.enum(
    ChatbotState,
    description="ACTIVE: enabled, with a session in the time asked for. INACTIVE: enabled, without one. DISABLED: not "
    "meant to be in use, whatever arrives.",
)


@strawberry.type(description="Whether one chatbot is in use.")
class ChatbotUse:
    chatbot: Chatbot = strawberry.field(description="Which one.")
    state: ChatbotState = strawberry.field(description="Whether it is in use.")
    sessions: BigInt | None = strawberry.field(
        description="Sessions that started in the time asked for; null where so few people stand behind them that "
        "this key is not told."
    )


@strawberry.type(description="Which chatbots are in use.")
class ChatbotActivity:
    within_days: int = strawberry.field(description="How far back is looked.")
    active: int = strawberry.field(description="How many are ACTIVE.")
    inactive: int = strawberry.field(description="How many are INACTIVE.")
    disabled: int = strawberry.field(description="How many are DISABLED.")
    chatbots: list[ChatbotUse] = strawberry.field(description="Every chatbot that the key may see, at most 1,000.")
