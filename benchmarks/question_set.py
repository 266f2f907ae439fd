"""The questions that the engine is measured by, each beside the same question as hand-written SQL on the raw tables."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_SERIES: Final = (
    "sessions { values } uniqueVisitors { values } messages { values } averageResponseTime { values } "
    "fallbackRate { values } resolutionRate { values }"
)
_YEAR: Final = "range: {rolling: LAST_12M}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`goal_ms`: median over HTTP at a million sessions, one at a time. `raw`: takes from and to in ms as $1 and $2,
    of a range of `days`."""

    name: str
    what: str
    document: str
    goal_ms: int
    raw: str | None = None
    days: int = 365
    times_raw: int | None = None
    """At least so many times quicker than `raw`."""


QUESTIONS: Final = (
    Question(
        name="Q1",
        what="headline KPIs, 30 days",
        document="{ metrics(range: {rolling: LAST_30D}) { totals { sessions { value } uniqueVisitors { value } "
        "resolutionRate { value } escalationRate { value } customerSatisfaction { value } responseTimeP95 { value } "
        "costPerResolvedConversation { value } messagesPerSession { value } } } }",
        goal_ms=12,
        days=30,
        times_raw=15,
        raw="""
with m as (
    select m.session_id, count(*) filter (where role = 1) as users, count(*) as messages, sum(cost_nano) as cost
    from message m join session s using (workspace_id, month, session_id)
    where s.started_at_ms >= $1 and s.started_at_ms < $2 group by 1
), p as (
    select percentile_disc(0.95) within group (order by response_ms) as p95 from message
    where occurred_at_ms >= $1 and occurred_at_ms < $2 and response_ms is not null
), f as (
    select count(*) filter (where score >= 4) as happy, count(*) as rated from feedback
    where occurred_at_ms >= $1 and occurred_at_ms < $2 and instrument = 2 and not superseded
)
select count(*), count(distinct s.visitor_id), count(*) filter (where s.outcome_basis = 8), sum(m.messages),
    sum(m.cost), (select p95 from p), (select happy from f), (select rated from f)
from session s left join m using (session_id)
where s.started_at_ms >= $1 and s.started_at_ms < $2 and s.source = 1 and not s.is_bot and s.opened""",
    ),
    Question(
        name="Q2",
        what="12 months daily x 6 metrics",
        document=f"{{ metrics({_YEAR}, grain: DAY) {{ series {{ {_SERIES} }} }} }}",
        goal_ms=50,
        times_raw=15,
        raw="""
select date_trunc('day', to_timestamp(m.occurred_at_ms / 1000.0), 'UTC'), count(distinct m.session_id),
    count(distinct s.visitor_id), count(*), avg(m.response_ms),
    count(*) filter (where m.fallback)::float / nullif(count(*) filter (where m.fallback is not null), 0),
    count(distinct m.session_id) filter (where s.outcome_basis = 8)
from message m join session s using (workspace_id, month, session_id)
where m.occurred_at_ms >= $1 and m.occurred_at_ms < $2 and s.source = 1 and not s.is_bot group by 1""",
    ),
    Question(
        name="Q3",
        what="by country, top 20 and OTHER",
        document=f"{{ metrics({_YEAR}, groupBy: [COUNTRY], limit: 20) {{ groups {{ key {{ label }} metrics {{ "
        "sessions { value } uniqueVisitors { value } resolutionRate { value } messagesPerSession { value } } } } }",
        goal_ms=50,
        times_raw=15,
        raw="""
select s.country, count(distinct m.session_id), count(distinct s.visitor_id),
    count(distinct m.session_id) filter (where s.outcome_basis = 8), count(*)
from message m join session s using (workspace_id, month, session_id)
where s.started_at_ms >= $1 and s.started_at_ms < $2 and s.source = 1 and not s.is_bot
group by 1 order by 2 desc limit 21""",
    ),
    Question(
        name="Q4",
        what="hour-of-week heatmap, 90 days",
        document="{ heatmap(range: {rolling: LAST_90D}) { cells { occurrences } metrics { sessions { values "
        "perOccurrence peak { index level } } } } }",
        goal_ms=12,
        days=90,
        raw="""
select extract(isodow from at), extract(hour from at), count(*) from (
    select min(to_timestamp(m.occurred_at_ms / 1000.0) at time zone 'UTC') as at
    from message m join session s using (workspace_id, month, session_id)
    where s.started_at_ms >= $1 and s.started_at_ms < $2 and s.source = 1 and not s.is_bot group by m.session_id) x
group by 1, 2""",
    ),
    Question(
        name="Q5",
        what="channel x intent, 3 bots, mobile",
        document=f"{{ metrics({_YEAR}, groupBy: [CHANNEL, PRIMARY_INTENT], limit: 50, filter: {{chatbot: {{in: "
        '["bot-01", "bot-02", "bot-03"]}, device: {in: [MOBILE]}}) { groups { key { label } metrics { '
        "sessions { value } resolutionRate { value } } } } }",
        goal_ms=12,
        times_raw=15,
        raw="""
select s.channel, s.primary_intent, count(distinct m.session_id),
    count(distinct m.session_id) filter (where s.outcome_basis = 8)
from message m join session s using (workspace_id, month, session_id)
where s.started_at_ms >= $1 and s.started_at_ms < $2 and s.source = 1 and not s.is_bot and s.device = 2
    and s.chatbot_id in (1, 2, 3)
group by 1, 2 order by 3 desc limit 50""",
    ),
    Question(
        name="Q6",
        what="unique, new, returning by month",
        document=f'{{ metrics({_YEAR}, grain: MONTH, newTo: CHATBOT, filter: {{chatbot: {{in: ["bot-01"]}}}}) '
        "{ series { uniqueVisitors { values } newVisitors { values } returningUsers { values } } } }",
        goal_ms=12,
        raw="""
select date_trunc('month', to_timestamp(s.started_at_ms / 1000.0), 'UTC'), count(distinct s.visitor_id),
    count(distinct s.visitor_id) filter (where v.first_seen_at_ms >= extract(epoch from
        date_trunc('month', to_timestamp(s.started_at_ms / 1000.0), 'UTC')) * 1000)
from session s left join visitor_chatbot v using (workspace_id, visitor_id, chatbot_id)
where s.started_at_ms >= $1 and s.started_at_ms < $2 and s.source = 1 and not s.is_bot and s.chatbot_id = 1
group by 1""",
    ),
    Question(
        name="Q7",
        what="p50, p95, p99 by model and week",
        document=f"{{ metrics({_YEAR}, grain: WEEK, groupBy: [MODEL], limit: 8) {{ groups {{ key {{ label }} series "
        "{ responseTimeP50 { values } responseTimeP95 { values } responseTimeP99 { values } } } } }",
        goal_ms=50,
        raw="""
select m.model, date_trunc('week', to_timestamp(m.occurred_at_ms / 1000.0), 'UTC'),
    percentile_disc(array[0.5, 0.95, 0.99]) within group (order by m.response_ms)
from message m join session s using (workspace_id, month, session_id)
where m.occurred_at_ms >= $1 and m.occurred_at_ms < $2 and s.source = 1 and not s.is_bot and m.is_answer
    and m.response_ms is not null
group by 1, 2""",
    ),
    Question(
        name="Q8",
        what="page of 50 sessions, filtered",
        document='{ sessions(first: 50, filter: {engagedOnly: true, startedBefore: "%(day90)sT00:00:00Z"}) '
        "{ edges { cursor node { id startedAt } } pageInfo { hasNextPage endCursor } } }",
        goal_ms=12,
    ),
    Question(
        name="Q9",
        what="top 20 intents asked, 90 days",
        document="{ metrics(range: {dates: {first: \"%(day90)s\", last: \"%(today)s\"}}, groupBy: [INTENT], limit: 20) "
        "{ groups { key { label } metrics { sessions { value } } } } }",
        goal_ms=50,
        days=90,
        raw="""
select m.intent, count(distinct m.session_id) from message m join session s using (workspace_id, month, session_id)
where s.started_at_ms >= $1 and s.started_at_ms < $2 and s.source = 1 and not s.is_bot and m.role = 1
group by 1 order by 2 desc limit 21""",
    ),
    Question(
        name="Q11",
        what="executive view as one document",
        document="{ now: metrics(range: {calendar: THIS_MONTH}, compare: PREVIOUS_PERIOD) { totals { usersServed "
        "{ value previous changeRatio } sessions { value previous changeRatio } resolutionRate { value previous } "
        "escalationRate { value previous } satisfaction { value previous } costPerConversation { value previous } "
        "costPerResolvedConversation { value previous } leads { value previous } } } "
        "year: metrics(range: {rolling: LAST_30D}, compare: SAME_PERIOD_LAST_YEAR) { totals { sessions { value "
        "changeRatio } uniqueVisitors { value changeRatio } } } "
        "plans: metrics(range: {rolling: LAST_30D}, groupBy: [PLAN]) { groups { key { label } metrics { sessions "
        "{ value } resolutionRate { value } containmentRate { value } customerSatisfaction { value } } } } "
        "trend: metrics(range: {rolling: LAST_30D}, grain: DAY) { series { sessions { values } resolutionRate "
        "{ values } } } }",
        goal_ms=60,
    ),
    Question(
        name="Q12",
        what="Q2 in Asia/Kathmandu",
        document=f'{{ metrics({_YEAR}, grain: DAY, timeZone: "Asia/Kathmandu") {{ series {{ {_SERIES} }} }} }}',
        goal_ms=50,
        raw="""
select date_trunc('day', to_timestamp(m.occurred_at_ms / 1000.0), 'Asia/Kathmandu'), count(distinct m.session_id),
    count(distinct s.visitor_id), count(*), avg(m.response_ms),
    count(*) filter (where m.fallback)::float / nullif(count(*) filter (where m.fallback is not null), 0)
from message m join session s using (workspace_id, month, session_id)
where m.occurred_at_ms >= $1 and m.occurred_at_ms < $2 and s.source = 1 and not s.is_bot group by 1""",
    ),
)

