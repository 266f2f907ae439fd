"""Goals, plan quotas: definitions that people set."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Self

import strawberry

from domain.checking import NANO_PER_UNIT
from domain.goals import GoalDefinition
from domain.plans import PlanQuota
from schema.paging import encode_id
from schema.scalars import BigInt, Money, big
from schema.types.vocabulary import Plan


@strawberry.type(description="What reaching a goal means.")
class Goal:
    id: strawberry.ID = strawberry.field(description="Opaque id.")
    name: str = strawberry.field(description="What events send as `goal`.")
    title: str = strawberry.field(description="Name shown to people.")
    text: str | None = strawberry.field(name="description", description="What it is for.")
    is_conversion: bool = strawberry.field(description="A session that completes it is a converting session.")
    resolves: bool = strawberry.field(description="A completion says that the session solved the problem.")
    value: Money | None = strawberry.field(description="Worth of a completion that tells none.")
    value_currency: str | None = strawberry.field(description="ISO 4217 code of the value.")
    version: int = strawberry.field(description="Grows by one with every change.")
    archived_at: datetime | None = strawberry.field(description="When it was put away.")
    created_at: datetime = strawberry.field(description="When it was defined.")

    @classmethod
    def from_domain(cls, goal: GoalDefinition) -> Self:
        return cls(
            id=encode_id("Goal", goal.goal),
            name=goal.name,
            title=goal.title,
            text=goal.description,
            is_conversion=goal.is_conversion,
            resolves=goal.resolves,
            value=None if goal.value_nano is None else Money(Decimal(goal.value_nano) / NANO_PER_UNIT),
            value_currency=goal.value_currency,
            version=goal.version,
            archived_at=goal.archived_at,
            created_at=goal.created_at,
        )


@strawberry.type(name="PlanQuota", description="What a plan allows per billing month; null is unlimited.")
class PlanQuotaType:
    plan: Plan = strawberry.field(description="The plan.")
    effective_from: datetime = strawberry.field(description="Since when this quota is in force.")
    sessions: BigInt | None = strawberry.field(description="Sessions begun.")
    messages: BigInt | None = strawberry.field(description="Messages of people and bots.")
    leads: BigInt | None = strawberry.field(description="Leads collected.")
    storage_bytes: BigInt | None = strawberry.field(description="Bytes stored.")
    chatbots: BigInt | None = strawberry.field(description="Chatbots enabled.")

    @classmethod
    def from_domain(cls, quota: PlanQuota) -> Self:
        return cls(
            plan=quota.plan,
            effective_from=datetime.fromtimestamp(quota.effective_from_ms / 1000, UTC),
            sessions=big(quota.sessions),
            messages=big(quota.messages),
            leads=big(quota.leads),
            storage_bytes=big(quota.storage_bytes),
            chatbots=big(quota.chatbots),
        )
