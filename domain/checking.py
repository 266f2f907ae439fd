"""Checks an input's values one by one and refuses it once, with every problem found."""

import re
from decimal import Decimal, InvalidOperation
from typing import Final

from domain.problems import InvalidInput, Problem, Refused

NANO_PER_UNIT: Final = 10**9
LARGEST_NANO: Final = 2**63 - 1
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)

Path = tuple[str | int, ...]


class Checks:
    """`checks.text(...)` gives the cleaned value and notes a problem; `checks.refuse()` ends the pass."""

    def __init__(self, *prefix: str) -> None:
        self._prefix = prefix
        self.problems: list[Problem] = []

    def note(self, message: str, *path: str | int, allowed: tuple[str, ...] = ()) -> None:
        self.problems.append(InvalidInput(message=message, path=(*self._prefix, *path), allowed=allowed))

    def refuse(self) -> None:
        if self.problems:
            raise Refused(*self.problems)

    def text(self, value: str, *path: str | int, longest: int = 200) -> str:
        cleaned = value.strip()
        if not 1 <= len(cleaned) <= longest or "\0" in cleaned:
            self.note(
                f"{path[-1]} has {len(cleaned)} characters; it takes 1 to {longest}.",
                *path,
                allowed=(f"1..{longest} characters",),
            )
        return cleaned

    def slug(self, value: str, *path: str | int) -> str:
        if not _SLUG.fullmatch(value):
            self.note(
                f"{path[-1]} takes 1 to 64 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit.", *path
            )
        return value

    def whole(self, value: int, *path: str | int, least: int, most: int) -> int:
        if not least <= value <= most:
            self.note(f"{path[-1]} is {value}; it takes {least} to {most}.", *path, allowed=(f"{least}..{most}",))
        return value

    def share_ppm(self, value: float, *path: str | int) -> int:
        """A share 0..1 as parts per million."""
        if not 0 <= value <= 1:
            self.note(f"{path[-1]} is {value}; it takes 0 to 1.", *path, allowed=("0..1",))
            return 0
        return round(value * 1_000_000)

    def currency(self, value: str, *path: str | int) -> str:
        if not _CURRENCY.fullmatch(value):
            self.note(f"{path[-1]} takes an ISO 4217 code of three capital letters, such as EUR.", *path)
        return value

    def nano(self, value: Decimal | str, *path: str | int) -> int:
        """An amount of money as nano units; at most 9 decimals."""
        try:
            scaled = Decimal(value) * NANO_PER_UNIT
        except InvalidOperation:
            scaled = Decimal("NaN")
        if not scaled.is_finite() or scaled != scaled.to_integral_value() or not 0 <= scaled <= LARGEST_NANO:
            self.note(f"{path[-1]} takes an amount from 0 to 9223372036 with at most 9 decimals.", *path)
            return 0
        return int(scaled)
