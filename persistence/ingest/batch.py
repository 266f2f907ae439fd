"""The state of one append: what was read, what is to be written, and the one way it is written."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple, Protocol

from msgspec import Struct

from domain.chatbots import ChatbotSettings
from domain.facts import IdentifyRecord, MessageRecord, Record, SessionCost, SessionFact, WorkflowRun
from domain.sessions import SessionDelta
from domain.vocabulary import Source
from persistence.ingest.arrivals import Arrival
from persistence.ingest.rows import (
    Pointers,
    Staging,
    Stored,
    array_text,
    delete_records,
    fact_row,
    insert_keys,
    insert_records,
    month_at,
    write_facts,
)
from persistence.ingest.surroundings import Home, Speaker
from persistence.tenancy import Writer


class Standing(NamedTuple):
    """What of a session concerns others: its visitor's contacts and first-seen, and what goes by time."""

    chatbot_id: int
    started_at_ms: int | None
    last_activity_at_ms: int | None
    visitor_id: int | None
    own_visitor_id: int | None
    is_contact: bool
    is_seen: bool


def standing_of(fact: SessionFact) -> Standing:
    """`domain.contacts.is_contact` in other words, as this is asked for every session of every batch."""
    seen = fact.opened and fact.source == _LIVE and not fact.is_bot and fact.merged_into is None
    return Standing(
        fact.chatbot_id,
        fact.started_at_ms,
        fact.last_activity_at_ms,
        fact.visitor_id,
        fact.own_visitor_id,
        seen and fact.user_messages > 0,
        seen,
    )


_LIVE: Final = int(Source.LIVE)
_A_MESSAGE: Final = bytes(16)


class Place(Struct, gc=False):
    """One session in this transaction."""

    fact: SessionFact
    month: int
    thread_id: int | None
    stored: bool
    before: Standing | None
    """None for a session of this transaction."""
    after: Standing | None = None
    changed: bool = False


class Remembered(Protocol):
    """Sessions in this process's memory; what is taken is this transaction's alone."""

    def take_by_ref(self, reference: tuple[int, str]) -> Place | None: ...

    def take(self, session_id: int) -> Place | None: ...


class Key(NamedTuple):
    """Where a known event or message lies. `body_hash` is None for the name of a message that has not come yet."""

    body_hash: bytes | None
    month: int
    session_id: int | None


KeyRow = tuple[str, bytes | None, int, int | None]
"""Event id, body hash, month, session."""


class Loose(NamedTuple):
    """A row of `loose_event`."""

    event_id: str
    kind: int
    chatbot_id: int
    month: int
    occurred_at_ms: int
    thread_id: int | None
    visitor_id: int | None
    message_key: str | None
    session_ref: str | None
    session_id: int | None


_FOLLOW_MOVED: Final = {
    table: f"update {table} k set month = m.month, session_id = m.session_id "
    "from unnest($2::uuid[], $3::int[], $4::bigint[]) m(event_id, month, session_id) "
    "where k.workspace_id = $1 and k.event_id = any($2) and k.event_id = m.event_id"
    for table in ("event_key", "loose_event")
}
_CLEAR_DERIVED: Final = tuple(
    f"delete from {table} where workspace_id = $1 and session_id = any($2) and month = any($3)"
    for table in ("session_cost", "workflow_run")
)
_INSERT_LOOSE: Final = (
    f"insert into loose_event (workspace_id, {', '.join(Loose._fields)}) select $1, * from unnest($2::uuid[], "
    "$3::smallint[], $4::int[], $5::int[], $6::bigint[], $7::bigint[], $8::bigint[], $9::uuid[], "
    "$10::text[], $11::bigint[])"
)


