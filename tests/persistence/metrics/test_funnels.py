"""Funnels of random worlds: equal to plain loops over the rows, and the same from both engines."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from typing import Any

import pytest

from domain.queries.filters import AllOf, Filter, In
from domain.queries.funnel import FunnelEvent, FunnelQuery, FunnelStep, FunnelUnit
from domain.queries.query import MetricQuery
from domain.time import Moments
from domain.vocabulary import HandoffState, Role, TicketState, WorkflowState
from persistence.columns.copies import Copies
from persistence.columns.layout import TABLES
from persistence.metrics.funnel import answer_funnel
from persistence.tenancy import reading
from tests.persistence.metrics.facts import DAY_MS, HOUR_MS, NOON_MS, Facts
from tests.persistence.metrics.naive import Row, World, counts
from tests.persistence.metrics.naive_dimensions import values_of
from tests.persistence.metrics.test_against_naive import Names, holds
from tests.persistence.metrics.worlds import AS_OF_MS, LABELS, settle

EVENTS: dict[FunnelEvent, tuple[str, str, Callable[[Row], bool]]] = {
    FunnelEvent.SESSION_STARTED: ("sessions", "started_at_ms", lambda row: True),
    FunnelEvent.USER_MESSAGE: ("messages", "occurred_at_ms", lambda row: row["role"] == Role.USER),
    FunnelEvent.ANSWER: ("answers", "occurred_at_ms", lambda row: True),
    FunnelEvent.WORKFLOW_STEP: ("steps", "occurred_at_ms", lambda row: True),
    FunnelEvent.WORKFLOW_COMPLETED: ("steps", "occurred_at_ms", lambda row: row["state"] == WorkflowState.COMPLETED),
    FunnelEvent.GOAL: ("goals", "occurred_at_ms", lambda row: True),
    FunnelEvent.LEAD: ("leads", "occurred_at_ms", lambda row: True),
    FunnelEvent.HANDOFF_PERFORMED: ("handoffs", "occurred_at_ms", lambda row: row["state"] == HandoffState.PERFORMED),
    FunnelEvent.TICKET_OPENED: ("tickets", "occurred_at_ms", lambda row: row["state"] == TicketState.OPENED),
}
FILTERS = {
    FunnelEvent.USER_MESSAGE: "intent",
    FunnelEvent.WORKFLOW_STEP: "step",
    FunnelEvent.ANSWER: "model",
}


@dataclass
class Case:
    world: World
    names: Names
    query: FunnelQuery

    @classmethod
    def drawn(cls, world: World, names: Names, seed: int) -> "Case":
        dice = random.Random(seed)
        start = NOON_MS - 3 * DAY_MS + dice.randint(0, 48) * HOUR_MS
        unit = dice.choice(tuple(FunnelUnit))
        split = () if unit is FunnelUnit.VISITOR else dice.choice(((), ("channel",), ("country", "device")))
        where: Filter = In("channel", names.some("channel", dice)) if dice.random() < 0.3 else AllOf(())
        base = MetricQuery(
            metrics=(),
            range=Moments(start, start + dice.randint(6, 70) * HOUR_MS),
            where=where,
            group_by=split,
            limit=2,
        )
        steps = tuple(cls._step(names, dice) for _ in range(dice.randint(2, 4)))
        if dice.random() < 0.3:
            steps = (*steps, steps[-1])
        within = dice.choice((HOUR_MS, DAY_MS, 10 * DAY_MS))
        return cls(world, names, FunnelQuery(base=base, steps=steps, within_ms=within, unit=unit))

    @staticmethod
    def _step(names: Names, dice: random.Random) -> FunnelStep:
        event = dice.choice((FunnelEvent.SESSION_STARTED, FunnelEvent.USER_MESSAGE, *FunnelEvent))
        dimension = FILTERS.get(event)
        if dimension is None or dice.random() < 0.5:
            return FunnelStep(event)
        return FunnelStep(event, In(dimension, names.some(dimension, dice)))

    def events(self, step: FunnelStep) -> list[tuple[Any, int, Row]]:
        """Of everything that ever counted: who, when, and the session."""
        kind, time, wanted = EVENTS[step.event]
        found = []
        for row in getattr(self.world, kind):
            session = self.world.session_of(row)
            kept = self._holds(step.where, kind, row) and holds(
                self.query.base.where, self.world, self.names, kind, row
            )
            if wanted(row) and counts(session) and kept:
                by_visitor = self.query.unit is FunnelUnit.VISITOR
                entity = session["visitor_id"] if by_visitor else session["session_id"]
                if entity is not None:
                    found.append((entity, row[time], session))
        return found

    def _holds(self, tree: Filter, kind: str, row: Row) -> bool:
        """Of what stands on the event's own row."""
        if not isinstance(tree, In):
            return True
        column = {"answers": {"intent": "answer_intent"}}.get(kind, {}).get(tree.dimension, tree.dimension)
        return row[column] in {self.names.raw(tree.dimension, value) for value in tree.values if value != "never seen"}

    def paths(self) -> dict[Any, tuple[Row, list[int]]]:
        """Of whoever enters: the session, and when each step was reached."""
        spec = self.query.base.range
        assert isinstance(spec, Moments)
        paths: dict[Any, tuple[Row, list[int]]] = {}
        for entity, at, session in self.events(self.query.steps[0]):
            if spec.from_ms <= at < spec.to_ms and (entity not in paths or at < paths[entity][1][0]):
                paths[entity] = (session, [at])
        for place in range(1, len(self.query.steps)):
            events = self.events(self.query.steps[place])
            again = self.query.steps[place] == self.query.steps[place - 1]
            for entity, (_, path) in paths.items():
                if len(path) == place:
                    possible = [
                        at
                        for who, at, _ in events
                        if who == entity
                        and (at > path[-1] if again else at >= path[-1])
                        and at < path[0] + self.query.within_ms
                    ]
                    path += [min(possible)] if possible else []
        return paths

    def expected(self, paths: list[list[int]]) -> list[tuple[int, int | None]]:
        found = []
        for place in range(len(self.query.steps)):
            reached = [path for path in paths if len(path) > place]
            waits = sorted(path[place] - path[place - 1] for path in reached) if place else []
            found.append((len(reached), waits[ceil(Fraction(len(waits), 2)) - 1] if waits else None))
        return found

    def key_of(self, session: Row) -> tuple[Any, ...]:
        return tuple(
            next(iter(values_of(self.world, one, "sessions", session, AS_OF_MS))) for one in self.query.base.group_by
        )


