"""The steps of a funnel as they are asked for."""

import strawberry

from domain.queries.funnel import FunnelEvent, FunnelStep, FunnelUnit
from schema.inputs.metrics import FilterInput, filter_of

strawberry.enum(
    FunnelEvent,
    description="What happens at a step. ANSWER: an answer of the bot. WORKFLOW_STEP: any report of a workflow.",
)
strawberry.enum(FunnelUnit, description="What goes through the steps: sessions, or visitors across all their sessions.")


@strawberry.input(description="One step of a funnel.")
class FunnelStepInput:
    event: FunnelEvent = strawberry.field(description="What happens.")
    filter: FilterInput | None = strawberry.field(  # type: ignore[valid-type]
        default=None, description='Which of these events count, as in { goal: { in: ["checkout"] } }.'
    )

    def to_domain(self) -> FunnelStep:
        return FunnelStep(self.event, filter_of(self.filter))
