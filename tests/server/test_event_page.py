"""The page of events tells what the types tell."""

from pathlib import Path

from server.event_page import events_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "events.md"


def test_the_page_is_made_from_the_types() -> None:
    assert PAGE.read_text() == events_page()
