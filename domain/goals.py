"""What reaching a goal means: its definition, kept apart from the completions that events report."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalDefinition:
    """`goal` is the name's label code, `name` what events send. `is_conversion` makes a completing session a
    converting one; `resolves` makes a completion a positive signal (R1 row 4)."""

    goal: int
    name: str
    title: str
    description: str | None
    is_conversion: bool
    resolves: bool
    value_nano: int | None
    value_currency: str | None
    version: int
    archived_at: datetime | None
    created_at: datetime
