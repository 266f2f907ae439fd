"""Are people using the bot?"""

from typing import Final

from domain.metrics.algebra import (
    SESSION_NUMBER,
    AsOf,
    Column,
    Compare,
    Constant,
    Count,
    Distinct,
    Known,
    Minus,
    Not,
    OneOf,
    Place,
    Plus,
    Predicate,
    Quantile,
    Ratio,
    Relation,
    Sign,
    Single,
    Sum,
    WindowStart,
    every,
)
from domain.metrics.metric import Direction, Family, Metric, Tier, Unit, needs
from domain.metrics.populations import ANSWERED_AT_ALL, CLOSED, ENGAGED, OPEN
from domain.time import DAY_MS, HOUR_MS
from domain.vocabulary import Report, Role

ACTIVE_WINDOW_MS: Final = HOUR_MS // 12

_SESSIONS: Final = Count(Relation.SESSION)
_VISITOR: Final = Column("visitor_id")
_FIRST_SEEN: Final = Column("first_seen_at_ms", Place.VISITOR)
_USER_MESSAGES: Final = Column("user_messages")
_BOT_MESSAGES: Final = Column("bot_messages")
_DURATION: Final = Minus(Column("last_activity_at_ms"), Column("started_at_ms"))


def _messages(name: str, title: str, definition: str, *roles: Role) -> Metric:
    return Metric(
        name=name,
        title=title,
        family=Family.ADOPTION,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.COUNT,
        direction=Direction.NEUTRAL,
        formula=Single(Count(Relation.MESSAGE, OneOf(Column("role"), roles))),
        definition=definition,
        source="R13 (143), R3",
        explains=("messagesPerSession",),
    )


def _return_rate(days: int) -> Metric:
    old_enough: Predicate = Compare(Minus(AsOf(), Column("started_at_ms")), Sign.AT_LEAST, Constant(days * DAY_MS))
    followed: Predicate = Compare(
        Minus(Column("next_contact_at_ms"), Column("started_at_ms")), Sign.AT_MOST, Constant(days * DAY_MS)
    )
    return Metric(
        name=f"returnRate{days}Day{'s' if days > 1 else ''}",
        title=f"Return rate within {days} days",
        family=Family.ADOPTION,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.SHARE,
        direction=Direction.HIGHER_IS_BETTER,
        formula=Ratio(
            Distinct(Relation.SESSION, _VISITOR, every(old_enough, followed)),
            Distinct(Relation.SESSION, _VISITOR, old_enough),
            proportion=True,
        ),
        definition=f"Visitors with a session in the range that was followed, within {days} days of its start, by "
        "another engaged session of theirs on the same chatbot / visitors with a session in the range. Only "
        f"sessions that started at least {days} days before asOf are judged.",
        source="item 248, R6",
        explains=("returningUsers",),
        needs=needs(Report.VISITOR),
        precision=3,
    )


