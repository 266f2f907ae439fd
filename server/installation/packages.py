"""The Python environment that holds exactly what requirements.lock names."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from server.installation.places import CHECKOUT, Refusal, cache_folder, can_make, fingerprint, locked, read_stamp
from server.installation.terminal import follow, say

STAMP = "parlance-stamp"
REMEDY = (
    "check the network (or pip's proxy and index settings) and the free disk space (1 GB is enough), then start again"
)
_VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
_MISLEADING = {"PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX"}
_OPTIONS = ("--require-hashes", "--no-deps", "--only-binary", ":all:", "--no-input", "--progress-bar", "off")


def python_with_packages() -> Path:
    """Its interpreter. Nothing is done when the environment is up to date."""
    lock_file = CHECKOUT / "requirements.lock"
    wanted = f"{_VERSION} {fingerprint([lock_file])}"
    folders = [CHECKOUT / ".venv", cache_folder() / ".venv"]
    made = next((folder for folder in folders if _is_made(folder, wanted)), None)
    if made is not None:
        return made / "bin" / "python"
    folder = next((folder for folder in folders if can_make(folder)), folders[-1])
    with locked(folder.parent / ".cache", "packages"):
        if not _is_made(folder, wanted):
            make_environment(folder, lock_file)
            (folder / STAMP).write_text(wanted)
    return folder / "bin" / "python"


def make_environment(folder: Path, lock_file: Path) -> None:
    started = time.monotonic()
    total = sum("==" in line for line in lock_file.read_text().splitlines())
    say(f"installing {total} Python packages into {folder} (about a minute)")
    command = [*make_empty_environment(folder), "install", *_OPTIONS, "-r", str(lock_file)]
    follow(command, remedy=REMEDY, environment=_clean(), count="Collecting ", label="packages fetched")
    say(f"packages ready after {time.monotonic() - started:.0f} s")


def make_empty_environment(folder: Path) -> list[str]:
    """Gives the pip to fill it with. Some systems ship a Python that cannot put pip into an environment."""
    shutil.rmtree(folder, ignore_errors=True)
    python = str(folder / "bin" / "python")
    if _succeeds("-m", "venv", str(folder)):
        return [python, "-m", "pip", "--disable-pip-version-check"]
    bare = _succeeds("-m", "venv", "--clear", "--without-pip", str(folder))
    if bare and _succeeds("-m", "pip", "--python", python, "--version"):
        return [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    raise Refusal(
        f"this Python ({sys.executable}) lacks the part that makes environments\n"
        f"Remedy: install one package, python{_VERSION}-venv (on Debian and Ubuntu: "
        f"apt-get install python{_VERSION}-venv), and start again"
    )


def _is_made(folder: Path, wanted: str) -> bool:
    return read_stamp(folder / STAMP) == wanted and (folder / "bin" / "python").exists()


def _succeeds(*arguments: str) -> bool:
    done = subprocess.run([sys.executable, *arguments], env=_clean(), capture_output=True, check=False)
    return done.returncode == 0


def _clean() -> dict[str, str]:
    """Without what would bring other modules into the new environment, or send packages past it."""
    return {name: value for name, value in os.environ.items() if name not in _MISLEADING}
