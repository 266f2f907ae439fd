"""What every resolver gets beside its arguments: who asks, the way to the database, the time.

Frozen and small on purpose. `schema` may not know `persistence`, so the two inner types are parameters; they are
filled in once by `resolvers/request.py`:

    from resolvers.request import Info

    async def chatbots(self, info: Info) -> ...:
        context = info.context
        async with reading(context.database, context.viewer.workspace_id) as reader: ...
        now = context.clock()
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar

from domain.accounts import Viewer

DatabaseT = TypeVar("DatabaseT")
LoadersT = TypeVar("LoadersT")
SettingsT = TypeVar("SettingsT")

Clock: TypeAlias = Callable[[], datetime]
"""Gives the present moment, aware, in UTC."""


@dataclass(frozen=True, slots=True)
class Context(Generic[DatabaseT, LoadersT, SettingsT]):
    """One per operation; for a subscription, one per socket and operation."""

    viewer: Viewer
    database: DatabaseT
    loaders: LoadersT
    settings: SettingsT
    """The few settings that resolvers need, not the server's whole settings."""
    clock: Clock
    request_id: str


AnyContext: TypeAlias = Context[Any, Any, Any]
