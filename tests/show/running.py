"""Commands and tests that a line runs, with their summaries."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def run_tests(*arguments: str) -> str:
    """The summary of pytest; a run in which everything was skipped shows nothing."""
    output = run([sys.executable, "-m", "pytest", "-q", *arguments], seconds=1_800)
    summary = output.strip().splitlines()[-1].strip("= ")
    if " passed" not in summary:
        raise AssertionError(f"nothing was shown: {output[-1500:]}")
    return summary


def run(command: Sequence[str], *, seconds: float) -> str:
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=seconds)
    if done.returncode != 0:
        raise AssertionError(f"{shutil.which(command[0]) or command[0]} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout
