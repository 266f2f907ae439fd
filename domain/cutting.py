"""Where does one session of a thread end and the next begin (R2, R32.8)? Pure: a function of the thread's events."""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter

from msgspec import Struct


class Mark(Struct, frozen=True, gc=False):
    """A message or start of a thread, or an end event, with the session it lies in so far."""

    at_ms: int
    event_id: str
    ends: bool = False
    session_id: int | None = None


class Segment(Struct, gc=False):
    """One session of the thread. `session_id` None asks for a new one."""

    session_id: int | None
    marks: list[Mark]

    @property
    def started_at_ms(self) -> int:
        return self.marks[0].at_ms

    @property
    def last_activity_at_ms(self) -> int:
        return max(mark.at_ms for mark in self.marks if not mark.ends)


class Cut(Struct, gc=False):
    segments: list[Segment]
    merged: dict[int, int | None]
    """Sessions that are no more, and the one each merged into; None where that is a session still to be made."""
    loose: list[Mark]
    """End events before the thread's first message: they belong to no session yet."""


class Span(Struct, frozen=True, gc=False):
    """When a session was active, for attaching what goes by time. `name` (its reference) decides between equals, as
    ids depend on the order of arrival."""

    session_id: int
    started_at_ms: int
    last_activity_at_ms: int
    name: str = ""


def cut_thread(marks: Iterable[Mark], idle_timeout_ms_at: Callable[[int], int]) -> Cut:
    """Cuts before the first message at least an idle timeout after the previous one, or after an end event. The
    timeout in force at the earlier message decides.

    A window of a thread may be cut alone: from the last session begun before the moment of its first new mark to the
    first session begun after that of the last, both included whole.
    """
    loose: list[Mark] = []
    parts: list[list[Mark]] = []
    previous_ms: int | None = None  # None: the next message starts a session
    for mark in sorted(marks, key=attrgetter("at_ms", "event_id")):
        if mark.ends:
            (parts[-1] if parts else loose).append(mark)
            previous_ms = None
            continue
        if previous_ms is None or mark.at_ms - previous_ms >= idle_timeout_ms_at(previous_ms):
            parts.append([])
        parts[-1].append(mark)
        previous_ms = mark.at_ms
    return _named(parts, loose)


def _named(parts: Sequence[list[Mark]], loose: list[Mark]) -> Cut:
    """Each segment keeps the id of its earliest message that no earlier segment kept."""
    taken: set[int] = set()
    segments: list[Segment] = []
    for marks in parts:
        known = (mark.session_id for mark in marks if not mark.ends)
        session_id = next((other for other in known if other is not None and other not in taken), None)
        if session_id is not None:
            taken.add(session_id)
        segments.append(Segment(session_id, marks))
    merged: dict[int, int | None] = {}
    for segment in segments:
        for mark in segment.marks:
            if mark.session_id is not None and mark.session_id not in taken:
                merged.setdefault(mark.session_id, segment.session_id)
    return Cut(segments, merged, loose)


def cut_reference(thread_ref: str, session_id: int) -> str:
    """The outward name of a session that was cut out of a thread."""
    return f"{thread_ref}@{session_id}"


def session_at(spans: Iterable[Span], at_ms: int) -> int | None:
    """The session that contains the moment, the last started of several; else the one last active before it."""
    begun = [span for span in spans if span.started_at_ms <= at_ms]
    within = [span for span in begun if at_ms <= span.last_activity_at_ms]
    if within:
        return max(within, key=_last_begun).session_id
    if begun:
        return max(begun, key=_last_active).session_id
    return None


_last_begun = attrgetter("started_at_ms", "last_activity_at_ms", "name", "session_id")
_last_active = attrgetter("last_activity_at_ms", "started_at_ms", "name", "session_id")
