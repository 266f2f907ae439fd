"""What identifies told of visitors, put together in the order of their time."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any, Final

from msgspec import json
from sqlalchemy import func, select

from domain.conversations import Trait, known_traits
from persistence.tables.events import IdentificationRow
from persistence.tenancy import Reader

MOST_IDENTIFIES: Final = 100
"""Of one visitor; the latest of them."""


async def traits_of(
    reader: Reader, visitor_ids: Collection[int], *, among: Collection[int] | None
) -> dict[int, dict[str, Trait]]:
    """By visitor, those with traits only; told on the chatbots that may be seen (None = all)."""
    if not visitor_ids:
        return {}
    told: dict[int, list[Any]] = defaultdict(list)
    for visitor_id, traits in await reader.connection.execute(_latest(reader, visitor_ids, among)):
        told[visitor_id].append(json.decode(traits))
    return {visitor_id: known_traits(traits) for visitor_id, traits in told.items()}


def _latest(reader: Reader, visitor_ids: Collection[int], among: Collection[int] | None) -> Any:
    row = IdentificationRow
    order = (row.occurred_at_ms, row.event_id)
    place = func.row_number().over(partition_by=row.known_visitor_id, order_by=[column.desc() for column in order])
    found = select(row.known_visitor_id, row.traits, *order, place.label("place")).where(
        row.workspace_id == reader.workspace_id,
        row.known_visitor_id.in_(visitor_ids),
        row.traits.is_not(None),
    )
    if among is not None:
        found = found.where(row.chatbot_id.in_(among))
    latest = found.subquery()
    return (
        select(latest.c.known_visitor_id, latest.c.traits)
        .where(latest.c.place <= MOST_IDENTIFIES)
        .order_by(latest.c.occurred_at_ms, latest.c.event_id)
    )
