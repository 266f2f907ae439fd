from uuid import UUID, uuid4

from persistence.engine import Database
from persistence.tenancy import reading, writing
from persistence.workspaces import Counter, create_workspace, find_workspace, take_numbers, workspace_ids
from tests.build import a_workspace


async def test_a_workspace_is_found_by_its_own_readers_only(database: Database) -> None:
    mine, other = uuid4(), uuid4()
    async with writing(database, mine) as writer:
        created = await create_workspace(writer, a_workspace(time_zone="Asia/Kolkata", reporting_currency="INR"))
    async with reading(database, mine) as reader:
        assert await find_workspace(reader) == created
    async with reading(database, other) as reader:
        assert await find_workspace(reader) is None


async def test_every_workspace_is_listed_for_upkeep(database: Database, workspace_id: UUID) -> None:
    assert await workspace_ids(database) == (workspace_id,)


async def test_numbers_are_dense_and_never_given_twice(database: Database, workspace_id: UUID) -> None:
    taken: list[int] = []
    for count in (1, 3, 2):
        async with writing(database, workspace_id) as writer:
            taken.extend(await take_numbers(writer, Counter.SESSION, count))
    assert taken == [1, 2, 3, 4, 5, 6]
