"""What became of the events of an import, and why some were refused, by line."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

KEPT_REJECTIONS = 1_000


class Verdict(Struct, frozen=True):
    """Of one event: accepted, duplicate, conflict or rejected; the last with what was wrong where."""

    status: str
    reason: str | None = None


Send = Callable[[bytes, int], Awaitable[Sequence[Verdict]]]
"""Hands over that many events as newline-delimited JSON; one verdict for each, in order, after they are stored."""


class ImportStopped(Exception):
    """The import cannot go on now; running it again goes on where it stopped."""

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem)
        self.remedy = remedy


class Rejection(Struct, frozen=True):
    line: int
    reason: str
    event: str | None = None


@dataclass
class Tally:
    lines: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    rejections: list[Rejection] = field(default_factory=list)

    def note(self, verdicts: Sequence[Verdict], origins: Sequence[tuple[int, str]]) -> None:
        for verdict, (line, kind) in zip(verdicts, origins, strict=True):
            self.counts[verdict.status] += 1
            if verdict.status in ("rejected", "conflict"):
                self._keep(Rejection(line, verdict.reason or verdict.status, kind))

    def refuse_line(self, line: int, reason: str) -> None:
        self.counts["rejected"] += 1
        self._keep(Rejection(line, reason))

    def _keep(self, rejection: Rejection) -> None:
        if len(self.rejections) < KEPT_REJECTIONS:
            self.rejections.append(rejection)

    @property
    def clean(self) -> bool:
        return not self.counts["rejected"] and not self.counts["conflict"]

    def as_state(self) -> dict[str, Any]:
        return {
            "lines": self.lines,
            "counts": dict(self.counts),
            "rejections": [[r.line, r.reason, r.event] for r in self.rejections],
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "Tally":
        kept = [Rejection(line, reason, event) for line, reason, event in state["rejections"]]
        return cls(state["lines"], Counter(state["counts"]), kept)
