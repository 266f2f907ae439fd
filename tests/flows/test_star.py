"""STAR over HTTP: imported twice, and its figures equal to a recount straight from the file."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.flows import star_recount as recount
from tests.flows.conftest import StarInstallation
from tests.flows.star_recount import Talk

MAY = (datetime(2020, 5, 1, tzinfo=UTC), datetime(2020, 6, 1, tzinfo=UTC))
MIDDLE = (datetime(2020, 5, 16, tzinfo=UTC), datetime(2020, 5, 20, tzinfo=UTC))
RANGES = pytest.mark.parametrize("period", [MAY, MIDDLE], ids=["all of it", "four days"])
Period = tuple[datetime, datetime]
Talks = Sequence[Talk]


def totals(star: StarInstallation, selection: str, period: Period = MAY, rest: str = "") -> dict[str, Any]:
    found: dict[str, Any] = ask(star, f"totals {{ {selection} }}", period, rest)["totals"]
    return found


def ask(
    star: StarInstallation, selection: str, period: Period = MAY, rest: str = "", zone: str = "UTC"
) -> dict[str, Any]:
    start, end = (moment.isoformat() for moment in period)
    custom = f'{{custom: {{from: "{start}", to: "{end}"}}}}'
    document = f'{{ metrics(range: {custom}, timeZone: "{zone}" {rest}) {{ {selection} }} }}'
    found: dict[str, Any] = star.graphql(document)["metrics"]
    return found


def test_first_import_takes_everything(star: StarInstallation) -> None:
    assert star.first_import.returncode == 0, star.first_import.stdout + star.first_import.stderr
    assert "4,822 lines: 108,240 accepted\n" in star.first_import.stdout


def test_second_import_is_all_duplicates(star: StarInstallation) -> None:
    assert star.second_import.returncode == 0, star.second_import.stdout + star.second_import.stderr
    assert "4,822 lines: 0 accepted, 108,240 duplicate\n" in star.second_import.stdout


@pytest.mark.spec(246)
@RANGES
def test_sessions(star: StarInstallation, talks: Talks, period: Period) -> None:
    inside = recount.within(talks, *period)
    found = totals(star, "sessions { value } engagedSessions { value }", period)
    assert found == {
        "sessions": {"value": len(inside)},
        "engagedSessions": {"value": sum(talk.engaged for talk in inside)},
    }


@pytest.mark.spec(2)
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kathmandu"])
def test_sessions_by_local_day(star: StarInstallation, talks: Talks, zone: str) -> None:
    expected = Counter(talk.started.astimezone(ZoneInfo(zone)).date().isoformat() for talk in talks)
    selection = "series { buckets { label } sessions { values } }"
    series = ask(star, selection, MAY, "grain: DAY", zone)["series"]
    labels = [bucket["label"] for bucket in series["buckets"]]
    counted = dict(zip(labels, series["sessions"]["values"], strict=True))
    assert {day: count for day, count in counted.items() if count} == expected


@pytest.mark.spec(4, 262)
@RANGES
def test_response_times(star: StarInstallation, talks: Talks, period: Period) -> None:
    waits = recount.response_seconds(talks, *period)
    ranks = {f"responseTimeP{share}": recount.nearest_rank(waits, Fraction(share, 100)) for share in (50, 90, 95, 99)}
    selection = "averageResponseTime { numerator denominator } " + " ".join(f"{name} {{ value }}" for name in ranks)
    assert totals(star, selection, period) == {
        "averageResponseTime": {"numerator": sum(waits), "denominator": len(waits)},
        **{name: {"value": value} for name, value in ranks.items()},
    }


@pytest.mark.spec(5)
@RANGES
def test_messages_per_session(star: StarInstallation, talks: Talks, period: Period) -> None:
    inside = recount.within(talks, *period)
    found = totals(star, "messagesPerSession { value } userMessagesPerSession { value }", period)
    assert found["messagesPerSession"]["value"] == pytest.approx(float(recount.messages_per_session(inside)))
    users = sum(talk.user_messages for talk in inside)
    assert found["userMessagesPerSession"]["value"] == pytest.approx(users / len(inside))


@pytest.mark.spec(6)
@RANGES
def test_session_duration(star: StarInstallation, talks: Talks, period: Period) -> None:
    lengths = [talk.duration.total_seconds() for talk in recount.within(talks, *period)]
    selection = (
        "averageSessionDuration { numerator denominator } medianSessionDuration { value } openExcluded { value }"
    )
    assert totals(star, selection, period) == {
        "averageSessionDuration": {"numerator": sum(lengths), "denominator": len(lengths)},
        "medianSessionDuration": {"value": recount.nearest_rank(lengths, Fraction(1, 2))},
        "openExcluded": {"value": 0},
    }


@pytest.mark.spec(7, 100, 247)
@RANGES
def test_unique_people(star: StarInstallation, talks: Talks, period: Period) -> None:
    inside = recount.within(talks, *period)
    expected = {
        "uniqueVisitors": {talk.visitor for talk in inside},
        "uniqueUsers": {talk.visitor for talk in inside if talk.engaged},
        "usersServed": {talk.visitor for talk in inside if talk.bot_messages},
    }
    found = totals(star, " ".join(f"{name} {{ value }}" for name in expected), period)
    assert found == {name: {"value": len(people)} for name, people in expected.items()}


def test_daily_uniques_do_not_sum_to_the_range(star: StarInstallation, talks: Talks) -> None:
    days = [(MIDDLE[0] + timedelta(days=n), MIDDLE[0] + timedelta(days=n + 1)) for n in range(4)]
    expected = [len({talk.visitor for talk in recount.within(talks, *day)}) for day in days]
    found = ask(star, "totals { uniqueVisitors { value } } series { uniqueVisitors { values } }", MIDDLE, "grain: DAY")
    assert found["series"]["uniqueVisitors"]["values"] == expected
    assert found["totals"]["uniqueVisitors"]["value"] < sum(expected)


@pytest.mark.spec(8, 248)
@RANGES
def test_new_and_returning(star: StarInstallation, talks: Talks, period: Period) -> None:
    new, returning = recount.new_and_returning(talks, *period)
    assert totals(star, "newVisitors { value } returningUsers { value }", period) == {
        "newVisitors": {"value": new},
        "returningUsers": {"value": returning},
    }


OUTCOMES = {
    "outcomeOpen": "OPEN",
    "outcomeNotEngaged": "NOT_ENGAGED",
    "outcomeEscalated": "ESCALATED",
    "outcomeResolvedConfirmed": "RESOLVED_CONFIRMED",
    "outcomeUnresolved": "UNRESOLVED",
    "outcomeTimedOut": "TIMED_OUT",
    "outcomeResolvedAssumed": "RESOLVED_ASSUMED",
    "outcomeAbandoned": "ABANDONED",
}


@RANGES
def test_each_session_has_one_outcome(star: StarInstallation, talks: Talks, period: Period) -> None:
    judged = recount.outcomes(talks)
    expected = Counter(judged[talk.key] for talk in recount.within(talks, *period))
    found = totals(star, " ".join(f"{name} {{ value }}" for name in OUTCOMES), period)
    assert {name: value["value"] for name, value in found.items()} == {
        name: expected[outcome] for name, outcome in OUTCOMES.items()
    }


@pytest.mark.spec(252, 254, 264)
@RANGES
def test_resolution_abandonment_timeouts(star: StarInstallation, talks: Talks, period: Period) -> None:
    judged = recount.outcomes(talks)
    counted = Counter(judged[talk.key] for talk in recount.within(talks, *period))
    engaged = counted.total() - counted["NOT_ENGAGED"]
    parts = {
        "resolutionRate": counted["RESOLVED_ASSUMED"],
        "abandonmentRate": counted["ABANDONED"],
        "timeoutRate": counted["TIMED_OUT"],
    }
    found = totals(star, " ".join(f"{name} {{ numerator denominator }}" for name in parts), period)
    assert found == {name: {"numerator": part, "denominator": engaged} for name, part in parts.items()}


@pytest.mark.spec(50, 256)
@RANGES
def test_fallbacks(star: StarInstallation, talks: Talks, period: Period) -> None:
    fallbacks, known = recount.fallback_parts(talks, *period)
    found = totals(star, "fallbackRate { numerator denominator value }", period)["fallbackRate"]
    assert (found["numerator"], found["denominator"]) == (fallbacks, known)
    assert found["value"] == pytest.approx(fallbacks / known)


@pytest.mark.spec(13)
@RANGES
def test_unanswered_answers(star: StarInstallation, talks: Talks, period: Period) -> None:
    expected = recount.unanswered_answers(talks, *period)
    assert totals(star, "unansweredAnswers { value }", period) == {"unansweredAnswers": {"value": expected}}


def test_every_call_came_back(star: StarInstallation, talks: Talks) -> None:
    calls = sum(talk.calls for talk in talks)
    found = totals(star, "apiErrorRate { numerator denominator } modelErrorRate { value status }")
    assert found["apiErrorRate"] == {"numerator": 0, "denominator": calls}
    assert found["modelErrorRate"] == {"value": None, "status": "NO_DATA"}


NOT_TOLD = (
    *("thumbsUp", "thumbsDown", "thumbsUpShare", "customerSatisfaction", "feedbackResponseRate"),
    *("containmentRate", "escalationRate", "handoffPerformedEvents", "taskCompletionRate"),
    *("leads", "leadCaptureRate", "conversionRate", "goalCompletions"),
    *("totalCost", "costPerConversation", "costPerResolvedConversation", "tokensPerSession"),
    *("averageConfidence", "medianConfidence", "lowConfidenceAnswers", "confirmedResolutionRate"),
)


@pytest.mark.parametrize("name", NOT_TOLD)
def test_what_star_does_not_tell_is_null_with_a_reason(star: StarInstallation, name: str) -> None:
    found = totals(star, f"{name} {{ value status reason }}")[name]
    expected = "FORMS_DISABLED" if name in ("leads", "leadCaptureRate") else "NOT_REPORTED"
    assert (found["value"], found["status"]) == (None, expected)
    assert found["reason"]


@pytest.mark.parametrize("dimension", ["CHANNEL", "COUNTRY", "DEVICE"])
def test_unknown_dimensions_keep_one_row(star: StarInstallation, dimension: str) -> None:
    groups = ask(star, "groups { key { value } metrics { sessions { value } } }", MAY, f"groupBy: [{dimension}]")
    assert groups["groups"] == [{"key": [{"value": None}], "metrics": {"sessions": {"value": 4822}}}]


def test_sessions_by_first_intent(star: StarInstallation, talks: Talks) -> None:
    expected = Counter(talk.intents[0] if talk.intents else None for talk in talks)
    selection = "groups { key { value } metrics { sessions { value } } }"
    found = ask(star, selection, MAY, "groupBy: [PRIMARY_INTENT], limit: 100")["groups"]
    assert {group["key"][0]["value"]: group["metrics"]["sessions"]["value"] for group in found} == expected
