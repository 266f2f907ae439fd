"""Which session does each event belong to? From the wire events alone, all at once (R2, R32.8, R32.9)."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.identifiers import event_key
from tests.naive.world import World

Wire = dict[str, Any]

OPENING = ("message", "session_started")


@dataclass(frozen=True)
class Told:
    """A wire event with its place in time."""

    at_ms: int
    key: str
    event: Wire

    @property
    def order(self) -> tuple[int, str]:
        return self.at_ms, self.key

    @property
    def kind(self) -> str:
        return str(self.event["type"])

    def get(self, name: str) -> Any:
        return self.event.get(name)


@dataclass
class Episode:
    """One session: `name` is its sessionId, or its thread."""

    chatbot: str
    name: str
    thread: str | None
    events: list[Told] = field(default_factory=list)

    @property
    def activity(self) -> list[Told]:
        return [told for told in self.events if told.kind in OPENING]

    @property
    def start_ms(self) -> int:
        return min(told.at_ms for told in self.activity)

    @property
    def last_ms(self) -> int:
        return max(told.at_ms for told in self.activity)


def milliseconds(text: str) -> int:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * 1000 + moment.microsecond // 1000


def tell(events: list[Wire]) -> list[Told]:
    """Each event id once, the first arrival counting, in order of time and id."""
    seen: dict[str, Told] = {}
    for event in events:
        key = event_key(event["eventId"])
        seen.setdefault(key, Told(milliseconds(event["occurredAt"]), key, event))
    return sorted(seen.values(), key=lambda told: told.order)


def place(events: list[Wire], world: World) -> tuple[list[Episode], list[Told]]:
    """All sessions that anything opened, and the events that belong to none."""
    told = tell(events)
    episodes = _named(told) + _cut(told, world)
    places = Places(episodes, [one for one in told if one.kind == "identify"], world)
    loose: list[Told] = []
    for one in told:
        if one.kind in (*OPENING, "session_ended"):
            continue
        home = places.home(one)
        if home is None:
            loose.append(one)
        else:
            home.events.append(one)
    for episode in episodes:
        episode.events.sort(key=lambda told: told.order)
    return episodes, loose


def _named(told: list[Told]) -> list[Episode]:
    by_name: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for one in told:
        if one.get("sessionId") and one.kind in (*OPENING, "session_ended"):
            by_name[one.get("chatbotId"), one.get("sessionId")].append(one)
    return [
        Episode(chatbot, name, None, mine)
        for (chatbot, name), mine in by_name.items()
        if any(one.kind in OPENING for one in mine)
    ]


def _cut(told: list[Told], world: World) -> list[Episode]:
    by_thread: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for one in told:
        if one.get("threadId") and one.kind in (*OPENING, "session_ended"):
            by_thread[one.get("chatbotId"), one.get("threadId")].append(one)
    return [
        episode for (chatbot, thread), mine in by_thread.items() for episode in _cut_one(chatbot, thread, mine, world)
    ]


def _cut_one(chatbot: str, thread: str, mine: list[Told], world: World) -> list[Episode]:
    found: list[Episode] = []
    for index, one in enumerate(mine):
        before = mine[index - 1] if index else None
        if one.kind == "session_ended":
            if found:
                found[-1].events.append(one)
            continue
        if not found or before is None or before.kind == "session_ended" or _gap(chatbot, before, one, world):
            found.append(Episode(chatbot, thread, thread))
        found[-1].events.append(one)
    return found


def _gap(chatbot: str, before: Told, one: Told, world: World) -> bool:
    return one.at_ms - before.at_ms >= world.at(chatbot, before.at_ms).idle_timeout_ms


def message_name(told: Told) -> str:
    return str(told.get("messageId") or told.get("eventId"))


class Places:
    """Where what opens no session belongs: to the message it names, else as it says, else by time (R32.9)."""

    def __init__(self, episodes: list[Episode], identifies: list[Told], world: World) -> None:
        self.of_message: dict[tuple[str, str], Episode] = {}
        self.of_session: dict[tuple[str, str], Episode] = {}
        self.of_thread: dict[tuple[str, str], list[Episode]] = defaultdict(list)
        self.of_visitor: dict[tuple[str, str], list[Episode]] = defaultdict(list)
        for episode in episodes:
            for one in episode.events:
                if one.kind == "message":
                    self.of_message[episode.chatbot, message_name(one)] = episode
            if episode.thread is None:
                self.of_session[episode.chatbot, episode.name] = episode
            else:
                self.of_thread[episode.chatbot, episode.thread].append(episode)
            for visitor in visitors_of(episode, identifies, world):
                self.of_visitor[episode.chatbot, visitor].append(episode)

    def home(self, one: Told) -> Episode | None:
        chatbot = one.get("chatbotId")
        named = self.of_message.get((chatbot, one.get("messageId") or ""))
        if named is not None:
            return named
        if one.get("sessionId"):
            return self.of_session.get((chatbot, one.get("sessionId")))
        if one.get("threadId"):
            return at_time(self.of_thread[chatbot, one.get("threadId")], one.at_ms)
        if one.get("visitorId") and one.kind != "identify":
            return at_time(self.of_visitor[chatbot, one.get("visitorId")], one.at_ms)
        return None


def at_time(episodes: list[Episode], at_ms: int) -> Episode | None:
    """The session that contains the moment, the latest begun of several; else the last active one before it."""
    containing = [found for found in episodes if found.start_ms <= at_ms <= found.last_ms]
    if containing:
        return max(containing, key=lambda found: (found.start_ms, found.last_ms, found.name))
    preceding = [found for found in episodes if found.last_ms < at_ms]
    return max(preceding, key=lambda found: (found.last_ms, found.start_ms, found.name), default=None)


def close_ms(episode: Episode, world: World) -> int:
    """When an end event that stands, or else idleness, closed it."""
    end = standing_end(episode)
    if end is not None:
        return end.at_ms
    return episode.last_ms + world.at(episode.chatbot, episode.last_ms).idle_timeout_ms


def standing_end(episode: Episode) -> Told | None:
    """The last end event, unless something opened the session again after it."""
    ends = [one for one in episode.events if one.kind == "session_ended"]
    last_activity = max(one.order for one in episode.activity)
    return ends[-1] if ends and ends[-1].order > last_activity else None


def stamps(episode: Episode, identifies: list[Told], world: World) -> list[Told]:
    """The identifies that re-stamp the session, in order."""
    own = own_visitor(episode)
    reached: list[Told] = []
    for one in identifies:
        current = {own, reached[-1].get("userId")} if reached else {own}
        in_time = one.get("relink") or one.at_ms < close_ms(episode, world)
        if own is not None and one.get("visitorId") in current and in_time:
            reached.append(one)
    return reached


def visitors_of(episode: Episode, identifies: list[Told], world: World) -> set[str]:
    own, reached = own_visitor(episode), stamps(episode, identifies, world)
    return {str(name) for name in (own, reached[-1].get("userId") if reached else None) if name is not None}


def own_visitor(episode: Episode) -> str | None:
    return next((str(one.get("visitorId")) for one in episode.activity if one.get("visitorId")), None)
