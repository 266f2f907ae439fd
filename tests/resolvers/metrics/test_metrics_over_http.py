"""Figures as a client gets them: typed fields, fragments and aliases, and refusals that say what would be right."""

from collections import Counter
from typing import Any

import pytest

from domain.accounts import Scope
from domain.dimensions import DIMENSIONS
from domain.metrics.catalogue import METRICS
from domain.metrics.metric import Unit
from domain.vocabulary import Basis, Channel, LabelKind
from tests.persistence.metrics.facts import DAY_MS, HOUR_MS, MINUTE_MS, NOON_MS, Facts, a_message, a_session
from tests.resolvers.metrics.conftest import AskForFigures, key_for

RANGE = 'range: {dates: {first: "2026-03-09", last: "2026-03-11"}}'
VALUES = {
    Unit.COUNT: "value previous change changeRatio share n status reason coverage previousStatus",
    Unit.SHARE: "value previous numerator denominator n interval { lower upper } status",
    Unit.NUMBER: "value previous numerator denominator n status",
    Unit.SECONDS: "value previous numerator denominator n status",
    Unit.MONEY: "value previous currency numerator denominator n status",
    Unit.BINS: "bins { lower upper count } previousBins { count } n status",
}


@pytest.mark.spec(2, 246)
async def test_sessions_of_a_range(facts: Facts, figures: AskForFigures) -> None:
    await facts.sessions(a_session(), a_session(), a_session(started_at_ms=NOON_MS - 3 * DAY_MS))
    table = await figures("totals { sessions { value status n } }")
    assert table["totals"]["sessions"] == {"value": 2, "status": "OK", "n": 2}


@pytest.mark.spec(3)
async def test_active_and_open_now(facts: Facts, figures: AskForFigures) -> None:
    now = NOON_MS + 30 * DAY_MS
    idle = [MINUTE_MS, 4 * MINUTE_MS, 6 * MINUTE_MS, 29 * MINUTE_MS, 30 * MINUTE_MS]
    await facts.sessions(*(a_session(started_at_ms=now - HOUR_MS, last_activity_at_ms=now - one) for one in idle))
    table = await figures("totals { activeSessions { value } openSessions { value } }")
    assert table["totals"] == {
        "activeSessions": {"value": sum(one <= 5 * MINUTE_MS for one in idle)},
        "openSessions": {"value": sum(one < 30 * MINUTE_MS for one in idle)},
    }


@pytest.mark.spec(123)
async def test_active_now_by_chatbot(facts: Facts, figures: AskForFigures) -> None:
    await facts.chatbot(2)
    now = NOON_MS + 30 * DAY_MS
    idle = [(1, MINUTE_MS), (1, 4 * MINUTE_MS), (1, 6 * MINUTE_MS), (2, 2 * MINUTE_MS), (2, DAY_MS)]
    await facts.sessions(
        *(
            a_session(chatbot_id=bot, started_at_ms=now - 2 * DAY_MS, last_activity_at_ms=now - silent)
            for bot, silent in idle
        )
    )
    table = await figures(
        "totals { activeSessions { value } } groups { key { value } metrics { activeSessions { value } } }",
        groupBy="[CHATBOT]",
    )
    active = Counter(f"bot-{bot}" for bot, silent in idle if silent <= 5 * MINUTE_MS)
    assert table["totals"]["activeSessions"]["value"] == active.total()
    assert {
        group["key"][0]["value"]: group["metrics"]["activeSessions"]["value"] for group in table["groups"]
    } == active


@pytest.mark.spec(7, 8)
async def test_visitors_over_the_whole_range(facts: Facts, figures: AskForFigures) -> None:
    first_seen = {1: NOON_MS - 20 * DAY_MS, 2: NOON_MS - DAY_MS, 3: NOON_MS}
    await facts.visitors(first_seen)
    visits = [(1, -1), (1, 0), (2, -1), (2, 1), (3, 0)]
    await facts.sessions(*(a_session(visitor_id=who, started_at_ms=NOON_MS + day * DAY_MS) for who, day in visits))
    table = await figures(
        "totals { uniqueVisitors { value } newVisitors { value } returningUsers { value } }"
        "series { uniqueVisitors { values } newVisitors { values } returningUsers { values } }",
        grain="DAY",
    )
    by_day = [{who for who, at in visits if at == day} for day in (-1, 0, 1)]
    starts = [NOON_MS - 12 * HOUR_MS + day * DAY_MS for day in (-1, 0, 1)]
    new = [sum(first_seen[who] >= start for who in day) for day, start in zip(by_day, starts, strict=True)]
    assert table["totals"] == {
        "uniqueVisitors": {"value": 3},
        "newVisitors": {"value": 2},
        "returningUsers": {"value": 1},
    }
    assert table["series"] == {
        "uniqueVisitors": {"values": [len(day) for day in by_day]},
        "newVisitors": {"values": new},
        "returningUsers": {"values": [len(day) - fresh for day, fresh in zip(by_day, new, strict=True)]},
    }


