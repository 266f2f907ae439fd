"""What a question needs to know of its workspace before it can be planned and after it was computed."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from domain.metrics.metric import Needs
from domain.queries.filters import Codes, Filter, may_hold
from domain.time import Zone
from domain.vocabulary import Instrument, Report


@dataclass(frozen=True, slots=True)
class KnownChatbot:
    chatbot_id: int
    slug: str
    name: str
    reports: frozenset[Report]


@dataclass(frozen=True, slots=True)
class Rates:
    """Effective-dated rates into the reporting currency: per currency ascending (day, rate)."""

    currency: str
    known: Mapping[str, tuple[tuple[int, Fraction], ...]]

    def at(self, currency: str, day: int) -> Fraction | None:
        if currency == self.currency:
            return Fraction(1)
        found: Fraction | None = None
        for effective_day, rate in self.known.get(currency, ()):
            if effective_day > day:
                break
            found = rate
        return found


@dataclass(frozen=True, slots=True)
class Awaited:
    """Sessions of a chatbot, None = of any, of which something is still told behind ingest: the first one's start, and
    the last moment of any."""

    chatbot_id: int | None
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class Scope:
    """`chatbots`: those that the asker may see. `instrument`: what `satisfaction` goes by (R11). `money_zone`: whose
    days amounts fall on (R32.15); None where that is the question's zone too. `awaited`: only where it matters."""

    zone: Zone
    rates: Rates
    chatbots: tuple[KnownChatbot, ...]
    codes: Codes
    instrument: Instrument = Instrument.RATING_1_5
    money_zone: Zone | None = None
    awaited: tuple[Awaited, ...] = ()

    def chatbots_in(self, tree: Filter) -> tuple[KnownChatbot, ...]:
        """Those whose facts the filter can let through."""
        return tuple(chatbot for chatbot in self.chatbots if may_hold(tree, chatbot.slug) is not False)


def reports_all(chatbot: KnownChatbot, needs: Needs) -> bool:
    return all(chatbot.reports & kinds for kinds in needs)
