#!/usr/bin/env python3
"""Sets Parlance up and runs it, from a fresh checkout, with nothing but Python 3.11 or newer.

`python3 dev.py run` starts the server, `python3 dev.py test` runs every check, `--help` lists the rest.
"""

import os
import shutil
import sys

OLDEST, NEWEST = (3, 11), (3, 14)


def check_machine() -> None:
    """Before anything is imported that an older Python could not read."""
    if os.name != "posix":
        sys.exit("Windows is not supported directly.\nRemedy: run Parlance inside WSL.")
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        other = shutil.which(f"python3.{minor}")
        if other and "PARLANCE_OTHER_PYTHON" not in os.environ:
            os.environ["PARLANCE_OTHER_PYTHON"] = other
            os.execv(other, [other, *sys.argv])
    sys.exit(
        f"This is Python {sys.version.split()[0]}, and Parlance needs 3.11 to 3.14.\n"
        "Remedy: install one of these, then for example: python3.13 dev.py run"
    )


if __name__ == "__main__":
    check_machine()
    from server.installation.commands import main

    sys.exit(main(sys.argv[1:]))
