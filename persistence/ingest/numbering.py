"""Names become numbers, wire events records."""

from collections.abc import Sequence

from domain.facts import IdentifyRecord, ProbeRecord, ReleaseRecord
from domain.vocabulary import LabelKind
from persistence.ingest.arrivals import Arrival
from persistence.ingest.batch import Batch
from persistence.ingest.encode import Numbers, encode
from persistence.ingest.naming import Names, names_of
from persistence.ingest.places import add_identify, take
from persistence.ingest.visitors import find_visitors
from persistence.labels import codes_of
from persistence.workspaces import Counter


async def encode_all(batch: Batch, arrivals: Sequence[Arrival]) -> None:
    names = names_of(arrivals)
    numbers = await _numbers(batch, names)
    await _number_threads(batch, names)
    for arrival in arrivals:
        encode(arrival, numbers)
        record, event = arrival.record, arrival.event
        if isinstance(record, ReleaseRecord | ProbeRecord):
            continue  # of the chatbot, not of a session
        arrival.session_ref = event.session_id
        if event.thread_id is not None:
            arrival.thread_id = batch.threads[arrival.chatbot_id, event.thread_id]
        if isinstance(record, IdentifyRecord):
            batch.told_identifies.append(record)
    for identify in batch.told_identifies:
        add_identify(batch, identify)


async def _numbers(batch: Batch, names: Names) -> Numbers:
    visitors, batch.identified_visitors = await find_visitors(batch, names.visitors)
    batch.batch_visitors = {number for number in visitors.values() if number is not None}
    found = await codes_of(batch.writer, names.wanted())
    codes: dict[LabelKind, dict[str | None, int | None]] = {kind: {None: None} for kind in LabelKind}
    for (kind, text), code in found.items():
        codes[kind][text] = code
    goals = [code for code in codes[LabelKind.GOAL].values() if code is not None]
    resolving, idle = await _meaning_of_goals(batch, goals)
    return Numbers(codes, visitors, resolving, idle)


async def _meaning_of_goals(batch: Batch, goals: Sequence[int]) -> tuple[frozenset[int], frozenset[int]]:
    """The goals that resolve, and those that do not convert; without a definition a goal converts only."""
    if not goals:
        return frozenset(), frozenset()
    rows = await batch.writer.driver.fetch(
        "select goal, resolves, is_conversion from goal_definition where workspace_id = $1 and goal = any($2)",
        batch.writer.workspace_id,
        goals,
    )
    return frozenset(row[0] for row in rows if row[1]), frozenset(row[0] for row in rows if not row[2])


async def _number_threads(batch: Batch, names: Names) -> None:
    if not names.threads:
        return
    wanted = list(names.threads)
    driver, workspace_id = batch.writer.driver, batch.writer.workspace_id
    columns = ([chatbot_id for chatbot_id, _ in wanted], [reference for _, reference in wanted])
    rows = await driver.fetch(
        "select t.* from unnest($2::int[], $3::text[]) as n(chatbot_id, ref) cross join lateral (select t.chatbot_id, "
        "t.thread_ref, t.thread_id from thread t where t.workspace_id = $1 and t.chatbot_id = n.chatbot_id "
        "and t.thread_ref = n.ref offset 0) t",
        workspace_id,
        *columns,
    )
    batch.threads = {(row[0], row[1]): row[2] for row in rows}
    new = [name for name in wanted if name not in batch.threads]
    if new:
        numbers = list(await take(batch, Counter.THREAD, len(new)))
        await driver.execute(
            "insert into thread (workspace_id, thread_id, chatbot_id, thread_ref) "
            "select $1, * from unnest($2::bigint[], $3::int[], $4::text[])",
            workspace_id,
            numbers,
            [chatbot_id for chatbot_id, _ in new],
            [reference for _, reference in new],
        )
        batch.threads |= dict(zip(new, numbers, strict=True))
