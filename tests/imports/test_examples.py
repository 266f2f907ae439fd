"""The files of docs/examples do what docs/import.md says."""

from pathlib import Path

import pytest

from delivery.imports.files import read_lines
from delivery.imports.mapping import read_mapping
from delivery.imports.transcripts import Translator
from domain.reporting import Reported, read_events

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
NOW_MS = 1_800_000_000_000


def test_example_events_are_all_good() -> None:
    body = (EXAMPLES / "events.jsonl").read_bytes()
    read = read_events(body, content_type="application/x-ndjson", now_ms=NOW_MS)
    assert [type(told) for told in read] == [Reported] * 6


def test_example_transcript_is_read_by_the_built_in_mapping() -> None:
    translator = Translator(read_mapping("transcript"))
    events = [
        event for line in read_lines(EXAMPLES / "transcript.csv") for event in translator.translate(line.record or {})
    ]
    assert [(event["role"], event.get("answer")) for event in events] == [
        ("USER", None),
        ("BOT", {"confidence": 0.93}),
        ("USER", None),
        ("USER", None),
        ("BOT", {"confidence": 0.41}),
    ]


@pytest.mark.parametrize("sender", ["customer", "assistant", "colleague"])
def test_example_mapping_maps_its_example(sender: str) -> None:
    mapping = read_mapping(str(EXAMPLES / "mapping.toml"))
    (event,) = Translator(mapping).translate({"chat": "c-9", "at": 1772442845, "from": sender, "body": "Hello"})
    assert (event["role"], event["occurredAt"]) == (
        {"customer": "USER", "assistant": "BOT", "colleague": "HUMAN"}[sender],
        "2026-03-02T09:14:05+00:00",
    )
