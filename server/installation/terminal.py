"""Talking to the person at the terminal, and running other programs for them."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from server.installation.places import CHECKOUT, Refusal

_SHOWN_OF_A_FAILURE_LINES = 25


def say(text: str) -> None:
    sys.stderr.write(f"[parlance] {text}\n")
    sys.stderr.flush()


def become(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """In place of this process, so that signals reach the server itself."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(command[0], list(command), dict(environment))


def follow(
    command: Sequence[str],
    *,
    remedy: str,
    folder: Path = CHECKOUT,
    environment: Mapping[str, str] | None = None,
    count: str = "",
    label: str = "",
) -> None:
    """Runs to the end and shows what was printed on failure only.

    At a terminal, lines that begin with `count` are counted under the label as it goes.
    """
    process = subprocess.Popen(
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    printed: list[str] = []
    counted = 0
    assert process.stdout is not None
    for line in process.stdout:
        printed.append(line)
        if count and line.startswith(count):
            counted += 1
            _show_count(f"{label}: {counted}")
    if counted:
        _show_count("", end="\n")
    if process.wait() != 0:
        shown = "".join(printed[-_SHOWN_OF_A_FAILURE_LINES:])
        raise Refusal(f"`{' '.join(command[:4])} ...` failed:\n{shown}Remedy: {remedy}")


def _show_count(text: str, end: str = "") -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r[parlance] {text}{end}" if text else end)
        sys.stderr.flush()
