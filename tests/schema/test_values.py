"""Values on the wire: what is taken, what is refused, and that what goes out comes back."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLError

from domain.accounts import format_key, workspace_of_key
from domain.problems import Refused, UnknownName, nearest
from schema.paging import connection, decode_cursor, decode_id, encode_cursor, encode_id, page_window
from schema.scalars import SCALARS, BigInt, Money, TimeZone

WORKSPACE = UUID("0190b1c2-0000-7000-8000-00000000002a")


def parsed(scalar: object, value: Any) -> Any:
    parse = SCALARS[scalar].parse_value
    assert parse is not None
    return parse(value)


def written(scalar: object, value: Any) -> Any:
    serialize = SCALARS[scalar].serialize
    assert serialize is not None
    return serialize(value)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-29T01:30:00Z", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("2026-03-29T03:30:00+02:00", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("2026-03-29t01:30:00.25z", datetime(2026, 3, 29, 1, 30, 0, 250_000, tzinfo=UTC)),
        ("2026-03-29T01:30:00.123456789Z", datetime(2026, 3, 29, 1, 30, 0, 123_456, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_with_its_offset(text: str, moment: datetime) -> None:
    assert parsed(datetime, text) == moment


@pytest.mark.parametrize(
    "wrong",
    ["2026-03-29", "2026-03-29T01:30:00", "2026-02-30T00:00:00Z", "2026-03-29 01:30:00Z", 5, None, "",
     "9999-12-31T23:59:59-14:00", "2026-03-29T24:00:01Z", "２０２６-03-29T01:30:00Z"],
)  # fmt: skip
def test_a_moment_that_is_none_is_refused(wrong: object) -> None:
    with pytest.raises(GraphQLError) as refused:
        parsed(datetime, wrong)
    assert refused.value.extensions == {"code": "INVALID_INPUT"}


def test_a_moment_leaves_in_utc() -> None:
    east = timezone(timedelta(hours=5, minutes=45))
    assert written(datetime, datetime(2026, 1, 1, 5, 45, tzinfo=east)) == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize("wrong", ["2026-02-30", "2026-1-1", "20260101", 5, "2026-01-01T00:00:00Z"])
def test_a_day_that_is_none_is_refused(wrong: object) -> None:
    assert parsed(date, "2024-02-29") == date(2024, 2, 29)
    with pytest.raises(GraphQLError):
        parsed(date, wrong)


@pytest.mark.parametrize(("amount", "text"), [("12.5", "12.50"), ("0.000000001", "0.000000001"), ("-3", "-3.00")])
def test_money_is_exact_text(amount: str, text: str) -> None:
    assert written(Money, Decimal(amount)) == text
    assert parsed(Money, text) == Decimal(amount)


@pytest.mark.parametrize("wrong", [12.5, 12, "1e3", "NaN", "1.0000000001", "", "1" * 19, "١"])
def test_money_is_never_a_float(wrong: object) -> None:
    with pytest.raises(GraphQLError):
        parsed(Money, wrong)


@pytest.mark.parametrize("wrong", [2**53, -(2**53), 1.0, "1", True])
def test_a_big_integer_is_a_safe_one(wrong: object) -> None:
    assert parsed(BigInt, 2**53 - 1) == 2**53 - 1
    with pytest.raises(GraphQLError):
        parsed(BigInt, wrong)


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("Europe/Berln", "Europe/Berlin"), ("america/new york", "America/New_York"), ("Mars/Base", None)],
)
def test_a_zone_that_does_not_exist_names_the_nearest(wrong: str, near: str | None) -> None:
    with pytest.raises(GraphQLError) as refused:
        parsed(TimeZone, wrong)
    assert (refused.value.extensions or {}).get("suggestion") == near


KEY_TYPES = (datetime, UUID, int, str)
KEY = (datetime(2026, 1, 1, 12, 30, 0, 7, tzinfo=UTC), WORKSPACE, -5, "näher\n")


def test_a_cursor_comes_back_as_its_key() -> None:
    assert decode_cursor("Thing", encode_cursor("Thing", KEY), KEY_TYPES) == KEY


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "A" * 2_000, "ä", encode_cursor("Other", KEY), encode_cursor("Thing", KEY[:2]),
     encode_cursor("Thing", ("2026-01-01", *KEY[1:])), encode_cursor("Thing", (*KEY[:2], 2**63, "a")),
     encode_cursor("Thing", (*KEY[:2], True, "a")), encode_cursor("Thing", (*KEY[:3], "a\0"))],
)  # fmt: skip
def test_a_cursor_of_elsewhere_is_refused(cursor: str) -> None:
    with pytest.raises(Refused) as refused:
        decode_cursor("Thing", cursor, KEY_TYPES)
    assert refused.value.problems[0].path == ("after",)


def test_an_id_comes_back_as_its_key() -> None:
    assert decode_id("Chatbot", encode_id("Chatbot", 7), int) == 7
    assert decode_id("ApiKey", encode_id("ApiKey", WORKSPACE), UUID) == WORKSPACE


@pytest.mark.parametrize(
    "text",
    ["", "7", "Chatbot:7", encode_id("Goal", 7), encode_id("Chatbot", "07"), encode_id("Chatbot", "x"),
     encode_id("Chatbot", 2**63), encode_id("Chatbot", "７"), "ä"],
)  # fmt: skip
def test_an_id_of_elsewhere_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        decode_id("Chatbot", text, int, path="chatbotId")
    assert refused.value.problems[0].path == ("chatbotId",)


@pytest.mark.parametrize("first", [0, -1, 101, 2**31])
def test_a_page_holds_1_to_100(first: int) -> None:
    with pytest.raises(Refused):
        page_window("Thing", first=first, after=None)


def test_pages_tile_a_list() -> None:
    rows = list(range(1, 8))
    seen: list[int] = []
    after, more = None, True
    while more:
        window = page_window("Thing", first=3, after=after)
        start = window.key[0] if window.key else 0
        page = connection(window, rows[start : start + window.limit], node=lambda row: row, key=lambda row: (row,))
        seen += page.nodes
        after, more = page.page_info.end_cursor, page.page_info.has_next_page
    assert seen == rows


def test_a_key_names_its_workspace() -> None:
    text = format_key(WORKSPACE, "s" * 43)
    assert workspace_of_key(text) == WORKSPACE
    for wrong in (text[:-1], text + "s", text.replace("parl_", "park_"), "", "ä" * 71, text.replace("_s", "-s", 1)):
        assert workspace_of_key(wrong) is None


@pytest.mark.parametrize(
    ("name", "near"), [("sesions", "sessions"), ("Active_Conversations", "activeConversations"), ("zzz", None)]
)
def test_the_nearest_name(name: str, near: str | None) -> None:
    assert nearest(name, ["sessions", "activeConversations", "uniqueVisitors"]) == near


def test_an_unknown_name_does_not_echo_endlessly() -> None:
    assert len(UnknownName.among("metric", "x" * 10_000, ["a"]).message) < 200
