"""`import`: transcripts (JSON lines, CSV) or our own events from a file, into a running server or the database."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from delivery.imports.files import count_lines, read_lines
from delivery.imports.http import HttpDestination
from delivery.imports.mapping import MappingError, TranscriptMapping, read_mapping
from delivery.imports.offsets import OffsetFile
from delivery.imports.outcome import Send, Tally
from delivery.imports.running import Translate, run_import
from delivery.imports.transcripts import Translator, WireEvent
from persistence.engine import open_database
from server.database import prepare_tables, shared_database
from server.imports import choose_workspace, declare_reports, direct_sender
from server.settings import Settings, read_settings

SHOWN_REJECTIONS = 20
app = typer.Typer(add_completion=False)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be imported."""

    file: Path
    mapping: TranscriptMapping | None  # None: our own events
    chatbot: str | None

    @property
    def translate(self) -> Translate:
        return _pass_on if self.mapping is None else Translator(self.mapping, self.chatbot).translate

    @property
    def slug(self) -> object:
        return self.chatbot or (self.mapping and self.mapping.chatbot.value)

    @property
    def reports(self) -> list[str]:
        return self.mapping.reports if self.mapping else []

    def offsets(self, folder: Path, destination: str) -> OffsetFile:
        purpose = f"{destination}\0{self.mapping}\0{self.chatbot}"
        return OffsetFile.of(folder / "imports", self.file, purpose=purpose)


@app.command(name="import")
def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSONL or CSV, plain or .gz")],
    mapping: Annotated[
        str, typer.Option("--map", help="events, star, transcript or a mapping file; auto looks at the file")
    ] = "auto",
    chatbot: Annotated[str, typer.Option(help="Chatbot of all conversations; wins over the mapping")] = "",
    url: Annotated[str, typer.Option(help="A running server, such as http://127.0.0.1:8000")] = "",
    key: Annotated[str, typer.Option(envvar="PARLANCE_KEY", help="API key for --url")] = "",
    workspace: Annotated[str, typer.Option(help="Without --url: id or name; the only one if left away")] = "",
    rejects: Annotated[Path | None, typer.Option(help="Write what was refused to this file (JSONL)")] = None,
) -> None:
    """Import a file. Running it again is safe: what is there already counts as a duplicate."""
    if url and not key:
        raise typer.BadParameter("an API key with the scope events:write is needed", param_hint="--key")
    try:
        order = Order(file=file, mapping=_choose_mapping(file, mapping), chatbot=chatbot or None)
    except MappingError as error:
        raise typer.BadParameter(str(error), param_hint="--map") from None
    settings = read_settings()
    tally = _import_over_http(order, settings, url, key) if url else _import_here(order, settings, workspace)
    _tell(tally, rejects)
    raise typer.Exit(0 if tally.clean else 1)


def _choose_mapping(file: Path, name: str) -> TranscriptMapping | None:
    if name == "auto":
        first = next((line.record for line in read_lines(file) if line.record), {})
        if {"type", "occurredAt"} <= first.keys():
            return None
        name = "star" if {"conversation_id", "turns"} <= first.keys() else "transcript"
    return None if name == "events" else read_mapping(name)


def _pass_on(record: WireEvent, /) -> list[WireEvent]:
    return [record]


def _import_over_http(order: Order, settings: Settings, url: str, key: str) -> Tally:
    destination = HttpDestination(url, key)

    async def declare_and_run() -> Tally:
        await destination.declare(order.slug, order.reports)
        return await _run(order, destination.send, order.offsets(settings.data, url))

    return asyncio.run(declare_and_run())


def _import_here(order: Order, settings: Settings, workspace: str) -> Tally:
    with shared_database(settings) as urls:
        asyncio.run(prepare_tables(urls))
        return asyncio.run(_import_directly(order, settings.data, urls.app, workspace))


async def _import_directly(order: Order, folder: Path, url: str, workspace: str) -> Tally:
    database = open_database(url, pool_size=2, statement_timeout_ms=60_000)
    try:
        workspace_id = await choose_workspace(database, workspace)
        await declare_reports(database, workspace_id, order.slug, order.reports, now=datetime.now(UTC))
        send = direct_sender(database, workspace_id)
        return await _run(order, send, order.offsets(folder, str(workspace_id)))
    finally:
        await database.close()


async def _run(order: Order, send: Send, offsets: OffsetFile) -> Tally:
    with _progress(order.file) as report:
        return await run_import(order.file, order.translate, send, offsets=offsets, report=report)


@contextmanager
def _progress(file: Path) -> Iterator[Callable[[Tally], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
    with Progress(*columns, TimeElapsedColumn(), TextColumn("{task.fields[counts]}")) as progress:
        task = progress.add_task(f"Importing {file.name}", total=count_lines(file), counts="")
        yield lambda tally: progress.update(task, completed=tally.lines, counts=_summary(tally))


def _summary(tally: Tally) -> str:
    order = ("accepted", "duplicate", "conflict", "rejected")
    return ", ".join(f"{tally.counts[name]:,} {name}" for name in order if tally.counts[name] or name == "accepted")


def _tell(tally: Tally, rejects: Path | None) -> None:
    console = Console()
    console.print(f"{tally.lines:,} lines: {_summary(tally)}", highlight=False)
    for rejection in tally.rejections[:SHOWN_REJECTIONS]:
        kind = f" ({rejection.event})" if rejection.event else ""
        console.print(f"  line {rejection.line}{kind}: {rejection.reason}", highlight=False, markup=False)
    refused = tally.counts["rejected"] + tally.counts["conflict"]
    if refused > SHOWN_REJECTIONS:
        console.print(f"  ... {refused - SHOWN_REJECTIONS:,} more; write them to a file with --rejects FILE")
    if rejects is not None:
        rows = ({"line": r.line, "event": r.event, "reason": r.reason} for r in tally.rejections)
        rejects.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
