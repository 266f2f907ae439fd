"""Ingest without a database: places events, folds batch by batch and lets the facts be read.

It decides between going on and deriving again as the product does, so that what it holds after any sequence of
batches can be compared with a recount.
"""

import copy
from collections import defaultdict
from typing import Any

from msgspec import json as wire

from domain import events
from domain.chatbots import ChatbotSettings
from domain.contacts import Contact, is_contact, next_contacts
from domain.cutting import Mark, Span, cut_reference, cut_thread, session_at
from domain.facts import IdentifyRecord, MessageRecord, Record, SessionFact, WorkflowRun
from domain.reporting import Reported, read_events
from domain.sessions import SessionDelta, continue_session, derive_session, new_session
from domain.visitors import closes_at_ms, stamp
from domain.vocabulary import Role
from tests.domain.encoding import ANSWER_COLUMNS, Labels, answer_columns, is_later, records_of, settings_of
from tests.naive.placing import Wire
from tests.naive.world import World

NOW_MS = 1_900_000_000_000
OPENING = (events.Message, events.SessionStarted)


class Memory:
    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.labels = Labels()
        self.reported: dict[str, Reported] = {}
        self.records: dict[str, list[Record]] = {}
        self.messages: dict[tuple[str, str], MessageRecord] = {}
        self.facts: dict[int, SessionFact] = {}
        self.members: dict[int, set[str]] = {}
        self.folded: set[str] = set()
        self.names: dict[tuple[str, str], int] = {}
        self.homes: dict[str, int] = {}
        self.costs: dict[int, dict[tuple[str, int], int]] = defaultdict(dict)
        self.runs: dict[int, dict[tuple[int, str], WorkflowRun]] = defaultdict(dict)
        self.continued = 0
        self.derived = 0
        self._settings: dict[str, ChatbotSettings] = {}

    # What is read

    @property
    def sessions(self) -> list[SessionFact]:
        return [fact for fact in self.facts.values() if fact.opened and fact.merged_into is None]

    def settings(self, chatbot: str) -> ChatbotSettings:
        if chatbot not in self._settings:
            self._settings[chatbot] = settings_of(chatbot, self.world, self.labels)
        return self._settings[chatbot]

    # What is told

    def append(self, batch: list[Wire]) -> None:
        touched: set[str] = set()  # messages already stored that an answer event or correction changed
        fresh: list[Reported] = []
        for item in read_events(wire.encode(batch), now_ms=NOW_MS):
            assert isinstance(item, Reported), item
            if item.event_id not in self.reported:
                self.reported[item.event_id] = item
                fresh.append(item)
        for item in fresh:
            self._encode(item, touched)
        identified = any(isinstance(item.event, events.Identify) for item in fresh)
        self._place()
        self._fold(touched, everything=identified)
        self._link_contacts()

    def _encode(self, item: Reported, touched: set[str]) -> None:
        event = item.event
        if isinstance(event, events.Answer):
            self._tell_answer(event, item, touched)
            return
        found = records_of(item, self.labels, self.world.resolving_goals)
        if isinstance(event, events.Message):
            message = found[0]
            assert isinstance(message, MessageRecord)
            key = (event.chatbot_id, message.message_id)
            waiting = self.messages.get(key)
            if waiting is not None and message.role == Role.BOT and is_later(waiting, message):
                for name in ANSWER_COLUMNS:
                    setattr(message, name, getattr(waiting, name))
            if waiting is not None:
                touched.add(item.event_id)
            self.messages[key] = message
        self.records[item.event_id] = found

    def _tell_answer(self, event: events.Answer, item: Reported, touched: set[str]) -> None:
        key = (event.chatbot_id, event.message_id)
        message = self.messages.get(key)
        told = answer_columns(event.answer, self.labels)
        told |= {"answer_event_id": item.event_id, "answer_at_ms": item.occurred_at_ms}
        if message is None:
            message = self.messages[key] = MessageRecord(
                event_id=item.event_id,
                chatbot_id=self.labels.sure(event.chatbot_id),
                session_id=None,
                occurred_at_ms=item.occurred_at_ms,
                received_at_ms=item.occurred_at_ms,
                message_id=event.message_id,
                role=int(Role.BOT),
                message_received=False,
                **told,
            )
            return
        if message.message_received and message.role != Role.BOT:
            return
        if (message.answer_at_ms or 0, message.answer_event_id or "") < (item.occurred_at_ms, item.event_id):
            for name, value in told.items():
                setattr(message, name, value)
        touched.add(message.event_id)

    # Where it belongs

    def _place(self) -> None:
        homes: dict[str, int] = {}
        for item in self._opening():
            if item.event.session_id is not None:
                homes[item.event_id] = self._named(item.event.chatbot_id, item.event.session_id)
        threads: dict[tuple[str, str], list[Reported]] = defaultdict(list)
        for item in self.reported.values():
            if item.event.thread_id is not None and isinstance(item.event, (*OPENING, events.SessionEnded)):
                threads[item.event.chatbot_id, item.event.thread_id].append(item)
        for (chatbot, thread), items in threads.items():
            self._cut(chatbot, thread, items, homes)
        self._spans = self._all_spans(homes)
        for item in self.reported.values():
            if item.event_id not in homes and not isinstance(item.event, OPENING):
                home = self._home(item, homes)
                if home is not None:
                    homes[item.event_id] = home
        self.homes = homes

    def _opening(self) -> list[Reported]:
        return [item for item in self.reported.values() if isinstance(item.event, OPENING)]

    def _named(self, chatbot: str, session_ref: str) -> int:
        if (chatbot, session_ref) not in self.names:
            self.names[chatbot, session_ref] = self._new(chatbot, session_ref, None)
        return self.names[chatbot, session_ref]

    def _new(self, chatbot: str, session_ref: str, thread: str | None) -> int:
        session_id = len(self.facts) + 1
        self.facts[session_id] = new_session(
            session_id,
            chatbot_id=self.labels.sure(chatbot),
            session_ref=cut_reference(thread, session_id) if thread else session_ref,
            thread_ref=thread,
            settings=self.settings(chatbot),
        )
        self.members[session_id] = set()
        return session_id

    def _cut(self, chatbot: str, thread: str, items: list[Reported], homes: dict[str, int]) -> None:
        marks = [
            Mark(
                item.occurred_at_ms,
                item.event_id,
                isinstance(item.event, events.SessionEnded),
                self.homes.get(item.event_id),
            )
            for item in items
        ]
        settings = self.settings(chatbot)
        cut = cut_thread(marks, lambda at_ms: settings.at(at_ms).idle_timeout_ms)
        for segment in cut.segments:
            session_id = segment.session_id or self._new(chatbot, thread, thread)
            segment.session_id = session_id
            for mark in segment.marks:
                homes[mark.event_id] = session_id
        for old, new in cut.merged.items():
            self.facts[old].merged_into = new

    def _all_spans(self, homes: dict[str, int]) -> dict[int, Span]:
        times: dict[int, list[int]] = defaultdict(list)
        for item in self._opening():
            times[homes[item.event_id]].append(item.occurred_at_ms)
        return {
            session_id: Span(session_id, min(mine), max(mine), self.facts[session_id].session_ref)
            for session_id, mine in times.items()
        }

    def _home(self, item: Reported, homes: dict[str, int]) -> int | None:
        event = item.event
        named = self.messages.get((event.chatbot_id, getattr(event, "message_id", None) or ""))
        if named is not None and named.message_received and named.event_id in homes:
            return homes[named.event_id]
        if event.session_id is not None:
            return self._named(event.chatbot_id, event.session_id)
        chatbot = self.labels.sure(event.chatbot_id)
        spans = [span for span in self._spans.values() if self.facts[span.session_id].chatbot_id == chatbot]
        if event.thread_id is not None:
            mine = [span for span in spans if self.facts[span.session_id].thread_ref == event.thread_id]
        elif event.visitor_id is not None and not isinstance(event, events.Identify):
            visitor = self.labels.sure(event.visitor_id)
            mine = [span for span in spans if visitor in self._visitors(span, homes)]
        else:
            return None
        return session_at(mine, item.occurred_at_ms)

    def _visitors(self, span: Span, homes: dict[str, int]) -> set[int | None]:
        """Who the session is of, told from its own rows: the facts may not be folded yet."""
        activity = [
            record
            for event_id, home in homes.items()
            if home == span.session_id
            for record in self.records.get(event_id, [])
        ]
        fact = derive_session(
            self.facts[span.session_id], copy.deepcopy(activity), self._settings_of(span.session_id)
        ).fact
        own, closes = fact.own_visitor_id, closes_at_ms(fact)
        if own is None or closes is None:
            return set()
        return {own, stamp(own, closes, self._identifies())}

    def _settings_of(self, session_id: int) -> ChatbotSettings:
        return self.settings(self.labels.text(self.facts[session_id].chatbot_id) or "")

    def _identifies(self) -> list[IdentifyRecord]:
        return [record for found in self.records.values() for record in found if isinstance(record, IdentifyRecord)]

    # What it makes

    def _fold(self, touched: set[str], *, everything: bool) -> None:
        members: dict[int, set[str]] = defaultdict(set)
        for event_id, session_id in self.homes.items():
            if event_id in self.records:
                members[session_id].add(event_id)
        for session_id in self.facts:
            before, after = self.members[session_id], members[session_id]
            new = after - before
            changed = before != after or bool(after & touched)
            if not changed and not everything:
                continue
            moved = bool(new & self.folded)  # rows of another session bring what they were there
            whole = everything or moved or not before <= after or bool(after & touched)
            self.members[session_id] = after
            self._fold_one(session_id, new, whole=whole)
        self.folded = set().union(*self.members.values())

    def _fold_one(self, session_id: int, new: set[str], *, whole: bool) -> None:
        fact, settings = self.facts[session_id], self._settings_of(session_id)
        identifies = self._identifies()
        if not whole:
            records = [record for event_id in new for record in self.records[event_id]]
            delta = continue_session(fact, records, settings, identifies)
            if delta is not None:
                self.continued += 1
                self._keep(delta, add=True)
                return
        merged_into = fact.merged_into
        records = [record for event_id in self.members[session_id] for record in self.records[event_id]]
        delta = derive_session(fact, records, settings, identifies)
        self.derived += 1
        self._keep(delta, add=False)
        delta.fact.merged_into = merged_into if not records else None

    def _keep(self, delta: SessionDelta, *, add: bool) -> None:
        session_id = delta.fact.session_id
        self.facts[session_id] = delta.fact
        costs = self.costs[session_id] if add else {}
        for cost in delta.costs:
            costs[cost.currency, cost.day] = costs.get((cost.currency, cost.day), 0) + cost.cost_nano
        self.costs[session_id] = costs
        runs = self.runs[session_id] if add else {}
        for run in delta.runs:
            stored = runs.get((run.workflow, run.run_id))
            if stored is not None:
                run.started_at_ms = stored.started_at_ms
                if run.last_step is None:
                    run.last_step, run.last_step_at_ms = stored.last_step, stored.last_step_at_ms
            runs[run.workflow, run.run_id] = run
        self.runs[session_id] = runs

    def _link_contacts(self) -> None:
        groups: dict[tuple[int, int], list[SessionFact]] = defaultdict(list)
        for fact in self.sessions:
            fact.next_contact_at_ms = None
            if fact.visitor_id is not None:
                groups[fact.visitor_id, fact.chatbot_id].append(fact)
        for facts in groups.values():
            contacts = [Contact(fact.session_id, fact.started_at_ms or 0, is_contact(fact)) for fact in facts]
            for session_id, next_ms in next_contacts(contacts).items():
                self.facts[session_id].next_contact_at_ms = next_ms

    def derive_all(self) -> None:
        self._fold(set(), everything=True)
        self._link_contacts()

    def snapshot(self) -> Any:
        """Everything that is stored, to be compared with itself later."""
        messages = [record for found in self.records.values() for record in found if isinstance(record, MessageRecord)]
        facts = {fact.session_id: fact for fact in self.sessions}
        costs = {number: found for number, found in self.costs.items() if found}
        runs = {number: found for number, found in self.runs.items() if found}
        return copy.deepcopy((facts, messages, costs, runs))
