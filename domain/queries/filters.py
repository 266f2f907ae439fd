"""Which facts does a question speak of? A tree of and, or, not over dimensions; two-valued, so that what is unknown
is in nobody's list and in everybody's complement."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, assert_never
from uuid import UUID

from domain.dimensions import DIMENSIONS, UNKNOWN, Chatbots, Closed, Dimension, Open
from domain.intent_volume import NAME as INTENT_VOLUME
from domain.intent_volume import frozen
from domain.metrics.algebra import (
    Expression,
    HasTurn,
    Known,
    Not,
    OneOf,
    Predicate,
    Relation,
    either,
    every,
)
from domain.problems import InvalidInput, Problem, UnknownName
from domain.vocabulary import LabelKind

MOST_LEAVES: Final = 100
MOST_SEGMENTS: Final = 20
MOST_VALUES: Final = 1_000
DEEPEST: Final = 10

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class In:
    """The dimension's value is one of these; a session with several turns needs one such turn."""

    dimension: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IsUnknown:
    dimension: str


@dataclass(frozen=True, slots=True)
class InSegment:
    """What a segment of the workspace holds; its filter takes this place before a question is planned."""

    segment_id: UUID


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple["Filter", ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class NotThis:
    part: "Filter"


Filter = In | IsUnknown | InSegment | AllOf | AnyOf | NotThis

EVERYTHING: Final = AllOf()


@dataclass(frozen=True, slots=True)
class Codes:
    """Codes of the texts that a filter names; a text that never occurred has none and matches nothing."""

    chatbots: Mapping[str, int]
    labels: Mapping[tuple[LabelKind, str], int]
    frequent_intents: tuple[int, ...] = ()
    """Those of high volume, where the question speaks of that."""

    def dimension(self, name: str) -> Dimension:
        known = DIMENSIONS[name]
        return frozen(known, self.frequent_intents) if name == INTENT_VOLUME else known

    def of(self, dimension: Dimension, values: tuple[str, ...]) -> tuple[int, ...]:
        match dimension.values:
            case Closed(codes=codes):
                found = [codes.get(value) for value in values]
            case Chatbots():
                found = [self.chatbots.get(value) for value in values]
            case Open(kind=kind):
                found = [self.labels.get((kind, value)) for value in values]
            case _:
                assert_never(dimension.values)
        return tuple(sorted({code for code in found if code is not None}))


def leaves(tree: Filter) -> Iterator[In | IsUnknown]:
    match tree:
        case In() | IsUnknown():
            yield tree
        case InSegment():
            return
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from leaves(part)
        case NotThis(part=part):
            yield from leaves(part)
        case _:
            assert_never(tree)


def depth(tree: Filter) -> int:
    match tree:
        case In() | IsUnknown() | InSegment():
            return 1
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return 1 + max((depth(part) for part in parts), default=0)
        case NotThis(part=part):
            return 1 + depth(part)
        case _:
            assert_never(tree)


def segments_in(tree: Filter) -> frozenset[UUID]:
    match tree:
        case InSegment(segment_id=segment_id):
            return frozenset({segment_id})
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return frozenset().union(*(segments_in(part) for part in parts))
        case NotThis(part=part):
            return segments_in(part)
        case In() | IsUnknown():
            return frozenset()
        case _:
            assert_never(tree)


def expanded(tree: Filter, segments: Mapping[UUID, Filter]) -> Filter:
    """The same with the filters of the segments that it names in their place."""
    match tree:
        case InSegment(segment_id=segment_id):
            return segments[segment_id]
        case AllOf(parts=parts):
            return AllOf(tuple(expanded(part, segments) for part in parts))
        case AnyOf(parts=parts):
            return AnyOf(tuple(expanded(part, segments) for part in parts))
        case NotThis(part=part):
            return NotThis(expanded(part, segments))
        case In() | IsUnknown():
            return tree
        case _:
            assert_never(tree)


def dimensions_in(tree: Filter) -> tuple[str, ...]:
    return tuple(dict.fromkeys(leaf.dimension for leaf in leaves(tree)))


def labels_in(tree: Filter) -> frozenset[tuple[LabelKind, str]]:
    """Texts whose codes have to be looked up."""
    return frozenset(
        (values.kind, text)
        for leaf in leaves(tree)
        if isinstance(leaf, In)
        for values in (DIMENSIONS[leaf.dimension].values,)
        if isinstance(values, Open)
        for text in leaf.values
    )


def filter_problems(tree: Filter, path: Path) -> Iterator[Problem]:
    """Everything that is wrong with the tree by itself."""
    if depth(tree) > DEEPEST:
        yield InvalidInput(
            message=f"The filter is nested deeper than {DEEPEST}.", path=path, allowed=(f"1..{DEEPEST}",)
        )
        return
    found = list(leaves(tree))
    if len(found) > MOST_LEAVES:
        yield InvalidInput(
            message=f"The filter has {len(found)} conditions; it takes up to {MOST_LEAVES}.",
            path=path,
            allowed=(f"0..{MOST_LEAVES}",),
        )
        return
    if len(segments_in(tree)) > MOST_SEGMENTS:
        yield InvalidInput(
            message=f"The filter names {len(segments_in(tree))} segments; it takes up to {MOST_SEGMENTS}.",
            path=(*path, "segment"),
            allowed=(f"0..{MOST_SEGMENTS}",),
        )
    for leaf in found:
        yield from _leaf_problems(leaf, path)


def _leaf_problems(leaf: In | IsUnknown, path: Path) -> Iterator[Problem]:
    dimension = DIMENSIONS.get(leaf.dimension)
    if dimension is None:
        yield UnknownName.among("dimension", leaf.dimension, DIMENSIONS, path=path)
        return
    if isinstance(leaf, IsUnknown):
        return
    here = (*path, leaf.dimension)
    if not 1 <= len(leaf.values) <= MOST_VALUES:
        yield InvalidInput(
            message=f"{leaf.dimension} names {len(leaf.values)} values; it takes 1 to {MOST_VALUES}.",
            path=here,
            allowed=(f"1..{MOST_VALUES}",),
        )
    if isinstance(dimension.values, Closed):
        for value in leaf.values:
            if value not in dimension.values.codes:
                yield UnknownName.among(f"{dimension.name} value", value, dimension.values.codes, path=here)
    elif any("\0" in value for value in leaf.values):
        yield InvalidInput(message=f"{leaf.dimension} names a text with a NUL character.", path=here)


def predicate_of(tree: Filter, relation: Relation, codes: Codes) -> Predicate:
    """The filter as it reads on rows of a relation."""
    match tree:
        case In(dimension=name, values=values):
            dimension = codes.dimension(name)
            return _matching(dimension, relation, codes.of(dimension, values))
        case IsUnknown(dimension=name):
            return _unknown(codes.dimension(name), relation)
        case AllOf(parts=parts):
            return every(*(predicate_of(part, relation, codes) for part in parts))
        case AnyOf(parts=parts):
            return either(*(predicate_of(part, relation, codes) for part in parts))
        case NotThis(part=part):
            return Not(predicate_of(part, relation, codes))
        case InSegment():
            raise AssertionError("segments are expanded before a question is planned")
        case _:
            assert_never(tree)


def may_hold(tree: Filter, chatbot: str) -> bool | None:
    """Whether the filter can hold for facts of a chatbot: None where that depends on more than the chatbot."""
    match tree:
        case In(dimension="chatbot", values=values):
            return chatbot in values
        case IsUnknown(dimension="chatbot"):
            return False
        case In() | IsUnknown() | InSegment():
            return None
        case AllOf(parts=parts):
            told = [may_hold(part, chatbot) for part in parts]
            return False if False in told else None if None in told else True
        case AnyOf(parts=parts):
            told = [may_hold(part, chatbot) for part in parts]
            return True if True in told else None if None in told else False
        case NotThis(part=part):
            held = may_hold(part, chatbot)
            return None if held is None else not held
        case _:
            assert_never(tree)


def value_on(dimension: Dimension, relation: Relation) -> Expression | None:
    """Where the single value of a row stands, or None if it lies in the session's turns."""
    turn = dimension.turn
    own = turn.of if turn is not None and turn.relation is relation else dimension.session
    return dimension.own.get(relation, own)


def _matching(dimension: Dimension, relation: Relation, codes: tuple[int, ...]) -> Predicate:
    of = value_on(dimension, relation)
    if of is not None:
        return OneOf(of, codes)
    turn = dimension.turn
    assert turn is not None
    return HasTurn(turn.relation, every(turn.where, OneOf(turn.of, codes)))


def _unknown(dimension: Dimension, relation: Relation) -> Predicate:
    of = value_on(dimension, relation)
    if of is not None:
        # A derived value tells by its code that it is not known.
        return either(Not(Known(of)), OneOf(of, (UNKNOWN,)))
    turn = dimension.turn
    assert turn is not None
    return HasTurn(turn.relation, every(turn.where, Not(Known(turn.of))))
