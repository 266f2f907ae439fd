"""The state of one append: what was read, what is to be written, and the one way it is written."""

from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from domain.chatbots import ChatbotSettings
from domain.facts import IdentifyRecord, MessageRecord, Record, SessionCost, WorkflowRun
from domain.sessions import SessionDelta
from persistence.ingest.arrivals import Arrival
from persistence.ingest.rows import Stored, delete_records
from persistence.ingest.staging import Staging, send_facts, send_keys, send_records
from persistence.ingest.state import Key, KeyRow, Loose, Place, Remembered, standing_of
from persistence.ingest.surroundings import Home, Speaker
from persistence.ingest.tables import Pointers, month_at
from persistence.ingest.writes import (
    A_MESSAGE,
    clear_derived,
    follow_moved,
    mark_messages,
    replace_loose,
    send_costs,
    send_runs,
    send_session_keys,
)
from persistence.tenancy import Writer


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
        self.folded: list[Place] = []
        self.gone: list[Stored] = []
        self.pointers: dict[str, Pointers] = {}
        self.loose: dict[str, Loose] = {}
        self.loose_gone: set[str] = set()
        self.added_costs: list[SessionCost] = []
        self.added_runs: list[WorkflowRun] = []
        self.derived: dict[int, SessionDelta] = {}
        self.new_keys: list[Arrival] = []
        self.keys_are_sent = False
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

    async def write_soon(self, folded: Place) -> None:
        """After each session: what has gathered is on its way, until `staging.settled()`. A fact that changes once
        more is written once more by `flush`."""
        folded.changed = True
        self.folded.append(folded)
        if len(self.rows) < self.staging.rows_at_a_time:
            await self.staging.let_work()
            return
        places, self.folded = self.folded, []
        await self._write_rows()
        await self._write_facts(places)
        await self._write_costs_and_runs()

    async def flush(self, meanwhile: Callable[[], Coroutine[Any, Any, None]] | None = None) -> None:
        """Writes what has gathered; may be called again. `meanwhile` sends more, or works while the database does."""
        await self.staging.settled()
        if self.gone:
            await delete_records(self.staging, self.gone)
            self.gone = []
        await self._write_rows()
        await self._write_facts([place for place in self.places.values() if place.changed])
        await self._write_costs_and_runs()
        if meanwhile is not None:
            await meanwhile()
        await self.staging.settled()
        await self._write_loose()

    async def _write_rows(self) -> None:
        rows, self.rows = self.rows, []
        await send_records(self.staging, rows, self.places, self.pointers)

    async def _write_facts(self, changed: Sequence[Place]) -> None:
        await send_facts(self.staging, [(place.month, place.thread_id, place.fact) for place in changed])
        new = [place for place in changed if not place.stored]
        if new:
            await send_session_keys(self.staging, new)
        for place in changed:
            place.stored, place.changed = True, False
            self.note_touched((place.fact.session_id,), place.month)

    async def _write_costs_and_runs(self) -> None:
        derived, self.derived = self.derived, {}
        if derived:
            await clear_derived(self.staging, derived, {self.places[session_id].month for session_id in derived})
        costs = [*self.added_costs, *(cost for delta in derived.values() for cost in delta.costs)]
        runs = [*self.added_runs, *(run for delta in derived.values() for run in delta.runs)]
        self.added_costs, self.added_runs = [], []
        if costs:
            await send_costs(self.staging, costs, self.places)
        if runs:
            await send_runs(self.staging, runs, self.places)

    def note_touched(self, session_ids: Iterable[int], month: int) -> None:
        self.touched.setdefault(month, set()).update(session_ids)

    async def _write_loose(self) -> None:
        if self.moved_keys:
            await self._follow_moved("loose_event")
        gone, loose = self.loose_gone | set(self.loose), list(self.loose.values())
        self.loose_gone, self.loose = set(), {}
        await replace_loose(self.writer, gone, loose)

    async def send_keys(self) -> None:
        """Once every event has its place; a row that moves after that takes its key with it."""
        if not self.keys_are_sent:
            self.keys_are_sent = True
            await send_keys(self.staging, chain(self._keys_of_events(), self._keys_of_names()))

    def _keys_of_events(self) -> Iterator[KeyRow]:
        places = self.places
        for arrival in self.new_keys:
            record = arrival.record
            if record is not None:
                session_id = record.session_id
                month = month_at(record.occurred_at_ms) if session_id is None else places[session_id].month
                yield arrival.event_id, arrival.body_hash, month, session_id

    def _keys_of_names(self) -> Iterator[KeyRow]:
        for key, record in self.names.items():
            is_message = isinstance(record, MessageRecord) and record.message_received
            yield key, A_MESSAGE if is_message else None, self.month_or_own(record), record.session_id

    async def settle_keys(self) -> None:
        """After the new keys are written: those of messages that came at last, and of rows that moved."""
        for key, arrival in self.told_names.items():
            if arrival.record is not None:
                self.moved_keys[key] = arrival.record
        if self.told_names:
            await mark_messages(self.writer, self.told_names)
        if self.moved_keys:
            await self._follow_moved("event_key")

    async def _follow_moved(self, table: str) -> None:
        moved = [(key, self.month_or_own(record), record.session_id) for key, record in self.moved_keys.items()]
        await follow_moved(self.writer, table, moved)

    def month_or_own(self, record: Record) -> int:
        return month_at(record.occurred_at_ms) if record.session_id is None else self.places[record.session_id].month
