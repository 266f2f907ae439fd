"""How operations run: as graphql-core does it, except that lists of plain values and of plain records are completed
column by column. An answer is the same to the byte either way.

A record is plain for a selection if each selected field only reads an attribute: without resolver, arguments or
extensions, except those that ask for a scope, which is looked at once for the whole list.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from graphql import (
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetails, FieldDetailsList
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from schema.columns import Column, NotPlain, constant_column, leaf_column, list_column, record_column, with_nulls
from schema.cost import CostExtension
from schema.permissions import ScopeExtension

_MOST_PLANS: Final = 500
_DEFINITION: Final = "strawberry-definition"


@dataclass(frozen=True, slots=True)
class Plan:
    """How a list is completed, and the scopes that it takes; without a column the usual way is the only one."""

    column: Column | None
    scopes: frozenset[str]


Plans: TypeAlias = dict[tuple[Any, ...], Plan]
"""Of one document, which keeps alive what they are found by: the type of a list, the nodes that select in it, and what
`@skip` and `@include` may look at."""


class ColumnExecutor(StrawberryGraphQLCoreExecutionContext):
    def __init__(self, *given: Any, plans: Plans | None = None, **named: Any) -> None:
        super().__init__(*given, **named)
        self._plans: Plans = {} if plans is None else plans
        values = self.variable_values.coerced.items()
        self._switches = frozenset((name, value) for name, value in values if value is None or type(value) is bool)

    def complete_list_value(
        self,
        return_type: GraphQLList[GraphQLOutputType],
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        if type(result) is list or type(result) is tuple:
            plan = self._plan(return_type, field_details_list)
            if plan.column is not None and self._may_read(plan.scopes):
                # Whatever goes wrong in a column, the usual way meets it again and tells it rightly.
                with suppress(Exception):
                    return list(plan.column(result))
        return super().complete_list_value(return_type, field_details_list, info, path, result, position_context)

    def _may_read(self, scopes: frozenset[str]) -> bool:
        return not scopes or scopes <= self.context_value.viewer.scopes

    def _plan(self, kind: GraphQLList[Any], selecting: FieldDetailsList) -> Plan:
        key = (id(kind), self._switches, *[id(details.node) for details in selecting])
        plan = self._plans.get(key)
        if plan is None:
            plan = self._made(kind, selecting)
            if len(self._plans) < _MOST_PLANS:
                self._plans[key] = plan
        return plan

    def _made(self, kind: GraphQLList[Any], selecting: FieldDetailsList) -> Plan:
        scopes: set[str] = set()
        try:
            column = None if self.middleware_manager else self._column(kind.of_type, selecting, scopes)
        except Exception:  # As above.
            column = None
        return Plan(column, frozenset(scopes))

    def _column(self, kind: GraphQLOutputType, selecting: FieldDetailsList, scopes: set[str]) -> Column:
        required = is_non_null_type(kind)
        inner: Any = kind.of_type if is_non_null_type(kind) else kind
        if is_leaf_type(inner):
            return leaf_column(inner, nullable=not required)
        if is_list_type(inner):
            column = list_column(self._column(inner.of_type, selecting, scopes))
        elif is_object_type(inner):
            column = self._record_column(inner, selecting, scopes)
        else:
            raise NotPlain
        return column if required else with_nulls(column)

    def _record_column(self, kind: GraphQLObjectType, selecting: FieldDetailsList, scopes: set[str]) -> Column:
        collected = self.collect_subfields(kind, selecting)
        if kind.is_type_of is not None or collected.new_defer_usages or any(map(_varies, selecting)):
            raise NotPlain
        fields = []
        for name, inner in collected.grouped_field_set.items():
            attribute, column = self._field(kind, inner, scopes)
            fields.append((name, attribute, column))
        return record_column(_classes_of(kind), fields)

    def _field(self, kind: GraphQLObjectType, selecting: FieldDetailsList, scopes: set[str]) -> tuple[str, Column]:
        node = selecting[0].node
        if node.name.value == "__typename":
            return "__class__", constant_column(kind.name)
        field = kind.fields.get(node.name.value)
        if field is None or node.arguments:
            raise NotPlain
        definition = _attribute_only(field)
        scopes.update(
            scope
            for extension in definition.extensions
            if isinstance(extension, ScopeExtension)
            for scope in extension.scopes
        )
        return definition.python_name, self._column(field.type, selecting, scopes)


def _varies(details: FieldDetails) -> bool:
    """Deferred, or with variables of a fragment's own: the schema has neither."""
    return details.defer_usage is not None or details.fragment_variable_values is not None


def _attribute_only(field: GraphQLField) -> StrawberryField:
    """The definition of a field that does nothing but read an attribute."""
    definition = field.extensions.get(_DEFINITION)
    if (
        isinstance(definition, StrawberryField)
        and definition.base_resolver is None
        and definition.default_resolver is getattr
        and not field.args
        and all(type(extension) in _HARMLESS for extension in definition.extensions)
    ):
        return definition
    raise NotPlain


_HARMLESS: Final = (ScopeExtension, CostExtension)


def _classes_of(kind: GraphQLObjectType) -> frozenset[type]:
    """The class of the records, which for one of a generic family is the family's too."""
    definition = kind.extensions.get(_DEFINITION)
    if not isinstance(definition, StrawberryObjectDefinition):
        raise NotPlain
    family = definition.concrete_of
    return frozenset({definition.origin} if family is None else {definition.origin, family.origin})
