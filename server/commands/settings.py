"""`settings`: every setting with its value, and the page docs/settings.md made from the same list."""

import os
import textwrap
from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from server.settings import CHECKOUT, Settings, read_settings, setting_lines, unknown_variables

app = typer.Typer(add_completion=False)
PAGE = CHECKOUT / "docs" / "settings.md"


@app.command()
def settings(
    markdown: Annotated[bool, typer.Option("--write-docs", help="Write docs/settings.md instead.")] = False,
) -> None:
    """Show every setting, its value now and its meaning."""
    current = read_settings()
    if markdown:
        PAGE.write_text(settings_page(current))
        print(f"wrote {PAGE.relative_to(CHECKOUT)}")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("Variable", "Value", "Meaning"):
        table.add_column(heading, no_wrap=heading == "Variable", overflow="fold")
    for line in setting_lines(current):
        table.add_row(line.variable, line.value or "-", line.description)
    Console().print(table)
    for problem in unknown_variables(os.environ):
        print(f"\nWarning: {problem}")


def settings_page(current: Settings) -> str:
    introduction = """\
        # Settings

        Parlance is set up by environment variables. None is required. `python3 dev.py run settings` shows the
        values in force; an empty variable counts as absent.

        Written by `python3 dev.py run settings --write-docs`.

        | variable | default | meaning |
        |---|---|---|
        """
    return textwrap.dedent(introduction) + "\n".join(_rows(current)) + "\n"


def _rows(current: Settings) -> Iterable[str]:
    for line in setting_lines(current):
        default = f"`{line.default}`" if line.default and " " not in line.default else line.default or "(empty)"
        yield f"| `{line.variable}` | {default} | {line.description} |"
