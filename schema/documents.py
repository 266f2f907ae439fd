"""From the text of a document to an operation that may run: parsed, measured, validated, each once per text.

Good documents are kept by their text, within a bound; refused ones are not, so that they cannot push out good ones.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    parse,
    validate,
)
from graphql.validation import specified_rules
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from domain.problems import InvalidInput, LimitReached, Problem
from schema.cost import (
    CostLimits,
    CostTable,
    Measured,
    measure_operation,
    shape_problem,
    too_many,
)
from schema.execution import Plans
from schema.fragments import fragment_use, fragments_of, spreads
from schema.merging import merge_problem
from schema.problems import coded_error

PARSE_FAILED: Final = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED: Final = "GRAPHQL_VALIDATION_FAILED"
OPERATION_UNRESOLVED: Final = "OPERATION_RESOLUTION_FAILURE"

_RULES: Final = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
_MOST_ERRORS: Final = 20
_LONGEST_MESSAGE: Final = 300
_COSTS_KEPT_PER_OPERATION: Final = 64


class DocumentRefused(Exception):
    """A request error: nothing was executed."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.errors = list(errors)


@dataclass(slots=True)
class _Operation:
    node: OperationDefinitionNode
    root_field: str
    size_variables: tuple[str, ...]
    costs: dict[tuple[Any, ...], int] = field(default_factory=dict)


@dataclass(slots=True)
class _Document:
    node: DocumentNode
    operations: dict[str | None, _Operation]
    plans: Plans = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prepared:
    """An operation that may run."""

    document: DocumentNode
    operation: OperationDefinitionNode
    root_field: str
    """Name of the first root field: a bounded label for metrics and logs."""
    cost: int
    plans: Plans
    """How its lists are completed, learnt when they are met first."""

    @property
    def kind(self) -> str:
        return self.operation.operation.value


class Documents:
    """All documents of one schema. One per process; used from the event loop only."""

    def __init__(
        self, schema: GraphQLSchema, *, limits: CostLimits | None = None, kept_characters: int = 300_000
    ) -> None:
        self.schema = schema
        self.limits = limits or CostLimits()
        self._table = CostTable(schema)
        self._kept: OrderedDict[str, _Document] = OrderedDict()
        self._kept_characters = 0
        self._most_characters = kept_characters

    def knows(self, text: str) -> bool:
        """Whether the document was read before, and costs nothing to look at."""
        return text in self._kept

    def prepare(self, text: str, *, operation_name: str | None, variables: Mapping[str, Any]) -> Prepared:
        """The operation to run, or `DocumentRefused` with coded errors."""
        document = self._kept.get(text)
        if document is None:
            document = self._read(text)
            self._keep(text, document)
        else:
            self._kept.move_to_end(text)
        operation = _chosen(document, operation_name)
        cost = self._cost(document, operation, variables)
        if cost > self.limits.cost:
            raise _refused(
                LimitReached(
                    message=f"The operation costs {cost} points; one operation may cost {self.limits.cost}.",
                    allowed=(f"{self.limits.cost} points",),
                )
            )
        return Prepared(
            document=document.node,
            operation=operation.node,
            root_field=operation.root_field,
            cost=cost,
            plans=document.plans,
        )

    def _read(self, text: str) -> _Document:
        node = self._parsed(text)
        operations = [d for d in node.definitions if isinstance(d, OperationDefinitionNode)]
        self._check_fragments(node, operations)
        measured = [self._measured(node, operation) for operation in operations]
        self._check_validity(node)
        return _Document(
            node=node,
            operations={
                operation.name.value if operation.name else None: _Operation(
                    node=operation,
                    root_field=_first_root_field(node, operation),
                    size_variables=figures.size_variables,
                )
                for operation, figures in zip(operations, measured, strict=True)
            },
        )

    def _parsed(self, text: str) -> DocumentNode:
        if has_more_tokens_than(text, self.limits.tokens):
            most = self.limits.tokens
            raise _refused(LimitReached(message=f"The document has more than {most} tokens.", allowed=(str(most),)))
        try:
            node = parse(text, max_tokens=self.limits.tokens)
        except GraphQLSyntaxError as error:
            raise DocumentRefused([_as_refusal(error, PARSE_FAILED)]) from None
        except RecursionError:
            raise _refused(LimitReached(message="The document is nested too deeply to be read.")) from None
        if len(node.definitions) > self.limits.definitions:
            raise _refused(too_many("definitions", len(node.definitions), self.limits.definitions))
        return node

    def _check_fragments(self, node: DocumentNode, operations: list[OperationDefinitionNode]) -> None:
        """Cycles and unused fragments are told here, because the passes that follow need their absence."""
        fragments = fragments_of(node)
        use = fragment_use(fragments)
        if use.cyclic:
            raise _invalid(f"Cannot spread fragment {use.cyclic[0]!r} within itself.")
        used = {name for operation in operations for name in spreads(operation.selection_set)}
        for name in reversed(use.order):
            if name in used:
                used |= spreads(fragments[name].selection_set)
        for name in fragments:
            if name not in used:
                raise _invalid(f"Fragment {name!r} is never used.")

    def _measured(self, node: DocumentNode, operation: OperationDefinitionNode) -> Measured:
        measured = measure_operation(self._table, node, operation, {})
        if len(measured.unknown_fields) > _MOST_ERRORS:
            # Validation would look for the near name of each, which takes its time and helps nobody any more.
            raise DocumentRefused([_unknown_field(kind, node) for kind, node in measured.unknown_fields[:_MOST_ERRORS]])
        problem = shape_problem(self.limits, measured.measure)
        problem = problem or merge_problem(node, operation, self.limits)
        if problem is not None:
            raise _refused(problem)
        return measured

    def _check_validity(self, node: DocumentNode) -> None:
        try:
            errors = validate(self.schema, node, _RULES, max_errors=_MOST_ERRORS)
        except RecursionError:
            raise _refused(LimitReached(message="The document is nested too deeply to be checked.")) from None
        if errors:
            raise DocumentRefused([_as_refusal(error, VALIDATION_FAILED) for error in errors[:_MOST_ERRORS]])

    def _cost(self, document: _Document, operation: _Operation, variables: Mapping[str, Any]) -> int:
        sizes = tuple(_hashable(variables.get(name)) for name in operation.size_variables)
        known = operation.costs.get(sizes)
        if known is not None:
            return known
        cost = measure_operation(self._table, document.node, operation.node, variables).measure.cost
        if len(operation.costs) < _COSTS_KEPT_PER_OPERATION:
            operation.costs[sizes] = cost
        return cost

    def _keep(self, text: str, document: _Document) -> None:
        self._kept[text] = document
        self._kept_characters += len(text)
        while self._kept_characters > self._most_characters and len(self._kept) > 1:
            oldest, _ = self._kept.popitem(last=False)
            self._kept_characters -= len(oldest)


