"""Segments: kept, changed, put away, and read for the questions that name them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, insert, select, tuple_, update

from domain.problems import Conflict, NotFound, Refused
from domain.queries.canonical import filter_from_canonical, filter_to_canonical
from domain.queries.filters import Filter, expanded, segments_in
from domain.queries.query import MetricQuery
from domain.segments import Segment
from persistence.tables.segments import SegmentRow
from persistence.tenancy import Reader, Writer


def _kept(workspace_id: UUID) -> Select[Any]:
    return select(SegmentRow.__table__).where(SegmentRow.workspace_id == workspace_id, SegmentRow.archived_at.is_(None))


async def list_segments(reader: Reader, *, limit: int, after: tuple[str, UUID] | None) -> Sequence[Segment]:
    """In order of their names."""
    statement = _kept(reader.workspace_id).order_by(SegmentRow.name, SegmentRow.segment_id).limit(limit)
    if after is not None:
        statement = statement.where(tuple_(SegmentRow.name, SegmentRow.segment_id) > tuple_(*after))
    return [_segment(row) for row in await reader.connection.execute(statement)]


async def find_segment(reader: Reader, segment_id: UUID) -> Segment | None:
    statement = _kept(reader.workspace_id).where(SegmentRow.segment_id == segment_id)
    row = (await reader.connection.execute(statement)).one_or_none()
    return None if row is None else _segment(row)


async def with_segments(reader: Reader, query: MetricQuery) -> MetricQuery:
    """The question with the filters of the segments that it names in their place. Refused where one is not there, or
    where the question as a whole is then wrong (a metric that cannot be looked at by a segment's dimension)."""
    if not segments_in(query.where):
        return query
    return replace(query, where=await without_segments(reader, query.where))


async def without_segments(reader: Reader, tree: Filter) -> Filter:
    named = segments_in(tree)
    return expanded(tree, await _filters(reader, named)) if named else tree


async def _filters(reader: Reader, wanted: Collection[UUID]) -> Mapping[UUID, Filter]:
    statement = _kept(reader.workspace_id).where(SegmentRow.segment_id.in_(wanted))
    found = {row.segment_id: _segment(row).where for row in await reader.connection.execute(statement)}
    if len(found) < len(wanted):
        raise Refused(NotFound.of("segment", path=("filter", "segment")))
    return found


async def create_segment(writer: Writer, segment: Segment, *, created_by: UUID | None) -> Segment:
    await writer.connection.execute(
        insert(SegmentRow).values(
            workspace_id=writer.workspace_id,
            segment_id=segment.segment_id,
            name=segment.name,
            description=segment.description,
            definition=filter_to_canonical(segment.where),
            version=segment.version,
            created_by=created_by,
            created_at=segment.created_at,
            updated_at=segment.updated_at,
        )
    )
    return segment


async def change_segment(
    writer: Writer,
    segment_id: UUID,
    *,
    expected_version: int,
    name: str,
    description: str | None,
    where: Filter,
    now: datetime,
) -> Segment:
    """Refused when another change came first."""
    row = SegmentRow
    statement = (
        update(row)
        .where(
            row.workspace_id == writer.workspace_id,
            row.segment_id == segment_id,
            row.version == expected_version,
            row.archived_at.is_(None),
        )
        .values(
            name=name,
            description=description,
            definition=filter_to_canonical(where),
            version=row.version + 1,
            updated_at=now,
        )
        .returning(row.__table__)
    )
    changed = (await writer.connection.execute(statement)).one_or_none()
    if changed is None:
        raise await _why_unchanged(writer, segment_id)
    return _segment(changed)


async def archive_segment(writer: Writer, segment_id: UUID, *, now: datetime) -> Segment:
    statement = (
        update(SegmentRow)
        .where(
            SegmentRow.workspace_id == writer.workspace_id,
            SegmentRow.segment_id == segment_id,
            SegmentRow.archived_at.is_(None),
        )
        .values(archived_at=now, updated_at=now)
        .returning(SegmentRow.__table__)
    )
    row = (await writer.connection.execute(statement)).one_or_none()
    if row is None:
        raise Refused(NotFound.of("segment", path=("id",)))
    return _segment(row)


async def _why_unchanged(writer: Writer, segment_id: UUID) -> Refused:
    if await find_segment(writer, segment_id) is None:
        return Refused(NotFound.of("segment", path=("input", "id")))
    return Refused(Conflict(message="Somebody saved a newer version; read it again.", path=("input", "version")))


def _segment(row: Row[Any]) -> Segment:
    return Segment(
        segment_id=row.segment_id,
        name=row.name,
        description=row.description,
        where=filter_from_canonical(row.definition),
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
