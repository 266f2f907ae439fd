"""The fold, in any split and order of arrival, equals a recount that knows no fold (P2, P4)."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.facts import SessionFact
from domain.outcomes import is_provisional, outcome
from domain.vocabulary import Outcome
from tests.domain.comparison import recounted, told
from tests.domain.histories import WORLDS, batches, histories
from tests.domain.memory import Memory
from tests.naive.placing import Wire, tell
from tests.naive.recount import recount
from tests.naive.world import World

LATER_MS = st.sampled_from([0, 599_999, 600_000, 1_799_999, 1_800_000, 86_399_999, 86_400_000, 864_000_000])
PACE = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SLOWER = settings(PACE, max_examples=100)


def held(world: World, arrivals: list[list[Wire]]) -> Memory:
    memory = Memory(world)
    for batch in arrivals:
        memory.append(batch)
    return memory


def end_of(history: list[Wire]) -> int:
    return max(one.at_ms for one in tell(history))


@PACE
@given(st.data(), WORLDS, histories(), LATER_MS)
def test_any_arrival_equals_the_recount(data: st.DataObject, world: World, history: list[Wire], later: int) -> None:
    memory = held(world, data.draw(batches(history)))
    as_of_ms = end_of(history) + later

    assert told(memory, as_of_ms) == recounted(recount(history, world), as_of_ms)


@PACE
@given(st.data(), WORLDS, histories(), LATER_MS)
def test_arrival_in_order_equals_the_recount(
    data: st.DataObject, world: World, history: list[Wire], later: int
) -> None:
    memory = held(world, data.draw(batches(history, ordered=True)))
    as_of_ms = end_of(history) + later

    assert told(memory, as_of_ms) == recounted(recount(history, world), as_of_ms)


@SLOWER
@given(st.data(), WORLDS, histories())
def test_two_arrivals_of_one_history_agree(data: st.DataObject, world: World, history: list[Wire]) -> None:
    one, other = (held(world, data.draw(batches(history))) for _ in range(2))

    assert told(one, end_of(history)) == told(other, end_of(history))


@SLOWER
@given(st.data(), WORLDS, histories())
def test_a_session_continued_equals_the_session_derived(data: st.DataObject, world: World, history: list[Wire]) -> None:
    """Every column of the fact, the derived columns of every message, costs and runs."""
    memory = held(world, data.draw(batches(history, ordered=True)))
    before = memory.snapshot()

    memory.derive_all()

    assert memory.snapshot() == before


@SLOWER
@given(WORLDS, histories(), LATER_MS)
def test_outcomes_partition_the_sessions(world: World, history: list[Wire], later: int) -> None:
    memory = held(world, [history])
    as_of_ms = end_of(history) + later
    outcomes = [outcome(fact, as_of_ms) for fact in memory.sessions]

    resolved = sum(one in (Outcome.RESOLVED_CONFIRMED, Outcome.RESOLVED_ASSUMED) for one in outcomes)
    closed_engaged = sum(one not in (Outcome.OPEN, Outcome.NOT_ENGAGED) for one in outcomes)

    assert sum(outcomes.count(kind) for kind in Outcome) == len(memory.sessions)
    assert 0 <= resolved <= closed_engaged


@SLOWER
@given(WORLDS, histories(), LATER_MS)
def test_silence_alone_never_resolves(world: World, history: list[Wire], later: int) -> None:
    """Test 6 of section 5: a resolved session has a good answer to its last question, or a positive signal."""
    memory = held(world, [history])
    as_of_ms = end_of(history) + later

    for session in recount(history, world):
        if session.outcome(as_of_ms) == "RESOLVED_ASSUMED":
            assert session.answers
            assert session.answers[-1].is_good
    assert all(_is_evident(fact) for fact in memory.sessions if is_provisional(fact, as_of_ms))


def _is_evident(fact: SessionFact) -> bool:
    return fact.answers > 0 and fact.awaiting_since_ms is None
