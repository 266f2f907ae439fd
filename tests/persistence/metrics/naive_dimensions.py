"""The values of dimensions a second way: looked up on plain rows."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from tests.persistence.metrics.naive import Row, World, outcome


def values_of(world: World, dimension: str, kind: str, row: Row, as_of_ms: int) -> set[Any]:
    """The values that a row has of a dimension; None stands for unknown. Rows of a session stand for it."""
    if kind == "probes":
        columns = {"chatbot": "chatbot_id", "component": "component"}
        return {row[columns[dimension]]} if dimension in columns else set()
    if dimension == "component":
        return set()
    session = row if kind == "sessions" else world.session_of(row)
    if dimension == "outcome":
        return {outcome(session, as_of_ms)}
    if dimension == "authenticated":
        return {session["authenticated"]}
    if dimension == "visitorKind":
        seen = world.first_seen.get(session["visitor_id"])
        return {None if seen is None else "FIRST" if session["started_at_ms"] <= seen else "LATER"}
    if dimension in ("model", "answerSource"):
        column = "model" if dimension == "model" else "answer_source"
        own = [row] if kind == "answers" else world.turns(world.answers, session)
        return {answer[column] for answer in own}
    if dimension == "intent":
        if kind == "answers":
            return {row["answer_intent"]}
        return {one["intent"] for one in world.turns(world.messages, session) if one["role"] == 1}
    if dimension == "topic":
        return {one["topic"] for one in world.turns(world.messages, session) if one["role"] == 1}
    if dimension == "workflow":
        own = [row] if kind in ("runs", "exits", "steps") else world.turns(world.runs, session)
        return {one["workflow"] for one in own}
    if dimension == "step":
        if kind in ("runs", "exits", "steps"):
            return {row["step" if kind == "steps" else "last_step"]}
        return {one["step"] for one in world.turns(world.steps, session) if one["step"] is not None}
    if dimension == "operationClass":
        own = [row] if kind == "operations" else world.turns(world.operations, session)
        return {one["operation_class"] for one in own}
    if dimension in ("tool", "errorClass", "fault"):
        return _of_operations(world, dimension, kind, row, session)
    if dimension == "queue":
        if kind in ("handoffs", "tickets"):
            return {row["queue"]}
        return {one["queue"] for one in world.turns(world.handoffs, session) if one["queue"] is not None}
    if dimension == "ticketState":
        return {one["state"] for one in ([row] if kind == "tickets" else world.turns(world.tickets, session))}
    if dimension in ("experiment", "variant"):
        own = [row] if kind == "exposures" else world.turns(world.exposures, session)
        return {one[dimension] for one in own}
    if dimension == "intentVolume":
        intent = session["primary_intent"]
        return {None if intent is None else 1 if intent in world.frequent_intents else 2}
    if dimension == "primaryIntent":
        return {session["primary_intent"]}
    if dimension == "chatbot":
        return {session["chatbot_id"]}
    return {session[dimension]}


def _of_operations(world: World, dimension: str, kind: str, row: Row, session: Row) -> set[Any]:
    """Dimensions of some operations only: on an operation of another kind the value is unknown."""
    column = {"tool": "operation", "errorClass": "operation_class", "fault": "fault"}[dimension]

    def speaks(one: Row) -> bool:
        return one["operation_class"] == 6 if dimension == "tool" else one["status"] in (2, 3)

    if kind == "operations":
        return {row[column] if speaks(row) else None}
    return {one[column] for one in world.turns(world.operations, session) if speaks(one)}


def frequent_intents(sessions: Iterable[Row]) -> frozenset[int]:
    """Largest first, the lower number among equals, until four fifths of the sessions are covered."""
    sizes = Counter(one["primary_intent"] for one in sessions if one["primary_intent"] is not None)
    ordered = sorted(sizes, key=lambda intent: (-sizes[intent], intent))
    covered = [sum(sizes[intent] for intent in ordered[:many]) for many in range(len(ordered) + 1)]
    return frozenset(ordered[: next(many for many, held in enumerate(covered) if 5 * held >= 4 * sizes.total())])
