"""What a document costs, found before validation: one pass, one visit per fragment, numbers that cannot explode.

Fragments are measured in order of their use, each once, and every sum saturates; so the pass is linear in the size of
the document even where the expanded document would be astronomically large. Only then, and only for documents within
the limits, the merged fields are walked to bound the pairs that the standard merge rule will compare.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import strawberry
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_composite_type,
    is_leaf_type,
)
from strawberry.extensions import FieldExtension
from strawberry.schema_directive import Location
from strawberry.types.field import StrawberryField

from domain.problems import LimitReached, Problem
from schema.fragments import fragment_use, fragments_of

SATURATED: Final = 10**12
"""No sum grows beyond this; larger than every limit."""

SLICING_ARGUMENTS: Final = ("first", "last", "limit")


@dataclass(frozen=True, slots=True)
class CostLimits:
    """What one document may be. Defaults leave a large dashboard a factor of five."""

    tokens: int = 2_500
    depth: int = 20
    fields: int = 2_500
    aliases: int = 250
    directives: int = 100
    definitions: int = 100
    root_fields: int = 50
    merge_pairs: int = 10_000
    list_items: int = 1_000
    cost: int = 10_000


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="cost",
    description="Cost points of this field; what lies below is multiplied by `first`, `last` or `limit`.",
)
class Cost:
    weight: int = strawberry.directive_field(name="weight")


class CostExtension(FieldExtension):
    """Carries the declared cost; takes no part in resolving."""

    def __init__(self, weight: int) -> None:
        self.weight = weight

    def apply(self, field: StrawberryField) -> None:
        if not any(isinstance(directive, Cost) for directive in field.directives):
            field.directives = [*field.directives, Cost(weight=self.weight)]


def costs(weight: int) -> CostExtension:
    """Declares a field's cost: `strawberry.field(extensions=[requires(...), costs(10)])`."""
    return CostExtension(weight)


@dataclass(frozen=True, slots=True)
class Measure:
    """Figures of a selection set with all fragments expanded."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    cost: int = 0

    def beside(self, other: "Measure") -> "Measure":
        return Measure(
            depth=max(self.depth, other.depth),
            fields=min(SATURATED, self.fields + other.fields),
            aliases=min(SATURATED, self.aliases + other.aliases),
            directives=min(SATURATED, self.directives + other.directives),
            cost=min(SATURATED, self.cost + other.cost),
        )


_NOTHING: Final = Measure()
_MOST_UNKNOWN: Final = 50


class CostTable:
    """Declared weight, slicing default and type of every field of a schema, looked up by name."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self._weights: dict[tuple[str, str], int] = {}

    def weight(self, parent: str, name: str, definition: GraphQLField | None) -> int:
        if definition is None:
            return 1
        known = self._weights.get((parent, name))
        if known is None:
            known = self._weights[parent, name] = _declared_weight(definition)
        return known


def _declared_weight(definition: GraphQLField) -> int:
    for extension in getattr(definition.extensions.get("strawberry-definition"), "extensions", ()):
        if isinstance(extension, CostExtension):
            return extension.weight
    return 0 if is_leaf_type(get_named_type(definition.type)) else 1