@pytest.mark.spec(16)
async def test_confidence_mean_median_and_bins(facts: Facts, figures: AskForFigures) -> None:
    session = a_session()
    await facts.sessions(session)
    told = [0.05, 0.2, 0.69, 0.7, 0.95, 1.0]
    await facts.messages(
        *(a_message(session, confidence_ppm=round(one * 1_000_000)) for one in told),
        a_message(session),
    )
    table = await figures(
        "totals { averageConfidence { value n } medianConfidence { value } confidenceHistogram { bins { count } } }"
    )
    bins = [0] * 10
    for one in told:
        bins[min(9, int(one * 10))] += 1
    assert table["totals"]["averageConfidence"] == {"value": pytest.approx(sum(told) / 6), "n": 6}
    assert table["totals"]["medianConfidence"]["value"] == sorted(told)[2]
    assert [one["count"] for one in table["totals"]["confidenceHistogram"]["bins"]] == bins


@pytest.mark.spec(17)
async def test_leads_where_no_form_is(facts: Facts, figures: AskForFigures) -> None:
    from sqlalchemy import update

    from persistence.tables.workspaces import ChatbotRow
    from persistence.tenancy import writing

    assert (await figures("totals { leads { value status } }"))["totals"]["leads"] == {"value": 0, "status": "OK"}
    async with writing(facts.database, facts.workspace_id) as writer:
        await writer.connection.execute(update(ChatbotRow).values(declared_reports=[]))
    found = (await figures("totals { leads { value status reason } }"))["totals"]["leads"]
    assert (found["value"], found["status"]) == (None, "FORMS_DISABLED")
    assert found["reason"] == "No chatbot in scope collects leads."


async def test_every_metric_is_a_field_everywhere(facts: Facts, figures: AskForFigures) -> None:
    """Totals, series and groups of the whole catalogue, each with all that its type has."""
    await facts.sessions(a_session())
    for unit in Unit:
        names = [metric.name for metric in METRICS.values() if metric.unit is unit]
        values = " ".join(f"{name} {{ {VALUES[unit]} }}" for name in names)
        lines = " ".join(f"{name} {{ values statuses n }}" for name in names)
        table = await figures(
            f"totals {{ {values} }} series {{ buckets {{ label }} previousBuckets {{ label }} {lines} }}"
            f" groups {{ key {{ dimension value label }} other metrics {{ {values} }} }}",
            groupBy="[CHATBOT]",
            compare="PREVIOUS_PERIOD",
            limit="1",
        )
        assert set(table["totals"]) == set(names)
        assert all(len(table["series"][name]["values"]) == 3 for name in names)


async def test_fragments_aliases_and_conditions(facts: Facts, post: AskForFigures) -> None:
    await facts.sessions(a_session(), a_session(outcome_basis=Basis.ABANDONED))
    body = await post(
        f"""
        query ($yes: Boolean!, $no: Boolean!) {{
          first: metrics({RANGE}) {{ totals {{ ...Headline  again: sessions {{ twice: value }} }} }}
          second: metrics({RANGE}) {{
            ... on MetricTable {{ totals {{ resolutionRate {{ ...Ratio }} leads @include(if: $no) {{ value }} }} }}
            totals {{ uniqueVisitors @skip(if: $yes) {{ value }} engagedSessions @include(if: $yes) {{ value }} }}
          }}
        }}
        fragment Headline on MetricTotals {{ sessions {{ value }} }}
        fragment Ratio on RatioValue {{ value numerator ... on MetricValue {{ n }} }}
        """,
        yes=True,
        no=False,
    )
    assert body["data"] == {
        "first": {"totals": {"sessions": {"value": 2}, "again": {"twice": 2}}},
        "second": {
            "totals": {"resolutionRate": {"value": 0.5, "numerator": 1, "n": 2}, "engagedSessions": {"value": 2}}
        },
    }


