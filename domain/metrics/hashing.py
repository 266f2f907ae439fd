"""Measures are keys of every cell, and deep: what their hash is, is worked out once."""

from typing import Any


class KnowsItsHash:
    """Base of frozen dataclasses with slots that are given to `hash_once`."""

    __slots__ = ("_hash",)


def hash_once(*kinds: type[KnowsItsHash]) -> None:
    for kind in kinds:
        kind.__hash__ = _known(kind.__hash__)  # type: ignore[method-assign]


def _known(deep: Any) -> Any:
    def known(self: Any) -> int:
        try:
            found: int = self._hash
        except AttributeError:
            found = deep(self)
            object.__setattr__(self, "_hash", found)
        return found

    return known
