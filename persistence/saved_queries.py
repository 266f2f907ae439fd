"""Saved queries: kept under a name, each change a new version, old versions stay readable."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, insert, select, tuple_, update

from domain.problems import Conflict, NotFound, Refused
from domain.saved_queries import SavedQuery, SavedQueryVersion
from persistence.tables.queries import SavedQueryRow, SavedQueryVersionRow
from persistence.tenancy import Reader, Writer


def _current(workspace_id: UUID) -> Select[Any]:
    version = and_(
        SavedQueryVersionRow.workspace_id == SavedQueryRow.workspace_id,
        SavedQueryVersionRow.saved_query_id == SavedQueryRow.saved_query_id,
        SavedQueryVersionRow.version == SavedQueryRow.current_version,
    )
    return (
        select(SavedQueryRow.__table__, SavedQueryVersionRow.definition)
        .join(SavedQueryVersionRow, version)
        .where(SavedQueryRow.workspace_id == workspace_id, SavedQueryRow.archived_at.is_(None))
    )


async def list_saved_queries(reader: Reader, *, limit: int, after: tuple[str, UUID] | None) -> Sequence[SavedQuery]:
    """In order of their names."""
    statement = _current(reader.workspace_id).order_by(SavedQueryRow.name, SavedQueryRow.saved_query_id).limit(limit)
    if after is not None:
        statement = statement.where(tuple_(SavedQueryRow.name, SavedQueryRow.saved_query_id) > tuple_(*after))
    return [_saved_query(row) for row in await reader.connection.execute(statement)]


async def find_saved_query(reader: Reader, saved_query_id: UUID) -> SavedQuery | None:
    statement = _current(reader.workspace_id).where(SavedQueryRow.saved_query_id == saved_query_id)
    row = (await reader.connection.execute(statement)).one_or_none()
    return None if row is None else _saved_query(row)


async def list_versions(reader: Reader, saved_query_id: UUID, *, limit: int) -> Sequence[SavedQueryVersion]:
    """Newest first."""
    row = SavedQueryVersionRow
    statement = (
        select(row.version, row.definition, row.created_at)
        .where(row.workspace_id == reader.workspace_id, row.saved_query_id == saved_query_id)
        .order_by(row.version.desc())
        .limit(limit)
    )
    return [SavedQueryVersion(**found._mapping) for found in await reader.connection.execute(statement)]


async def create_saved_query(writer: Writer, saved_query: SavedQuery, *, created_by: UUID | None) -> SavedQuery:
    await writer.connection.execute(
        insert(SavedQueryRow).values(
            workspace_id=writer.workspace_id,
            saved_query_id=saved_query.saved_query_id,
            name=saved_query.name,
            description=saved_query.description,
            current_version=1,
            created_by=created_by,
            created_at=saved_query.created_at,
            updated_at=saved_query.updated_at,
        )
    )
    await _add_version(writer, saved_query, created_by=created_by)
    return saved_query


async def change_saved_query(
    writer: Writer,
    saved_query_id: UUID,
    *,
    expected_version: int,
    name: str,
    description: str | None,
    definition: str,
    changed_by: UUID | None,
    now: datetime,
) -> SavedQuery:
    """A new version; refused when another one came first."""
    row = SavedQueryRow
    statement = (
        update(row)
        .where(
            row.workspace_id == writer.workspace_id,
            row.saved_query_id == saved_query_id,
            row.current_version == expected_version,
            row.archived_at.is_(None),
        )
        .values(name=name, description=description, current_version=row.current_version + 1, updated_at=now)
        .returning(row.current_version, row.created_at)
    )
    changed = (await writer.connection.execute(statement)).one_or_none()
    if changed is None:
        raise await _why_unchanged(writer, saved_query_id)
    saved_query = SavedQuery(
        saved_query_id=saved_query_id,
        name=name,
        description=description,
        current_version=changed.current_version,
        definition=definition,
        created_at=changed.created_at,
        updated_at=now,
    )
    await _add_version(writer, saved_query, created_by=changed_by)
    return saved_query


async def archive_saved_query(writer: Writer, saved_query_id: UUID, *, now: datetime) -> SavedQuery:
    saved_query = await find_saved_query(writer, saved_query_id)
    if saved_query is None:
        raise Refused(NotFound.of("saved query", path=("id",)))
    await writer.connection.execute(
        update(SavedQueryRow)
        .where(SavedQueryRow.workspace_id == writer.workspace_id, SavedQueryRow.saved_query_id == saved_query_id)
        .values(archived_at=now, updated_at=now)
    )
    return saved_query


async def _why_unchanged(writer: Writer, saved_query_id: UUID) -> Refused:
    if await find_saved_query(writer, saved_query_id) is None:
        return Refused(NotFound.of("saved query", path=("input", "id")))
    return Refused(Conflict(message="Somebody saved a newer version; read it again.", path=("input", "version")))


async def _add_version(writer: Writer, saved_query: SavedQuery, *, created_by: UUID | None) -> None:
    await writer.connection.execute(
        insert(SavedQueryVersionRow).values(
            workspace_id=writer.workspace_id,
            saved_query_id=saved_query.saved_query_id,
            version=saved_query.current_version,
            definition=saved_query.definition,
            created_by=created_by,
            created_at=saved_query.updated_at,
        )
    )


def _saved_query(row: Row[Any]) -> SavedQuery:
    return SavedQuery(
        saved_query_id=row.saved_query_id,
        name=row.name,
        description=row.description,
        current_version=row.current_version,
        definition=row.definition,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
