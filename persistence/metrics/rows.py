"""The rows that a leg aggregates: those that count, each with its bucket, its groups and what measures read."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    case,
    cast,
    literal,
    select,
    tuple_,
)

from domain.dimensions import OTHER, UNKNOWN, Dimension
from domain.metrics.algebra import (
    SESSION_NUMBER,
    Column,
    HasTurn,
    Place,
    Predicate,
    Relation,
    columns,
    every,
)
from domain.queries.branches import Cut
from persistence.metrics import moving
from persistence.metrics.carried import POPULATION
from persistence.metrics.compile import (
    Number,
    Surroundings,
    Truth,
    compile_bucket,
    compile_cell,
    compile_expression,
    compile_predicate,
    compile_slot,
)
from persistence.metrics.legs import Leg, column_name, cutting, source_of

_NO_CONVERSION: Final = -1
_OPENING: Final = frozenset({Relation.MESSAGE, Relation.ANSWER, Relation.QUESTION})


def rows_of(leg: Leg) -> Select[Any]:
    """The rows that count, each with its bucket, its dimensions and the columns that measures read."""
    within = _reading(leg)
    turns = _turns(leg)
    statement = select(*_row_columns(leg, within, turns)).select_from(_joined(leg, turns))
    statement = statement.where(*_conditions(leg, within))
    # Several small values of one session may fall together into OTHER; there it counts once.
    return statement.distinct() if turns and leg.plan.kept is not None else statement


def event_rows(leg: Leg, named: Mapping[str, Column]) -> Select[Any]:
    """The rows that count, one by one: `at_ms`, the columns by their names here, and the dimensions that cut."""
    within = _reading(leg)
    columns = [within.column(column).label(name) for name, column in named.items()]
    return (
        select(_time(leg).label("at_ms"), *columns, *_dimension_columns(leg, within, {}))
        .select_from(_joined(leg, {}))
        .where(*_conditions(leg, within))
    )


def _row_columns(
    leg: Leg, within: Surroundings, turns: dict[tuple[Relation, Predicate], FromClause]
) -> list[ColumnElement[Any]]:
    branch = leg.branch
    found: list[ColumnElement[Any]] = []
    if leg.slots is not None:
        found += [leg.slots.c.bucket, leg.slots.c.start_ms]
    elif leg.late:
        found.append(_slot(leg, moving.buckets_of(branch.window_index)).label("slot"))
    elif Cut.BUCKET in branch.is_cut_by:
        found.append(_bucket(leg).label("bucket"))
    found += _dimension_columns(leg, within, turns)
    read = {column_name(leg, column): column for measure in branch.measures for column in columns(measure)}
    if turns:
        read[column_name(leg, SESSION_NUMBER)] = SESSION_NUMBER
    if branch.by_session:
        read[column_name(leg, SESSION_NUMBER)] = SESSION_NUMBER
    if branch.of_money:
        found += _money_columns(leg)
    found += [within.column(column).label(name) for name, column in read.items()]
    return found or [literal(1, Integer).label("one")]


def _bucket(leg: Leg) -> Number:
    axis = moving.buckets_of(leg.branch.window_index)
    bucket = compile_bucket(_time(leg), moving.edges(axis))
    return bucket if leg.plan.query.cycle is None else compile_cell(bucket, moving.cells(axis))


def _money_columns(leg: Leg) -> list[ColumnElement[Any]]:
    """Amounts in the reporting currency need no rate, so their days may fall together."""
    source = leg.source
    assert source.currency is not None
    currency = leg.row.c[source.currency]
    own = leg.row.c[source.day] if source.day else _place_among_days(leg)
    reporting = leg.plan.scope.rates.currency
    day = case((currency == literal(reporting, Text), literal(_NO_CONVERSION, Integer)), else_=own)
    return [currency.label("currency"), day.label("day")]


def _place_among_days(leg: Leg) -> Number:
    if leg.day_slots is not None:
        found: Number = leg.day_slots.c.bucket
        return found
    return compile_bucket(_time(leg), moving.edges(moving.days_of(leg.branch.window_index)))


def _conditions(leg: Leg, within: Surroundings) -> list[Truth]:
    branch = leg.branch
    found: list[Truth] = [
        *_of_workspace(leg, leg.row),
        compile_predicate(every(leg.source.base, branch.where), within),
    ]
    if branch.relation is Relation.MOMENT:
        # What was silent for longer is closed; without this every session there ever was would be looked at.
        return [*found, leg.of_session("last_activity_at_ms") >= moving.oldest_open()]
    time = _time(leg)
    found += [time >= leg.start, time < leg.end]
    if branch.relation in _OPENING and leg.session is not None:
        # A message lies between its session's start and last activity, so few sessions have to be joined.
        found += [leg.of_session("last_activity_at_ms") >= leg.start, leg.of_session("started_at_ms") < leg.end]
    return found


def _of_workspace(leg: Leg, row: FromClause) -> list[Truth]:
    return [] if leg.in_copy else [row.c.workspace_id == moving.workspace()]


def _time(leg: Leg) -> Number:
    source = leg.source
    found: Number = leg.of_session("started_at_ms") if source.time is None else leg.row.c[source.time]
    return found


def _joined(leg: Leg, turns: dict[tuple[Relation, Predicate], FromClause]) -> FromClause:
    joined: FromClause = leg.row
    if leg.session is not None and leg.row is not leg.session:
        joined = joined.join(leg.session, _same_session(leg, leg.session))
    if leg.slots is not None:
        joined = joined.join(leg.slots, _in_slot(leg, leg.slots, moving.buckets_of(leg.branch.window_index)))
    if leg.day_slots is not None:
        joined = joined.join(leg.day_slots, _in_slot(leg, leg.day_slots, moving.days_of(leg.branch.window_index)))
    if leg.visitor is not None:
        joined = joined.outerjoin(leg.visitor, _same_visitor(leg, leg.visitor))
    for turn in turns.values():
        joined = joined.join(turn, turn.c.session_id == leg.of_session("session_id"))
    return joined


def _in_slot(leg: Leg, slots: FromClause, axis: str) -> Truth:
    found: Truth = slots.c.slot == _slot(leg, axis)
    return found


def _slot(leg: Leg, axis: str) -> Number:
    return compile_slot(_time(leg), moving.grid_base(axis), moving.slot_width(axis))


def _same_session(leg: Leg, session: FromClause) -> Truth:
    same: Truth = session.c.session_id == leg.row.c.session_id
    if leg.in_copy:
        return same
    return and_(session.c.workspace_id == leg.row.c.workspace_id, session.c.month == leg.row.c.month, same)


def _same_visitor(leg: Leg, visitor: FromClause) -> Truth:
    same: Truth = visitor.c.visitor_id == leg.of_session("visitor_id")
    if not leg.in_copy:
        same = and_(visitor.c.workspace_id == leg.of_session("workspace_id"), same)
    if leg.branch.first_seen_at_chatbot:
        return and_(same, visitor.c.chatbot_id == leg.of_session("chatbot_id"))
    return same


def _dimension_columns(
    leg: Leg, within: Surroundings, turns: dict[tuple[Relation, Predicate], FromClause]
) -> list[ColumnElement[Any]]:
    codes = [_code(leg, dimension, within, turns) for dimension in cutting(leg.branch)]
    kept = leg.plan.kept
    if kept is None or not codes:
        return [code.label(f"d{number}") for number, code in enumerate(codes)]
    singles = [combination[0] for combination in kept]
    is_kept = codes[0].in_(singles) if len(codes) == 1 else tuple_(*codes).in_(kept)
    return [
        case((is_kept, code), else_=literal(OTHER, Integer)).label(f"d{number}") for number, code in enumerate(codes)
    ]


def _code(
    leg: Leg, dimension: Dimension, within: Surroundings, turns: dict[tuple[Relation, Predicate], FromClause]
) -> Number:
    turn = dimension.turn
    if turn is not None and dimension.overlaps(leg.branch.relation):
        found: Number = turns[(turn.relation, turn.where)].c[dimension.name]
    else:
        own = dimension.own.get(leg.branch.relation, dimension.session)
        assert own is not None
        found = compile_expression(own, within)
    return cast(case((found.is_(None), literal(UNKNOWN, Integer)), else_=found), Integer)


def _turns(leg: Leg) -> dict[tuple[Relation, Predicate], FromClause]:
    """For each kind of turn that cuts: its different values per session. Dimensions of one kind are told together,
    so that a session falls into a pair of values only if one turn has both."""
    kinds: dict[tuple[Relation, Predicate], list[Dimension]] = {}
    for dimension in cutting(leg.branch):
        turn = dimension.turn
        if turn is not None and dimension.overlaps(leg.branch.relation):
            kinds.setdefault((turn.relation, turn.where), []).append(dimension)
    return {
        key: _turn_values(leg, *key, dimensions).subquery(f"turns_{number}")
        for number, (key, dimensions) in enumerate(kinds.items())
    }


def _turn_values(leg: Leg, relation: Relation, where: Predicate, dimensions: list[Dimension]) -> Select[Any]:
    row, conditions = _turn_rows(leg, relation, where)
    within = _on(leg, row)
    values = [
        compile_expression(dimension.turn.of, within).label(dimension.name)
        for dimension in dimensions
        if dimension.turn is not None
    ]
    return select(row.c.session_id, *values).where(*conditions).distinct()


def _turn_rows(leg: Leg, relation: Relation, where: Predicate) -> tuple[FromClause, list[Truth]]:
    source = source_of(relation, in_copy=leg.in_copy)
    row = source.turn
    conditions: list[Truth] = [
        *_of_workspace(leg, row),
        row.c.session_id.is_not(None),
        compile_predicate(every(source.base, where), _on(leg, row)),
    ]
    if relation in _OPENING and leg.branch.relation is not Relation.MOMENT:
        # A message opens its session, so earlier ones belong to no session of the window.
        conditions.append(row.c.occurred_at_ms >= leg.start)
    return row, conditions


def has_turn(leg: Leg, tree: HasTurn, session_number: Number) -> Truth:
    row, conditions = _turn_rows(leg, tree.relation, tree.where)
    # The same alias may stand in the statement around; it is never meant here.
    return session_number.in_(select(row.c.session_id).where(*conditions).correlate(None))


def _reading(leg: Leg) -> Surroundings:
    """Names as they stand in the tables."""

    def column(wanted: Column) -> Number:
        match wanted.place:
            case Place.ROW:
                return leg.row.c[wanted.name]
            case Place.SESSION:
                return leg.of_session(wanted.name)
            case Place.VISITOR:
                assert leg.visitor is not None
                return leg.visitor.c[wanted.name]

    return Surroundings(
        column=column,
        has_turn=lambda tree: has_turn(leg, tree, leg.of_session("session_id")),
        as_of=moving.as_of(),
        window_start=leg.start,
        population=leg.of_session(POPULATION) if leg.in_copy else None,
    )


def _on(leg: Leg, row: FromClause) -> Surroundings:
    """Names on a turn's own row."""
    return Surroundings(
        column=lambda wanted: row.c[wanted.name],
        has_turn=lambda tree: has_turn(leg, tree, row.c.session_id),
        as_of=moving.as_of(),
        window_start=leg.start,
    )
