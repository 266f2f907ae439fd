"""Open vocabularies: texts of intents, countries, models and the like, stored as small codes of a workspace."""

import hashlib
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from sqlalchemy import insert, select, tuple_

from domain.vocabulary import LabelKind
from persistence.tables.workspaces import LabelRow
from persistence.tenancy import Reader, Writer
from persistence.workspaces import Counter, take_numbers

Label = tuple[LabelKind, str]
_MOST_REMEMBERED = 200_000
_CHUNK = 5_000

_remembered: OrderedDict[tuple[UUID, int, bytes], int] = OrderedDict()
"""Codes that are committed; they never change, so what a process remembers stays true."""


async def codes_of(writer: Writer, wanted: Mapping[LabelKind, Collection[str]]) -> dict[Label, int]:
    """The code of each text, given out now if it has none. The caller holds the workspace's lock."""
    found: dict[Label, int] = {}
    missing: dict[tuple[int, bytes], Label] = {}
    for kind, texts in wanted.items():
        for content in texts:
            digest = _digest(content)
            code = _remembered.get((writer.workspace_id, kind, digest))
            if code is None:
                missing[(int(kind), digest)] = (kind, content)
            else:
                found[(kind, content)] = code
    if missing:
        stored = await _stored(writer, missing)
        stored |= await _given_out(writer, {key: label for key, label in missing.items() if key not in stored})
        found |= {missing[key]: code for key, code in stored.items()}
        workspace_id = writer.workspace_id
        writer.after_commit.append(lambda: _remember(workspace_id, stored))
    return found


async def find_codes(reader: Reader, kind: LabelKind, texts: Collection[str]) -> dict[str, int]:
    """Codes of the texts that have one; nothing is given out. Callers limit how many they ask for."""
    missing = {(int(kind), _digest(content)): (kind, content) for content in texts}
    return {missing[key][1]: code for key, code in (await _stored(reader, missing)).items()}


async def texts_of(reader: Reader, kind: LabelKind, codes: Iterable[int]) -> dict[int, str]:
    """Callers limit how many they ask for."""
    statement = select(LabelRow.code, LabelRow.text).where(
        LabelRow.workspace_id == reader.workspace_id, LabelRow.dimension == int(kind), LabelRow.code.in_(set(codes))
    )
    return {row.code: row.text for row in await reader.connection.execute(statement)}


async def label_texts(reader: Reader, wanted: Collection[tuple[LabelKind, int]]) -> dict[tuple[LabelKind, int], str]:
    """Texts of several kinds in one statement; callers limit how many they ask for."""
    statement = select(LabelRow.dimension, LabelRow.code, LabelRow.text).where(
        LabelRow.workspace_id == reader.workspace_id, tuple_(LabelRow.dimension, LabelRow.code).in_(wanted)
    )
    return {(LabelKind(kind), code): label for kind, code, label in await reader.connection.execute(statement)}


async def _stored(reader: Reader, wanted: Mapping[tuple[int, bytes], Label]) -> dict[tuple[int, bytes], int]:
    keys = list(wanted)
    stored: dict[tuple[int, bytes], int] = {}
    for start in range(0, len(keys), _CHUNK):
        statement = select(LabelRow.dimension, LabelRow.text_digest, LabelRow.code).where(
            LabelRow.workspace_id == reader.workspace_id,
            tuple_(LabelRow.dimension, LabelRow.text_digest).in_(keys[start : start + _CHUNK]),
        )
        for dimension, digest, code in await reader.connection.execute(statement):
            stored[(dimension, digest)] = code
    return stored


async def _given_out(writer: Writer, new: Mapping[tuple[int, bytes], Label]) -> dict[tuple[int, bytes], int]:
    if not new:
        return {}
    numbers = await take_numbers(writer, Counter.LABEL, len(new))
    given = dict(zip(new, numbers, strict=True))
    rows = [
        {
            "workspace_id": writer.workspace_id,
            "dimension": key[0],
            "text_digest": key[1],
            "code": code,
            "text": new[key][1],
        }
        for key, code in given.items()
    ]
    await writer.connection.execute(insert(LabelRow), rows)
    return given


def _remember(workspace_id: UUID, codes: Mapping[tuple[int, bytes], int]) -> None:
    for (kind, digest), code in codes.items():
        _remembered[(workspace_id, kind, digest)] = code
    while len(_remembered) > _MOST_REMEMBERED:
        _remembered.popitem(last=False)


def _digest(content: str) -> bytes:
    return hashlib.blake2b(content.encode(), digest_size=16).digest()
