"""What every question of a workspace stands on, in one round trip: its settings, chatbots, exchange rates, and how far
its facts have grown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from msgspec import json

from domain.problems import NotFound, Refused
from domain.queries.scope import KnownChatbot
from domain.vocabulary import Report
from persistence.engine import Growth, driver_of
from persistence.tenancy import Reader

KnownRates = Mapping[str, tuple[tuple[int, Fraction], ...]]


@dataclass(frozen=True, slots=True)
class Ground:
    """`chatbots`: all of them. `rates`: into the reporting currency, empty if they were not asked for. `snapshot`: the
    name of what the reader sees."""

    time_zone: str
    week_start: int
    currency: str
    instrument: int | None
    growth: Growth
    snapshot: str
    chatbots: tuple[KnownChatbot, ...]
    rates: KnownRates


async def ground_of(reader: Reader, *, with_rates: bool = False) -> Ground:
    """Read once in a snapshot. Refused where there is no such workspace."""
    known = reader.remembered if reader.remembered is not None else {}
    found: Ground | None = known.get((Ground, True)) or known.get((Ground, with_rates))
    if found is None:
        found = known[(Ground, with_rates)] = await _read(reader, with_rates)
    return found


async def _read(reader: Reader, with_rates: bool) -> Ground:
    driver = await driver_of(reader.connection)
    row = await driver.fetchrow(_GROUND, reader.workspace_id, with_rates)
    if row is None:
        raise Refused(NotFound.of("workspace"))
    return Ground(
        row["time_zone"],
        row["week_start"],
        row["reporting_currency"],
        row["primary_instrument"],
        Growth(row["ingest_generation"], row["next_session_id"]),
        row["snapshot"],
        tuple(_chatbot(*told) for told in json.decode(row["chatbots"])),
        _rates(json.decode(row["rates"])),
    )


def _chatbot(number: int, slug: str, name: str, reports: Sequence[int], has_list: bool) -> KnownChatbot:
    """A list of fallback phrases tells of fallbacks as well as the bot's own flags do (R9)."""
    told = frozenset(Report) & frozenset(reports)
    return KnownChatbot(number, slug, name, told | {Report.FALLBACK} if has_list else told)


def _rates(rows: Sequence[Any]) -> KnownRates:
    found: dict[str, list[tuple[int, Fraction]]] = {}
    for base, day, rate in rows:
        found.setdefault(base, []).append((day, Fraction(rate)))
    return {base: tuple(rates) for base, rates in found.items()}


_GROUND: Final = """
select w.time_zone, w.week_start, w.reporting_currency, w.primary_instrument,
    coalesce(c.ingest_generation, 0) as ingest_generation, coalesce(c.next_session_id, 0) as next_session_id,
    pg_current_snapshot()::text as snapshot,
    (select coalesce(json_agg(json_build_array(b.chatbot_id, b.slug, b.name,
            b.declared_reports || b.observed_reports, exists (
                select from chatbot_setting s where s.workspace_id = b.workspace_id
                    and s.chatbot_id = b.chatbot_id and s.fallback_version > 0)) order by b.chatbot_id), '[]')::text
        from chatbot b where b.workspace_id = w.workspace_id) as chatbots,
    (select coalesce(json_agg(json_build_array(r.base_currency, r.effective_day, r.rate::text)
            order by r.base_currency, r.effective_day), '[]')::text
        from exchange_rate r
        where $2 and r.workspace_id = w.workspace_id and r.quote_currency = w.reporting_currency) as rates
from workspace w left join workspace_counter c on c.workspace_id = w.workspace_id
where w.workspace_id = $1
"""
