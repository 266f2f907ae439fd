"""Loaders of one operation: many single look-ups become one statement.

Add one `cached_property` per relation, named X_by_Y:

    @cached_property
    def chatbot_by_id(self) -> DataLoader[int, Chatbot | None]:
        async def load(ids: list[int]) -> list[Chatbot | None]:
            async with reading(self._database, self._workspace_id) as reader:
                found = await chatbots_by_ids(reader, ids)
            return [found.get(chatbot_id) for chatbot_id in ids]
        return DataLoader(load_fn=load)
"""

from collections.abc import Sequence
from functools import cached_property
from uuid import UUID

from strawberry.dataloader import DataLoader

from domain.queries.table import MetricTable
from persistence.engine import Database
from resolvers.tables import Question, tables_of


class Loaders:
    """Made fresh for every operation, so that nothing outlives a request or crosses a tenant."""

    def __init__(self, database: Database, workspace_id: UUID) -> None:
        self._database = database
        self._workspace_id = workspace_id

    @cached_property
    def table_by_question(self) -> DataLoader[Question, MetricTable]:
        async def load(questions: list[Question]) -> Sequence[MetricTable | BaseException]:
            return await tables_of(self._database, self._workspace_id, questions)

        return DataLoader(load_fn=load)
