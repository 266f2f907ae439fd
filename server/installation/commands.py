"""The commands of dev.py."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from server.installation.packages import REMEDY, make_empty_environment, python_with_packages
from server.installation.pages import built_pages
from server.installation.places import CHECKOUT, Refusal, cache_folder, workplace
from server.installation.terminal import become, follow, say

CHECKED = (
    *("domain", "persistence", "schema", "resolvers", "subscriptions", "delivery", "server"),
    *("migrations", "tests", "benchmarks", "dev.py"),
)
_IN_TWO_PROCESSES = ("--numprocesses=2", "--dist=loadfile")
"""Each with a Postgres of its own: tests wait for databases and browsers more than they compute."""
_LOCK_OPTIONS = ("--universal", "--generate-hashes", "--no-header", "--no-emit-index-url", "--no-annotate")


def run(arguments: Sequence[str]) -> int:
    """Start the server, or another command of it: run import FILE, run keys create, run --help."""
    environment = module_environment()
    if not arguments or arguments[0] == "serve":
        python = _made_ready(environment, pages_needed=False)
    else:
        python = python_with_packages()
    become([str(python), "-m", "server.cli", *arguments], environment)


def test(arguments: Sequence[str]) -> int:
    """Every check: ruff, mypy, pytest. With arguments: only pytest, with these."""
    started = time.monotonic()
    environment = module_environment()
    python = _made_ready(environment, pages_needed=not arguments)
    spent = [f"set-up {time.monotonic() - started:.0f} s"]
    if not arguments:
        started = time.monotonic()
        if lint([]) != 0:
            return 1
        spent.append(f"static checks {time.monotonic() - started:.0f} s")
    say(", ".join(spent))
    chosen = arguments or ("-m", "not slow", "--durations=10", *_IN_TWO_PROCESSES)
    return subprocess.call([str(python), "-m", "pytest", *chosen], cwd=CHECKOUT, env=environment)


def lint(arguments: Sequence[str]) -> int:
    """Only ruff and mypy."""
    python, cache = str(python_with_packages()), workplace() / ".cache"
    present = [name for name in CHECKED if (CHECKOUT / name).exists()]
    checks = (
        ("ruff", "check", "--quiet", f"--cache-dir={cache / 'ruff'}"),
        ("mypy", f"--cache-dir={cache / 'mypy'}"),
    )
    codes = [subprocess.call([python, "-m", *check, *present], cwd=CHECKOUT) for check in checks]
    return max(codes)


def prove(arguments: Sequence[str]) -> int:
    """The full figures of the promises (slow): all of them, or one, as in: prove P5."""
    chosen = [f"promise(number={int(name.upper().removeprefix('P'))})" for name in arguments]
    return test(["-s", "-m", "slow" + (f" and ({' or '.join(chosen)})" if chosen else "")])


def spec(arguments: Sequence[str]) -> int:
    """Which items of docs/product.md which tests prove."""
    become([str(python_with_packages()), "-m", "tests.spec", *arguments], module_environment())


def show(arguments: Sequence[str]) -> int:
    """Run what an issue must show, as in: show foundation."""
    become([str(python_with_packages()), "-m", "tests.show", *arguments], module_environment())


def bench(arguments: Sequence[str]) -> int:
    """Run a benchmark, as in: bench ingest. Without a name: list them."""
    names = sorted(file.stem for file in (CHECKOUT / "benchmarks").glob("*.py") if "def main(" in file.read_text())
    if not arguments or arguments[0] not in names:
        say(f"benchmarks: {', '.join(names)}; for example: python3 dev.py bench {names[0]}")
        return 2
    command = [str(python_with_packages()), "-m", f"benchmarks.{arguments[0]}", *arguments[1:]]
    return become(command, module_environment())


def schema(arguments: Sequence[str]) -> int:
    """Write schema/schema.graphql anew from the code."""
    become([str(python_with_packages()), "-m", "server.cli", "schema", "--write"], module_environment())


def web(arguments: Sequence[str]) -> int:
    """Build the pages in web/."""
    say(f"the pages are in {built_pages()}")
    return 0


def lock(arguments: Sequence[str]) -> int:
    """Pin all packages anew: requirements.in -> requirements.lock."""
    with tempfile.TemporaryDirectory(prefix="parlance-lock-") as folder:
        follow([*make_empty_environment(Path(folder)), "install", "uv"], remedy=REMEDY)
        for name in ("requirements", "web/requirements-node"):
            _compile(Path(folder, "bin", "uv"), f"{name}.in", CHECKOUT / f"{name}.lock")
    return 0


def set_up(arguments: Sequence[str]) -> int:
    """Install and build everything, and start nothing."""
    say(f"ready: {_made_ready({})}")
    return 0


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    **{"run": run, "test": test, "lint": lint, "prove": prove, "spec": spec, "show": show, "bench": bench},
    **{"schema": schema, "web": web, "lock": lock, "setup": set_up},
}


def main(arguments: Sequence[str]) -> int:
    name = arguments[0] if arguments else "--help"
    if name not in COMMANDS:
        lines = "\n".join(f"  {each:7} {command.__doc__}" for each, command in COMMANDS.items())
        print(f"Usage: python3 dev.py COMMAND [ARGUMENTS]\n\n{lines}")
        return 0 if name in ("--help", "-h", "help") else 2
    try:
        return COMMANDS[name](arguments[1:])
    except Refusal as refusal:
        say(f"cannot go on: {refusal}")
        return 1
    except KeyboardInterrupt:
        return 130


def module_environment() -> dict[str, str]:
    """Modules come from the checkout wherever the command is typed; file names stay relative to there."""
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "PYTHONSAFEPATH": "1"}
    if workplace() != CHECKOUT:
        environment["PYTHONPYCACHEPREFIX"] = str(cache_folder() / "pycache")
    return environment


def _made_ready(environment: dict[str, str], *, pages_needed: bool = True) -> Path:
    """Packages and pages at the same time: neither needs the other. Names the pages to the server."""
    with ThreadPoolExecutor() as workers:
        packages, pages = workers.submit(python_with_packages), workers.submit(built_pages)
    try:
        folder = pages.result()
    except Refusal as refusal:
        if pages_needed:
            raise
        say(f"the pages are left out, because they could not be built: {refusal}")
    else:
        if folder is not None:
            environment.setdefault("PARLANCE_WEB_FOLDER", str(folder))
    return packages.result()


def _compile(uv: Path, source: str, target: Path) -> None:
    command = [str(uv), "pip", "compile", "--quiet", "--upgrade", *_LOCK_OPTIONS, "--python-version", "3.11"]
    follow([*command, source, "-o", str(target)], remedy=REMEDY)
    if "://" in target.read_text():
        raise Refusal(f"{target.name} names an address\nRemedy: lock without an index of your own")
