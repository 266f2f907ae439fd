"""How skewed the loaded world is, counted from its tables."""

from uuid import UUID

from persistence.engine import Database
from persistence.tenancy import reading

_QUESTIONS = {
    "sessions": "select count(*)::text from session where opened",
    "messages": "select count(*)::text from message",
    "messages a session (median, p99, most)": (
        "select concat_ws(', ', percentile_disc(0.5) within group (order by n), percentile_disc(0.99) within group"
        " (order by n), max(n)) from (select user_messages + bot_messages as n from session) as counted"
    ),
    "intents; share of the first and of the first ten": (
        "select concat_ws('; ', count(*), round(max(n) / sum(n), 3),"
        " round(sum(n) filter (where place <= 10) / sum(n), 3))"
        " from (select count(*) as n, row_number() over (order by count(*) desc) as place"
        " from session where primary_intent is not null group by primary_intent) as counted"
    ),
    "referrers": "select count(distinct referrer)::text from session",
    "chatbots; share of the busiest": (
        "select concat_ws('; ', count(*), round(max(n) / sum(n), 3))"
        " from (select count(*) as n from session group by chatbot_id) as counted"
    ),
    "sessions of the busiest visitor": (
        "select max(n)::text from (select count(*) as n from session where visitor_id is not null"
        " group by visitor_id) as counted"
    ),
    "without visitor, country, device": (
        "select concat_ws(', ', round(avg((visitor_id is null)::int), 3), round(avg((country is null)::int), 3),"
        " round(avg((device is null)::int), 3)) from session"
    ),
    "answers without confidence, without cost": (
        "select concat_ws(', ', round(avg((confidence_ppm is null)::int), 3), round(avg((cost_nano is null)::int), 3))"
        " from message where is_answer"
    ),
    "messages that came over a minute late": (
        "select round(avg((received_at_ms - occurred_at_ms > 60000)::int), 4)::text from message"
    ),
}


async def describe_skew(database: Database, workspace_id: UUID) -> list[str]:
    lines = []
    async with reading(database, workspace_id) as reader:
        for name, question in _QUESTIONS.items():
            answer = (await reader.connection.exec_driver_sql(question)).scalar_one()
            lines.append(f"{name}: {answer}")
    return lines
