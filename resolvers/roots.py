"""The root types, put together from one class per area, and the schema made of them."""

from functools import cache

import strawberry
from strawberry.schema.config import StrawberryConfig

from resolvers.accounts import AccountMutation, AccountQuery
from resolvers.availability import AvailabilityQuery
from resolvers.cases import CaseQueries
from resolvers.changes import ChangeQueries
from resolvers.chatbot_activity import ChatbotActivityQuery
from resolvers.chatbots import ChatbotMutation, ChatbotQuery
from resolvers.database_performance import DatabasePerformanceQuery
from resolvers.events import EventMutation
from resolvers.exchange_rates import ExchangeRateMutation, ExchangeRateQuery
from resolvers.figures import FigureQueries
from resolvers.funnels import FunnelQueries
from resolvers.goals import GoalMutation, GoalQuery
from resolvers.heatmaps import HeatmapQueries
from resolvers.metric_definitions import MetricDefinitionQueries
from resolvers.metrics import MetricQueries
from resolvers.retention import RetentionQueries
from resolvers.saved_queries import SavedQueryMutation, SavedQueryQuery
from resolvers.segments import SegmentMutation, SegmentQuery
from resolvers.sessions import SessionQuery
from resolvers.workspaces import WorkspaceMutation, WorkspaceQuery
from schema.problems import PROBLEM_TYPES, RefusalHandler
from schema.scalars import SCALARS


@strawberry.type(description="Everything that can be asked.")
class Query(
    AccountQuery,
    AvailabilityQuery,
    CaseQueries,
    ChangeQueries,
    ChatbotActivityQuery,
    ChatbotQuery,
    DatabasePerformanceQuery,
    ExchangeRateQuery,
    FigureQueries,
    FunnelQueries,
    GoalQuery,
    HeatmapQueries,
    MetricDefinitionQueries,
    MetricQueries,
    RetentionQueries,
    SavedQueryQuery,
    SegmentQuery,
    SessionQuery,
    WorkspaceQuery,
):
    pass


@strawberry.type(description="Everything that can be changed. Each mutation leaves one entry in the audit log.")
class Mutation(
    AccountMutation,
    ChatbotMutation,
    EventMutation,
    ExchangeRateMutation,
    GoalMutation,
    SavedQueryMutation,
    SegmentMutation,
    WorkspaceMutation,
):
    pass


@cache
def build_schema() -> strawberry.Schema:
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        types=PROBLEM_TYPES,
        config=StrawberryConfig(scalar_map=SCALARS),
        exception_handlers=[RefusalHandler()],
    )
