"""The marks that tie tests to items of docs/product.md."""

import ast

import pytest

from tests.spec import MOST_ITEMS_OF_ONE_TEST, TESTS, items, marked_items, proofs


def test_every_item_of_the_product_is_known() -> None:
    numbers = items()
    assert len(numbers) > 300
    assert set(range(1, max(numbers) + 1)) - numbers.keys() <= set()


def test_every_mark_names_an_item() -> None:
    assert proofs().keys() <= items().keys()


def test_no_test_claims_too_many_items() -> None:
    functions = [
        (file.name, node)
        for file in TESTS.rglob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    assert [
        f"{name}::{node.name}" for name, node in functions if len(marked_items(node)) > MOST_ITEMS_OF_ONE_TEST
    ] == []


@pytest.mark.parametrize(
    ("source", "numbers"),
    [
        ("@pytest.mark.spec(2)\ndef test_it(): ...", [2]),
        ("@pytest.mark.spec(4)\n@pytest.mark.spec(262)\nasync def test_it(): ...", [4, 262]),
        ("@pytest.mark.slow\ndef test_it(): ...", []),
    ],
    ids=["one", "two", "none"],
)
def test_marks_are_read_from_the_source(source: str, numbers: list[int]) -> None:
    (function,) = ast.parse(source).body
    assert isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
    assert marked_items(function) == numbers