@dataclass(slots=True)
class _Pass:
    """One measuring of one operation: the memo of fragments and the variables that sizes depend on."""

    table: CostTable
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    measured: dict[str, Measure] = field(default_factory=dict)
    size_variables: set[str] = field(default_factory=set)
    unknown_fields: list[tuple[str, FieldNode]] = field(default_factory=list)

    def measure_operation(self, operation: OperationDefinitionNode) -> Measure:
        self._measure_fragments()
        root = self.table.schema.get_root_type(operation.operation)
        inner = self._selections(operation.selection_set, root)
        return inner.beside(Measure(directives=len(operation.directives or ())))

    def _measure_fragments(self) -> None:
        """Innermost first. A fragment on a cycle meets itself unmeasured and counts there as nothing: validation
        refuses it afterwards."""
        for name in fragment_use(self.fragments).order:
            fragment = self.fragments[name]
            kind = self.table.schema.type_map.get(fragment.type_condition.name.value)
            inner = self._selections(fragment.selection_set, kind)
            self.measured[name] = inner.beside(Measure(directives=len(fragment.directives or ())))

    def _selections(self, selections: SelectionSetNode, parent: Any) -> Measure:
        total = _NOTHING
        for selection in selections.selections:
            match selection:
                case FieldNode():
                    found = self._field(selection, parent)
                case InlineFragmentNode():
                    found = self._inline(selection, parent)
                case FragmentSpreadNode():
                    found = self.measured.get(selection.name.value, _NOTHING)
                case _:
                    continue
            own = Measure(directives=len(selection.directives or ()))
            total = total.beside(found).beside(own)
        return total

    def _inline(self, selection: InlineFragmentNode, parent: Any) -> Measure:
        condition = selection.type_condition
        kind = self.table.schema.type_map.get(condition.name.value) if condition else parent
        return self._selections(selection.selection_set, kind)

    def _field(self, selection: FieldNode, parent: Any) -> Measure:
        name = selection.name.value
        definition = _field_of(self.table.schema, parent, name)
        if definition is None and parent is not None and len(self.unknown_fields) < _MOST_UNKNOWN:
            self.unknown_fields.append((parent.name, selection))
        own = Measure(
            depth=1,
            fields=1,
            aliases=1 if selection.alias else 0,
            cost=self.table.weight(parent.name if parent else "", name, definition),
        )
        if selection.selection_set is None:
            return own
        kind = get_named_type(definition.type) if definition else None
        below = self._selections(selection.selection_set, kind)
        size = self._size(selection, definition)
        return Measure(
            depth=below.depth + 1,
            fields=min(SATURATED, below.fields + 1),
            aliases=min(SATURATED, below.aliases + own.aliases),
            directives=below.directives,
            cost=min(SATURATED, own.cost + size * below.cost),
        )

    def _size(self, selection: FieldNode, definition: GraphQLField | None) -> int:
        """How many elements the field may give, from `first`, `last` or `limit` or their defaults."""
        if definition is None:
            return 1
        given = {argument.name.value: argument.value for argument in selection.arguments or ()}
        for name in SLICING_ARGUMENTS:
            if name in given:
                return self._given_size(given[name])
        for name in SLICING_ARGUMENTS:
            argument = definition.args.get(name)
            if argument is not None and isinstance(argument.default_value, int):
                return max(1, argument.default_value)
        return 1

    def _given_size(self, value: Any) -> int:
        if isinstance(value, VariableNode):
            self.size_variables.add(value.name.value)
            number = self.variables.get(value.name.value)
            return _bounded(number) if isinstance(number, int) else 1
        if isinstance(value, IntValueNode) and len(value.value) < 12:
            return _bounded(int(value.value))
        return 1


def _bounded(number: int) -> int:
    """Sizes out of range are refused by the resolver in its own words; here they only must not explode."""
    return min(max(number, 1), 100_000)


def _field_of(schema: GraphQLSchema, parent: Any, name: str) -> GraphQLField | None:
    return schema.get_field(parent, name) if is_composite_type(parent) else None


@dataclass(frozen=True, slots=True)
class Measured:
    """A document's figures for one operation, and the variables whose values change its cost."""

    measure: Measure
    size_variables: tuple[str, ...]
    unknown_fields: tuple[tuple[str, FieldNode], ...] = ()
    """Fields that their type does not have, as its name and the field; validation tells them with a near name."""


def measure_operation(
    table: CostTable, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> Measured:
    """Never raises and never takes longer than linear time, whatever the document says."""
    found = _Pass(table=table, fragments=fragments_of(document), variables=variables)
    figures = found.measure_operation(operation)
    return Measured(
        measure=figures,
        size_variables=tuple(sorted(found.size_variables)),
        unknown_fields=tuple(found.unknown_fields),
    )


def shape_problem(limits: CostLimits, measure: Measure) -> Problem | None:
    """The first limit that the figures of an operation pass, without regard to cost."""
    for name, value, most in (
        ("levels of fields", measure.depth, limits.depth),
        ("fields", measure.fields, limits.fields),
        ("aliases", measure.aliases, limits.aliases),
        ("directives", measure.directives, limits.directives),
    ):
        if value > most:
            return too_many(name, value, most)
    return None


def too_many(what: str, value: int, most: int) -> LimitReached:
    told = f"{value}" if value < SATURATED else "far too many"
    return LimitReached(
        message=f"The document has {told} {what} with its fragments expanded; {most} are allowed.",
        allowed=(f"{most} {what}",),
    )


def objects_in(data: Any) -> int:
    """Objects in an answer: what it did cost. Lists of plain values are skipped by their first element."""
    found = 0
    waiting = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            found += 1
            if not _NESTED.isdisjoint(map(type, value.values())):
                waiting.extend(inner for inner in value.values() if type(inner) in _NESTED)
        elif isinstance(value, list) and value and type(value[0]) in _NESTED:
            waiting.extend(value)
    return found


_NESTED: Final = frozenset({dict, list})
