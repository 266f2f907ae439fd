"""Bounds the work of the standard rule that compares fields of one response name, pair by pair."""

from collections.abc import Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from domain.problems import Problem
from schema.cost import CostLimits, too_many
from schema.fragments import fragments_of


def merge_problem(document: DocumentNode, operation: OperationDefinitionNode, limits: CostLimits) -> Problem | None:
    """Bounds root fields and pairs of fields of one response path, which the merge rule compares one by one.

    Call it only for documents whose expanded fields are within the limit: it visits each of them.
    """
    fragments = fragments_of(document)
    pairs = 0
    waiting = [[operation.selection_set]]
    at_root = True
    while waiting:
        groups = _merged(waiting.pop(), fragments)
        if at_root and len(groups) > limits.root_fields:
            return too_many("root fields", len(groups), limits.root_fields)
        at_root = False
        for nodes in groups.values():
            pairs += len(nodes) * (len(nodes) - 1) // 2
            below = [node.selection_set for node in nodes if node.selection_set is not None]
            if below:
                waiting.append(below)
        if pairs > limits.merge_pairs:
            return too_many("repeated fields at one place (counted in pairs)", pairs, limits.merge_pairs)
    return None


def _merged(
    sets: list[SelectionSetNode], fragments: Mapping[str, FragmentDefinitionNode]
) -> dict[str, list[FieldNode]]:
    """Fields of several selection sets by response name, each fragment once, as execution collects them."""
    groups: dict[str, list[FieldNode]] = {}
    seen: set[str] = set()
    waiting = list(sets)
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FieldNode):
                name = selection.alias.value if selection.alias else selection.name.value
                groups.setdefault(name, []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                waiting.append(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                fragment = fragments.get(selection.name.value)
                if fragment is not None:
                    waiting.append(fragment.selection_set)
    return groups
