"""A scope and a range to plan with where no database is asked."""

from fractions import Fraction

from domain.queries.filters import Codes
from domain.queries.scope import KnownChatbot, Rates, Scope
from domain.time import Moments, Zone
from domain.vocabulary import LabelKind, Report
from tests.persistence.metrics.facts import DAY_MS, NOON_MS

DAYS = Moments(NOON_MS - 3 * DAY_MS, NOON_MS)

SCOPE = Scope(
    zone=Zone("Europe/Berlin"),
    rates=Rates("USD", {"EUR": ((0, Fraction("1.1")),)}),
    chatbots=(
        KnownChatbot(1, "bot-1", "Bot 1", frozenset(Report)),
        KnownChatbot(2, "bot-2", "Bot 2", frozenset(Report)),
    ),
    codes=Codes(
        chatbots={"bot-1": 1, "bot-2": 2},
        labels={(LabelKind.COUNTRY, "DE"): 11, (LabelKind.MODEL, "small"): 12, (LabelKind.INTENT, "order"): 13},
    ),
)