SLICE_GOAL_MS: Final = 50
_DIMENSIONS: Final = (
    *("CHATBOT", "CHANNEL", "COUNTRY", "DEVICE", "LANGUAGE"),
    *("PRIMARY_INTENT", "PLAN", "BROWSER", "OUTCOME"),
)
_FILTERS: Final = (
    "device: {in: [MOBILE]}",
    "device: {isUnknown: false}",
    "channel: {in: [WEBSITE, WHATSAPP]}",
    "channel: {notIn: [VOICE]}",
    'chatbot: {in: ["bot-01", "bot-04", "bot-07"]}',
    "country: {isUnknown: false}",
)
_METRICS: Final = (
    *("sessions", "uniqueVisitors", "resolutionRate"),
    *("escalationRate", "messagesPerSession", "conversionRate"),
)


def random_slices(count: int = 20, seed: int = 10) -> Iterator[Question]:
    """Q10: two or three dimensions and two filters that nobody could have prepared for."""
    dice = random.Random(seed)
    for number in range(count):
        dimensions = ", ".join(dice.sample(_DIMENSIONS, dice.choice((2, 3))))
        filters = ", ".join({one.partition(":")[0]: one for one in dice.sample(_FILTERS, 2)}.values())
        metrics = " ".join(f"{name} {{ value }}" for name in dice.sample(_METRICS, 3))
        yield Question(
            name=f"Q10.{number + 1}",
            what=dimensions.lower(),
            document=f"{{ metrics({_YEAR}, groupBy: [{dimensions}], filter: {{{filters}}}, limit: 20) "
            f"{{ groups {{ key {{ label }} metrics {{ {metrics} }} }} }} }}",
            goal_ms=SLICE_GOAL_MS,
        )
