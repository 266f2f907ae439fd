from uuid import UUID, uuid4

import pytest

from domain.vocabulary import LabelKind
from persistence.engine import Database
from persistence.labels import codes_of, find_codes, texts_of
from persistence.tenancy import reading, writing
from persistence.workspaces import create_workspace
from tests.build import a_workspace


async def test_a_text_keeps_its_code(database: Database, workspace_id: UUID) -> None:
    async with writing(database, workspace_id) as writer:
        first = await codes_of(writer, {LabelKind.INTENT: {"billing", "delivery"}, LabelKind.COUNTRY: {"IN"}})
    async with writing(database, workspace_id) as writer:
        again = await codes_of(writer, {LabelKind.INTENT: ["delivery", "returns"]})
    assert again[(LabelKind.INTENT, "delivery")] == first[(LabelKind.INTENT, "delivery")]
    assert sorted([*first.values(), again[(LabelKind.INTENT, "returns")]]) == [1, 2, 3, 4]


async def test_codes_turn_back_into_texts(database: Database, workspace_id: UUID) -> None:
    async with writing(database, workspace_id) as writer:
        codes = await codes_of(writer, {LabelKind.REFERRER: {"https://example.org/" + "ü" * 3000, "direct"}})
    async with reading(database, workspace_id) as reader:
        texts = await texts_of(reader, LabelKind.REFERRER, codes.values())
        assert {(LabelKind.REFERRER, content): code for code, content in texts.items()} == codes
        assert await find_codes(reader, LabelKind.REFERRER, ["direct", "unheard of"]) == {
            "direct": codes[(LabelKind.REFERRER, "direct")]
        }


async def test_a_code_that_was_rolled_back_is_not_remembered(database: Database, workspace_id: UUID) -> None:
    async def change_of_mind() -> None:
        async with writing(database, workspace_id) as writer:
            await codes_of(writer, {LabelKind.MODEL: {"first"}})
            raise RuntimeError("change of mind")

    with pytest.raises(RuntimeError, match="change of mind"):
        await change_of_mind()
    async with writing(database, workspace_id) as writer:
        await codes_of(writer, {LabelKind.MODEL: {"second"}})
        codes = await codes_of(writer, {LabelKind.MODEL: {"first"}})
    async with reading(database, workspace_id) as reader:
        assert await find_codes(reader, LabelKind.MODEL, ["first"]) == {"first": codes[(LabelKind.MODEL, "first")]}


async def test_two_workspaces_count_apart(database: Database, workspace_id: UUID) -> None:
    other = uuid4()
    async with writing(database, other) as writer:
        await create_workspace(writer, a_workspace())
        theirs = await codes_of(writer, {LabelKind.INTENT: {"secret plan"}})
    async with writing(database, workspace_id) as writer:
        ours = await codes_of(writer, {LabelKind.INTENT: {"hello"}})
        assert await texts_of(writer, LabelKind.INTENT, theirs.values()) == {1: "hello"}
    assert list(ours.values()) == list(theirs.values()) == [1]