@pytest.mark.parametrize("seed", range(300, 303))
async def test_funnels_equal_plain_loops(facts: Facts, copies: Copies, seed: int) -> None:
    await facts.chatbot(2)
    await facts.chatbot(3)
    world = await settle(facts, seed, size=40)
    names = Names({kind: await facts.labels(kind, *texts) for kind, texts in LABELS.items()})
    await copies.load(facts.workspace_id, TABLES)
    deepest = 0
    for number in range(12):
        case = Case.drawn(world, names, seed * 100 + number)
        tables = []
        for database in (facts.database, replace(facts.database, columnar=copies)):
            async with reading(database, facts.workspace_id, snapshot=True) as reader:
                tables.append(await answer_funnel(reader, case.query, now_ms=AS_OF_MS))
        table, from_copy = tables
        assert table == from_copy
        paths = case.paths()
        told = [(step.count, step.median_ms) for step in table.steps]
        assert told == case.expected([path for _, path in paths.values()])
        deepest = max(deepest, *(len(path) for _, path in paths.values()), 0)
        by_key: dict[tuple[Any, ...], list[list[int]]] = {}
        for session, path in paths.values():
            by_key.setdefault(case.key_of(session), []).append(path)
        for group in table.groups:
            if not group.is_other:
                key = tuple(names.raw(part.dimension.name, part.value) for part in group.key)
                assert [(step.count, step.median_ms) for step in group.steps] == case.expected(by_key[key])
        if case.query.base.group_by:
            assert table.group_count == len(by_key)
            for place, step in enumerate(table.steps):
                assert sum(group.steps[place].count or 0 for group in table.groups) == step.count
    assert copies.answered >= 12
    assert deepest > 1