# Strings may lack their end here, and nothing is tried twice, so that no text makes the count slow.
_TOKEN: Final = re.compile(
    r'"""(?:[^"\\]++|\\.|"(?!""))*+(?:""")?'
    r'|"(?:[^"\\\n]++|\\.)*+"?'
    r"|\.\.\.|[_A-Za-z0-9+-][\w.+-]*+|[^\s,#\ufeff]|#[^\n]*+",
    re.DOTALL,
)


def has_more_tokens_than(text: str, most: int) -> bool:
    """Counts roughly and stops early: reading a document token by token costs thirty times as much."""
    counted = sum(not match.group().startswith("#") for match in islice(_TOKEN.finditer(text), 2 * most))
    return counted > most


def _chosen(document: _Document, name: str | None) -> _Operation:
    if name is not None:
        found = document.operations.get(name)
        if found is None:
            raise _unresolved(f"The document has no operation named {name[:_LONGEST_MESSAGE]!r}.")
        return found
    if not document.operations:
        raise _unresolved("The document has no operation.")
    if len(document.operations) > 1:
        raise _unresolved("The document has several operations: operationName must say which one to run.")
    return next(iter(document.operations.values()))


def _first_root_field(node: DocumentNode, operation: OperationDefinitionNode) -> str:
    fragments = fragments_of(node)
    selections = operation.selection_set
    while True:
        first: Any = selections.selections[0]
        name = getattr(getattr(first, "name", None), "value", "")
        if first.kind == "field":
            return str(name)
        selections = first.selection_set if first.kind == "inline_fragment" else fragments[name].selection_set


def _hashable(value: Any) -> Any:
    return value if isinstance(value, int) else None


def _refused(problem: Problem) -> DocumentRefused:
    return DocumentRefused([coded_error(problem)])


def _unresolved(message: str) -> DocumentRefused:
    return DocumentRefused([GraphQLError(message, extensions={"code": OPERATION_UNRESOLVED})])


def _invalid(message: str) -> DocumentRefused:
    return DocumentRefused([GraphQLError(_cut(message), extensions={"code": VALIDATION_FAILED})])


def _as_refusal(error: GraphQLError, code: str) -> GraphQLError:
    """The same error with a code; the near name moves from the sentence to `extensions.suggestion`."""
    message, _, hint = error.message.partition(" Did you mean ")
    extensions: dict[str, Any] = {"code": code, **(error.extensions or {})}
    names = hint.split("'")[1::2] or hint.split('"')[1::2]
    if names:
        extensions["suggestion"] = names[0]
    return GraphQLError(
        _cut(message), nodes=error.nodes, source=error.source, positions=error.positions, extensions=extensions
    )


def _unknown_field(kind: str, node: FieldNode) -> GraphQLError:
    message = f"Cannot query field {node.name.value!r} on type {kind!r}."
    return GraphQLError(_cut(message), nodes=node, extensions={"code": VALIDATION_FAILED})


def _cut(message: str) -> str:
    return message if len(message) <= _LONGEST_MESSAGE else message[:_LONGEST_MESSAGE] + "…"


def variables_problem(variables: Mapping[str, Any], *, most_items: int, most_depth: int = 64) -> Problem | None:
    """Text that Postgres cannot hold, endless lists and bottomless nesting in variables, told before any work."""
    waiting: list[tuple[Any, int]] = [(variables, 0)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, str):
            if "\0" in value:
                return InvalidInput(message="Text in variables must not contain the character U+0000.")
            continue
        if not isinstance(value, dict | list):
            continue
        if depth >= most_depth:
            return LimitReached(message=f"Variables are nested deeper than {most_depth} levels.")
        if isinstance(value, list) and len(value) > most_items:
            return LimitReached(message=f"A list in variables has {len(value)} items; {most_items} are allowed.")
        inner = value if isinstance(value, list) else [*value, *value.values()]
        waiting.extend((item, depth + 1) for item in inner)
    return None
