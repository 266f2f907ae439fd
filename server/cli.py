"""The command line: `python3 dev.py run COMMAND ...`. Only the module of the command that runs is loaded."""

import difflib
import importlib
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

PROGRAM = "python3 dev.py run"


@dataclass(frozen=True)
class Command:
    name: str
    module: str  # has `app`, a typer.Typer
    help: str


COMMANDS = (
    Command("serve", "server.commands.serve", "Start the server (also without any command)."),
    Command("import", "server.commands.imports", "Import transcripts (JSONL, CSV) or events from a file."),
    Command("keys", "server.commands.keys", "Create, list and revoke API keys."),
    Command("workspace", "server.commands.workspaces", "Create, list and change workspaces."),
    Command("migrate", "server.commands.migrate", "Bring the database's tables up to date."),
    Command("worker", "server.commands.worker", "Run background jobs in a process of their own."),
    Command("check-columns", "server.commands.check_columns", "Compare columnar copies with the database."),
    Command("schema", "server.commands.schema", "Print the GraphQL schema."),
    Command("doctor", "server.commands.doctor", "Check database, roles, disk, key file and versions."),
    Command("settings", "server.commands.settings", "Show every setting, its value and its meaning."),
)


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] in (["--help"], ["-h"], ["help"]):
        print_overview()
        return 0
    name = "serve" if not given or given[0].startswith("-") else given.pop(0)
    command = next((command for command in COMMANDS if command.name == name), None)
    if command is None:
        return refuse(name)
    return run(command, given)


def run(command: Command, arguments: Sequence[str]) -> int:
    """A problem that a person can mend is one readable text, never a trace."""
    signal.signal(signal.SIGTERM, _leave)
    try:
        importlib.import_module(command.module).app(list(arguments), prog_name=f"{PROGRAM} {command.name}")
    except KeyboardInterrupt:
        return 130
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(bool(leaving.code))
    except Exception as error:
        told = _told(error)
        if told is None:
            raise
        sys.stderr.write(f"Error: {told}\n")
        return 1
    return 0


def _told(error: Exception) -> str | None:
    """The text for a person; None for a fault of ours, whose trace is wanted."""
    if hasattr(error, "remedy"):
        return f"{error}\n  Remedy: {error.remedy}" if error.remedy else str(error)
    from domain.problems import Refused
    from persistence.engine import DatabaseUnavailable
    from persistence.master_keys import MasterKeyRefused

    return str(error) if isinstance(error, (Refused, DatabaseUnavailable, MasterKeyRefused)) else None


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    """Like Ctrl-C, so that whatever was started is stopped on the way out."""
    raise SystemExit(128 + number)


def print_overview() -> None:
    width = max(len(command.name) for command in COMMANDS)
    lines = [f"  {command.name:{width}}  {command.help}" for command in COMMANDS]
    sys.stdout.write(f"Usage: {PROGRAM} [COMMAND] [ARGUMENTS]\n\n" + "\n".join(lines) + "\n\n")
    sys.stdout.write(f"More about one: {PROGRAM} COMMAND --help\n")


def refuse(name: str) -> int:
    near = difflib.get_close_matches(name, [command.name for command in COMMANDS], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    sys.stderr.write(f"Error: there is no command {name!r}.{hint} See: {PROGRAM} --help\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
