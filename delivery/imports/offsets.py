"""How far an import has come, kept beside the data so that it can go on after an interruption."""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from delivery.imports.outcome import Tally


@dataclass(frozen=True)
class OffsetFile:
    """One for each file, mapping and destination. Losing it is harmless: what was sent already is a duplicate."""

    path: Path

    @classmethod
    def of(cls, folder: Path, source: Path, *, purpose: str) -> "OffsetFile":
        state = source.stat()
        identity = f"{source.resolve()}\0{state.st_size}\0{state.st_mtime_ns}\0{purpose}"
        return cls(folder / f"{sha256(identity.encode()).hexdigest()[:32]}.json")

    def read(self) -> Tally:
        with suppress(OSError, ValueError, KeyError, TypeError):
            return Tally.from_state(json.loads(self.path.read_text(encoding="utf-8")))
        return Tally()

    def write(self, tally: Tally) -> None:
        """Whole or not at all. A folder that cannot be written costs only the resuming."""
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.path.with_suffix(".new")
            fresh.write_text(json.dumps(tally.as_state()), encoding="utf-8")
            os.replace(fresh, self.path)

    def forget(self) -> None:
        with suppress(OSError):
            self.path.unlink()