ADOPTION: Final[tuple[Metric, ...]] = (
    Metric(
        name="sessions",
        title="Conversations started",
        family=Family.ADOPTION,
        tier=Tier.PRIMARY,
        unit=Unit.COUNT,
        direction=Direction.HIGHER_IS_BETTER,
        formula=Single(_SESSIONS),
        definition="Sessions that started in the range.",
        source="items 2, 246, R2, R3",
    ),
    Metric(
        name="activeSessions",
        title="Active conversations right now",
        family=Family.ADOPTION,
        tier=Tier.PRIMARY,
        unit=Unit.COUNT,
        direction=Direction.NEUTRAL,
        formula=Single(
            Count(
                Relation.MOMENT,
                every(
                    Not(Known(Column("ended_at_ms"))),
                    Compare(Minus(AsOf(), Column("last_activity_at_ms")), Sign.AT_MOST, Constant(ACTIVE_WINDOW_MS)),
                ),
            )
        ),
        definition="Sessions that have not ended and whose last message is at most 5 minutes older than asOf, "
        "whenever they started. The range does not matter.",
        source="item 3",
        companions=("openSessions",),
    ),
    Metric(
        name="openSessions",
        title="Open conversations right now",
        family=Family.ADOPTION,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.COUNT,
        direction=Direction.NEUTRAL,
        formula=Single(Count(Relation.MOMENT, OPEN)),
        definition="Sessions with outcome OPEN at asOf (not ended, idle for less than the idle timeout), whenever "
        "they started. The range does not matter.",
        source="item 3, R1 row 1",
    ),
    Metric(
        name="sessionsActive",
        title="Conversations with messages",
        family=Family.ADOPTION,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.COUNT,
        direction=Direction.NEUTRAL,
        formula=Single(Distinct(Relation.MESSAGE, SESSION_NUMBER)),
        definition="Different sessions with at least one message in the range (bucket), whenever they started. A "
        "session counts in every bucket that it has messages in, so buckets do not sum; sessions does.",
        source="item 2, R3",
        explains=("sessions",),
    ),
    Metric(
        name="engagedSessions",
        title="Engaged conversations",
        family=Family.ADOPTION,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.COUNT,
        direction=Direction.HIGHER_IS_BETTER,
        formula=Single(Count(Relation.SESSION, ENGAGED)),
        definition="Sessions started in the range with at least one user message.",
        source="item 233, R13 (144)",
        explains=("sessions",),
    ),
    Metric(
        name="engagementRate",
        title="Engagement rate",
        family=Family.ADOPTION,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.SHARE,
        direction=Direction.HIGHER_IS_BETTER,
        formula=Ratio(Count(Relation.SESSION, ENGAGED), _SESSIONS, proportion=True),
        definition="Engaged sessions / sessions.",
        source="item 233, R13 (144)",
        explains=("sessions",),
        precision=3,
    ),
    Metric(
        name="uniqueVisitors",
        title="Unique visitors",
        family=Family.ADOPTION,
        tier=Tier.PRIMARY,
        unit=Unit.COUNT,
        direction=Direction.HIGHER_IS_BETTER,
        formula=Single(Distinct(Relation.SESSION, _VISITOR)),
        definition="Different visitors with a session started in the range, counted over the whole of it; days do "
        "not sum. Sessions without a visitor are not counted.",
        source="item 7, R6",
        needs=needs(Report.VISITOR),
    ),
    Metric(
        name="uniqueUsers",
        title="Unique users",
        family=Family.ADOPTION,
        tier=Tier.PRIMARY,
        unit=Unit.COUNT,
        direction=Direction.HIGHER_IS_BETTER,
        formula=Single(Distinct(Relation.SESSION, _VISITOR, ENGAGED)),
        definition="Different visitors with at least one engaged session started in the range.",
        source="item 247, R6",
        needs=needs(Report.VISITOR),
    ),
    Metric(
        name="newVisitors",
        title="New visitors",
        family=Family.ADOPTION,
        tier=Tier.PRIMARY,
        unit=Unit.COUNT,
        direction=Direction.HIGHER_IS_BETTER,
        formula=Single(Distinct(Relation.SESSION, _VISITOR, Compare(_FIRST_SEEN, Sign.AT_LEAST, WindowStart()))),
        definition="Visitors of the range (of the bucket, in a series) whose first session ever falls into it.",
        source="item 8, R6",
        explains=("uniqueVisitors",),
        needs=needs(Report.VISITOR),
    ),
    Metric(
        name="returningUsers",
        title="Returning visitors",
        family=Family.ADOPTION,
        tier=Tier.PRIMARY,
        unit=Unit.COUNT,
        direction=Direction.HIGHER_IS_BETTER,
        formula=Single(Distinct(Relation.SESSION, _VISITOR, Compare(_FIRST_SEEN, Sign.LESS, WindowStart()))),
        definition="Visitors with a session in the range (bucket) whose first session was before its start. "
        "Buckets do not sum to the range.",
        source="items 8, 248, R6",
        explains=("uniqueVisitors",),
        companions=("returnRate7Days",),
        needs=needs(Report.VISITOR),
    ),
    _return_rate(1),
    _return_rate(7),
    _return_rate(30),
    Metric(
        name="usersServed",
        title="Users served",
        family=Family.ADOPTION,
        tier=Tier.PRIMARY,
        unit=Unit.COUNT,
        direction=Direction.HIGHER_IS_BETTER,
        formula=Single(Distinct(Relation.SESSION, _VISITOR, ANSWERED_AT_ALL)),
        definition="Different visitors with a session started in the range in which the bot answered at least once.",
        source="item 100",
        needs=needs(Report.VISITOR),
    ),
    _messages(
        "messages",
        "Messages",
        "Messages of users, the bot and agents sent in the range.",
        Role.USER,
        Role.BOT,
        Role.HUMAN,
    ),
    _messages("userMessages", "User messages", "Messages of users sent in the range.", Role.USER),
    _messages("botMessages", "Bot messages", "Messages of the bot sent in the range, greetings included.", Role.BOT),
    _messages("humanMessages", "Agent messages", "Messages of human agents sent in the range.", Role.HUMAN),
    Metric(
        name="messagesPerSession",
        title="Messages per session",
        family=Family.ADOPTION,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.NUMBER,
        direction=Direction.NEUTRAL,
        formula=Ratio(Sum(Relation.SESSION, Plus(_USER_MESSAGES, _BOT_MESSAGES)), _SESSIONS),
        definition="User and bot messages of the sessions that started in the range / those sessions.",
        source="item 5, R3",
        companions=("userMessagesPerSession",),
        precision=2,
    ),
    Metric(
        name="userMessagesPerSession",
        title="User messages per session",
        family=Family.ADOPTION,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.NUMBER,
        direction=Direction.NEUTRAL,
        formula=Ratio(Sum(Relation.SESSION, _USER_MESSAGES), _SESSIONS),
        definition="User messages of the sessions that started in the range / those sessions.",
        source="item 5, R3",
        precision=2,
    ),
    Metric(
        name="averageSessionDuration",
        title="Average session duration",
        family=Family.ADOPTION,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.SECONDS,
        direction=Direction.NEUTRAL,
        formula=Ratio(Sum(Relation.SESSION, _DURATION, CLOSED), Count(Relation.SESSION, CLOSED)),
        definition="From start to last message, over closed sessions; the idle time that closes one is not part. "
        "Open sessions are left out and told as openExcluded.",
        source="item 6",
        companions=("openExcluded",),
        divisor=1_000,
        precision=1,
    ),
    Metric(
        name="medianSessionDuration",
        title="Median session duration",
        family=Family.ADOPTION,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.SECONDS,
        direction=Direction.NEUTRAL,
        formula=Single(Quantile(Relation.SESSION, _DURATION, 50, CLOSED), Count(Relation.SESSION, CLOSED)),
        definition="Nearest-rank median from start to last message, over closed sessions.",
        source="item 6, R10",
        companions=("openExcluded",),
        divisor=1_000,
        precision=1,
    ),
    Metric(
        name="openExcluded",
        title="Open sessions left out",
        family=Family.ADOPTION,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.COUNT,
        direction=Direction.NEUTRAL,
        formula=Single(Count(Relation.SESSION, OPEN)),
        definition="Sessions started in the range that are still open at asOf; durations and rates leave them out.",
        source="item 6, R1 row 1",
        explains=("averageSessionDuration", "medianSessionDuration"),
    ),
)