async def test_filters_in_every_form(facts: Facts, figures: AskForFigures) -> None:
    codes = await facts.labels(LabelKind.COUNTRY, "DE", "US")
    await facts.sessions(
        a_session(channel=Channel.APP, country=codes["DE"]),
        a_session(channel=Channel.APP, country=codes["US"], authenticated=True),
        a_session(channel=Channel.WEBSITE, country=codes["DE"]),
        a_session(),
    )
    for given, expected in (
        ('{channel: {in: [APP]}, country: {in: ["DE"]}}', 1),
        ('{or: [{channel: {in: [APP]}}, {country: {in: ["DE"]}}]}', 3),
        ("{not: {channel: {in: [APP]}}}", 2),
        ("{channel: {notIn: [APP]}}", 2),
        ("{channel: {isUnknown: true}}", 1),
        ("{channel: {isUnknown: false}}", 3),
        ('{and: [{country: {notIn: ["US", "FR"]}}, {channel: {isUnknown: false}}]}', 2),
        ("{authenticated: {in: [YES]}}", 1),
        ('{chatbot: {in: ["bot-1"]}}', 4),
        ('{chatbot: {in: ["nobody"]}}', 0),
        ("{outcome: {in: [RESOLVED_ASSUMED]}}", 4),
        ("{}", 4),
    ):
        table = await figures("totals { sessions { value } }", filter=given)
        assert table["totals"]["sessions"]["value"] == expected, given


async def test_groups_with_their_series(facts: Facts, figures: AskForFigures) -> None:
    await facts.sessions(
        *(a_session(channel=channel) for channel in (Channel.APP, Channel.APP, Channel.VOICE, Channel.SMS)),
    )
    table = await figures(
        "groupCount groups { key { value label } other metrics { sessions { value share } }"
        " series { sessions { values } } }",
        groupBy="[CHANNEL]",
        limit="1",
        orderBy="{metric: SESSIONS, direction: DESCENDING}",
    )
    assert table == {
        "groupCount": 3,
        "groups": [
            {
                "key": [{"value": "APP", "label": "App"}],
                "other": False,
                "metrics": {"sessions": {"value": 2, "share": 0.5}},
                "series": {"sessions": {"values": [0, 2, 0]}},
            },
            {
                "key": [{"value": None, "label": "Other"}],
                "other": True,
                "metrics": {"sessions": {"value": 2, "share": 0.5}},
                "series": {"sessions": {"values": [0, 2, 0]}},
            },
        ],
    }


@pytest.mark.parametrize(
    ("arguments", "selection", "code", "words"),
    [
        (
            "range: {rolling: LAST_7D}, groupBy: [MODEL]",
            "totals { errorRate { value } }",
            "INVALID_INPUT",
            "It can by:",
        ),
        (
            'range: {custom: {from: "0001-01-01T00:00:00Z", to: "9999-12-31T00:00:00Z"}}',
            "totals { sessions { value } }",
            "INVALID_INPUT",
            "spans 3652058 days",
        ),
        (
            'range: {custom: {from: "2010-01-01T00:00:00Z", to: "2026-01-01T00:00:00Z"}}, grain: HOUR',
            "series { sessions { values } }",
            "INVALID_INPUT",
            "takes up to 10000",
        ),
        ("range: {rolling: LAST_7D}, limit: 0", "totals { sessions { value } }", "INVALID_INPUT", "limit is 0"),
        ("range: {rolling: LAST_7D}, compare: CUSTOM", "totals { sessions { value } }", "INVALID_INPUT", "compareTo"),
        (
            'range: {rolling: LAST_7D}, timeZone: "Europe/Berlln"',
            "totals { sessions { value } }",
            "UNKNOWN_NAME",
            "Europe/Berlin",
        ),
    ],
    ids=["metric by dimension", "ten thousand years", "too many buckets", "limit", "comparison", "zone"],
)
async def test_what_is_refused(post: AskForFigures, arguments: str, selection: str, code: str, words: str) -> None:
    body = await post(f"{{ metrics({arguments}) {{ {selection} }} }}")
    (error,) = body["errors"]
    assert error["extensions"]["code"] in (code, "GRAPHQL_VALIDATION_FAILED")
    assert (body.get("data") or {"metrics": None}) == {"metrics": None}
    assert words in error["message"] + str(error["extensions"])


