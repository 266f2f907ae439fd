"""A workspace and its chatbots, as the API shows them."""

from datetime import datetime
from typing import Self

import strawberry

from domain import workspaces as domain
from schema.paging import encode_id
from schema.scalars import TimeZone
from schema.types.vocabulary import ChatbotType, Instrument, Report


@strawberry.type(description="The tenant that a key belongs to.")
class Workspace:
    id: strawberry.ID = strawberry.field(description="Opaque id.")
    name: str = strawberry.field(description="Name shown to people.")
    time_zone: TimeZone = strawberry.field(description="Zone of every request that names none.")
    week_start: int = strawberry.field(description="First day of the week, ISO: 1 is Monday, 7 Sunday.")
    reporting_currency: str = strawberry.field(description="ISO 4217 code that money is reported in.")
    creates_chatbots: bool = strawberry.field(description="Whether a first event makes an unknown chatbot.")
    primary_instrument: Instrument | None = strawberry.field(
        description="What `satisfaction` means here; null lets the server take the instrument in use."
    )
    billing_day: int = strawberry.field(description="Day of the month on which quotas begin anew, 1 to 28.")
    version: int = strawberry.field(description="Grows by one with every change.")
    created_at: datetime = strawberry.field(description="When the workspace was made.")

    @classmethod
    def from_domain(cls, workspace: domain.Workspace) -> Self:
        return cls(
            id=encode_id("Workspace", workspace.workspace_id),
            name=workspace.name,
            time_zone=TimeZone(workspace.time_zone),
            week_start=workspace.week_start,
            reporting_currency=workspace.reporting_currency,
            creates_chatbots=workspace.creates_chatbots,
            primary_instrument=workspace.primary_instrument,
            billing_day=workspace.billing_day,
            version=workspace.version,
            created_at=workspace.created_at,
        )


@strawberry.type(description="A chatbot whose events this workspace receives.")
class Chatbot:
    id: strawberry.ID = strawberry.field(description="Opaque id; filters take it.")
    slug: str = strawberry.field(description="The `chatbotId` of its events.")
    name: str = strawberry.field(description="Name shown to people.")
    type: ChatbotType = strawberry.field(description="3D, text or voice.")
    enabled: bool = strawberry.field(description="Whether it is meant to be in use.")
    declared_reports: list[Report] = strawberry.field(description="What it was declared to report.")
    observed_reports: list[Report] = strawberry.field(description="What has been seen of it at least once.")
    reports: list[Report] = strawberry.field(description="Declared or observed: what metrics go by.")
    version: int = strawberry.field(description="Grows by one with every change.")
    created_at: datetime = strawberry.field(description="When it was made, or its first event arrived.")
    updated_at: datetime = strawberry.field(description="When its configuration last changed.")

    @classmethod
    def from_domain(cls, chatbot: domain.Chatbot) -> Self:
        return cls(
            id=encode_id("Chatbot", chatbot.chatbot_id),
            slug=chatbot.slug,
            name=chatbot.name,
            type=chatbot.chatbot_type,
            enabled=chatbot.enabled,
            declared_reports=sorted(chatbot.declared_reports),
            observed_reports=sorted(chatbot.observed_reports),
            reports=sorted(chatbot.reports),
            version=chatbot.version,
            created_at=chatbot.created_at,
            updated_at=chatbot.updated_at,
        )
