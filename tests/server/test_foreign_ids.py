"""An id of another workspace gets the same bytes as an id that nobody has: for every field that takes one (P8)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLUnionType,
    Undefined,
    get_named_type,
    is_leaf_type,
)

from resolvers.roots import build_schema
from schema.paging import encode_id
from tests.build import a_user_message
from tests.server.conftest import IssuedKey, ask
from tests.serving import RunningServer

SCHEMA = build_schema()._schema
ABSENT = 4_711
ABSENT_UUID = "00000000-0000-4000-8000-000000000001"
FOREIGN = 3
"""The other workspace has chatbots and goals 1 to 3; ours has none of them."""
PLAIN = {"String": '"x"', "Int": "1", "Float": "1", "Boolean": "true", "Date": '"2026-01-01"', "Money": '"1.00"',
         "DateTime": '"2026-01-01T00:00:00Z"', "TimeZone": '"UTC"', "BigInt": "1"}  # fmt: skip
KINDS = {"chatbot": "Chatbot", "goal": "Goal", "savedquery": "SavedQuery", "query": "SavedQuery", "apikey": "ApiKey",
         "session": "Session", "messages": "Session", "segment": "Segment"}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """One argument, or one field of an input, that takes an id."""

    operation: str
    field: str
    argument: str
    inner: str | None

    def __str__(self) -> str:
        return f"{self.field}({self.argument}{'.' + self.inner if self.inner else ''})"

    @property
    def kind(self) -> str:
        """The kind of thing, told by the name of the id or of the field."""
        names = (self.inner or self.argument).lower(), self.field.lower()
        return next(kind for name in names for part, kind in KINDS.items() if part in name)


def places() -> Iterator[Place]:
    for operation, root in (("query", SCHEMA.query_type), ("mutation", SCHEMA.mutation_type)):
        assert root is not None
        for field_name, field in root.fields.items():
            for name, argument in field.args.items():
                kind = get_named_type(argument.type)
                if kind.name == "ID":
                    yield Place(operation, field_name, name, None)
                elif isinstance(kind, GraphQLInputObjectType):
                    inner = [part for part, given in kind.fields.items() if get_named_type(given.type).name == "ID"]
                    yield from (Place(operation, field_name, name, part) for part in inner)


def document(place: Place, identity: str) -> str:
    root = SCHEMA.query_type if place.operation == "query" else SCHEMA.mutation_type
    assert root is not None
    field = root.fields[place.field]
    given = []
    for name, argument in field.args.items():
        if name == place.argument:
            given.append(f"{name}: {value(argument.type, place.inner, identity)}")
        elif isinstance(argument.type, GraphQLNonNull) and argument.default_value in (None, Undefined):
            given.append(f"{name}: {value(argument.type, None, identity)}")
    return f"{place.operation} {{ {place.field}({', '.join(given)}) {selection(field.type)} }}"


def value(kind: Any, inner: str | None, identity: str) -> str:
    """The least that is allowed there; ids are the one in question."""
    if isinstance(kind, GraphQLNonNull):
        return value(kind.of_type, inner, identity)
    if isinstance(kind, GraphQLList):
        return f"[{value(kind.of_type, inner, identity)}]"
    if isinstance(kind, GraphQLInputObjectType):
        if kind.extensions["strawberry-definition"].is_one_of:
            wanted = [next(iter(kind.fields))]
        else:
            needed = {name for name, part in kind.fields.items() if isinstance(part.type, GraphQLNonNull)}
            wanted = [name for name in kind.fields if name in needed or name in (inner, "version")]
        return "{" + ", ".join(f"{name}: {value(kind.fields[name].type, None, identity)}" for name in wanted) + "}"
    if isinstance(kind, GraphQLEnumType):
        return str(next(iter(kind.values)))
    return f'"{identity}"' if kind.name == "ID" else PLAIN[kind.name]


def selection(kind: Any) -> str:
    named = get_named_type(kind)
    if is_leaf_type(named):
        return ""
    problems = "... on Refusal { problems { code message path allowed suggestion } }"
    return "{ __typename " + (problems if isinstance(named, GraphQLUnionType) else "") + " }"


@pytest.mark.promise(8)
@pytest.mark.parametrize("place", list(places()), ids=str)
async def test_foreign_and_absent_look_alike(
    client: httpx.AsyncClient, server: RunningServer, admin_key: IssuedKey, other_admin_key: IssuedKey, place: Place
) -> None:
    foreign = await foreign_id(client, server, other_admin_key, place.kind)
    absent = ABSENT_UUID if place.kind in ("ApiKey", "SavedQuery", "Segment") else ABSENT
    answers = [
        await ask(client, server, admin_key, document(place, identity))
        for identity in (foreign, encode_id(place.kind, absent))
    ]
    for answer in answers:
        answer.pop("extensions", None)
    assert answers[0] == answers[1]
    assert "GRAPHQL_VALIDATION_FAILED" not in str(answers[0]), answers[0]
    assert "INTERNAL" not in str(answers[0])


async def foreign_id(client: httpx.AsyncClient, server: RunningServer, key: IssuedKey, kind: str) -> str:
    """Something of this kind in the other workspace, under an id that ours does not have."""
    if kind == "ApiKey":
        body = await ask(client, server, key, "{ apiKeys { nodes { id } } }")
        return str(body["data"]["apiKeys"]["nodes"][0]["id"])
    if kind == "Session":
        events = [a_user_message(sessionId=f"foreign-{number}") for number in range(FOREIGN)]
        sent = await client.post(f"{server.url}/v1/events", json=events, headers=key.headers)
        assert sent.json()["accepted"] == FOREIGN, sent.text
        listed = await ask(client, server, key, "{ sessions { nodes { id } } }")
        return max(str(node["id"]) for node in listed["data"]["sessions"]["nodes"])
    made = [(await ask(client, server, key, MAKING[kind].replace("NUMBER", str(number)))) for number in range(FOREIGN)]
    assert all(body.get("data") for body in made), made
    if kind in ("SavedQuery", "Segment"):
        (saved,) = made[-1]["data"].values()
        return str(saved["id"])
    return encode_id(kind, FOREIGN)


MAKING = {
    "Chatbot": 'mutation { createChatbot(input: {slug: "bot-NUMBER", type: TEXT}) { ... on Chatbot { id } } }',
    "Goal": 'mutation { defineGoal(input: {name: "goal-NUMBER"}) { __typename } }',
    "SavedQuery": """mutation { saveQuery(input: {name: "query-NUMBER",
        query: {metrics: [SESSIONS], range: {rolling: LAST_7D}}}) { ... on SavedQuery { id } } }""",
    "Segment": """mutation { saveSegment(input: {name: "segment-NUMBER", filter: {channel: {in: [VOICE]}}})
        { ... on Segment { id } } }""",
}