@pytest.mark.parametrize(
    "range_",
    ["{}", "{rolling: LAST_7D, calendar: TODAY}", "{rolling: null}", "{rolling: LAST_WEEK}"],
)
async def test_a_range_is_exactly_one_thing(post: AskForFigures, range_: str) -> None:
    body = await post(f"{{ metrics(range: {range_}) {{ totals {{ sessions {{ value }} }} }} }}")
    assert body.get("data") is None
    assert body["errors"]


async def test_an_unknown_metric_is_refused_with_a_near_name(post: AskForFigures) -> None:
    body = await post(f"{{ metrics({RANGE}) {{ totals {{ sesions {{ value }} }} }} }}")
    assert "sesions" in body["errors"][0]["message"]


async def test_one_bad_question_does_not_spoil_the_others(facts: Facts, post: AskForFigures) -> None:
    await facts.sessions(a_session())
    body = await post(
        f"{{ good: metrics({RANGE}) {{ totals {{ sessions {{ value }} }} }}"
        f" bad: metrics({RANGE}, limit: 0) {{ totals {{ sessions {{ value }} }} }} }}"
    )
    assert [error["path"] for error in body["errors"]] == [["bad"]]
    assert body["data"] == {"good": {"totals": {"sessions": {"value": 1}}}, "bad": None}


async def test_a_key_without_the_scope(facts: Facts, post: AskForFigures) -> None:
    key = await key_for(facts, scopes=frozenset({Scope.EVENTS_WRITE}))
    body = await post(f"{{ metrics({RANGE}) {{ totals {{ sessions {{ value }} }} }} }}", key=key)
    assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_limited_key_sees_its_chatbots(facts: Facts, post: AskForFigures) -> None:
    await facts.chatbot(2)
    await facts.sessions(
        *(a_session(chatbot_id=1, visitor_id=one) for one in range(6)),
        *(a_session(chatbot_id=2, visitor_id=one) for one in range(8)),
    )
    key = await key_for(facts, scopes=frozenset({Scope.METRICS_READ}), chatbot_ids=frozenset({1}))
    document = f"""{{
        all: metrics({RANGE}, groupBy: [CHATBOT]) {{ totals {{ sessions {{ value }} }} groups {{ key {{ value }} }} }}
        foreign: metrics({RANGE}, filter: {{chatbot: {{in: ["bot-2"]}}}}) {{ totals {{ sessions {{ value }} }} }}
        absent: metrics({RANGE}, filter: {{chatbot: {{in: ["bot-9"]}}}}) {{ totals {{ sessions {{ value }} }} }}
    }}"""
    data = (await post(document, key=key))["data"]
    assert data["all"] == {"totals": {"sessions": {"value": 6}}, "groups": [{"key": [{"value": "bot-1"}]}]}
    assert data["foreign"] == data["absent"]


async def test_definitions_of_everything(post: AskForFigures) -> None:
    body = await post(
        "{ metricDefinitions { metric field title definition source family tier unit precision direction additive"
        " factGrain requires { anyOf } explains companions dimensions }"
        " dimensionDefinitions { dimension field title description level values factGrains } }"
    )
    metrics: list[dict[str, Any]] = body["data"]["metricDefinitions"]
    assert [one["field"] for one in metrics] == list(METRICS)
    assert [one["field"] for one in body["data"]["dimensionDefinitions"]] == list(DIMENSIONS)
    resolution = next(one for one in metrics if one["field"] == "resolutionRate")
    assert resolution["companions"] == ["CONFIRMED_RESOLUTION_RATE", "PROVISIONAL_SHARE"]
    assert "MODEL" in resolution["dimensions"]


async def test_explain_does_no_work(facts: Facts, post: AskForFigures) -> None:
    await facts.sessions(a_session())
    body = await post(
        "{ explain(query: {metrics: [SESSIONS, RESPONSE_TIME_P95], range: {rolling: LAST_7D}}, series: true)"
        " { engine rowsEstimate plannerCost buckets legs measures statement } }"
    )
    found = body["data"]["explain"]
    assert (found["engine"], found["legs"], found["buckets"]) == ("POSTGRES", 2, 8)
    assert found["measures"] == 3
    assert "percentile_disc" in found["statement"]
