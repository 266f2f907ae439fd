"""Reading what bots send: what is taken, what is refused and in which words (R16)."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identifiers import event_key, message_alias
from domain.mending import LARGEST_MENDED, MOST_PROBLEMS, MOST_READINGS
from domain.problems import Refused
from domain.reporting import Rejected, Reported, read_events
from tests.domain.histories import histories
from tests.naive.placing import Wire

NOW_MS = 1_773_144_000_000  # 2026-03-10T12:00:00Z
BASE: Wire = {
    "type": "message",
    "occurredAt": "2026-03-10T11:00:00Z",
    "chatbotId": "shop",
    "sessionId": "s",
    "role": "USER",
}


def read(*events: Any, **options: Any) -> list[Reported | Rejected]:
    return read_events(json.dumps(events).encode(), now_ms=NOW_MS, **options)


def taken(**changes: Any) -> Reported:
    (one,) = read(_event(changes))
    assert isinstance(one, Reported), one
    return one


def refused(**changes: Any) -> Rejected:
    (one,) = read(_event(changes))
    assert isinstance(one, Rejected), one
    return one


def _event(changes: Wire) -> Wire:
    changed = {**BASE, **changes}
    if changed["type"] != "message" and "role" not in changes:
        changed.pop("role")
    return {name: value for name, value in changed.items() if value is not ...}


BODY = json.dumps([BASE, BASE | {"sessionId": "t"}])


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (BODY, "application/json"),
        (f'{{"events": {BODY}}}', "application/json; charset=utf-8"),
        ("\n".join(json.dumps(one) for one in json.loads(BODY)), "application/x-ndjson"),
        ("\r\n\n".join(json.dumps(one) for one in json.loads(BODY)) + "\n", "Application/X-NDJSON; charset=utf-8"),
    ],
    ids=["array", "envelope", "lines", "lines with gaps"],
)
def test_forms_of_a_body(body: str, content_type: str) -> None:
    found = read_events(body.encode(), content_type=content_type, now_ms=NOW_MS)
    assert [(one.index, one.event.session_id) for one in found if isinstance(one, Reported)] == [(0, "s"), (1, "t")]


def test_one_event_alone_is_a_body() -> None:
    assert len(read_events(json.dumps(BASE).encode(), now_ms=NOW_MS)) == 1


def test_good_events_are_kept_beside_bad_ones() -> None:
    found = read(BASE, BASE | {"role": "ROBOT"}, BASE)
    assert [type(one) for one in found] == [Reported, Rejected, Reported]
    assert [one.index for one in found] == [0, 1, 2]


@pytest.mark.parametrize(
    "body", [b"", b"[", b"[1] x", b"nonsense", b"[" * 100_000, b"\xff\xfe", b"3"], ids=lambda body: repr(body[:9])
)
def test_a_body_that_cannot_be_read_is_refused_whole(body: bytes) -> None:
    with pytest.raises(Refused) as caught:
        read_events(body, now_ms=NOW_MS)
    assert caught.value.problems[0].code == "INVALID_INPUT"


def test_a_broken_line_spoils_only_itself() -> None:
    body = f"{json.dumps(BASE)}\n{{broken\n{json.dumps(BASE)}".encode()
    found = read_events(body, content_type="application/x-ndjson", now_ms=NOW_MS)
    assert [getattr(one, "code", "taken") for one in found] == ["taken", "MALFORMED", "taken"]


def test_too_many_events_are_refused_with_the_limit() -> None:
    with pytest.raises(Refused, match="at most 2"):
        read(BASE, BASE, BASE, most_events=2)


@pytest.mark.parametrize(
    ("changes", "code", "field", "words"),
    [
        ({"type": "mesage"}, "UNKNOWN", "type", "Did you mean message?"),
        ({"type": ...}, "MISSING", "type", "session_started"),
        ({"type": 7}, "UNKNOWN", "type", "no kind of event"),
        ({"rol": "USER"}, "UNKNOWN", "rol", "Did you mean role?"),
        ({"role": ...}, "MISSING", "role", "one of BOT, HUMAN, SYSTEM, USER"),
        ({"role": "USR"}, "UNKNOWN", "role", "Did you mean USER?"),
        ({"role": "BOT", "answer": {"sorce": "RAG"}}, "UNKNOWN", "answer.sorce", "Did you mean source?"),
        ({"role": "BOT", "answer": {"confidence": 1.5}}, "OUT_OF_RANGE", "answer.confidence", "from 0 to 1"),
        ({"role": "BOT", "answer": {"confidence": "high"}}, "INVALID", "answer.confidence", "not a text"),
        ({"role": "BOT", "answer": {"inputTokens": 1.5}}, "INVALID", "answer.inputTokens", "a whole number"),
        ({"chatbotId": ""}, "OUT_OF_RANGE", "chatbotId", "1 to 128 characters"),
        ({"chatbotId": None}, "INVALID", "chatbotId", "not null"),
        ({"text": "x" * 65_537}, "OUT_OF_RANGE", "text", "65536"),
        ({"context": {"country": "Germany"}}, "INVALID", "context.country", "ISO 3166"),
        ({"language": "English!"}, "INVALID", "language", "BCP 47"),
        ({"occurredAt": "2026-03-10T11:00:00"}, "INVALID", "occurredAt", "RFC 3339"),
        ({"occurredAt": "yesterday"}, "INVALID", "occurredAt", "RFC 3339"),
        ({"occurredAt": "1999-12-31T23:59:59Z"}, "OUT_OF_RANGE", "occurredAt", "2000-01-01"),
        ({"occurredAt": "2026-03-10T12:10:00.001Z"}, "OUT_OF_RANGE", "occurredAt", "2026-03-10T12:10:00Z"),
        ({"sessionId": ...}, "MISSING", "sessionId", "sessionId or threadId"),
        ({"threadId": "t"}, "INVALID", "threadId", "exclude each other"),
        ({"answer": {}}, "INVALID", "answer", "only a BOT message answers"),
        ({"proactive": True}, "INVALID", "proactive", "only a BOT"),
        ({"firstByteAt": "2026-03-10T11:00:00Z"}, "INVALID", "firstByteAt", "only a BOT"),
        ({"role": "BOT", "firstByteAt": "2026-03-10T11:10:00.001Z"}, "OUT_OF_RANGE", "firstByteAt", "10 minutes"),
        ({"role": "BOT", "corrects": "a"}, "INVALID", "corrects", "only a USER"),
        ({"text": "a\0b"}, "INVALID", "text", "NUL"),
        ({"context": {"campaign": "\0"}}, "INVALID", "context.campaign", "NUL"),
        ({"type": "feedback", "instrument": "THUMBS", "score": 2}, "OUT_OF_RANGE", "score", "0 to 1"),
        ({"type": "feedback", "instrument": "RATING_1_5", "score": 0}, "OUT_OF_RANGE", "score", "1 to 5"),
        ({"type": "feedback", "instrument": "SURVEY", "score": 8, "scale": 7}, "OUT_OF_RANGE", "score", "1 to 7"),
        ({"type": "feedback", "instrument": "THUMBS", "score": 1, "scale": 5}, "INVALID", "scale", "only a SURVEY"),
        (
            {"type": "feedback", "instrument": "SOLVED", "score": 1, "sessionId": ...},
            "MISSING",
            "messageId",
            "visitorId",
        ),
        ({"type": "identify", "userId": "anna"}, "MISSING", "visitorId", "visitorId"),
        ({"type": "session_ended", "actor": "USER", "sessionId": ...}, "MISSING", "sessionId", "threadId"),
        ({"type": "goal", "goal": "paid", "value": {"amount": "1"}}, "MISSING", "value.currency", "ISO 4217"),
    ],
    ids=lambda value: str(value)[:48] if isinstance(value, dict) else "",
)
def test_a_refused_event_is_told_the_field_and_what_is_allowed(
    changes: Wire, code: str, field: str, words: str
) -> None:
    found = refused(**changes)
    assert (found.code, found.field) == (code, field)
    assert words in found.message


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-1", "9000000000.1", "0.0000000001", "1e10", f"1.{'0' * 40}1"])
def test_money_that_cannot_be_kept_is_refused(amount: str) -> None:
    found = refused(role="BOT", answer={"cost": {"amount": amount, "currency": "EUR"}})
    assert (found.code, found.field) == ("OUT_OF_RANGE", "answer.cost.amount")


@pytest.mark.parametrize(
    "amount", ["0", "0.000000001", "9000000000", 0.5, "1.0000000000", "1e3", f"0.5{'0' * 40}", "0e-99"]
)
def test_money_within_bounds_is_taken(amount: Any) -> None:
    assert taken(role="BOT", answer={"cost": {"amount": amount, "currency": "EUR"}})


@pytest.mark.parametrize("traits", [{"a": [1]}, {"": "x"}, {"a": "x" * 513}, {"a": 1e300}, {"a": {"b": 1}}])
def test_traits_are_flat_and_small(traits: Wire) -> None:
    found = refused(type="identify", visitorId="v", userId="u", traits=traits)
    assert found.field.startswith("traits")


def test_no_word_of_the_implementation_leaks() -> None:
    examples: list[Wire] = [{"context": 3}, {"answer": []}, {"role": "BOT", "answer": {"cost": 1}}, {"type": "handoff"}]
    for changes in examples:
        message = refused(**changes).message
        assert "`" not in message
        assert "Struct" not in message
        assert "$" not in message


def test_boundaries_of_time_are_taken() -> None:
    assert taken(occurredAt="2000-01-01T00:00:00Z").occurred_at_ms == 946_684_800_000
    assert taken(occurredAt="2026-03-10T12:10:00Z").occurred_at_ms == NOW_MS + 600_000


@pytest.mark.parametrize(
    ("given", "again"),
    [
        ({}, {"proactive": False, "text": None}),
        ({"occurredAt": "2026-03-10T11:00:00Z"}, {"occurredAt": "2026-03-10T12:00:00.000+01:00"}),
        (
            {"eventId": "0190F2A4-7B1C-7000-8000-00000000000A"},
            {"eventId": "0190f2a4-7b1c-7000-8000-00000000000a"},
        ),
        (
            {"role": "BOT", "answer": {"cost": {"amount": "1.50", "currency": "EUR"}, "confidence": 1}},
            {"role": "BOT", "answer": {"confidence": 1.0, "cost": {"currency": "EUR", "amount": "1.5"}}},
        ),
        ({"intentConfidence": 0.10}, {"intentConfidence": 1e-1}),
    ],
    ids=["defaults written out", "another zone", "case of the id", "an amount's zeros", "a number's form"],
)
def test_a_retry_written_otherwise_is_the_same_event(given: Wire, again: Wire) -> None:
    one, other = taken(**given), taken(**again)
    assert (one.event_id, one.body_hash) == (other.event_id, other.body_hash)


@pytest.mark.parametrize("change", [{"text": "other"}, {"sessionId": "t"}, {"occurredAt": "2026-03-10T11:00:00.001Z"}])
def test_other_content_has_another_hash(change: Wire) -> None:
    assert taken(eventId="a").body_hash != taken(eventId="a", **change).body_hash


def test_the_order_of_fields_does_not_matter() -> None:
    forwards, backwards = read(BASE, dict(reversed(BASE.items())))
    assert isinstance(forwards, Reported)
    assert isinstance(backwards, Reported)
    assert forwards.event_id == backwards.event_id


def test_without_an_id_the_body_decides_and_ids_follow_time() -> None:
    first, later = taken(), taken(occurredAt="2026-03-10T11:00:01Z")
    assert first.event_id != later.event_id
    assert first.event_id < later.event_id
    assert UUID(first.event_id).int >> 80 == first.occurred_at_ms
    assert UUID(first.event_id).version == 8


def test_event_keys() -> None:
    assert event_key("0190F2A4-7B1C-7000-8000-00000000000A") == "0190f2a4-7b1c-7000-8000-00000000000a"
    assert str(UUID(event_key("order 17"))) == event_key("order 17") != event_key("order 18")
    assert message_alias("shop", "m1") != message_alias("desk", "m1")


@given(histories())
def test_every_generated_history_is_taken(history: list[Wire]) -> None:
    found = read_events(json.dumps(history).encode(), now_ms=NOW_MS + 10**11)
    assert all(isinstance(one, Reported) for one in found)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(-1e300, 1e300) | st.integers() | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*BASE, "x"]), inner, max_size=6),
        max_leaves=12,
    )
)
def test_whatever_is_sent_gets_an_answer(value: Any) -> None:
    for one in read(value, {**BASE, "answer": value}, {**BASE, "text": value}, {**BASE, "type": value}):
        assert isinstance(one, Reported | Rejected)


@given(st.text())
def test_any_text_comes_through_or_is_refused(text: str) -> None:
    (one,) = read(BASE | {"text": text})
    if isinstance(one, Reported):
        assert one.event.text == text  # type: ignore[union-attr]
    else:
        assert "\0" in text


def test_an_escaped_backslash_is_no_nul() -> None:
    assert taken(text=r"a\u0000b").event.text == r"a\u0000b"  # type: ignore[union-attr]


def test_an_event_tells_all_that_is_wrong_with_it() -> None:
    found = refused(
        role="BOT",
        occurredAt="yesterday",
        chatbotId="",
        rol="USER",
        text=7,
        answer={"confidence": 2, "sorce": "RAG", "cost": {"amount": "1"}},
        threadId="t",
    )
    assert [(problem.code, problem.field) for problem in found.problems] == [
        ("INVALID", "occurredAt"),
        ("OUT_OF_RANGE", "chatbotId"),
        ("UNKNOWN", "rol"),
        ("INVALID", "text"),
        ("OUT_OF_RANGE", "answer.confidence"),
        ("UNKNOWN", "answer.sorce"),
        ("MISSING", "answer.cost.currency"),
        ("INVALID", "threadId"),
    ]


def test_what_a_check_says_is_told_beside_unreadable_fields_only_where_it_is_sure() -> None:
    feedback: Wire = {"type": "feedback", "sessionId": ...}
    assert [p.field for p in refused(**feedback, instrument="THUMBS", score=9).problems] == ["score", "messageId"]
    assert [p.field for p in refused(**feedback, instrument="THUMBZ", score=9).problems] == ["instrument"]
    assert [p.field for p in refused(**feedback, instrument="THUMBS", score=9, sesionId="s").problems] == [
        "sesionId",
        "score",
        "messageId",
    ]
    assert [p.field for p in refused(sessionId="", role=...).problems] == ["sessionId", "role"]


SPOILT: dict[str, Any] = {
    "chatbotId": 7,
    "role": "ROBOT",
    "occurredAt": "now",
    "text": 3.5,
    "language": "English!",
    "intentConfidence": 2,
    "context": {"country": "Kenya"},
    "colour": "red",
    "proactive": "yes",
}


@given(st.sets(st.sampled_from(sorted(SPOILT)), min_size=1))
def test_each_spoilt_field_is_told_exactly_once(names: set[str]) -> None:
    """And nothing else: what was set right on the way is no complaint."""
    found = refused(**{name: SPOILT[name] for name in names})
    told = [problem.field.partition(".")[0] for problem in found.problems]
    assert sorted(told) == sorted(names)


def test_telling_all_has_its_bounds() -> None:
    many = {f"field{number}": number for number in range(60)}
    assert len(refused(**many).problems) == MOST_PROBLEMS
    assert len(refused(**many, text="x" * LARGEST_MENDED).problems) == 1
    told = [len(one.problems) for one in read(*[BASE | many] * 200) if isinstance(one, Rejected)]
    assert sum(told) == 200 + MOST_READINGS
    assert min(told) == 1
