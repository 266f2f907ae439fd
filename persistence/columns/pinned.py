"""One moment of a copy, asked by one question: statements become DuckDB's and run off the event loop."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any

from persistence.columns.dialect import rendered
from persistence.columns.memory import View
from persistence.metrics.statement import Statement


class PinnedCopy:
    def __init__(self, view: View, executor: Executor) -> None:
        self._view = view
        self._executor = executor

    async def rows(self, statement: Statement, *, among: frozenset[int] | None) -> Sequence[tuple[Any, ...]]:
        """`among`: the chatbots that the asker may see; there are no others for this statement. A question that is
        given up is interrupted."""
        written, parameters = rendered(statement, among=among)
        running = asyncio.get_running_loop().run_in_executor(self._executor, self._view.rows, written, parameters)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            self._view.interrupt()
            await asyncio.wait([running])
            raise

    async def release(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._executor, self._view.close)
