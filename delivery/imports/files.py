"""Records of a file with the number of their line: JSON lines or CSV, plain or gzip, read as a stream."""

import csv
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

MAX_LINE_CHARACTERS = 16 * 1024 * 1024


@dataclass(frozen=True)
class Line:
    """`record` is None where the line cannot be read; then `problem` says why."""

    number: int
    record: dict[str, Any] | None
    problem: str | None = None


def read_lines(path: Path) -> Iterator[Line]:
    with _open(path) as stream:
        yield from _read_csv(stream) if _is_csv(path) else _read_json_lines(stream)


def _open(path: Path) -> TextIO:
    """Bytes that are no UTF-8 become replacement characters: one bad letter loses no conversation."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline="")
    return path.open("rt", encoding="utf-8-sig", errors="replace", newline="")


def _is_csv(path: Path) -> bool:
    return path.name.removesuffix(".gz").endswith((".csv", ".tsv"))


def _read_json_lines(stream: TextIO) -> Iterator[Line]:
    number = 0
    while text := stream.readline(MAX_LINE_CHARACTERS + 1):
        number += 1
        if len(text) > MAX_LINE_CHARACTERS:
            yield Line(number, None, f"longer than {MAX_LINE_CHARACTERS} characters; the rest was not read")
            return
        if text.strip():
            yield _parse_json(number, text)


def _parse_json(number: int, text: str) -> Line:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Line(number, None, f"not JSON: {error}")
    if not isinstance(record, dict):
        return Line(number, None, "expected one JSON object a line")
    return Line(number, record)


def _read_csv(stream: TextIO) -> Iterator[Line]:
    sample = stream.readline(MAX_LINE_CHARACTERS)
    delimiter = max(",;\t", key=sample.count)
    names = next(csv.reader([sample], delimiter=delimiter), [])
    reader = csv.reader(stream, delimiter=delimiter)
    for cells in reader:
        number = reader.line_num + 1
        if len(cells) != len(names):
            yield Line(number, None, f"{len(cells)} cells, the heading has {len(names)}")
        else:
            yield Line(number, dict(zip(names, cells, strict=True)))


def count_lines(path: Path) -> int:
    """Only for a progress bar: the file is read once more, without looking into its lines."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
        pieces = iter(lambda: stream.read(1 << 20), b"")
        return sum(piece.count(b"\n") for piece in pieces)
