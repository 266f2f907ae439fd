"""The memoised pass counts what a naive expansion counts, and stays linear where that would never end."""

import random
from dataclasses import dataclass
from typing import Annotated

import pytest
import strawberry
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)

from schema.cost import SATURATED, CostTable, Measure, costs, measure_operation, objects_in
from schema.documents import DocumentRefused, Documents, has_more_tokens_than
from schema.fragments import fragment_use, fragments_of
from tests.quickness import cpu_seconds

LEAVES = ("name", "size")


@strawberry.type
class Node:
    name: str
    size: int

    @strawberry.field
    def child(self) -> "Node":
        return self

    @strawberry.field(extensions=[costs(7)])
    def dear(self) -> "Node":
        return self

    @strawberry.field
    def children(self, first: int = 10) -> list["Node"]:
        return [self]


@strawberry.type
class Query:
    @strawberry.field
    def node(self) -> Node:
        return Node(name="a", size=1)


SCHEMA = strawberry.Schema(Query)._schema


@dataclass(frozen=True)
class Naive:
    """Expands every fragment wherever it is used."""

    fragments: dict[str, FragmentDefinitionNode]

    def measure(self, selections: SelectionSetNode) -> Measure:
        total = Measure()
        for selection in selections.selections:
            total = total.beside(self._one(selection)).beside(Measure(directives=len(selection.directives or ())))
        return total

    def _one(self, selection: object) -> Measure:
        if isinstance(selection, FragmentSpreadNode):
            return self.measure(self.fragments[selection.name.value].selection_set)
        if isinstance(selection, InlineFragmentNode):
            return self.measure(selection.selection_set)
        assert isinstance(selection, FieldNode)
        name = selection.name.value
        below = self.measure(selection.selection_set) if selection.selection_set else Measure()
        sizes = [int(argument.value.value) for argument in selection.arguments or ()]  # type: ignore[attr-defined]
        size = (sizes or [10])[0] if name == "children" else 1
        own = {"name": 0, "size": 0, "dear": 7}.get(name, 1)
        return Measure(
            depth=below.depth + 1,
            fields=below.fields + 1,
            aliases=below.aliases + (1 if selection.alias else 0),
            directives=below.directives,
            cost=own + size * below.cost,
        )


def random_document(seed: int) -> str:
    """Fragments use later ones only, so that there is no cycle; every fragment is used."""
    random_ = random.Random(seed)
    count = random_.randint(0, 5)

    def selections(level: int, spreads: list[str]) -> str:
        parts = [f"... F{name}".replace("... ", "...") for name in spreads]
        for number in range(random_.randint(1, 4)):
            alias = f"a{number}: " if random_.random() < 0.3 else ""
            directive = " @include(if: true)" if random_.random() < 0.2 else ""
            if level <= 0 or random_.random() < 0.4:
                parts.append(f"{alias}{random_.choice(LEAVES)}{directive}")
            else:
                field = random_.choice(("child", "dear", "children", f"children(first: {random_.randint(1, 30)})"))
                parts.append(f"{alias}{field}{directive} {{ {selections(level - 1, [])} }}")
        if level > 0 and random_.random() < 0.3:
            parts.append(f"... on Node {{ {selections(level - 1, [])} }}")
        random_.shuffle(parts)
        return " ".join(parts)

    fragments = "".join(
        f"fragment F{number} on Node {{ {selections(2, [str(number + 1)] if number + 1 < count else [])} }} "
        for number in range(count)
    )
    return f"{{ node {{ {selections(3, ['0', str(count - 1)] if count else [])} }} }} {fragments}"


def measured(document: DocumentNode) -> Measure:
    (operation,) = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    return measure_operation(CostTable(SCHEMA), document, operation, {}).measure


@pytest.mark.parametrize("seed", range(60))
def test_it_counts_what_a_naive_expansion_counts(seed: int) -> None:
    document = parse(random_document(seed))
    fragments = fragments_of(document)
    (operation,) = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    assert measured(document) == Naive(fragments).measure(operation.selection_set)


def test_doubling_fragments_are_counted_in_no_time_and_saturate() -> None:
    levels = 400
    text = "{ node { ...F0 } }" + "".join(
        f"fragment F{n} on Node {{ a: child {{ ...F{n + 1} }} b: child {{ ...F{n + 1} }} }}" for n in range(levels)
    )
    document = parse(text + f"fragment F{levels} on Node {{ name }}")
    found = measured(document)
    assert cpu_seconds(lambda: measured(document)) < 0.2
    assert (found.fields, found.aliases, found.depth) == (SATURATED, SATURATED, levels + 2)


def test_the_size_of_a_list_may_stand_in_a_variable() -> None:
    documents = Documents(SCHEMA)
    text = "query ($n: Int!) { node { children(first: $n) { child { name } } } }"
    found = [documents.prepare(text, operation_name=None, variables={"n": n}).cost for n in (1, 30, 1)]
    assert found == [1 + 1 + 1, 1 + 1 + 30, 1 + 1 + 1]


@pytest.mark.parametrize("wrong", [None, "x", -5, 0, True, 10**30])
def test_a_wrong_size_neither_fails_nor_explodes(wrong: object) -> None:
    documents = Documents(SCHEMA)
    text = "query ($n: Int!) { node { children(first: $n) { name } } }"
    assert documents.prepare(text, operation_name=None, variables={"n": wrong}).cost <= 200_000


def test_fragments_come_innermost_first_and_cycles_are_named() -> None:
    document = parse("{...A} fragment A on Q {...B} fragment B on Q {...C} fragment C on Q {a}")
    assert fragment_use(fragments_of(document)).order == ("C", "B", "A")
    cycle = parse("{...A} fragment A on Q {x {...B}} fragment B on Q {...A}")
    assert fragment_use(fragments_of(cycle)).cyclic == ("A",)


def test_refused_documents_do_not_push_out_good_ones() -> None:
    documents = Documents(SCHEMA, kept_characters=100)
    documents.prepare("{ node { name } }", operation_name=None, variables={})
    for number in range(50):
        with pytest.raises(DocumentRefused):
            documents.prepare(f"{{ wrong{number} }}", operation_name=None, variables={})
    assert list(documents._kept) == ["{ node { name } }"]
    for number in range(50):
        documents.prepare(f"{{ node {{ a{number}: name }} }}", operation_name=None, variables={})
    assert sum(map(len, documents._kept)) <= 100


@pytest.mark.parametrize(
    "text",
    ['"""' * 60_000, '"' * 200_000, '\\"""' * 50_000, '"a\\' * 60_000, "#\n" * 100_000, '"""a' * 50_000, "," * 200_000],
    ids=lambda text: repr(text[:5]),
)
def test_counting_tokens_is_never_slow(text: str) -> None:
    assert cpu_seconds(lambda: has_more_tokens_than(text, 2_500)) < 0.1


def test_objects_of_an_answer_are_counted() -> None:
    assert objects_in({"a": [{"b": 1}, {"b": None}], "c": [1, 2, 3], "d": {"e": [[{"f": 1}]]}}) == 5


def test_type_names_of_unions_are_no_unknown_fields() -> None:
    @strawberry.type
    class Leaf:
        size: int

    @strawberry.type
    class Root:
        @strawberry.field
        def either(self) -> Annotated[Node | Leaf, strawberry.union("Either")]:
            return Leaf(size=1)

    text = "{" + " ".join(f"a{number}: either {{ __typename }}" for number in range(40)) + "}"
    prepared = Documents(strawberry.Schema(Root)._schema).prepare(text, operation_name=None, variables={})
    assert prepared.cost == 40
