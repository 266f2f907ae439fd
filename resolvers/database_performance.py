"""Root field of how well the database serves the workspace."""

import strawberry

from domain.accounts import Scope
from persistence.performance import database_performance
from persistence.tenancy import reading
from persistence.timings import WINDOW_SECONDS
from resolvers.request import Info
from schema.cost import costs
from schema.permissions import requires
from schema.types.database_performance import DatabasePerformance


@strawberry.type
class DatabasePerformanceQuery:
    @strawberry.field(
        description="How well does the database serve this workspace? For operators; `/metrics` tells the same to "
        "Prometheus, of all workspaces together.",
        extensions=[requires(Scope.MANAGE), costs(5)],
    )
    async def database_performance(self, info: Info) -> DatabasePerformance:
        context = info.context
        async with reading(context.database, context.viewer.workspace_id, snapshot=True) as reader:
            told = await database_performance(context.database, reader)
        return DatabasePerformance.from_domain(told, WINDOW_SECONDS)
