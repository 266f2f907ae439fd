"""Visitors of a batch: their numbers, when they were first seen, and when they came back (R6, R32.2, R32.14)."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from domain.contacts import Contact, next_contacts
from persistence.ingest.batch import Batch
from persistence.ingest.places import take
from persistence.ingest.state import Place, Standing, standing_of
from persistence.ingest.tables import array_text, beside
from persistence.workspaces import Counter

Pair = tuple[int, int]
"""Chatbot and visitor."""


async def find_visitors(batch: Batch, keys: Collection[str | None]) -> tuple[dict[str | None, int | None], set[int]]:
    """Numbers by key, with None for None; and those of them who were identified. New ones are written later."""
    wanted = [key for key in keys if key is not None]
    numbers: dict[str | None, int | None] = {None: None}
    identified: set[int] = set()
    if not wanted:
        return numbers, identified
    rows = await batch.writer.driver.fetch(
        "select key, visitor_id, identified, first_seen_at_ms from visitor where workspace_id = $1 and key = any($2)",
        batch.writer.workspace_id,
        wanted,
    )
    for key, visitor_id, is_identified, first_seen in rows:
        numbers[key] = visitor_id
        if first_seen is not None:
            batch.first_seen[visitor_id] = first_seen
        if is_identified:
            identified.add(visitor_id)
    missing = [key for key in wanted if key not in numbers]
    if missing:
        batch.new_visitors = dict(zip(missing, await take(batch, Counter.VISITOR, len(missing)), strict=True))
        numbers.update(batch.new_visitors)
    return numbers, identified


async def follow_contacts(batch: Batch) -> None:
    """`next_contact_at_ms` of the sessions before those that are new or changed, and of these themselves."""
    moments: dict[Pair, list[int]] = {}
    for place in batch.places.values():
        before, after = place.before, place.after or standing_of(place.fact)
        if before is not None and _contact_part(before) == _contact_part(after):
            continue
        for standing in (before, after):
            if standing is not None and standing.visitor_id is not None and standing.started_at_ms is not None:
                pair = (standing.chatbot_id, standing.visitor_id)
                moments.setdefault(pair, []).append(standing.started_at_ms)
        if after.visitor_id is None and place.fact.next_contact_at_ms is not None:
            place.fact.next_contact_at_ms = None
            place.changed = True
    new = set(batch.new_visitors.values())
    sessions: dict[Pair, list[_Session]] = {pair: [] for pair in moments}
    await _add_stored(batch, {pair: times for pair, times in moments.items() if pair[1] not in new}, sessions)
    if sessions:
        _add_known(batch, sessions)
    await _write_contacts(batch, sessions, {pair: (min(times), max(times)) for pair, times in moments.items()})


def _contact_part(standing: Standing) -> tuple[object, ...]:
    return standing.started_at_ms, standing.visitor_id, standing.is_contact


class _Session(Contact, frozen=True, gc=False):
    month: int
    next_ms: int | None


_COUNTS: Final = "(s.opened and s.user_messages > 0 and s.source = 1 and not s.is_bot and s.merged_into is null)"


_OF_VISITOR: Final = "s.workspace_id = $1 and s.visitor_id = m.visitor_id and s.chatbot_id = m.chatbot_id"
_WINDOW: Final = (
    "select w.* from unnest($2::int[], $3::bigint[], $4::bigint[], $5::bigint[]) "
    "as m(chatbot_id, visitor_id, first_ms, last_ms) cross join lateral ("
    "select s.chatbot_id, s.visitor_id, s.session_id, s.started_at_ms, "
    f"{_COUNTS} as counts, s.month, s.next_contact_at_ms from session s where {_OF_VISITOR} "
    f"and s.started_at_ms >= coalesce((select max(s.started_at_ms) from session s where {_OF_VISITOR} "
    f"and s.started_at_ms < m.first_ms and {_COUNTS}), 0) "
    f"and s.started_at_ms <= coalesce((select min(s.started_at_ms) from session s where {_OF_VISITOR} "
    f"and s.started_at_ms > m.last_ms and {_COUNTS}), {2**62}) offset 0) w"
)


async def _add_stored(batch: Batch, moments: dict[Pair, list[int]], sessions: dict[Pair, list[_Session]]) -> None:
    """Of each visitor and chatbot, the sessions from the last counting start before the first moment to the first
    counting one after the last."""
    if not moments:
        return
    rows = await batch.writer.driver.fetch(
        _WINDOW,
        batch.writer.workspace_id,
        [chatbot_id for chatbot_id, _ in moments],
        [visitor_id for _, visitor_id in moments],
        [min(times) for times in moments.values()],
        [max(times) for times in moments.values()],
    )
    for chatbot_id, visitor_id, session_id, started, counts, month, next_ms in rows:
        if session_id not in batch.places:
            sessions[chatbot_id, visitor_id].append(_Session(session_id, started, counts, month, next_ms))


def _add_known(batch: Batch, sessions: dict[Pair, list[_Session]]) -> None:
    """Sessions of this transaction, as they stand now."""
    for session_id, place in batch.places.items():
        standing = place.after
        if standing is None or standing.visitor_id is None or standing.started_at_ms is None:
            continue
        pair = (standing.chatbot_id, standing.visitor_id)
        if pair in sessions:
            sessions[pair].append(
                _Session(
                    session_id, standing.started_at_ms, standing.is_contact, place.month, place.fact.next_contact_at_ms
                )
            )


def _last_counting(group: Iterable[_Session], *, before_ms: int) -> int:
    starts = (session.started_at_ms for session in group if session.counts and session.started_at_ms < before_ms)
    return max(starts, default=0)


async def _write_contacts(
    batch: Batch, sessions: dict[Pair, list[_Session]], changed: Mapping[Pair, tuple[int, int]]
) -> None:
    others: list[tuple[int, int, int | None]] = []
    for pair, group in sessions.items():
        following = next_contacts(group)
        # Outside of this nothing changed, and not all sessions that lie there were read.
        begin, end = _last_counting(group, before_ms=changed[pair][0]), changed[pair][1]
        for session in group:
            next_ms = following[session.session_id]
            if next_ms == session.next_ms or not begin <= session.started_at_ms <= end:
                continue
            place = batch.places.get(session.session_id)
            if place is None:
                others.append((session.session_id, session.month, next_ms))
                if batch.hot is not None:
                    batch.hot.take(session.session_id)  # what this process remembers of it is true no more
            else:
                place.fact.next_contact_at_ms = next_ms
                place.changed = True
    for month in {month for _, month, _ in others}:
        part = [other for other in others if other[1] == month]
        await batch.writer.driver.execute(
            f"update session s set next_contact_at_ms = {beside('s.session_id')} "
            "where s.workspace_id = $1 and s.session_id = any($2::bigint[]) and s.month = $4",
            batch.writer.workspace_id,
            [session_id for session_id, _, _ in part],
            [next_ms for _, _, next_ms in part],
            month,
        )
        batch.note_touched([session_id for session_id, _, _ in part], month)


async def write_visitors(batch: Batch) -> None:
    """New visitors, and when they were first seen by LIVE sessions of people. After the facts are written."""
    earliest: dict[Pair, int] = {}
    lost: set[Pair] = set()
    for place in batch.places.values():
        after = place.after or standing_of(place.fact)
        if place.before is not None and _seen_part(place.before) == _seen_part(after):
            continue
        _note_seen(place, after, earliest, lost)
    identified = {number for number, group in batch.identifies.items() if group}
    if batch.new_visitors:
        await _insert_visitors(batch, earliest, identified)
    await _mark_identified(batch, identified)
    await _write_first_seen(batch, earliest)
    if lost:
        await _recount_first_seen(batch, lost)


def _seen_part(standing: Standing) -> tuple[object, ...]:
    return standing.started_at_ms, standing.visitor_id, standing.is_seen


def _note_seen(place: Place, after: Standing, earliest: dict[Pair, int], lost: set[Pair]) -> None:
    now = _sighting(after)
    if now is not None:
        pair, started = now
        earliest[pair] = min(started, earliest.get(pair, started))
    then = None if place.before is None else _sighting(place.before)
    if then is not None and (now is None or now[0] != then[0] or now[1] > then[1]):
        lost.add(then[0])


def _sighting(standing: Standing) -> tuple[Pair, int] | None:
    if not standing.is_seen or standing.visitor_id is None or standing.started_at_ms is None:
        return None
    return (standing.chatbot_id, standing.visitor_id), standing.started_at_ms


async def _insert_visitors(batch: Batch, earliest: dict[Pair, int], identified: set[int]) -> None:
    seen: dict[int, int] = {}
    for (_, visitor_id), started in earliest.items():
        seen[visitor_id] = min(started, seen.get(visitor_id, started))
    await batch.writer.driver.execute(
        "insert into visitor (workspace_id, visitor_id, key, first_seen_at_ms, identified) "
        "select $1, * from unnest($2::text::bigint[], $3::text[], $4::text::bigint[], $5::text::bool[])",
        batch.writer.workspace_id,
        array_text(batch.new_visitors.values()),
        list(batch.new_visitors),
        array_text(seen.get(number) for number in batch.new_visitors.values()),
        array_text(number in identified for number in batch.new_visitors.values()),
    )


async def _mark_identified(batch: Batch, identified: set[int]) -> None:
    known = identified - set(batch.new_visitors.values())
    if known:
        await batch.writer.driver.execute(
            "update visitor set identified = true where workspace_id = $1 and visitor_id = any($2) and not identified",
            batch.writer.workspace_id,
            list(known),
        )


async def _write_first_seen(batch: Batch, earliest: dict[Pair, int]) -> None:
    if not earliest:
        return
    await batch.writer.driver.execute(
        "insert into visitor_chatbot as v (workspace_id, chatbot_id, visitor_id, first_seen_at_ms) "
        "select $1, * from unnest($2::text::int[], $3::text::bigint[], $4::text::bigint[]) "
        "on conflict (workspace_id, visitor_id, chatbot_id) do update "
        "set first_seen_at_ms = excluded.first_seen_at_ms "
        "where v.first_seen_at_ms is null or v.first_seen_at_ms > excluded.first_seen_at_ms",
        batch.writer.workspace_id,
        array_text(chatbot_id for chatbot_id, _ in earliest),
        array_text(visitor_id for _, visitor_id in earliest),
        array_text(earliest.values()),
    )
    new = set(batch.new_visitors.values())
    known: dict[int, int] = {}
    for (_, visitor_id), started in earliest.items():
        if visitor_id not in new and started < batch.first_seen.get(visitor_id, _END_OF_TIME):
            known[visitor_id] = min(started, known.get(visitor_id, started))
    if known:
        await batch.writer.driver.execute(
            f"update visitor v set first_seen_at_ms = least(v.first_seen_at_ms, {beside('v.visitor_id')}) "
            "where v.workspace_id = $1 and v.visitor_id = any($2::bigint[])",
            batch.writer.workspace_id,
            list(known),
            list(known.values()),
        )


_END_OF_TIME: Final = 2**62
_RECOUNT_BY_CHATBOT: Final = (
    "update visitor_chatbot v set first_seen_at_ms = (select min(s.started_at_ms) from session s "
    "where s.workspace_id = $1 and s.visitor_id = v.visitor_id and s.chatbot_id = v.chatbot_id "
    "and s.opened and s.source = 1 and not s.is_bot and s.merged_into is null) "
    "from unnest($2::int[], $3::bigint[]) as p(chatbot_id, visitor_id) "
    "where v.workspace_id = $1 and v.visitor_id = any($3) and v.visitor_id = p.visitor_id "
    "and v.chatbot_id = p.chatbot_id"
)


async def _recount_first_seen(batch: Batch, lost: Iterable[Pair]) -> None:
    """For visitors whose first session turned out to be another's, later, or none that counts."""
    pairs = list(lost)
    await batch.writer.driver.execute(
        _RECOUNT_BY_CHATBOT,
        batch.writer.workspace_id,
        [chatbot_id for chatbot_id, _ in pairs],
        [visitor_id for _, visitor_id in pairs],
    )
    await batch.writer.driver.execute(
        "update visitor v set first_seen_at_ms = (select min(c.first_seen_at_ms) from visitor_chatbot c "
        "where c.workspace_id = $1 and c.visitor_id = v.visitor_id) "
        "where v.workspace_id = $1 and v.visitor_id = any($2)",
        batch.writer.workspace_id,
        list({visitor_id for _, visitor_id in pairs}),
    )
