"""Plans and their quotas per billing month, effective-dated (R12)."""

from dataclasses import dataclass

from domain.vocabulary import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanQuota:
    """Quotas of a plan from a moment on; None is unlimited."""

    plan: Plan
    effective_from_ms: int
    sessions: int | None
    messages: int | None
    leads: int | None
    storage_bytes: int | None
    chatbots: int | None
