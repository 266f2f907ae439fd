"""Which facts changed since somebody last looked, so that nothing committed late is ever skipped (R14).

Numbers given out before the commit are no order to read by: a slow transaction commits behind a quick one. So a
reader remembers the oldest transaction that was still running when it looked, and next time reads everything of that
transaction and later ones again. Reading twice is harmless.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum

from sqlalchemy import text

from persistence.tenancy import Reader, Writer

CHANNEL = "parlance_facts"
"""The payload of its notices is the workspace's id."""
KEPT_FOR = timedelta(hours=24)


class Subject(IntEnum):
    """What the ids of a change are: codes of `fact_change.subject`."""

    SESSION = 1
    PROBE = 2
    RELEASE = 3


@dataclass(frozen=True, slots=True)
class Changes:
    """What to load again, per subject and month. `read_through` is where the next look begins; `everything`: the log
    does not reach back far enough, start afresh."""

    read_through: int
    everything: bool
    ids: Mapping[tuple[Subject, int], frozenset[int]] = field(default_factory=dict)


async def record_changes(
    writer: Writer, ids_by_month: Mapping[int, Collection[int]], *, subject: Subject = Subject.SESSION
) -> None:
    """In the transaction that changes the facts. Appends only, so writers never wait for one another here."""
    rows = [(writer.workspace_id, int(subject), month, sorted(ids)) for month, ids in ids_by_month.items() if ids]
    if rows:
        await writer.driver.executemany(
            "insert into fact_change (workspace_id, subject, month, ids) values ($1, $2, $3, $4)", rows
        )


async def changes_since(reader: Reader, read_through: int | None) -> Changes:
    """`reader` must be a snapshot, and the facts named be read with the same one."""
    values = {"workspace_id": reader.workspace_id}
    seen = (await reader.connection.execute(text(_SEEN), values)).one()
    if read_through is None or read_through < seen.trimmed_below:
        return Changes(seen.xmin, everything=True)
    found: defaultdict[tuple[Subject, int], set[int]] = defaultdict(set)
    for row in await reader.connection.execute(text(_SINCE), values | {"read_through": str(read_through)}):
        found[(Subject(row.subject), row.month)].update(row.ids)
    return Changes(seen.xmin, everything=False, ids={key: frozenset(ids) for key, ids in found.items()})


async def trim_changes(writer: Writer, *, kept_for: timedelta = KEPT_FOR) -> int:
    """Forgets old entries and notes from where on the log is whole. Says how many."""
    values = {"workspace_id": writer.workspace_id, "kept_for": kept_for}
    removed: int = (await writer.connection.execute(text(_TRIM), values)).scalar_one()
    return removed


# xid8 travels as text: 64 bits without a sign fit into no integer of the protocol.
_SEEN = """
select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as xmin,
    coalesce((select trimmed_below::text::bigint from change_horizon where workspace_id = :workspace_id), 0)
        as trimmed_below
"""

_SINCE = """
select subject, month, ids from fact_change
where workspace_id = :workspace_id and transaction_id >= cast(cast(:read_through as text) as xid8)
"""

_TRIM = """
with removed as (
    delete from fact_change
    where workspace_id = :workspace_id and changed_at < now() - cast(:kept_for as interval)
    returning transaction_id
), noted as (
    insert into change_horizon (workspace_id, trimmed_below)
    select :workspace_id, (max(transaction_id::text::bigint) + 1)::text::xid8 from removed having count(*) > 0
    on conflict (workspace_id) do update
        set trimmed_below = greatest(change_horizon.trimmed_below, excluded.trimmed_below)
)
select count(*) from removed
"""
