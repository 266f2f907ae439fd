"""One moment of a copy, asked by one question: statements become DuckDB's and run off the event loop."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

from sqlalchemy.sql.selectable import SelectBase

from persistence.columns.dialect import cut_to, written
from persistence.columns.memory import View


class PinnedCopy:
    def __init__(self, view: View, executor: Executor) -> None:
        self._view = view
        self._executor = executor

    async def rows(
        self, statement: SelectBase, values: Mapping[str, object], *, among: frozenset[int] | None
    ) -> Sequence[tuple[Any, ...]]:
        """`values` of the statement's named parameters. `among`: the chatbots that the asker may see; there are no
        others for this statement. A question that is given up is interrupted."""
        found = written(statement)
        text, parameters = cut_to(among) + found.text, found.parameters(values)
        running = asyncio.get_running_loop().run_in_executor(self._executor, self._view.rows, text, parameters)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            self._view.interrupt()
            await asyncio.wait([running])
            raise

    async def release(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._executor, self._view.close)
