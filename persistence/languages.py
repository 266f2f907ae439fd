"""Languages that no bot told: which sessions are to be judged, what their visitors wrote, and what was found (R16).

A batch leaves one notice, however much it holds. The job reads from the change log what changed since its last look,
so that no late commit is missed. What it writes holds only for the row that it read: a session that changed meanwhile
has a notice of its own and is judged again.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from sqlalchemy import text

from domain.facts import SessionFact
from domain.languages import MOST_MESSAGES
from domain.queries.scope import Awaited
from domain.vocabulary import LabelKind, Role, Source
from persistence.changes import CHANNEL, Subject, changes_since, record_changes
from persistence.ingest.surroundings import begin_generation
from persistence.jobs import JobState, NewJob, enqueue_notice
from persistence.labels import codes_of
from persistence.tenancy import Reader, Writer, lock_workspace

DETECT_LANGUAGES: Final = "detect_languages"
_PAUSE: Final = timedelta(seconds=1)
"""So that batches in quick succession are judged together, and ingest's memory of sessions is seldom disturbed."""
_MOST_AWAITED: Final = 10_000
"""Quarters of an hour that are told apart."""
_ALIVE: Final = (int(JobState.WAITING), int(JobState.RUNNING))


class Place(NamedTuple):
    """Where a session lies."""

    session_id: int
    month: int


class Untold(NamedTuple):
    """A session of which no bot told the language. `row_version` is that of the row as it was read."""

    place: Place
    row_version: str
    language: int | None
    texts: Sequence[str]


class Waiting(NamedTuple):
    """`places` is None where everything is to be looked at. `read_through`: where the next look begins."""

    read_through: int
    places: Sequence[Place] | None


def is_untold(fact: SessionFact) -> bool:
    return fact.user_messages > 0 and (fact.language is None or fact.language_detected)


async def note_untold(writer: Writer) -> None:
    """In the transaction of a batch."""
    await enqueue_notice(writer, NewJob(kind=DETECT_LANGUAGES, unique_key=DETECT_LANGUAGES, delay=_PAUSE))


async def waiting_sessions(reader: Reader) -> Waiting:
    """`reader` must be a snapshot."""
    values = {"workspace_id": reader.workspace_id, "reader": DETECT_LANGUAGES}
    read_through = (await reader.connection.execute(text(_READ_THROUGH), values)).scalar_one_or_none()
    changes = await changes_since(reader, read_through)
    if changes.everything:
        return Waiting(changes.read_through, None)
    places = {
        Place(session_id, month)
        for (subject, month), ids in changes.ids.items()
        if subject is Subject.SESSION
        for session_id in ids
    }
    return Waiting(changes.read_through, sorted(places))


async def untold_after(reader: Reader, after: int, *, limit: int) -> list[Place]:
    """Of all sessions, in order of their numbers."""
    values = {"workspace_id": reader.workspace_id, "after": after, "limit": limit}
    rows = await reader.connection.execute(text(_UNTOLD_AFTER), values)
    return [Place(row.session_id, row.month) for row in rows]


async def read_untold(reader: Reader, places: Sequence[Place]) -> list[Untold]:
    """With what their visitors wrote first. `reader` must be a snapshot: texts and row version belong together."""
    values = {
        "workspace_id": reader.workspace_id,
        "session_ids": [place.session_id for place in places],
        "months": list({place.month for place in places}),
        "user": int(Role.USER),
        "most": MOST_MESSAGES,
    }
    rows = await reader.connection.execute(text(_READ_UNTOLD), values)
    return [Untold(Place(row.session_id, row.month), row.row_version, row.language, row.texts) for row in rows]


async def write_languages(writer: Writer, found: Sequence[tuple[Untold, str | None]]) -> int:
    """Keeps what is other than before, and says how many sessions that were. Facts in memory are then read anew."""
    await lock_workspace(writer)
    tags = {tag for _, tag in found if tag is not None}
    codes: dict[str | None, int | None] = {None: None}
    for (_, tag), code in (await codes_of(writer, {LabelKind.LANGUAGE: tags})).items():
        codes[tag] = code
    changed = [(untold, codes[tag]) for untold, tag in found if untold.language != codes[tag]]
    return await _write(writer, changed) if changed else 0


async def _write(writer: Writer, changed: Sequence[tuple[Untold, int | None]]) -> int:
    await begin_generation(writer)
    written = await writer.driver.fetch(
        _WRITE,
        writer.workspace_id,
        [untold.place.session_id for untold, _ in changed],
        [untold.place.month for untold, _ in changed],
        [untold.row_version for untold, _ in changed],
        [code for _, code in changed],
    )
    await record_changes(writer, _by_month(Place(row[0], row[1]) for row in written))
    await writer.driver.execute("select pg_notify($1, $2)", CHANNEL, str(writer.workspace_id))
    return len(written)


