"""What an append writes beside rows and facts: names of sessions, costs, workflow runs, moved keys, loose rows."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from domain.facts import SessionCost, WorkflowRun
from persistence.ingest.staging import Staging
from persistence.ingest.state import Loose, Place
from persistence.ingest.tables import array_text, beside
from persistence.tenancy import Writer

A_MESSAGE: Final = bytes(16)
"""The body hash under the name of a message that has come."""

_INSERT_SESSION_KEYS: Final = (
    "insert into session_key (workspace_id, chatbot_id, session_ref, session_id, month, thread_id) "
    "select $1, * from unnest($2::text::int[], $3::text[], $4::text::bigint[], $5::text::int[], "
    "$6::text::bigint[])"
)
_CLEAR_DERIVED: Final = tuple(
    f"delete from {table} where workspace_id = $1 and session_id = any($2) and month = any($3)"
    for table in ("session_cost", "workflow_run")
)
_ADD_COSTS: Final = (
    "insert into session_cost as c (workspace_id, month, session_id, currency, day, cost_nano) "
    "select $1, * from unnest($2::text::int[], $3::text::bigint[], $4::text::text[], $5::text::int[], "
    "$6::text::bigint[]) on conflict (workspace_id, session_id, currency, day, month) "
    "do update set cost_nano = c.cost_nano + excluded.cost_nano"
)
_UPSERT_RUNS: Final = (
    "insert into workflow_run as r (workspace_id, month, session_id, chatbot_id, workflow, run_id, "
    "started_at_ms, last_step, last_step_at_ms, state, ended_at_ms) "
    "select $1, * from unnest($2::int[], $3::bigint[], $4::int[], "
    "$5::int[], $6::text[], $7::bigint[], $8::int[], $9::bigint[], $10::smallint[], $11::bigint[]) "
    "on conflict (workspace_id, session_id, workflow, run_id, month) do update set "
    "last_step = coalesce(excluded.last_step, r.last_step), "
    "last_step_at_ms = coalesce(excluded.last_step_at_ms, r.last_step_at_ms), state = excluded.state, "
    "ended_at_ms = excluded.ended_at_ms"
)
_FOLLOW_MOVED: Final = {
    table: f"update {table} k set month = {beside('k.event_id', '$2::uuid[]', '$3::int[]')}, "
    f"session_id = {beside('k.event_id', '$2::uuid[]', '$4::bigint[]')} "
    "where k.workspace_id = $1 and k.event_id = any($2::uuid[])"
    for table in ("event_key", "loose_event")
}
_INSERT_LOOSE: Final = (
    f"insert into loose_event (workspace_id, {', '.join(Loose._fields)}) select $1, * from unnest($2::uuid[], "
    "$3::smallint[], $4::int[], $5::int[], $6::bigint[], $7::bigint[], $8::bigint[], $9::uuid[], "
    "$10::text[], $11::bigint[])"
)


async def send_session_keys(staging: Staging, places: Sequence[Place]) -> None:
    await staging.send_statement(
        _INSERT_SESSION_KEYS,
        array_text(place.fact.chatbot_id for place in places),
        [place.fact.session_ref for place in places],
        array_text(place.fact.session_id for place in places),
        array_text(place.month for place in places),
        array_text(place.thread_id for place in places),
    )


async def clear_derived(staging: Staging, session_ids: Collection[int], months: Collection[int]) -> None:
    for statement in _CLEAR_DERIVED:
        await staging.send_statement(statement, list(session_ids), list(months))


async def send_costs(staging: Staging, costs: Sequence[SessionCost], places: Mapping[int, Place]) -> None:
    await staging.send_statement(
        _ADD_COSTS,
        array_text(places[cost.session_id].month for cost in costs),
        array_text(cost.session_id for cost in costs),
        array_text(cost.currency for cost in costs),  # three capital letters each
        array_text(cost.day for cost in costs),
        array_text(cost.cost_nano for cost in costs),
    )


async def send_runs(staging: Staging, runs: Sequence[WorkflowRun], places: Mapping[int, Place]) -> None:
    await staging.send_statement(
        _UPSERT_RUNS,
        [places[run.session_id].month for run in runs],
        [run.session_id for run in runs],
        [run.chatbot_id for run in runs],
        [run.workflow for run in runs],
        [run.run_id for run in runs],
        [run.started_at_ms for run in runs],
        [run.last_step for run in runs],
        [run.last_step_at_ms for run in runs],
        [run.state for run in runs],
        [run.ended_at_ms for run in runs],
    )


async def follow_moved(writer: Writer, table: str, moved: Sequence[tuple[str, int, int | None]]) -> None:
    """Key, month and session of rows that lie elsewhere now."""
    await writer.driver.execute(_FOLLOW_MOVED[table], writer.workspace_id, *map(list, zip(*moved, strict=True)))


async def mark_messages(writer: Writer, keys: Collection[str]) -> None:
    """The message under this name has come; until now only an answer event had told of it."""
    await writer.driver.execute(
        "update event_key set body_hash = $3 where workspace_id = $1 and event_id = any($2::uuid[])",
        writer.workspace_id,
        list(keys),
        A_MESSAGE,
    )


async def replace_loose(writer: Writer, gone: Collection[str], loose: Sequence[Loose]) -> None:
    if gone:
        await writer.driver.execute(
            "delete from loose_event where workspace_id = $1 and event_id = any($2::uuid[])",
            writer.workspace_id,
            list(gone),
        )
    if loose:
        await writer.driver.execute(_INSERT_LOOSE, writer.workspace_id, *map(list, zip(*loose, strict=True)))
