"""Foreign records become events that say no more than the record did."""

from typing import Any

import pytest

from delivery.imports.mapping import MappingError, TranscriptMapping, parse_mapping, read_mapping
from delivery.imports.transcripts import RecordError, Translator

ROW = {"conversation_id": "c-1", "timestamp": "2026-03-02T09:14:05Z", "role": "user", "text": "Hello"}


def a_conversation(*turns: dict[str, Any]) -> dict[str, Any]:
    """In the form of the STAR file; each turn a second after the one before."""
    timed = [{"timestamp": f"2020-05-13T13:15:{second:02d}Z", **turn} for second, turn in enumerate(turns)]
    return {"conversation_id": "star-1", "user_id": "u-1", "turns": timed}


def user(text: str = "Hi") -> dict[str, Any]:
    return {"type": "message", "speaker": "user", "text": text}


def bot(label: str | None = "hello") -> dict[str, Any]:
    said = {"type": "message", "speaker": "bot", "text": "Yes"}
    return said | ({"free_text": True} if label is None else {"action_label": label})


def star(*turns: dict[str, Any]) -> list[dict[str, Any]]:
    return Translator(read_mapping("star")).translate(a_conversation(*turns))


def test_a_row_becomes_a_message_with_only_what_it_says() -> None:
    (event,) = Translator(read_mapping("transcript"), "shop").translate(ROW)
    assert event.pop("eventId").replace("-", "")[:12] == f"{1_772_442_845_000:012x}"
    assert event == {
        "type": "message",
        "occurredAt": "2026-03-02T09:14:05+00:00",
        "chatbotId": "shop",
        "sessionId": "c-1",
        "role": "USER",
        "text": "Hello",
    }


def test_the_same_file_gives_the_same_ids() -> None:
    first, second = ([Translator(read_mapping("transcript"), "shop").translate(ROW)[0]["eventId"]] for _ in range(2))
    assert first == second


def test_equal_rows_of_one_conversation_are_two_events() -> None:
    translator = Translator(read_mapping("transcript"), "shop")
    assert translator.translate(ROW)[0]["eventId"] != translator.translate(ROW)[0]["eventId"]


def test_ids_order_events_of_one_second_as_the_file_does() -> None:
    translator = Translator(read_mapping("transcript"), "shop")
    ids = [translator.translate(ROW)[0]["eventId"] for _ in range(50)]
    assert ids == sorted(ids)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("ask_name", {"action": "ask_name", "outOfScope": False, "genericFailure": False}),
        ("out_of_scope", {"action": "out_of_scope", "outOfScope": True, "genericFailure": True}),
        (
            "plane_inform_nothing_found",
            {
                "action": "plane_inform_nothing_found",
                "outOfScope": False,
                "genericFailure": False,
                "retrievalFailed": True,
            },
        ),
        (None, None),
    ],
    ids=["another label", "out of scope", "nothing found", "typed by hand"],
)
def test_star_labels_become_flags(label: str | None, expected: dict[str, Any] | None) -> None:
    assert star(user(), bot(label))[-1].get("answer") == expected


@pytest.mark.parametrize("found", [True, False], ids=["found", "not found"])
def test_star_result_tells_of_the_next_reply_only(found: bool) -> None:
    result = {"type": "api_result", "api": "bank_balance", "item_found": found}
    events = star(user(), bot(None), result, bot(None), bot(None))
    replies = [event.get("answer") for event in events if event.get("role") == "BOT"]
    assert replies == [None, {"retrievalFailed": not found}, None]


def test_star_last_of_two_results_counts() -> None:
    results = [{"type": "api_result", "api": "plane_search", "item_found": found} for found in (False, True)]
    assert star(user(), *results, bot(None))[-1]["answer"] == {"retrievalFailed": False}


def test_star_task_is_the_intent_of_the_message_before_it() -> None:
    events = star(user(), {"type": "task_selected", "speaker": "bot", "task": "bank_balance"}, bot(), user())
    assert [event.get("intent") for event in events if event.get("role") == "USER"] == ["bank_balance", None]


def test_star_last_choice_of_task_counts() -> None:
    chosen = [{"type": "task_selected", "speaker": "bot", "task": task} for task in ("weather", "trivia")]
    assert star(user(), *chosen)[-1]["intent"] == "trivia"


def test_star_chat_without_messages_still_began() -> None:
    assert [event["type"] for event in star({"type": "user_complete"})] == ["session_started", "session_ended"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (ROW | {"conversation_id": ""}, "conversation_id: missing"),
        (ROW | {"timestamp": ""}, "timestamp: missing"),
        (ROW | {"timestamp": "yesterday"}, "timestamp: Invalid isoformat"),
    ],
    ids=["no conversation", "no time", "time that is none"],
)
def test_a_bad_row_says_what_is_wrong(row: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordError, match=message):
        Translator(read_mapping("transcript"), "shop").translate(row)


def test_a_row_without_chatbot_asks_for_one() -> None:
    with pytest.raises(RecordError, match="give --chatbot"):
        Translator(read_mapping("transcript")).translate(ROW)


def test_times_without_zone_are_of_the_mapping() -> None:
    mapping = _mapping(time_format="%d.%m.%Y %H:%M", time_zone="Europe/Berlin")
    (event,) = Translator(mapping).translate({"chat": 7, "at": "02.07.2026 09:14", "from": "customer"})
    assert event["occurredAt"] == "2026-07-02T07:14:00+00:00"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layout": "table"}, "Invalid enum value 'table'"),
        ({"colour": 1}, "unknown field `colour`"),
        ({"start": True}, 'need layout = "conversations"'),
    ],
    ids=["layout", "unknown field", "start of rows"],
)
def test_a_bad_mapping_says_what_is_wrong(change: dict[str, Any], message: str) -> None:
    with pytest.raises(MappingError, match=message):
        _mapping(**change)


def test_an_unknown_mapping_names_the_known_ones() -> None:
    with pytest.raises(MappingError, match="one of: events, star, transcript"):
        read_mapping("stars")


def _mapping(**changes: Any) -> TranscriptMapping:
    content = {
        "layout": "messages",
        "conversation": "chat",
        "time": "at",
        "chatbot": {"value": "shop"},
        "emit": [{"event": "message", "set": {"role": {"field": "from", "map": {"customer": "USER"}}}}],
    }
    return parse_mapping(content | changes, name="test")
