"""An acknowledged event is never lost nor counted twice, whatever is killed meanwhile (P1)."""

import pytest

from tests.flows.storm import raise_storm


async def test_small_storm() -> None:
    storm = await raise_storm(events=4_000, kills_of_each=1)
    assert (storm.lost, storm.doubled, storm.wrong_sessions) == (0, 0, 0), storm.describe()
    assert len(storm.acknowledged) == 4_000


@pytest.mark.slow
@pytest.mark.promise(number=1)
async def test_storm_of_50_000_events() -> None:
    storm = await raise_storm(events=50_000, kills_of_each=5)
    print(storm.describe())  # noqa: T201
    assert (storm.lost, storm.doubled, storm.wrong_sessions) == (0, 0, 0)
    assert storm.kills == {"server": 5, "Postgres": 5}