class Batch:
    """Filled by the steps of `append`, in their order."""

    def __init__(self, writer: Writer, generation: int, home: Home) -> None:
        self.writer = writer
        self.generation = generation
        self.staging = Staging(writer)
        self.home = home
        self.speakers: dict[int, Speaker] = {}
        self.keys: dict[str, Key] = {}
        self.hot: Remembered | None = None
        self.places: dict[int, Place] = {}
        self.by_ref: dict[tuple[int, str], int] = {}
        self.threads: dict[tuple[int, str], int] = {}
        self.identifies: dict[int, list[IdentifyRecord]] = {}
        self.new_visitors: dict[str, int] = {}
        self.batch_visitors: set[int] = set()
        self.first_seen: dict[int, int] = {}
        self.identified_visitors: set[int] = set()
        # to be written
        self.rows: list[Record] = []
        self.gone: list[Stored] = []
        self.pointers: dict[str, Pointers] = {}
        self.loose: dict[str, Loose] = {}
        self.loose_gone: set[str] = set()
        self.added_costs: list[SessionCost] = []
        self.added_runs: list[WorkflowRun] = []
        self.derived: dict[int, SessionDelta] = {}
        self.new_keys: list[Arrival] = []
        self.names: dict[str, Record] = {}  # key of a message's name -> the message, or what an answer event told of it
        self.told_names: dict[str, Arrival] = {}  # the same, of messages that an answer event told of before
        self.moved_keys: dict[str, Record] = {}
        self.told_identifies: list[IdentifyRecord] = []
        self.has_timed = False
        self.touched: dict[int, set[int]] = {}  # sessions by month

    def look_after(self) -> None:
        """What the sessions are to others now; asked again after each change."""
        for place in self.places.values():
            place.after = standing_of(place.fact)

    def settings_of(self, chatbot_id: int) -> ChatbotSettings:
        settings = self.speakers[chatbot_id].settings
        if settings is None:
            raise LookupError("settings were not read")
        return settings

    def month_of(self, record: Record) -> int | None:
        return None if record.session_id is None else self.places[record.session_id].month

    def identifies_of(self, visitor_ids: Iterable[int | None]) -> Sequence[IdentifyRecord]:
        """All that name one of the visitors, or whom one of them was identified as."""
        if not self.identifies:
            return ()
        found: dict[str, IdentifyRecord] = {}
        open_ids, known = [visitor for visitor in visitor_ids if visitor is not None], set[int]()
        while open_ids:
            visitor = open_ids.pop()
            if visitor in known:
                continue
            known.add(visitor)
            for identify in self.identifies.get(visitor, ()):
                found[identify.event_id] = identify
                open_ids.append(identify.known_visitor_id)
        return list(found.values())

    async def flush(self, meanwhile: Callable[[], None] | None = None) -> None:
        """Writes what has gathered; may be called again."""
        months = {session_id: place.month for session_id, place in self.places.items()}
        changed = [place for place in self.places.values() if place.changed]
        fact_rows: list[tuple[Any, ...]] = []

        def work() -> None:
            fact_rows.extend(fact_row(place.month, place.thread_id, place.fact) for place in changed)
            if meanwhile is not None:
                meanwhile()

        if self.gone:
            await delete_records(self.staging, self.gone)
        await insert_records(self.staging, self.rows, months, self.pointers, work)
        self.gone, self.rows = [], []
        await self._write_facts(changed, fact_rows)
        await self._write_costs_and_runs(months)
        await self._write_loose()

    async def _write_facts(self, changed: Sequence[Place], rows: Sequence[tuple[Any, ...]]) -> None:
        new = [place for place in changed if not place.stored]
        if new:
            await self._write_session_keys(new)
        await write_facts(self.staging, rows)
        for place in changed:
            place.stored, place.changed = True, False
            self.touched.setdefault(place.month, set()).add(place.fact.session_id)

    async def _write_session_keys(self, places: Sequence[Place]) -> None:
        await self.writer.driver.execute(
            "insert into session_key (workspace_id, chatbot_id, session_ref, session_id, month, thread_id) "
            "select $1, * from unnest($2::text::int[], $3::text[], $4::text::bigint[], $5::text::int[], "
            "$6::text::bigint[])",
            self.writer.workspace_id,
            array_text(place.fact.chatbot_id for place in places),
            [place.fact.session_ref for place in places],
            array_text(place.fact.session_id for place in places),
            array_text(place.month for place in places),
            array_text(place.thread_id for place in places),
        )

    async def _write_costs_and_runs(self, months: dict[int, int]) -> None:
        derived, self.derived = self.derived, {}
        if derived:
            await self._clear_derived(list(derived), list({months[session_id] for session_id in derived}))
        costs = [*self.added_costs, *(cost for delta in derived.values() for cost in delta.costs)]
        runs = [*self.added_runs, *(run for delta in derived.values() for run in delta.runs)]
        self.added_costs, self.added_runs = [], []
        if costs:
            await self._write_costs(costs, months)
        if runs:
            await self._write_runs(runs, months)

    async def _clear_derived(self, session_ids: list[int], months: list[int]) -> None:
        for statement in _CLEAR_DERIVED:
            await self.writer.driver.execute(statement, self.writer.workspace_id, session_ids, months)

    async def _write_costs(self, costs: Sequence[SessionCost], months: dict[int, int]) -> None:
        await self.writer.driver.execute(
            "insert into session_cost as c (workspace_id, month, session_id, currency, day, cost_nano) "
            "select $1, * from unnest($2::text::int[], $3::text::bigint[], $4::text::text[], $5::text::int[], "
            "$6::text::bigint[]) on conflict (workspace_id, session_id, currency, day, month) "
            "do update set cost_nano = c.cost_nano + excluded.cost_nano",
            self.writer.workspace_id,
            array_text(months[cost.session_id] for cost in costs),
            array_text(cost.session_id for cost in costs),
            array_text(cost.currency for cost in costs),  # three capital letters each
            array_text(cost.day for cost in costs),
            array_text(cost.cost_nano for cost in costs),
        )

    async def _write_runs(self, runs: Sequence[WorkflowRun], months: dict[int, int]) -> None:
        await self.writer.driver.execute(
            "insert into workflow_run as r (workspace_id, month, session_id, chatbot_id, workflow, run_id, "
            "started_at_ms, last_step, last_step_at_ms, state, ended_at_ms) "
            "select $1, * from unnest($2::int[], $3::bigint[], $4::int[], "
            "$5::int[], $6::text[], $7::bigint[], $8::int[], $9::bigint[], $10::smallint[], $11::bigint[]) "
            "on conflict (workspace_id, session_id, workflow, run_id, month) do update set "
            "last_step = coalesce(excluded.last_step, r.last_step), "
            "last_step_at_ms = coalesce(excluded.last_step_at_ms, r.last_step_at_ms), state = excluded.state, "
            "ended_at_ms = excluded.ended_at_ms",
            self.writer.workspace_id,
            [months[run.session_id] for run in runs],
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

    def note_touched(self, session_ids: Iterable[int], month: int) -> None:
        self.touched.setdefault(month, set()).update(session_ids)

    async def _write_loose(self) -> None:
        if self.moved_keys:
            await self._follow_moved("loose_event")
        gone, loose = self.loose_gone | set(self.loose), list(self.loose.values())
        self.loose_gone, self.loose = set(), {}
        if gone:
            await self.writer.driver.execute(
                "delete from loose_event where workspace_id = $1 and event_id = any($2::uuid[])",
                self.writer.workspace_id,
                list(gone),
            )
        if loose:
            await self.writer.driver.execute(
                _INSERT_LOOSE,
                self.writer.workspace_id,
                *map(list, zip(*loose, strict=True)),
            )

    def key_rows(self) -> list[KeyRow]:
        """When every event has its place."""
        keys: list[KeyRow] = []
        places = self.places
        for arrival in self.new_keys:
            record = arrival.record
            if record is not None:
                session_id = record.session_id
                month = month_at(record.occurred_at_ms) if session_id is None else places[session_id].month
                keys.append((arrival.event_id, arrival.body_hash, month, session_id))
        for key, record in self.names.items():
            message = record if isinstance(record, MessageRecord) and record.message_received else None
            mark = None if message is None else _A_MESSAGE
            keys.append((key, mark, self.month_or_own(record), record.session_id))
        return keys

    async def write_keys(self, keys: Sequence[KeyRow]) -> None:
        await insert_keys(self.staging, keys)
        for key, arrival in self.told_names.items():
            if arrival.record is not None:
                self.moved_keys[key] = arrival.record
        if self.told_names:
            await self.writer.driver.execute(
                "update event_key set body_hash = $3 where workspace_id = $1 and event_id = any($2::uuid[])",
                self.writer.workspace_id,
                list(self.told_names),
                _A_MESSAGE,
            )
        if self.moved_keys:
            await self._follow_moved("event_key")

    async def _follow_moved(self, table: str) -> None:
        moved = self.moved_keys
        await self.writer.driver.execute(
            _FOLLOW_MOVED[table],
            self.writer.workspace_id,
            list(moved),
            [self.month_or_own(record) for record in moved.values()],
            [record.session_id for record in moved.values()],
        )

    def month_or_own(self, record: Record) -> int:
        return month_at(record.occurred_at_ms) if record.session_id is None else self.places[record.session_id].month
