"""The waiting room: requests stored together, in turns, refused when full, each with its own answer."""

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

import pytest

from persistence.engine import DatabaseUnavailable
from persistence.ingest.arrivals import ACCEPTED, EventResult, Parcel
from server.intake import Intake, IntakeFull, IntakeLimits
from tests.build import a_user_message, an_identity
from tests.ingest.sending import parcel_of

ONE, OTHER = an_identity(1), an_identity(2)


class Ledger:
    """Stands where the database stands: notes what was stored together, and waits when told."""

    def __init__(self) -> None:
        self.stored: list[tuple[UUID, list[int]]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.reckoned = asyncio.Event()
        self.reckoned.set()
        self.poison: Exception | None = None

    async def store(
        self, workspace_id: UUID, parcels: Sequence[Parcel], at_leisure: Callable[[], None]
    ) -> list[list[EventResult]]:
        await self.reckoned.wait()
        at_leisure()
        await self.open.wait()
        await asyncio.sleep(0)
        if self.poison is not None and (len(parcels) > 1 or len(parcels[0].events) == 3):
            raise self.poison
        self.stored.append((workspace_id, [len(parcel.events) for parcel in parcels]))
        return [[EventResult(place, ACCEPTED) for place in range(len(parcel.events))] for parcel in parcels]


def a_parcel(events: int) -> Parcel:
    return parcel_of([a_user_message(minutes=place) for place in range(events)])


async def test_what_waits_together_is_stored_together() -> None:
    ledger = Ledger()
    intake = Intake(ledger.store)
    ledger.open.clear()
    requests = [asyncio.create_task(intake.submit(ONE, a_parcel(number), size=100)) for number in (1, 2, 3, 4)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    ledger.open.set()
    results = await asyncio.gather(*requests)
    assert [len(answer) for answer in results] == [1, 2, 3, 4]
    assert ledger.stored == [(ONE, [1]), (ONE, [2, 3, 4])] or ledger.stored == [(ONE, [1, 2, 3, 4])]
    assert (intake.waiting_events, intake.waiting_bytes) == (0, 0)


async def test_a_transaction_has_a_largest_size() -> None:
    ledger = Ledger()
    intake = Intake(ledger.store, limits=IntakeLimits(events_together=4))
    await asyncio.gather(*(intake.submit(ONE, a_parcel(number), size=1) for number in (3, 2, 2, 9, 1)))
    assert all(sum(lengths) <= 4 or len(lengths) == 1 for _, lengths in ledger.stored)
    assert sum(sum(lengths) for _, lengths in ledger.stored) == 17


async def test_workspaces_take_turns() -> None:
    ledger = Ledger()
    intake = Intake(ledger.store, limits=IntakeLimits(events_together=2, transactions=1))
    busy = [intake.submit(ONE, a_parcel(2), size=1) for _ in range(10)]
    await asyncio.gather(*busy, intake.submit(OTHER, a_parcel(1), size=1))
    place = next(place for place, (workspace_id, _) in enumerate(ledger.stored) if workspace_id == OTHER)
    assert place <= 2


@pytest.mark.parametrize(
    "limits", [IntakeLimits(waiting_events=5), IntakeLimits(waiting_bytes=500)], ids=["events", "bytes"]
)
async def test_a_full_room_refuses_and_takes_again_later(limits: IntakeLimits) -> None:
    ledger = Ledger()
    intake = Intake(ledger.store, limits=limits)
    ledger.open.clear()
    first = asyncio.create_task(intake.submit(ONE, a_parcel(4), size=400))
    await asyncio.sleep(0)
    with pytest.raises(IntakeFull) as refused:
        await intake.submit(ONE, a_parcel(2), size=200)
    assert refused.value.retry_after >= 1
    ledger.open.set()
    assert len(await first) == 4
    assert len(await intake.submit(ONE, a_parcel(2), size=200)) == 2


async def test_one_bad_request_does_not_spoil_its_neighbours() -> None:
    ledger = Ledger()
    ledger.poison = ValueError("odd")
    intake = Intake(ledger.store)
    outcomes = await asyncio.gather(
        *(intake.submit(ONE, a_parcel(number), size=1) for number in (1, 3, 2)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [list, ValueError, list]


async def test_a_database_that_is_gone_fails_all_at_once() -> None:
    ledger = Ledger()
    ledger.poison = DatabaseUnavailable("gone")
    intake = Intake(ledger.store)
    outcomes = await asyncio.gather(
        *(intake.submit(ONE, a_parcel(number), size=1) for number in (3, 3)), return_exceptions=True
    )
    assert {type(outcome) for outcome in outcomes} == {DatabaseUnavailable}


async def test_a_client_that_left_spoils_nothing() -> None:
    ledger = Ledger()
    intake = Intake(ledger.store)
    ledger.open.clear()
    left = asyncio.create_task(intake.submit(ONE, a_parcel(1), size=1))
    stayed = asyncio.create_task(intake.submit(ONE, a_parcel(2), size=1))
    await asyncio.sleep(0)
    left.cancel()
    ledger.open.set()
    assert len(await stayed) == 2
    assert intake.waiting_events == 0


async def test_closing_stores_what_was_taken_and_takes_no_more() -> None:
    ledger = Ledger()
    intake = Intake(ledger.store)
    taken = asyncio.create_task(intake.submit(ONE, a_parcel(1), size=1))
    await asyncio.sleep(0)
    await intake.close()
    assert len(await taken) == 1
    with pytest.raises(IntakeFull):
        await intake.submit(ONE, a_parcel(1), size=1)


async def test_requests_are_read_while_the_database_works() -> None:
    """Not while this process does; other workspaces do not wait."""
    ledger = Ledger()
    intake = Intake(ledger.store)
    await asyncio.wait_for(intake.leisure(ONE), 0.1)
    ledger.open.clear()
    ledger.reckoned.clear()
    first = asyncio.create_task(intake.submit(ONE, a_parcel(1), size=1))
    await asyncio.sleep(0.01)
    reading = asyncio.create_task(intake.leisure(ONE))
    await asyncio.wait_for(intake.leisure(OTHER), 0.1)
    await asyncio.sleep(0.01)
    assert not reading.done()
    ledger.reckoned.set()
    await asyncio.wait_for(reading, 0.1)
    assert not first.done()
    ledger.open.set()
    assert len(await first) == 1


async def test_a_request_is_not_held_for_long() -> None:
    ledger = Ledger()
    intake = Intake(ledger.store, limits=IntakeLimits(longest_hold=0.05))
    ledger.reckoned.clear()
    first = asyncio.create_task(intake.submit(ONE, a_parcel(1), size=1))
    await asyncio.sleep(0.01)
    await asyncio.wait_for(intake.leisure(ONE), 5)
    assert not first.done()
    ledger.reckoned.set()
    await first


async def test_a_transaction_that_fails_holds_nobody() -> None:
    ledger = Ledger()
    ledger.poison = DatabaseUnavailable("gone")
    intake = Intake(ledger.store, limits=IntakeLimits(longest_hold=60))
    with pytest.raises(DatabaseUnavailable):
        await intake.submit(ONE, a_parcel(3), size=1)
    await asyncio.wait_for(intake.leisure(ONE), 1)
