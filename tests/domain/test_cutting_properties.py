"""Cutting a thread as its events arrive equals cutting it whole, and a window is enough (R2)."""

from itertools import count, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.cutting import Cut, Mark, cut_thread

IDLE_MS = 30
MARKS = st.lists(
    st.tuples(st.integers(0, 200), st.sampled_from([False, False, False, True])), min_size=1, max_size=14
).map(lambda drawn: [Mark(at_ms, f"{number:02}", ends) for number, (at_ms, ends) in enumerate(drawn)])


def cut(marks: list[Mark]) -> Cut:
    return cut_thread(marks, lambda _: IDLE_MS)


def named(marks: list[Mark], ids: "count[int]") -> tuple[list[Mark], dict[int, int]]:
    """The marks with the ids of their sessions, new ones numbered; and what merged into what."""
    found = cut(marks)
    kept = list(found.loose)
    for segment in found.segments:
        segment.session_id = segment.session_id or next(ids)
        kept += [replace(mark, session_id=segment.session_id) for mark in segment.marks]
    merged = {old: new for old, new in found.merged.items() if new is not None}
    return kept, merged


def arrived(batches: list[list[Mark]]) -> tuple[list[Mark], dict[int, int]]:
    ids = count(1)
    held: list[Mark] = []
    merged: dict[int, int] = {}
    for batch in batches:
        held, joined = named(held + batch, ids)
        merged |= joined
    return held, merged


def sessions(marks: list[Mark]) -> set[frozenset[str]]:
    found = {mark.session_id for mark in marks if mark.session_id is not None}
    return {frozenset(mark.event_id for mark in marks if mark.session_id == one) for one in found}


@st.composite
def arrivals(draw: st.DrawFn) -> list[list[Mark]]:
    marks = draw(st.permutations(draw(MARKS)))
    cuts = [0, *sorted(draw(st.sets(st.integers(1, 13), max_size=6))), 99]
    return [marks[start:end] for start, end in pairwise(cuts) if marks[start:end]]


@settings(max_examples=300)
@given(arrivals())
def test_any_arrival_gives_the_sessions_of_the_whole(batches: list[list[Mark]]) -> None:
    held, _ = arrived(batches)
    whole, _ = arrived([[mark for batch in batches for mark in batch]])

    assert sessions(held) == sessions(whole)


@settings(max_examples=300)
@given(arrivals())
def test_a_merged_session_leads_to_a_living_one(batches: list[list[Mark]]) -> None:
    held, merged = arrived(batches)
    alive = {mark.session_id for mark in held if mark.session_id is not None}

    assert not alive & merged.keys()
    for old in merged:
        steps, place = 0, old
        while place in merged:
            place, steps = merged[place], steps + 1
            assert steps <= len(merged)
        assert place in alive


@settings(max_examples=1_000)
@given(arrivals())
def test_a_window_is_enough(batches: list[list[Mark]]) -> None:
    """From the last session begun before the moment of the first new event to the first begun after the last."""
    held, _ = arrived(batches[:-1])
    new = batches[-1]
    first, last = min(mark.at_ms for mark in new), max(mark.at_ms for mark in new)
    starts = {
        one: min(mark.at_ms for mark in held if mark.session_id == one and not mark.ends)
        for one in {mark.session_id for mark in held}
        if one is not None
    }
    begin = max((at_ms for at_ms in starts.values() if at_ms < first), default=-1)
    end = min((at_ms for at_ms in starts.values() if at_ms > last), default=10**9)
    inside = [mark for mark in held if mark.session_id is None or begin <= starts[mark.session_id] <= end]
    outside = [mark for mark in held if mark not in inside]

    by_window, _ = named(inside + new, count(1_000))
    whole, _ = named(held + new, count(1_000))

    assert sessions(outside + by_window) == sessions(whole)
