"""Lists completed column by column answer to the byte what graphql-core answers, errors and their paths included."""

import asyncio
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

import orjson
import pytest
from graphql import ExecutionResult, GraphQLObjectType, GraphQLSchema, execute, parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.accounts import Scope
from resolvers.roots import build_schema
from schema.execution import ColumnExecutor
from tests.schema.drawing import Documents, Records, root_of_lists


@dataclass(frozen=True)
class Viewer:
    scopes: frozenset[Scope]


@dataclass(frozen=True)
class Asker:
    viewer: Viewer


ANYONE = Asker(Viewer(frozenset(Scope)))


@cache
def lists() -> GraphQLSchema:
    return root_of_lists(build_schema()._schema)


async def answered(executor: Any, text: str, rows: dict[str, Any], asker: Asker, **more: Any) -> tuple[bytes, Any]:
    variables = {"yes": True, "no": False}
    result: Any = execute(lists(), parse(text), rows, asker, variables, executor_class=executor, **more)
    result = result if isinstance(result, ExecutionResult) else await result
    # Values that no JSON knows pass some scalars as they are, either way.
    return orjson.dumps(result.data, default=repr), [error.formatted for error in result.errors or ()]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_any_document_on_any_records(seed: int) -> None:
    random = Random(seed)
    schema = lists()
    assert schema.query_type is not None
    name = random.choice(list(schema.query_type.fields))
    text = Documents(schema, random).about(name)
    assert validate(schema, parse(text)) == []
    rows = {name: Records(schema, random).list_of(schema.type_map[name])}
    asker = random.choice((ANYONE, ANYONE, Asker(Viewer(frozenset({Scope.METRICS_READ})))))

    async def both() -> tuple[Any, Any]:
        stock = build_schema().execution_context_class
        return await answered(stock, text, rows, asker), await answered(ColumnExecutor, text, rows, asker)

    expected, found = asyncio.run(both())
    assert found == expected


FIELDS = (
    "id sessionId startedAt endedAt outcome device durationSeconds userMessages visitorKey confidence { mean answers }"
)
LISTED = {
    "Session": FIELDS,
    "SessionEdge": f"cursor node {{ {FIELDS} }}",
    "Bucket": "start end complete",
    "Bin": "lower upper count",
    "Message": "id occurredAt role text confidence",
}


@pytest.mark.parametrize("name", LISTED)
async def test_what_is_listed_most_goes_by_columns(name: str) -> None:
    """Without a look at which way was taken, a projection that always gave up would pass the test above."""
    alone: list[str] = []

    class Watched(ColumnExecutor):
        def complete_object_value(self, return_type: GraphQLObjectType, *given: Any) -> Any:
            alone.append(return_type.name)
            return super().complete_object_value(return_type, *given)

    text = f"query ($yes: Boolean = true) {{ {name} {{ {LISTED[name]} __typename @include(if: $yes) }} }}"
    records = Records(lists(), Random(3))
    rows = {name: [records.value(lists().type_map[name], 3) for _ in range(50)]}
    plans: Any = {}
    data, errors = await answered(Watched, text, rows, ANYONE, plans=plans)
    assert errors == []
    assert data.count(b'"__typename"') > 20
    assert alone == []
    assert [plan.column is None for plan in plans.values()] == [False]
