"""Fragments of a document: which there are, which use which, and in what order they can be looked at once each."""

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import DocumentNode, FragmentDefinitionNode, FragmentSpreadNode, SelectionSetNode


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }


def spreads(selections: SelectionSetNode) -> set[str]:
    """Names of the fragments used directly in a selection set, at any depth of fields."""
    found: set[str] = set()
    waiting = [selections]
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FragmentSpreadNode):
                found.add(selection.name.value)
            else:
                inner = getattr(selection, "selection_set", None)
                if inner is not None:
                    waiting.append(inner)
    return found


@dataclass(frozen=True, slots=True)
class FragmentUse:
    """Fragments innermost first, and the names in which a fragment leads back to itself."""

    order: tuple[str, ...]
    cyclic: tuple[str, ...]


def fragment_use(fragments: Mapping[str, FragmentDefinitionNode]) -> FragmentUse:
    """Depth-first order over fragment uses, without recursion; each fragment's spreads are read once."""
    order: list[str] = []
    cyclic: list[str] = []
    state: dict[str, bool] = {}  # False while its inner fragments are visited, True afterwards
    for start in fragments:
        stack = [(start, False)]
        while stack:
            name, done = stack.pop()
            if done:
                state[name] = True
                order.append(name)
            elif name not in state and name in fragments:
                state[name] = False
                stack.append((name, True))
                inner = spreads(fragments[name].selection_set)
                cyclic.extend(other for other in inner if state.get(other) is False)
                stack.extend((other, False) for other in inner)
    return FragmentUse(order=tuple(order), cyclic=tuple(cyclic))
