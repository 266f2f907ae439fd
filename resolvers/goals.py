"""Goal definitions and plan quotas: listed and set."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from domain.accounts import Scope
from domain.checking import Checks
from domain.plans import PlanQuota
from domain.time import milliseconds
from persistence import goals as goal_store
from persistence.plans import quotas_in_force, set_quota
from persistence.tenancy import reading
from resolvers.acting import acting
from resolvers.request import Info
from schema.paging import Connection, connection, decode_id, page_window
from schema.permissions import requires
from schema.problems import Refusal
from schema.scalars import BigInt, Money
from schema.types.goals import Goal, PlanQuotaType
from schema.types.vocabulary import Plan

_LARGEST_QUOTA = 2**53 - 1


@strawberry.input
class DefineGoalInput:
    name: str = strawberry.field(description="What events send as `goal`; 1 to 128 characters.")
    title: str | None = strawberry.field(default=None, description="Name shown to people; default: the name.")
    text: str | None = strawberry.field(default=None, name="description", description="What it is for.")
    is_conversion: bool = strawberry.field(default=True, description="A completing session is a converting one.")
    resolves: bool = strawberry.field(default=False, description="A completion says that the problem is solved.")
    value: Money | None = strawberry.field(default=None, description="Worth of a completion that tells none.")
    value_currency: str | None = strawberry.field(default=None, description="ISO 4217 code; needed with a value.")


@strawberry.input(description="Null is unlimited.")
class SetPlanQuotaInput:
    plan: Plan = strawberry.field(description="The plan.")
    effective_from: datetime | None = strawberry.field(default=None, description="Default: now.")
    sessions: BigInt | None = strawberry.field(default=None, description="Sessions begun per billing month.")
    messages: BigInt | None = strawberry.field(default=None, description="Messages per billing month.")
    leads: BigInt | None = strawberry.field(default=None, description="Leads per billing month.")
    storage_bytes: BigInt | None = strawberry.field(default=None, description="Bytes stored.")
    chatbots: BigInt | None = strawberry.field(default=None, description="Chatbots enabled.")


GoalResult = Annotated[Goal | Refusal, strawberry.union("GoalResult")]
PlanQuotaResult = Annotated[PlanQuotaType | Refusal, strawberry.union("PlanQuotaResult")]


@strawberry.type
class GoalQuery:
    @strawberry.field(
        description="Goals in use, in the order they were defined.", extensions=[requires(Scope.METRICS_READ)]
    )
    async def goals(self, info: Info, first: int = 50, after: str | None = None) -> Connection[Goal]:
        context = info.context
        window = page_window("Goal", first=first, after=after)
        async with reading(context.database, context.viewer.workspace_id) as reader:
            rows = await goal_store.list_goals(reader, limit=window.limit, after=window.key[0] if window.key else None)
        return connection(window, rows, node=Goal.from_domain, key=lambda row: (row.goal,))

    @strawberry.field(
        description="The quota of each plan that is in force now.", extensions=[requires(Scope.METRICS_READ)]
    )
    async def plan_quotas(self, info: Info) -> list[PlanQuotaType]:
        context = info.context
        now_ms = milliseconds(context.clock())
        async with reading(context.database, context.viewer.workspace_id) as reader:
            return [PlanQuotaType.from_domain(quota) for quota in await quotas_in_force(reader, now_ms)]


@strawberry.type
class GoalMutation:
    @strawberry.mutation(
        description="Makes or changes a goal. Completions already recorded keep their meaning.",
        extensions=[requires(Scope.MANAGE)],
    )
    async def define_goal(self, info: Info, input: DefineGoalInput) -> GoalResult:
        context = info.context
        checks = Checks("input")
        name = checks.text(input.name, "name", longest=128)
        title = checks.text(input.title if input.title is not None else input.name, "title", longest=128)
        description = checks.text(input.text, "description", longest=2_000) if input.text else None
        nano = _checked_value(checks, input.value, input.value_currency)
        checks.refuse()
        async with acting(context, "goal.define") as act:
            goal = await goal_store.define_goal(
                act.writer,
                name=name,
                title=title,
                description=description,
                is_conversion=input.is_conversion,
                resolves=input.resolves,
                value_nano=nano,
                value_currency=input.value_currency,
                now=context.clock(),
            )
            act.target = f"Goal:{goal.goal}"
        return Goal.from_domain(goal)

    @strawberry.mutation(
        description="Puts a goal away; its completions stay counted.", extensions=[requires(Scope.MANAGE)]
    )
    async def archive_goal(self, info: Info, id: strawberry.ID) -> GoalResult:
        context = info.context
        code = decode_id("Goal", id, int)
        async with acting(context, "goal.archive") as act:
            goal = await goal_store.archive_goal(act.writer, code, now=context.clock())
            act.target = f"Goal:{code}"
        return Goal.from_domain(goal)

    @strawberry.mutation(description="Sets what a plan allows, from a moment on.", extensions=[requires(Scope.MANAGE)])
    async def set_plan_quota(self, info: Info, input: SetPlanQuotaInput) -> PlanQuotaResult:
        context = info.context
        checks = Checks("input")
        for name in ("sessions", "messages", "leads", "storage_bytes", "chatbots"):
            value = getattr(input, name)
            if value is not None:
                checks.whole(value, name, least=0, most=_LARGEST_QUOTA)
        checks.refuse()
        quota = PlanQuota(
            plan=input.plan,
            effective_from_ms=milliseconds(input.effective_from or context.clock()),
            sessions=input.sessions,
            messages=input.messages,
            leads=input.leads,
            storage_bytes=input.storage_bytes,
            chatbots=input.chatbots,
        )
        async with acting(context, "plan.setQuota") as act:
            await set_quota(act.writer, quota, now=context.clock())
            act.target = f"Plan:{quota.plan.name}"
        return PlanQuotaType.from_domain(quota)


def _checked_value(checks: Checks, value: Decimal | None, currency: str | None) -> int | None:
    if (value is None) != (currency is None):
        checks.note("value and valueCurrency go together.", "valueCurrency")
    if currency is not None:
        checks.currency(currency, "valueCurrency")
    return None if value is None else checks.nano(value, "value")
