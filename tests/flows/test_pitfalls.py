"""Section 5 of docs/product.md over HTTP: the numbered pitfalls that the foundation answers for."""

import asyncio
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.flows.serving_process import Installation

Json = dict[str, Any]
ZONES = (
    *("America/New_York", "Europe/London", "Australia/Lord_Howe"),
    *("Asia/Kolkata", "Asia/Kathmandu"),
)
DAYS_OF_CHANGE = {  # a spring and an autumn day on which the clock is changed somewhere near
    "America/New_York": (date(2025, 11, 2), date(2026, 3, 8)),
    "Europe/London": (date(2025, 10, 26), date(2026, 3, 29)),
    "Australia/Lord_Howe": (date(2025, 10, 5), date(2026, 4, 5)),
    "Asia/Kolkata": (date(2025, 10, 26), date(2026, 3, 29)),
    "Asia/Kathmandu": (date(2025, 10, 26), date(2026, 3, 29)),
}


def a_question(name: str, at: datetime, *, bot: str, text: str = "hello", **facts: Any) -> Json:
    return {
        "type": "message",
        "eventId": f"{bot}-{name}",
        "occurredAt": at.isoformat(),
        "chatbotId": bot,
        "sessionId": f"{bot}-{name.split('.')[0]}",
        "visitorId": f"visitor of {name.split('.')[0]}",
        "role": "USER",
        "text": text,
        **facts,
    }


def ask(service: Installation, bot: str, selection: str, start: datetime, end: datetime, rest: str = "") -> Json:
    period = f'{{custom: {{from: "{start.isoformat()}", to: "{end.isoformat()}"}}}}'
    document = f'{{ metrics(range: {period}, filter: {{chatbot: {{in: ["{bot}"]}}}} {rest}) {{ {selection} }} }}'
    found: Json = service.graphql(document)["metrics"]
    return found


def send(service: Installation, *events: Json) -> list[str]:
    return [result["status"] for result in service.send(list(events))["results"]]


@pytest.mark.parametrize("metric", ["resolutionRate", "engagementRate", "errorRate", "messagesPerSession"])
def test_2_rate_over_nothing_is_null_with_a_status(service: Installation, metric: str) -> None:
    at = datetime(2025, 1, 1, 12, tzinfo=UTC)
    send(service, a_question("a", at, bot="nothing"), _operation("nothing", at))
    later = at + timedelta(days=30)
    found = ask(service, "nothing", f"totals {{ {metric} {{ value status }} }}", later, later + timedelta(days=1))
    assert found["totals"][metric] == {"value": None, "status": "NO_DATA"}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("grain", ["HOUR", "DAY"])
