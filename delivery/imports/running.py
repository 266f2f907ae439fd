"""An import from its file to the last verdict: read, translate, send in batches, count, remember how far."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from msgspec import json

from delivery.imports.files import Line, read_lines
from delivery.imports.offsets import OffsetFile
from delivery.imports.outcome import Send, Tally
from delivery.imports.transcripts import RecordError, WireEvent

BATCH_EVENTS = 1_000
BATCH_BYTES = 4 * 1024 * 1024
MOST_EVENTS = 5_000  # of one request


class Translate(Protocol):
    """One record to its events; raises RecordError."""

    def __call__(self, record: dict[str, object], /) -> list[WireEvent]: ...


@dataclass
class Batch:
    bodies: list[bytes] = field(default_factory=list)
    origins: list[tuple[int, str]] = field(default_factory=list)  # line and kind of each event
    size: int = 0

    def add(self, line: int, event: WireEvent) -> None:
        body = json.encode(event)
        self.bodies.append(body)
        self.origins.append((line, str(event.get("type", "event"))))
        self.size += len(body)

    @property
    def full(self) -> bool:
        return len(self.bodies) >= BATCH_EVENTS or self.size >= BATCH_BYTES


async def run_import(
    source: Path,
    translate: Translate,
    send: Send,
    *,
    offsets: OffsetFile,
    report: Callable[[Tally], None] = lambda tally: None,
) -> Tally:
    """Goes on where an earlier run of the same import stopped. Raises ImportStopped when it cannot go on."""
    tally = offsets.read()
    batch = Batch()
    for line, events in _translated(source, translate, tally, skip=tally.lines):
        for event in events:
            batch.add(line.number, event)
        tally.lines = line.number
        if batch.full:
            await _hand_over(batch, send, tally)
            offsets.write(tally)
            batch = Batch()
        report(tally)
    await _hand_over(batch, send, tally)
    report(tally)
    offsets.forget()
    return tally


async def _hand_over(batch: Batch, send: Send, tally: Tally) -> None:
    """Whole lines, so that the line number kept is true; a line of very many events goes in several pieces."""
    for start in range(0, len(batch.bodies), MOST_EVENTS):
        bodies = batch.bodies[start : start + MOST_EVENTS]
        verdicts = await send(b"\n".join(bodies), len(bodies))
        tally.note(verdicts, batch.origins[start : start + MOST_EVENTS])


def _translated(
    source: Path, translate: Translate, tally: Tally, *, skip: int
) -> Iterator[tuple[Line, list[WireEvent]]]:
    """Lines that were done are read all the same: ids depend on the rows before them."""
    for line in read_lines(source):
        if line.record is None:
            if line.number > skip:
                tally.refuse_line(line.number, line.problem or "unreadable")
                yield line, []
            continue
        try:
            events = translate(line.record)
        except RecordError as error:
            if line.number > skip:
                tally.refuse_line(line.number, str(error))
                yield line, []
            continue
        if line.number > skip:
            yield line, events