async def note_read_through(writer: Writer, read_through: int) -> None:
    values = {"workspace_id": writer.workspace_id, "reader": DETECT_LANGUAGES, "read_through": read_through}
    await writer.connection.execute(text(_NOTE_READ_THROUGH), values)


async def awaited_languages(
    reader: Reader, *, sources: Collection[Source], include_bots: bool
) -> tuple[Awaited, ...]:
    """Sessions of that kind without a language which a job will still look at; told by quarters of an hour, between
    which every zone's buckets begin. `reader` must be a snapshot."""
    values = {"workspace_id": reader.workspace_id, "kind": DETECT_LANGUAGES, "alive": list(_ALIVE)}
    if (await reader.connection.execute(text(_IS_AT_WORK), values)).first() is None:
        return ()
    places = (await waiting_sessions(reader)).places
    values |= {"sources": [int(source) for source in sources], "bots": include_bots, "most": _MOST_AWAITED}
    if places is not None:
        values |= {"session_ids": [one.session_id for one in places], "months": list({one.month for one in places})}
    statement = _AWAITED_OF_ALL if places is None else _AWAITED_AMONG
    rows = await reader.connection.execute(text(statement), values)
    found = tuple(Awaited(row.chatbot_id, row.first_ms, row.last_ms) for row in rows)
    if len(found) < _MOST_AWAITED:
        return found
    return (Awaited(None, 0, max(one.last_ms for one in found)),)


def _by_month(places: Iterable[Place]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for place in places:
        found.setdefault(place.month, set()).add(place.session_id)
    return found


_READ_THROUGH: Final = "select read_through from change_reader where workspace_id = :workspace_id and reader = :reader"

_NOTE_READ_THROUGH: Final = """
insert into change_reader (workspace_id, reader, read_through) values (:workspace_id, :reader, :read_through)
on conflict (workspace_id, reader) do update
    set read_through = greatest(change_reader.read_through, excluded.read_through)
"""

_UNTOLD_AFTER: Final = """
select session_id, month from session
where workspace_id = :workspace_id and session_id > :after
    and opened and merged_into is null and user_messages > 0 and (language is null or language_detected)
order by session_id limit :limit
"""

# The order of messages is that of the fold. A row's version is the transaction that wrote it.
_READ_UNTOLD: Final = """
select s.session_id, s.month, s.xmin::text as row_version, s.language, array(
    select m.text from message m
    where m.workspace_id = :workspace_id and m.session_id = s.session_id and m.month = s.month
        and m.role = :user and m.message_received and m.text is not null
    order by m.occurred_at_ms, m.event_id limit :most
) as texts
from session s
where s.workspace_id = :workspace_id and s.session_id = any(:session_ids) and s.month = any(:months)
    and s.opened and s.merged_into is null and s.user_messages > 0 and (s.language is null or s.language_detected)
"""

_WRITE: Final = """
update session s set language = f.language, language_detected = f.language is not null
from unnest($2::bigint[], $3::int[], $4::text[], $5::int[]) f(session_id, month, row_version, language)
where s.workspace_id = $1 and s.session_id = any($2) and s.month = any($3)
    and s.session_id = f.session_id and s.month = f.month and s.xmin::text = f.row_version
returning s.session_id, s.month
"""

_IS_AT_WORK: Final = """
select 1 from job where kind = :kind and workspace_id = :workspace_id and state = any(:alive) limit 1
"""

_AWAITED_OF_ALL: Final = """
select chatbot_id, min(started_at_ms) as first_ms, max(last_activity_at_ms) as last_ms
from session
where workspace_id = :workspace_id and opened and merged_into is null and user_messages > 0 and language is null
    and source = any(:sources) and (:bots or not is_bot)
group by chatbot_id, started_at_ms / 900000 order by max(started_at_ms) desc limit :most
"""

_AWAITED_AMONG: Final = """
select chatbot_id, min(started_at_ms) as first_ms, max(last_activity_at_ms) as last_ms
from session
where workspace_id = :workspace_id and session_id = any(:session_ids) and month = any(:months)
    and opened and merged_into is null and user_messages > 0 and language is null
    and source = any(:sources) and (:bots or not is_bot)
group by chatbot_id, started_at_ms / 900000 order by max(started_at_ms) desc limit :most
"""
