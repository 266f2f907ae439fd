"""Which fields does a request ask of a type? Fragments, aliases, @skip and @include are resolved."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from strawberry.types import Info
from strawberry.types.nodes import Directives, FragmentSpread, InlineFragment, SelectedField, Selection


@dataclass(slots=True)
class Selected:
    """Fields by name, however often and by whatever alias they are asked for, in order of first mention."""

    fields: dict[str, "Selected"] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def below(self, *path: str) -> "Selected":
        """What is asked for further down; empty if nothing is."""
        found = self
        for name in path:
            found = found.fields.get(name, Selected())
        return found


def selected(info: Info[Any, Any]) -> Selected:
    """What is asked of the field being resolved."""
    found = Selected()
    for node in info.selected_fields:
        if isinstance(node, SelectedField):
            _gather(found, node.selections)
    return found


def _gather(into: Selected, selections: Iterable[Selection]) -> None:
    for node in selections:
        if not _is_included(node.directives):
            continue
        match node:
            case SelectedField():
                _gather(into.fields.setdefault(node.name, Selected()), node.selections)
            case FragmentSpread() | InlineFragment():
                _gather(into, node.selections)


def _is_included(directives: Directives) -> bool:
    skipped = directives.get("skip", {}).get("if", False)
    included = directives.get("include", {}).get("if", True)
    return bool(included) and not skipped
