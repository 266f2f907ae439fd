"""Goal definitions: listed, set, archived."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.goals import GoalDefinition
from domain.problems import NotFound, Refused
from domain.vocabulary import LabelKind
from persistence.labels import codes_of
from persistence.tables.workspaces import GoalDefinitionRow
from persistence.tenancy import Reader, Writer


async def list_goals(reader: Reader, *, limit: int, after: int | None) -> Sequence[GoalDefinition]:
    """Goals that are not archived, in order of their code."""
    statement = (
        select(GoalDefinitionRow.__table__)
        .where(GoalDefinitionRow.workspace_id == reader.workspace_id, GoalDefinitionRow.archived_at.is_(None))
        .order_by(GoalDefinitionRow.goal)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(GoalDefinitionRow.goal > after)
    return [_goal(row) for row in await reader.connection.execute(statement)]


async def define_goal(
    writer: Writer,
    *,
    name: str,
    title: str,
    description: str | None,
    is_conversion: bool,
    resolves: bool,
    value_nano: int | None,
    value_currency: str | None,
    now: datetime,
) -> GoalDefinition:
    """Makes the goal or changes it. Completions already recorded keep the meaning they arrived with."""
    codes = await codes_of(writer, {LabelKind.GOAL: {name}})
    meaning = {
        "name": name,
        "title": title,
        "description": description,
        "is_conversion": is_conversion,
        "resolves": resolves,
        "value_nano": value_nano,
        "value_currency": value_currency,
        "archived_at": None,
        "updated_at": now,
    }
    statement = (
        insert(GoalDefinitionRow)
        .values(
            workspace_id=writer.workspace_id,
            goal=codes[LabelKind.GOAL, name],
            version=1,
            created_at=now,
            **meaning,
        )
        .on_conflict_do_update(
            index_elements=[GoalDefinitionRow.workspace_id, GoalDefinitionRow.goal],
            set_={**meaning, "version": GoalDefinitionRow.version + 1},
        )
        .returning(GoalDefinitionRow.__table__)
    )
    return _goal((await writer.connection.execute(statement)).one())


async def archive_goal(writer: Writer, goal: int, *, now: datetime) -> GoalDefinition:
    statement = (
        update(GoalDefinitionRow)
        .where(GoalDefinitionRow.workspace_id == writer.workspace_id, GoalDefinitionRow.goal == goal)
        .values(archived_at=now, updated_at=now, version=GoalDefinitionRow.version + 1)
        .returning(GoalDefinitionRow.__table__)
    )
    row = (await writer.connection.execute(statement)).one_or_none()
    if row is None:
        raise Refused(NotFound.of("goal", path=("id",)))
    return _goal(row)


def _goal(row: Row[Any]) -> GoalDefinition:
    return GoalDefinition(
        goal=row.goal,
        name=row.name,
        title=row.title,
        description=row.description,
        is_conversion=row.is_conversion,
        resolves=row.resolves,
        value_nano=row.value_nano,
        value_currency=row.value_currency,
        version=row.version,
        archived_at=row.archived_at,
        created_at=row.created_at,
    )
