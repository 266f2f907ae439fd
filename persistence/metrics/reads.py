"""Which tables does a question read?"""

from collections.abc import Iterable, Iterator

from domain.metrics.algebra import Column, Expression, HasTurn, Measure, Place, Predicate, Relation, nodes
from domain.queries.branches import Branch
from persistence.metrics.relations import SESSION, SOURCES, VISITOR, VISITOR_OF_CHATBOT, table_name


def tables_read(branches: Iterable[Branch]) -> frozenset[str]:
    """Every table that a statement of these legs names."""
    return frozenset(name for branch in branches for name in _tables(branch))


def _tables(branch: Branch) -> Iterator[str]:
    yield table_name(SESSION)
    yield table_name(SOURCES[branch.relation].row)
    for dimension in branch.dimensions:
        if dimension.turn is not None and dimension.overlaps(branch.relation):
            yield _turn_table(dimension.turn.relation)
    for node in (node for tree in _trees(branch) for node in nodes(tree)):
        if isinstance(node, HasTurn):
            yield _turn_table(node.relation)
        elif isinstance(node, Column) and node.place is Place.VISITOR:
            yield table_name(VISITOR_OF_CHATBOT if branch.first_seen_at_chatbot else VISITOR)


def _trees(branch: Branch) -> Iterator[Measure | Expression | Predicate]:
    yield from branch.measures
    yield branch.where
    for dimension in branch.dimensions:
        own = dimension.own.get(branch.relation, dimension.session)
        if own is not None:
            yield own


def _turn_table(relation: Relation) -> str:
    return table_name(SOURCES[relation].turn)
