"""Every way in asks for a key's scope, and every field that shows a person asks for personal:read (R22)."""

from pathlib import Path

import pytest
from graphql import GraphQLSchema

from resolvers.roots import build_schema
from schema.permissions import PERSONAL_FIELD_NAMES, object_fields, scopes_of, scopes_table

PAGE = Path(__file__).parents[2] / "docs" / "api" / "scopes.md"

NOT_OF_PEOPLE = frozenset[str]()
"""Fields with a personal-looking name that show no person: `Type.field`, each with its reason beside it."""


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema()._schema


def test_every_root_field_declares_its_scopes(schema: GraphQLSchema) -> None:
    roots = {root.name for root in (schema.query_type, schema.mutation_type, schema.subscription_type) if root}
    bare = [
        f"{kind.name}.{name}"
        for kind, name, field in object_fields(schema)
        if kind.name in roots and scopes_of(field) is None
    ]
    assert bare == []


def test_every_personal_field_asks_for_personal_read(schema: GraphQLSchema) -> None:
    open_fields = [
        f"{kind.name}.{name}"
        for kind, name, field in object_fields(schema)
        if name in PERSONAL_FIELD_NAMES
        and "personal:read" not in (scopes_of(field) or ())
        and f"{kind.name}.{name}" not in NOT_OF_PEOPLE
    ]
    assert open_fields == []


def test_every_mutation_but_tokens_and_events_needs_a_scope(schema: GraphQLSchema) -> None:
    assert schema.mutation_type is not None
    free = [name for name, field in schema.mutation_type.fields.items() if not scopes_of(field)]
    assert free == ["createBrowserToken"]


def test_everything_is_described(schema: GraphQLSchema) -> None:
    bare = [
        f"{kind.name}.{name}"
        for kind, name, field in object_fields(schema)
        if not field.description or not field.description.strip()
    ]
    assert bare == []


def test_the_page_of_scopes_is_that_of_the_schema(schema: GraphQLSchema) -> None:
    assert PAGE.read_text() == scopes_table(schema)
