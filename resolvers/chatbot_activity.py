"""Root field of which chatbots are in use; its counts come through the query door."""

from collections.abc import Sequence

import strawberry

from domain.accounts import Scope
from domain.chatbot_activity import FEWEST_DAYS, MOST_DAYS, ChatbotState, state_of
from domain.checking import Checks
from domain.queries.query import MOST_GROUPS, MetricQuery, Part
from domain.queries.table import MetricTable, Reading, Status
from domain.time import DAY_MS, Moments, milliseconds
from domain.workspaces import Chatbot as DomainChatbot
from persistence.chatbots import list_chatbots
from persistence.tenancy import reading
from resolvers.request import Info
from resolvers.tables import Question
from schema.cost import costs
from schema.permissions import requires
from schema.scalars import BigInt
from schema.types.chatbot_activity import ChatbotActivity, ChatbotUse
from schema.types.workspaces import Chatbot

_THIRTY = 30


@strawberry.type
class ChatbotActivityQuery:
    @strawberry.field(
        description="Which chatbots are in use: enabled, and with a session within the last days.",
        extensions=[requires(Scope.METRICS_READ), costs(10)],
    )
    async def chatbot_activity(self, info: Info, within_days: int = _THIRTY) -> ChatbotActivity:
        checks = Checks()
        checks.whole(within_days, "withinDays", least=FEWEST_DAYS, most=MOST_DAYS)
        checks.refuse()
        context = info.context
        among = context.viewer.chatbot_ids
        async with reading(context.database, context.viewer.workspace_id) as reader:
            chatbots = await list_chatbots(reader, limit=MOST_GROUPS, after=None, among=among)
        now_ms = milliseconds(context.clock())
        query = MetricQuery(
            metrics=("sessions",),
            range=Moments(now_ms - within_days * DAY_MS, now_ms),
            group_by=("chatbot",),
            parts=frozenset({Part.GROUPS}),
            limit=MOST_GROUPS,
            among=among,
        )
        table = await context.loaders.table_by_question.load(Question(query, now_ms=now_ms))
        return _activity(within_days, chatbots, table)


def _activity(within_days: int, chatbots: Sequence[DomainChatbot], table: MetricTable) -> ChatbotActivity:
    counted = {group.key[0].value: group.figures["sessions"].now for group in table.groups}
    uses = [_use(chatbot, counted.get(chatbot.slug)) for chatbot in chatbots]
    states = [use.state for use in uses]
    return ChatbotActivity(
        within_days=within_days,
        active=states.count(ChatbotState.ACTIVE),
        inactive=states.count(ChatbotState.INACTIVE),
        disabled=states.count(ChatbotState.DISABLED),
        chatbots=uses,
    )


def _use(chatbot: DomainChatbot, counted: Reading | None) -> ChatbotUse:
    hidden = counted is not None and counted.status is Status.SUPPRESSED
    sessions = counted.value if counted is not None and isinstance(counted.value, int) else 0
    return ChatbotUse(
        chatbot=Chatbot.from_domain(chatbot),
        state=state_of(enabled=chatbot.enabled, was_used=hidden or sessions > 0),
        sessions=None if hidden else BigInt(sessions),
    )
