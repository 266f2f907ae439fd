"""Valid GraphQL queries drawn at random from a schema: any field, argument and selection that it has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    get_named_type,
    is_leaf_type,
)

DEEPEST = 6
MOST_FIELDS = 4


@dataclass
class Drawer:
    """`pools`: values by scalar, or by scalar and name of the argument, as they stand in a document."""

    schema: GraphQLSchema
    random: Random
    pools: Mapping[str, Sequence[str]]

    def draw_query(self) -> str:
        query = self.schema.query_type
        assert query is not None
        names = self.random.sample(sorted(query.fields), k=min(self.random.choice((1, 2, 3)), len(query.fields)))
        return "query { " + " ".join(self._draw_field(name, query.fields[name], 1) for name in names) + " }"

    def _draw_field(self, name: str, field: GraphQLField, depth: int) -> str:
        arguments = self._draw_arguments(field.args)
        return f"{name}{arguments}{self._draw_selection(field.type, depth)}"

    def _draw_arguments(self, declared: Mapping[str, GraphQLArgument]) -> str:
        given = []
        for name, argument in declared.items():
            required = isinstance(argument.type, GraphQLNonNull) and argument.default_value is Undefined
            if required or self.random.random() < 0.3:
                given.append(f"{name}: {self._draw_value(argument.type, name, 1)}")
        return f"({', '.join(given)})" if given else ""

    def _draw_value(self, kind: GraphQLInputType, name: str, depth: int) -> str:
        if isinstance(kind, GraphQLNonNull):
            return self._draw_value(kind.of_type, name, depth)
        if isinstance(kind, GraphQLList):
            count = self.random.choice((1, 1, 2)) if depth < DEEPEST else 1
            return f"[{', '.join(self._draw_value(kind.of_type, name, depth + 1) for _ in range(count))}]"
        if isinstance(kind, GraphQLEnumType):
            names: list[str] = sorted(kind.values)
            return self.random.choice(names)
        if isinstance(kind, GraphQLInputObjectType):
            return self._draw_input(kind, depth)
        return self._draw_scalar(kind.name, name)

    def _draw_scalar(self, kind: str, name: str) -> str:
        pool = self.pools.get(f"{kind} {name}") or self.pools.get(kind) or ["null"]
        return self.random.choice(pool)

    def _draw_input(self, kind: GraphQLInputObjectType, depth: int) -> str:
        required = [
            n for n, f in kind.fields.items() if isinstance(f.type, GraphQLNonNull) and f.default_value is Undefined
        ]
        optional = sorted(set(kind.fields) - set(required))
        leaves = [n for n in optional if not _nests(kind.fields[n].type)] or optional
        chosen = required or [self.random.choice(optional if depth < 3 else leaves)]
        if not kind.is_one_of and optional and self.random.random() < 0.2:
            chosen = list(dict.fromkeys([*chosen, self.random.choice(leaves)]))
        given = (f"{name}: {self._draw_value(kind.fields[name].type, name, depth + 1)}" for name in chosen)
        return "{" + ", ".join(given) + "}"

    def _draw_selection(self, kind: GraphQLOutputType, depth: int) -> str:
        named: Any = get_named_type(kind)
        if is_leaf_type(named):
            return ""
        if isinstance(named, GraphQLUnionType | GraphQLInterfaceType):
            return self._draw_fragments(named, depth)
        return self._draw_fields(named, depth)

    def _draw_fragments(self, kind: GraphQLUnionType | GraphQLInterfaceType, depth: int) -> str:
        possible = self.schema.get_possible_types(kind)
        parts = (f"... on {each.name}{self._draw_fields(each, depth)}" for each in possible[:MOST_FIELDS])
        return " { __typename " + " ".join(parts) + " }"

    def _draw_fields(self, kind: GraphQLObjectType, depth: int) -> str:
        """Leaves always, deeper ones until it is deep enough: every text that a type has comes up often."""
        leaves = [n for n, f in kind.fields.items() if is_leaf_type(get_named_type(f.type)) and not f.args]
        deeper = sorted(set(kind.fields) - set(leaves))
        chosen = self.random.sample(leaves, k=min(len(leaves), 6))
        if depth < DEEPEST and deeper:
            chosen += self.random.sample(deeper, k=min(len(deeper), self.random.randrange(1, MOST_FIELDS)))
        drawn = (self._draw_field(name, kind.fields[name], depth + 1) for name in chosen)
        return " { __typename " + " ".join(drawn) + " }"


def _nests(kind: GraphQLInputType) -> bool:
    return isinstance(get_named_type(kind), GraphQLInputObjectType)
