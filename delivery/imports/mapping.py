"""How a foreign transcript becomes events: a small declaration in TOML or JSON, checked as a whole."""

import json
import tomllib
from pathlib import Path
from typing import Any, Final, Literal

from msgspec import Struct, ValidationError, convert

Scalar = str | bool | int | float
BUILT_IN_FOLDER: Final = Path(__file__).parent / "mappings"


class MappingError(Exception):
    """A mapping file that cannot be used: the message names the place and what is allowed there."""


class Expression(Struct, frozen=True, forbid_unknown_fields=True, rename={"equal_to": "is"}):
    """Where a value comes from. A field that the record lacks gives nothing: absent stays absent.

    `is`, `one_of` and `ends_with` turn a field into true, or into `otherwise` (nothing, if not given).
    """

    value: Scalar | None = None
    field: str | None = None
    map: dict[str, Scalar] | None = None
    equal_to: Scalar | None = None  # `is` in the file
    one_of: list[Scalar] | None = None
    ends_with: str | None = None
    otherwise: Scalar | None = None
    negate: bool = False
    number: bool = False


class Emission(Struct, frozen=True, forbid_unknown_fields=True):
    """A turn (or row) that matches `when` becomes one event."""

    event: str
    when: dict[str, Scalar] = {}
    set: dict[str, Expression] = {}


class Attachment(Struct, frozen=True, forbid_unknown_fields=True):
    """A turn that is no event of its own but tells something of the message before or after it."""

    to: Literal["next", "previous"]
    role: str
    set: dict[str, Expression]
    when: dict[str, Scalar] = {}


class TranscriptMapping(Struct, frozen=True, forbid_unknown_fields=True):
    layout: Literal["conversations", "messages"]
    chatbot: Expression
    conversation: str
    time: str
    emit: list[Emission]
    turns: str = "turns"
    visitor: str | None = None
    time_format: str = "iso"  # iso, epoch_seconds, epoch_milliseconds or a strptime pattern
    time_zone: str = "UTC"  # of times that do not name one
    start: bool = False  # tell that a conversation began, at its first turn that has a time
    attach: list[Attachment] = []
    reports: list[str] = []  # what the source tells at all (R4)


def read_mapping(name_or_path: str) -> TranscriptMapping:
    """A built-in mapping by its name, else a file."""
    built_in = BUILT_IN_FOLDER / f"{name_or_path}.toml"
    path = built_in if built_in.is_file() else Path(name_or_path)
    if not path.is_file():
        known = ", ".join(built_in_mappings())
        raise MappingError(f"No mapping {name_or_path!r}: give a .toml or .json file, or one of: events, {known}.")
    return parse_mapping(_load(path), name=path.name)


def parse_mapping(content: Any, *, name: str) -> TranscriptMapping:
    try:
        mapping = convert(content, TranscriptMapping)
    except ValidationError as error:
        raise MappingError(f"Mapping {name}: {error}") from None
    if mapping.layout == "messages" and (mapping.attach or mapping.start):
        raise MappingError(f'Mapping {name}: `attach` and `start` need layout = "conversations".')
    return mapping


def built_in_mappings() -> list[str]:
    return sorted(path.stem for path in BUILT_IN_FOLDER.glob("*.toml"))


def _load(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
        return json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (tomllib.TOMLDecodeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise MappingError(f"Mapping {path.name} cannot be read: {error}") from None