def test_3_days_of_clock_change_count_like_a_recount(service: Installation, zone: str, grain: str) -> None:
    local = ZoneInfo(zone)
    for number, day in enumerate(DAYS_OF_CHANGE[zone]):
        bot = f"clock-{zone.split('/')[1].lower()}-{number}"
        start = datetime(day.year, day.month, day.day, tzinfo=local).astimezone(UTC) - timedelta(hours=24)
        starts = [start + timedelta(minutes=11 * step) for step in range(72 * 60 // 11)]
        if grain == "HOUR":
            service.send([a_question(f"{step}", at, bot=bot) for step, at in enumerate(starts)])
        selection = "series { buckets { start end durationSeconds } sessions { values } } totals { sessions { value } }"
        rest = f'timeZone: "{zone}" grain: {grain}'
        found = ask(service, bot, selection, start, start + timedelta(hours=72), rest)
        buckets, values = found["series"]["buckets"], found["series"]["sessions"]["values"]
        _check_tiling(buckets, start, start + timedelta(hours=72))
        assert values == [sum(_inside(bucket, at) for at in starts) for bucket in buckets]
        assert found["totals"]["sessions"]["value"] == len(starts)


def _check_tiling(buckets: list[Json], start: datetime, end: datetime) -> None:
    edges = [(_moment(bucket["start"]), _moment(bucket["end"])) for bucket in buckets]
    assert (edges[0][0], edges[-1][1]) == (start, end)
    assert [one[1] for one in edges[:-1]] == [other[0] for other in edges[1:]]
    lengths = [(bucket[1] - bucket[0]).total_seconds() for bucket in edges]
    assert lengths == [bucket["durationSeconds"] for bucket in buckets]


def _inside(bucket: Json, at: datetime) -> bool:
    return _moment(bucket["start"]) <= at < _moment(bucket["end"])


def test_5_resolution_outside_the_range_stays_with_its_session(service: Installation) -> None:
    """Started before midnight, solved after it: the session of the first day is resolved, the second day has none."""
    at = datetime(2026, 2, 1, 23, 50, tzinfo=UTC)
    solved = {**_frame("late", "a", at + timedelta(minutes=20)), "type": "feedback", "instrument": "SOLVED", "score": 1}
    send(service, a_question("a", at, bot="late"), _answer("late", "a", at), solved)
    midnight = datetime(2026, 2, 2, tzinfo=UTC)
    selection = "totals { resolutionRate { numerator denominator status } }"
    before = ask(service, "late", selection, midnight - timedelta(days=1), midnight)["totals"]["resolutionRate"]
    after = ask(service, "late", selection, midnight, midnight + timedelta(days=1))["totals"]["resolutionRate"]
    assert (before["numerator"], before["denominator"]) == (1, 1)
    assert (after["status"], after["denominator"]) == ("NO_DATA", 0)


def test_6_silence_alone_is_no_resolution(service: Installation) -> None:
    at = datetime(2026, 1, 5, 12, tzinfo=UTC)
    weak = {"genericFailure": True}
    send(
        service,
        *(a_question(name, at, bot="silent") for name in "abc"),
        _answer("silent", "b", at, **weak),
        _answer("silent", "c", at),
    )
    names = {"outcomeTimedOut": 1, "outcomeAbandoned": 1, "outcomeResolvedAssumed": 1, "outcomeResolvedConfirmed": 0}
    selection = " ".join(f"{name} {{ value }}" for name in names)
    found = ask(service, "silent", f"totals {{ {selection} }}", at, at + timedelta(days=1))["totals"]
    assert {name: figure["value"] for name, figure in found.items()} == names


def test_7_confidence_of_exactly_the_limit_is_answered(service: Installation) -> None:
    at = datetime(2026, 1, 6, 12, tzinfo=UTC)
    for name, confidence in (("a", 0.7), ("b", 0.699999), ("c", 0.700001)):
        send(service, a_question(name, at, bot="limit"), _answer("limit", name, at, confidence=confidence))
    selection = "totals { lowConfidenceAnswers { value } fallbackAnswers { value } unansweredAnswers { value } }"
    found = ask(service, "limit", selection, at, at + timedelta(days=1))["totals"]
    assert {figure["value"] for figure in found.values()} == {1}


def test_8_total_of_a_ratio_is_the_ratio_of_totals(service: Installation) -> None:
    at = datetime(2026, 1, 7, 12, tzinfo=UTC)
    channels = {"WEBSITE": (3, 1), "APP": (1, 1)}  # sessions, of which engaged
    for channel, (sessions, engaged) in channels.items():
        for number in range(sessions):
            frame = _frame("ratio", f"{channel}{number}", at)
            send(service, {**frame, "type": "session_started", "context": {"channel": channel}})
            if number < engaged:
                send(service, a_question(f"{channel}{number}", at, bot="ratio"))
    selection = "totals { engagementRate { value } } groups { metrics { engagementRate { value } } }"
    found = ask(service, "ratio", selection, at, at + timedelta(days=1), "groupBy: [CHANNEL]")
    assert found["totals"]["engagementRate"]["value"] == pytest.approx(2 / 4)
    rates = sorted(group["metrics"]["engagementRate"]["value"] for group in found["groups"])
    assert rates == pytest.approx([1 / 3, 1])


def test_10_a_late_event_counts_in_its_own_bucket(service: Installation) -> None:
    at = datetime(2026, 1, 8, 9, tzinfo=UTC)
    send(service, a_question("a", at + timedelta(hours=3), bot="delay"))
    before = _by_hour(service, at)
    send(service, a_question("b", at, bot="delay"))
    after = _by_hour(service, at)
    assert (before["values"], after["values"]) == ([0, 0, 0, 1], [1, 0, 0, 1])
    assert after["fresh"] >= before["fresh"]


def _by_hour(service: Installation, at: datetime) -> Json:
    selection = "asOf freshThrough series { sessions { values } }"
    found = ask(service, "delay", selection, at, at + timedelta(hours=4), "grain: HOUR")
    return {"values": found["series"]["sessions"]["values"], "fresh": found["freshThrough"] or found["asOf"]}


async def test_11_the_same_event_sent_at_once_is_one_row(service: Installation) -> None:
    at = datetime(2026, 1, 9, 9, tzinfo=UTC)
    event = a_question("a", at, bot="twins")
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {service.key}"}, timeout=30) as client:
        answers = await asyncio.gather(
            *(client.post(f"{service.url}/v1/events", json=[event, event]) for _ in range(8))
        )
    statuses = Counter(result["status"] for answer in answers for result in answer.json()["results"])
    assert statuses == {"accepted": 1, "duplicate": 15}
    found = ask(service, "twins", "totals { sessions { value } messages { value } }", at, at + timedelta(days=1))
    assert found["totals"] == {"sessions": {"value": 1}, "messages": {"value": 1}}


def test_11_the_same_id_with_other_content_is_a_conflict(service: Installation) -> None:
    at = datetime(2026, 1, 10, 9, tzinfo=UTC)
    first = a_question("a", at, bot="other", text="first")
    assert send(service, first) == ["accepted"]
    assert send(service, {**first, "text": "second"}, first) == ["conflict", "duplicate"]


@pytest.fixture(scope="module")
def partner(service: Installation) -> Installation:
    """A key that sees the chatbot `mine` only, beside one with a secret name in every text."""
    at = datetime(2026, 1, 11, 9, tzinfo=UTC)
    send(service, a_question("a", at, bot="mine", intent="greeting"))
    hidden = {"intent": "hidden-intent", "context": {"referrer": "https://hidden.example/", "entryPoint": "/hidden"}}
    send(service, a_question("a", at, bot="hidden-bot", text="hidden words", **hidden))
    found = service.graphql("{ chatbots(first: 100) { nodes { id slug } } }")["chatbots"]["nodes"]
    (mine,) = [chatbot["id"] for chatbot in found if chatbot["slug"] == "mine"]
    document = """mutation ($ids: [ID!]!) { createApiKey(input: {name: "Partner", chatbotIds: $ids,
        scopes: [METRICS_READ, CONVERSATIONS_READ, PERSONAL_READ]}) { ... on CreatedApiKey { key } } }"""
    key = service.graphql(document, {"ids": [mine]})["createApiKey"]["key"]
    return Installation(**(vars(service) | {"key": key}))


PARTNER_QUESTIONS = {
    "count": "metrics(range: {rolling: LAST_12M}) { totals { sessions { value } } }",
    "filter": 'metrics(range: {rolling: LAST_12M}, filter: {chatbot: {in: ["hidden-bot"]}})'
    " { totals { sessions { value } } }",
    "other filter": 'metrics(range: {rolling: LAST_12M}, filter: {not: {chatbot: {in: ["mine"]}}})'
    " { totals { sessions { value } } }",
    "alias": "x: metrics(range: {rolling: LAST_12M}, groupBy: [INTENT]) { groups { key { value label } } }",
    "groups": "metrics(range: {rolling: LAST_12M}, groupBy: [REFERRER, ENTRY_POINT]) { groups { key { value } } }",
    "explained": "explainMetric(metric: SESSIONS, range: {rolling: LAST_12M}) "
    "{ sessionCount sessions { nodes { session { id referrer entryPoint } } } }",
    "retention": 'retention(range: {rolling: LAST_90D}, filter: {chatbot: {in: ["hidden-bot"]}}) '
    "{ cohorts { visitors returned } }",
    "chatbots": "chatbots(first: 100) { nodes { slug name } }",
    "sessions": "sessions(first: 100) { nodes { id } edges { cursor } }",
}


@pytest.mark.parametrize("name", PARTNER_QUESTIONS)
def test_22_a_partner_key_sees_its_chatbot_only(partner: Installation, name: str) -> None:
    answer = partner.post("/graphql", json={"query": f"{{ {PARTNER_QUESTIONS[name]} }}"})
    asked = json.dumps(PARTNER_QUESTIONS[name])
    assert "hidden" not in answer.text.replace("hidden-bot", "" if "hidden-bot" in asked else "hidden-bot")
    for figures in _figures(answer.json()):
        assert figures in (None, 0, 1)


def _figures(content: Any) -> list[Any]:
    """Every `value` of a metric in the answer."""
    if isinstance(content, dict):
        own = [content["value"]] if set(content) == {"value"} and not isinstance(content["value"], str) else []
        return own + [figure for part in content.values() for figure in _figures(part)]
    if isinstance(content, list):
        return [figure for part in content for figure in _figures(part)]
    return []


def _frame(bot: str, name: str, at: datetime) -> Json:
    return {
        "eventId": f"{bot}-{name}-{at.timestamp()}-frame",
        "occurredAt": at.isoformat(),
        "chatbotId": bot,
        "sessionId": f"{bot}-{name}",
        "visitorId": f"visitor of {name}",
    }


def _answer(bot: str, name: str, at: datetime, **details: Any) -> Json:
    moment = at + timedelta(seconds=2)
    return {**_frame(bot, name, moment), "type": "message", "role": "BOT", "text": "yes", "answer": details}


def _operation(bot: str, at: datetime) -> Json:
    return {**_frame(bot, "a", at), "type": "operation", "operationClass": "API", "name": "call", "status": "OK"}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
