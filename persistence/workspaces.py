"""Workspaces: how one comes to be, what it is set to, and the numbers given out inside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row

from domain.problems import Conflict, Refused
from domain.vocabulary import Instrument
from domain.workspaces import Workspace
from persistence.engine import Database, connected
from persistence.tables.workspaces import WorkspaceCounterRow, WorkspaceRegistryRow, WorkspaceRow
from persistence.tenancy import Reader, Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWorkspace:
    """What may be chosen at the start; everything can be changed later."""

    name: str
    time_zone: str = "UTC"
    week_start: int = 1
    reporting_currency: str = "USD"
    creates_chatbots: bool = True
    primary_instrument: Instrument | None = None
    billing_day: int = 1


class Counter(StrEnum):
    """The columns of `workspace_counter` that give out dense numbers."""

    SESSION = "next_session_id"
    VISITOR = "next_visitor_id"
    THREAD = "next_thread_id"
    LEAD = "next_lead_id"
    CHATBOT = "next_chatbot_id"
    LABEL = "next_label_code"


async def create_workspace(writer: Writer, new: NewWorkspace) -> Workspace:
    """In a transaction of the id that the workspace is to have."""
    identity = {"workspace_id": writer.workspace_id}
    await writer.connection.execute(insert(WorkspaceRegistryRow).values(identity))
    values = {name: getattr(new, name) for name in NewWorkspace.__slots__}
    await writer.connection.execute(insert(WorkspaceRow).values(identity | values))
    await writer.connection.execute(insert(WorkspaceCounterRow).values(identity))
    created = await find_workspace(writer)
    if created is None:
        raise RuntimeError("a workspace just written cannot be read: the tenant policy does not match")
    return created


async def find_workspace(reader: Reader) -> Workspace | None:
    """The reader's own workspace; None if there is none of this id."""
    statement = select(WorkspaceRow.__table__).where(WorkspaceRow.workspace_id == reader.workspace_id)
    row = (await reader.connection.execute(statement)).one_or_none()
    return None if row is None else _workspace(row)


async def update_workspace(
    writer: Writer, *, expected_version: int, changes: Mapping[str, object], now: datetime
) -> Workspace:
    """`changes` by column; refused when somebody else changed the workspace first."""
    statement = (
        update(WorkspaceRow)
        .where(WorkspaceRow.workspace_id == writer.workspace_id, WorkspaceRow.version == expected_version)
        .values(**changes, version=WorkspaceRow.version + 1, updated_at=now)
        .returning(WorkspaceRow.__table__)
    )
    row = (await writer.connection.execute(statement)).one_or_none()
    if row is None:
        message = "Somebody changed the workspace first; read it again."
        raise Refused(Conflict(message=message, path=("input", "version")))
    return _workspace(row)


async def workspace_ids(database: Database) -> tuple[UUID, ...]:
    """Every workspace, for upkeep and the command line, oldest first."""
    statement = select(WorkspaceRegistryRow.workspace_id).order_by(
        WorkspaceRegistryRow.created_at, WorkspaceRegistryRow.workspace_id
    )
    async with connected(database) as connection:
        return tuple((await connection.execute(statement)).scalars())


async def take_numbers(writer: Writer, counter: Counter, count: int) -> range:
    """The next `count` numbers. The row stays locked until the transaction ends, so numbers have no holes."""
    column = WorkspaceCounterRow.__table__.c[counter.value]
    statement = (
        update(WorkspaceCounterRow)
        .where(WorkspaceCounterRow.workspace_id == writer.workspace_id)
        .values({column: column + count})
        .returning(column)
    )
    after: int = (await writer.connection.execute(statement)).scalar_one()
    return range(after - count, after)


def _workspace(row: Row[tuple[object, ...]]) -> Workspace:
    values = {name: row._mapping[name] for name in Workspace.__slots__}
    instrument = values["primary_instrument"]
    values["primary_instrument"] = None if instrument is None else Instrument(instrument)
    return Workspace(**values)
