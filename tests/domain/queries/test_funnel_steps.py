"""What a key that sees only some chatbots is told of a funnel: nothing that speaks of fewer than five people."""

import pytest

from domain.queries.funnel_table import StepCount, read_steps, together


def steps(*people: int, hides_few: bool = True) -> list[int | None]:
    return [one.count for one in read_steps([StepCount(count, count, None) for count in people], hides_few=hides_few)]


@pytest.mark.parametrize(
    ("people", "told"),
    [
        ((40, 20, 10), [40, 20, 10]),
        ((40, 20, 4), [40, 20, None]),
        ((40, 38, 20), [40, None, None]),
        ((40, 40, 0), [40, 40, 0]),
        ((3, 0, 0), [None, None, None]),
    ],
    ids=["many", "few reached", "few dropped out", "all or none", "few entered"],
)
def test_few_people_are_hidden(people: tuple[int, ...], told: list[int | None]) -> None:
    assert steps(*people) == told
    assert steps(*people, hides_few=False) == list(people)


def test_sessions_of_few_people_are_hidden_however_many_they_are() -> None:
    many_sessions = [StepCount(100, 4, None), StepCount(50, 4, None)]
    assert [one.status for one in read_steps(many_sessions, hides_few=True)] == ["SUPPRESSED", "SUPPRESSED"]


def test_groups_together_have_no_median() -> None:
    assert together([[StepCount(2, 1, 10)], [StepCount(3, 3, 20)]]) == (StepCount(5, 4, None),)
