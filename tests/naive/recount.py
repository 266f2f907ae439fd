"""The second implementation: sessions with all their figures, from nothing but wire events, without any fold.

Slow and plain on purpose. It shares no code with the product beyond the hashing of ids, and is the oracle of the
property tests.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.naive.answers import NaiveAnswer, answers, questions
from tests.naive.figures import (
    answer_figures,
    context,
    costs,
    counts,
    end_figures,
    feedback_figures,
    handoff_figures,
    primary_intent,
    run_figures,
)
from tests.naive.outcomes import is_engaged, outcome
from tests.naive.placing import Episode, Told, Wire, own_visitor, place, stamps, tell
from tests.naive.world import World


@dataclass
class NaiveSession:
    chatbot: str
    name: str
    start_ms: int
    last_ms: int
    visitor: str | None
    own_visitor: str | None
    answers: list[NaiveAnswer]
    figures: dict[str, Any]
    costs: dict[tuple[str, int], int]
    runs: dict[tuple[str, str], tuple[int, str | None, int | None, str, int | None]]
    questions: dict[int, tuple[int, int, int]]
    context: dict[str, Any]
    episode: Episode = field(repr=False)
    world: World = field(repr=False)
    next_contact_ms: int | None = None

    def outcome(self, as_of_ms: int) -> str:
        return outcome(self.episode, self.answers, self.next_contact_ms, as_of_ms, self.world)

    @property
    def counts_as_contact(self) -> bool:
        return is_engaged(self.episode) and self.context["source"] == "LIVE" and not self.context["isBot"]


def recount(events: Iterable[Wire], world: World | None = None) -> list[NaiveSession]:
    """All sessions, by chatbot, name and start."""
    world = world or World()
    known = list(events)
    episodes, _ = place(known, world)
    identifies = [one for one in tell(known) if one.kind == "identify"]
    sessions = [_recount_one(episode, identifies, world) for episode in episodes]
    by_visitor: dict[tuple[str, str | None], list[NaiveSession]] = defaultdict(list)
    for session in sessions:
        by_visitor[session.chatbot, session.visitor].append(session)
    for session in sessions:
        if session.visitor is not None:
            session.next_contact_ms = _next_contact(session, by_visitor[session.chatbot, session.visitor])
    return sorted(sessions, key=lambda session: (session.chatbot, session.name, session.start_ms))


def _recount_one(episode: Episode, identifies: list[Told], world: World) -> NaiveSession:
    found = answers(episode, world)
    reached = stamps(episode, identifies, world)
    own = own_visitor(episode)
    told = context(episode)
    for name in ("userType", "authenticated"):
        fills = [one.get(name) for one in reached if one.get(name) is not None]
        if told[name] is None and fills:
            told[name] = fills[0]
    return NaiveSession(
        chatbot=episode.chatbot,
        name=episode.name,
        start_ms=episode.start_ms,
        last_ms=episode.last_ms,
        visitor=reached[-1].get("userId") if reached else own,
        own_visitor=own,
        answers=found,
        figures={
            **counts(episode),
            **answer_figures(found),
            **feedback_figures(episode),
            **handoff_figures(episode),
            **end_figures(episode),
            "primary_intent": primary_intent(episode),
        },
        costs=costs(found, world),
        runs=run_figures(episode),
        questions=questions(episode, found),
        context=told,
        episode=episode,
        world=world,
    )


def _next_contact(session: NaiveSession, mine: list[NaiveSession]) -> int | None:
    later = [other.start_ms for other in mine if other.start_ms > session.start_ms and other.counts_as_contact]
    return min(later, default=None)
