"""The workspace itself, and what may be set on it."""

from typing import Annotated

import strawberry

from domain.accounts import Scope
from domain.checking import Checks
from domain.problems import NotFound, Refused
from persistence.tenancy import reading
from persistence.workspaces import find_workspace, update_workspace
from resolvers.acting import acting
from resolvers.request import Info
from schema.permissions import requires
from schema.problems import Refusal
from schema.scalars import TimeZone
from schema.types.vocabulary import Instrument
from schema.types.workspaces import Workspace


@strawberry.input(description="What is left out stays as it is.")
class UpdateWorkspaceInput:
    version: int = strawberry.field(description="The version that was read; a newer one refuses the change.")
    name: str | None = strawberry.field(default=None, description="1 to 120 characters.")
    time_zone: TimeZone | None = strawberry.field(default=None, description="IANA zone.")
    week_start: int | None = strawberry.field(default=None, description="1 (Monday) to 7 (Sunday).")
    reporting_currency: str | None = strawberry.field(default=None, description="ISO 4217 code.")
    creates_chatbots: bool | None = strawberry.field(
        default=None, description="Whether a first event makes an unknown chatbot."
    )
    primary_instrument: Instrument | None = strawberry.field(default=None, description="What `satisfaction` means.")
    billing_day: int | None = strawberry.field(default=None, description="1 to 28.")


UpdateWorkspaceResult = Annotated[Workspace | Refusal, strawberry.union("UpdateWorkspaceResult")]


def _changes(input: UpdateWorkspaceInput) -> dict[str, object]:
    checks = Checks("input")
    changes: dict[str, object] = {
        name: value
        for name in ("time_zone", "creates_chatbots", "primary_instrument")
        if (value := getattr(input, name)) is not None
    }
    if input.name is not None:
        changes["name"] = checks.text(input.name, "name", longest=120)
    if input.week_start is not None:
        changes["week_start"] = checks.whole(input.week_start, "weekStart", least=1, most=7)
    if input.reporting_currency is not None:
        changes["reporting_currency"] = checks.currency(input.reporting_currency, "reportingCurrency")
    if input.billing_day is not None:
        changes["billing_day"] = checks.whole(input.billing_day, "billingDay", least=1, most=28)
    checks.refuse()
    return changes


@strawberry.type
class WorkspaceQuery:
    @strawberry.field(description="The workspace of the key.", extensions=[requires()])
    async def workspace(self, info: Info) -> Workspace:
        context = info.context
        async with reading(context.database, context.viewer.workspace_id) as reader:
            workspace = await find_workspace(reader)
        if workspace is None:
            raise Refused(NotFound.of("workspace"))
        return Workspace.from_domain(workspace)


@strawberry.type
class WorkspaceMutation:
    @strawberry.mutation(description="Changes the workspace.", extensions=[requires(Scope.MANAGE)])
    async def update_workspace(self, info: Info, input: UpdateWorkspaceInput) -> UpdateWorkspaceResult:
        context = info.context
        changes = _changes(input)
        async with acting(context, "workspace.update") as act:
            workspace = await update_workspace(
                act.writer, expected_version=input.version, changes=changes, now=context.clock()
            )
            act.detail["fields"] = sorted(changes)
        return Workspace.from_domain(workspace)
