"""Foreign records to events, as a mapping says. Nothing is added that the record does not tell."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from delivery.imports.expressions import Record, evaluate, matches, place, read_time
from delivery.imports.identity import derive_event_id
from delivery.imports.mapping import Attachment, TranscriptMapping

WireEvent = dict[str, Any]


class RecordError(Exception):
    """A record that cannot become events: the message says what is missing or wrong."""


@dataclass
class Translator:
    """Turns one record after the other into wire events, counting the rows of each conversation."""

    mapping: TranscriptMapping
    chatbot: str | None = None  # given by the operator, wins over the mapping
    _rows: Counter[str] = field(default_factory=Counter)

    def translate(self, record: Record) -> list[WireEvent]:
        frame = self._frame(record)
        if self.mapping.layout == "conversations":
            return list(self._translate_conversation(record, frame))
        sequence = self._rows[frame["sessionId"]]
        self._rows[frame["sessionId"]] += 1
        event = self._translate_turn(record, frame, sequence=sequence)
        return [] if event is None else [event]

    def _frame(self, record: Record) -> WireEvent:
        conversation = record.get(self.mapping.conversation)
        if conversation in (None, ""):
            raise RecordError(f"{self.mapping.conversation}: missing, it names the conversation")
        chatbot = self.chatbot or evaluate(self.mapping.chatbot, record)
        if not chatbot:
            raise RecordError("chatbot: the record names none; give --chatbot")
        frame: WireEvent = {"chatbotId": str(chatbot), "sessionId": str(conversation)}
        visitor = record.get(self.mapping.visitor) if self.mapping.visitor else None
        return frame if visitor in (None, "") else frame | {"visitorId": str(visitor)}

    def _translate_conversation(self, record: Record, frame: WireEvent) -> Iterator[WireEvent]:
        turns = record.get(self.mapping.turns)
        if not isinstance(turns, list):
            raise RecordError(f"{self.mapping.turns}: expected a list of turns")
        events: list[WireEvent] = []
        waiting: list[tuple[Attachment, Record]] = []
        for number, turn in enumerate(turns, start=1):
            waiting += [(rule, turn) for rule in self.mapping.attach if matches(turn, rule.when)]
            event = self._translate_turn(turn, frame, sequence=number)
            waiting = _attach(waiting, events, event)
            if event is not None:
                events.append(event)
        if self.mapping.start:
            yield from self._tell_start(turns, frame)
        yield from events

    def _tell_start(self, turns: list[Record], frame: WireEvent) -> Iterator[WireEvent]:
        moments = (self._read_time(turn) for turn in turns)
        first = next((moment for moment in moments if moment is not None), None)
        if first is not None:
            yield _build("session_started", frame, first, sequence=0)

    def _translate_turn(self, turn: Record, frame: WireEvent, *, sequence: int) -> WireEvent | None:
        rule = next((rule for rule in self.mapping.emit if matches(turn, rule.when)), None)
        if rule is None:
            return None
        moment = self._read_time(turn)
        if moment is None:
            raise RecordError(f"{self.mapping.time}: missing, a {rule.event} needs the time at which it happened")
        event = _build(rule.event, frame, moment, sequence=sequence)
        for name, expression in rule.set.items():
            value = evaluate(expression, turn)
            if value is not None:
                place(event, name, value)
        return event

    def _read_time(self, turn: Record) -> datetime | None:
        try:
            return read_time(self.mapping, turn)
        except (ValueError, OverflowError) as error:
            raise RecordError(f"{self.mapping.time}: {error}") from None


def _attach(
    waiting: list[tuple[Attachment, Record]], events: list[WireEvent], event: WireEvent | None
) -> list[tuple[Attachment, Record]]:
    """Hands what waits to its message; the latest turn that speaks of a message counts. Returns what still waits."""
    left: list[tuple[Attachment, Record]] = []
    for rule, turn in reversed(waiting):
        message = event if rule.to == "next" else _last_message(events, rule.role)
        if message is not None and message.get("role") == rule.role:
            _fill(message, rule, turn, replace=rule.to == "previous")
        elif rule.to == "next":
            left.append((rule, turn))
    return left[::-1]


def _fill(message: WireEvent, rule: Attachment, turn: Record, *, replace: bool) -> None:
    for name, expression in rule.set.items():
        value = evaluate(expression, turn)
        if value is None:
            continue
        if replace:
            message.pop(name, None)
        place(message, name, value)


def _last_message(events: list[WireEvent], role: str) -> WireEvent | None:
    return next((event for event in reversed(events) if event.get("role") == role), None)


def _build(kind: str, frame: WireEvent, moment: datetime, *, sequence: int) -> WireEvent:
    at_ms = int(moment.timestamp() * 1000)
    source = (frame["chatbotId"], frame["sessionId"], kind, str(sequence))
    event_id = derive_event_id(at_ms, sequence=sequence, parts=source)
    return {"type": kind, "eventId": event_id, "occurredAt": moment.isoformat(), **frame}
