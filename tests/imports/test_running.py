"""An import counts every line, and goes on where it was interrupted."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from delivery.imports import running
from delivery.imports.files import count_lines, read_lines
from delivery.imports.mapping import read_mapping
from delivery.imports.offsets import OffsetFile
from delivery.imports.outcome import ImportStopped, Tally, Verdict
from delivery.imports.running import run_import
from delivery.imports.transcripts import Translator

TELL = ["conversation_id", "timestamp", "role", "text"]


class Door:
    """Stands for the server: knows ids that it has seen; `closes_after` batches it is gone."""

    def __init__(self, closes_after: int | None = None) -> None:
        self.seen: set[str] = set()
        self.batches = 0
        self.closes_after = closes_after

    async def send(self, body: bytes, count: int) -> Sequence[Verdict]:
        if self.closes_after is not None and self.batches >= self.closes_after:
            raise ImportStopped("gone")
        self.batches += 1
        events = [json.loads(line) for line in body.split(b"\n")]
        assert len(events) == count
        return [self._judge(event) for event in events]

    def _judge(self, event: dict[str, Any]) -> Verdict:
        known = event["eventId"] in self.seen
        self.seen.add(event["eventId"])
        return Verdict("duplicate" if known else "accepted")


def a_file(folder: Path, rows: int) -> Path:
    lines = [",".join(TELL), *(f"c-{n},2026-03-02T09:00:{n % 60:02d}Z,user,hello {n}" for n in range(rows))]
    path = folder / "chats.csv"
    path.write_text("\n".join(lines))
    return path


async def import_with(door: Door, path: Path) -> Tally:
    translate = Translator(read_mapping("transcript"), "shop").translate
    return await run_import(path, translate, door.send, offsets=OffsetFile.of(path.parent / "state", path, purpose="x"))


async def test_twice_the_same_file_is_all_duplicates(tmp_path: Path) -> None:
    door, path = Door(), a_file(tmp_path, 30)
    first, second = await import_with(door, path), await import_with(door, path)
    assert (first.counts, second.counts) == ({"accepted": 30}, {"duplicate": 30})


async def test_an_interrupted_import_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH_EVENTS", 10)
    path, door = a_file(tmp_path, 35), Door(closes_after=2)
    with pytest.raises(ImportStopped):
        await import_with(door, path)
    door.closes_after = None
    tally = await import_with(door, path)
    assert (tally.counts, door.batches) == ({"accepted": 35}, 4)


async def test_bad_lines_are_counted_with_their_number(tmp_path: Path) -> None:
    path = a_file(tmp_path, 2)
    path.write_text(path.read_text() + "\nonly,three,cells\n,2026-03-02T09:00:00Z,user,no name\n")
    tally = await import_with(Door(), path)
    assert [(r.line, r.reason.split(",")[0]) for r in tally.rejections] == [
        (4, "3 cells"),
        (5, "conversation_id: missing"),
    ]
    assert tally.counts == {"accepted": 2, "rejected": 2}


def test_gzip_and_quotes_and_marks_of_order_are_read(tmp_path: Path) -> None:
    path = tmp_path / "chats.csv.gz"
    path.write_bytes(gzip.compress('\ufeffa;b\n1;"two\nlines"\n'.encode()))
    assert [line.record for line in read_lines(path)] == [{"a": "1", "b": "two\nlines"}]


def test_json_lines_that_are_none_are_told(tmp_path: Path) -> None:
    path = tmp_path / "chats.jsonl"
    path.write_text('{"a": 1}\n\n[1]\n{oops\n')
    lines = list(read_lines(path))
    assert [(line.number, line.record) for line in lines] == [(1, {"a": 1}), (3, None), (4, None)]
    assert count_lines(path) == 4
