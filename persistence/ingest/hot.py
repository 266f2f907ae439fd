"""Sessions that this process wrote last, kept with their facts so that the next batch need not read them.

Every append raises the workspace's `ingest_generation`. What is kept here is true only if nobody else raised it
since; whoever else writes session facts must raise it too. A place that a transaction takes out comes back when that
transaction has committed, never before.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from persistence.ingest.state import Place, standing_of

MOST_SESSIONS: Final = 20_000
MOST_WORKSPACES: Final = 200

Reference = tuple[int, str]
"""Chatbot and the session's outward name."""


class HotSessions:
    """Of one workspace."""

    __slots__ = ("_begun", "_by_ref", "_kept", "_places")

    def __init__(self) -> None:
        self._begun = self._kept = -1
        self._places: OrderedDict[int, Place] = OrderedDict()
        self._by_ref: dict[Reference, int] = {}

    def follow(self, generation: int) -> None:
        """At the start of a transaction, with the generation that it wrote."""
        self._begun = generation
        if generation != self._kept + 1:
            self._places.clear()
            self._by_ref.clear()

    def take_by_ref(self, reference: Reference) -> Place | None:
        session_id = self._by_ref.get(reference)
        return None if session_id is None else self.take(session_id)

    def take(self, session_id: int) -> Place | None:
        place = self._places.pop(session_id, None)
        if place is not None:
            del self._by_ref[place.fact.chatbot_id, place.fact.session_ref]
            place.before = standing_of(place.fact)
        return place

    def keep(self, generation: int, places: Iterable[Place]) -> None:
        """After the commit of the transaction of that generation. The next one may have begun already and changed
        what stands here: then nothing of it is kept."""
        if generation != self._begun:
            return
        self._kept = generation
        for place in places:
            fact = place.fact
            if place.stored and fact.merged_into is None:
                self._places[fact.session_id] = place
                self._by_ref[fact.chatbot_id, fact.session_ref] = fact.session_id
        while len(self._places) > MOST_SESSIONS:
            _, dropped = self._places.popitem(last=False)
            del self._by_ref[dropped.fact.chatbot_id, dropped.fact.session_ref]


_hot: Final[OrderedDict[tuple[str, UUID], HotSessions]] = OrderedDict()


def hot_sessions(database_url: str, workspace_id: UUID) -> HotSessions:
    key = (database_url, workspace_id)
    found = _hot.setdefault(key, HotSessions())
    _hot.move_to_end(key)
    if len(_hot) > MOST_WORKSPACES:
        _hot.popitem(last=False)
    return found
