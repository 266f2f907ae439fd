"""A mutation's transaction: what it changes and its line in the audit log are committed together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from persistence.audit import record
from persistence.tenancy import Writer, writing
from resolvers.request import RequestContext


@dataclass(slots=True)
class Act:
    """Fill `target` and `detail` (surrogate ids and names of fields only) before the block ends."""

    writer: Writer
    target: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@asynccontextmanager
async def acting(context: RequestContext, action: str) -> AsyncIterator[Act]:
    viewer = context.viewer
    async with writing(context.database, viewer.workspace_id) as writer:
        act = Act(writer)
        yield act
        await record(
            writer, actor=viewer.actor, action=action, target=act.target, detail=act.detail, now=context.clock()
        )
