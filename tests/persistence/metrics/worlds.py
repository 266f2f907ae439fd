"""Random worlds of facts: small vocabularies, many unknowns, times near midnights and around the present."""

import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from domain.vocabulary import LabelKind
from persistence.tables.events import (
    ExposureRow,
    FeedbackRow,
    GoalCompletionRow,
    HandoffRow,
    LeadCaptureRow,
    OperationRow,
    ProbeRow,
    RetrievalRow,
    TicketRow,
    WorkflowStepRow,
)
from persistence.tables.sessions import SessionCostRow, WorkflowRunRow
from persistence.tables.workspaces import ExchangeRateRow
from persistence.tenancy import writing
from tests.build import NOON
from tests.persistence.metrics.facts import DAY_MS, HOUR_MS, MINUTE_MS, NOON_MS, Facts, a_message, a_session
from tests.persistence.metrics.naive import Row, World

AS_OF_MS = NOON_MS + 20 * HOUR_MS
CHATBOTS = (1, 2, 3)
LABELS = {
    LabelKind.COUNTRY: ("DE", "FR", "US"),
    LabelKind.INTENT: ("order", "refund", "hours"),
    LabelKind.MODEL: ("small", "large"),
    LabelKind.WORKFLOW: ("booking", "reset"),
    LabelKind.OPERATION: ("crm", "payments"),
    LabelKind.GOAL: ("demo",),
    LabelKind.COMPONENT: ("core", "search"),
    LabelKind.TOPIC: ("delivery", "returns"),
    LabelKind.STEP: ("ask", "confirm"),
    LabelKind.QUEUE: ("sales", "support"),
    LabelKind.EXPERIMENT: ("greeting",),
    LabelKind.VARIANT: ("control", "short"),
}


class Dice:
    """A seeded source of facts."""

    def __init__(self, seed: int, codes: dict[LabelKind, list[int]]) -> None:
        self.random = random.Random(seed)
        self.codes = codes

    def one(self, *values: Any) -> Any:
        return self.random.choice(values)

    def code(self, kind: LabelKind) -> int | None:
        return self.random.choice([None, *self.codes[kind]])

    def count(self, most: int) -> int:
        return self.random.randint(0, most)

    def flag(self) -> bool | None:
        found: bool | None = self.one(True, False, None)
        return found


def random_session(dice: Dice) -> Row:
    started = NOON_MS + dice.random.randint(-3 * DAY_MS, 20 * HOUR_MS)
    answers = dice.count(3)
    last = min(started + dice.count(90) * MINUTE_MS, AS_OF_MS)
    following = dice.one(None, last + dice.random.choice((HOUR_MS, DAY_MS - 1, DAY_MS, 3 * DAY_MS)))
    return a_session(
        started_at_ms=started,
        last_activity_at_ms=last,
        ended_at_ms=dice.one(None, None, last),
        idle_timeout_ms=dice.one(30 * MINUTE_MS, 5 * MINUTE_MS, HOUR_MS),
        outcome_basis=dice.random.randint(1, 8),
        next_contact_at_ms=following,
        chatbot_id=dice.one(*CHATBOTS),
        visitor_id=dice.one(None, *range(1, 12)),
        source=dice.one(1, 1, 1, 1, 1, 1, 2, 3),
        is_bot=dice.one(*[False] * 9, True),
        opened=dice.one(*[True] * 9, False),
        merged_into=dice.one(*[None] * 9, 1),
        channel=dice.one(None, 1, 2, 3),
        device=dice.one(None, 1, 2),
        plan=dice.one(None, 1, 4),
        authenticated=dice.flag(),
        country=dice.code(LabelKind.COUNTRY),
        primary_intent=dice.code(LabelKind.INTENT),
        end_actor=dice.one(None, 1, 2, 3, 3),
        end_resolved=dice.flag(),
        handoff_requested_at_ms=dice.one(None, started + dice.count(60) * MINUTE_MS),
        handoff_performed_at_ms=dice.one(None, started + dice.count(60) * MINUTE_MS),
        user_messages=dice.count(3),
        bot_messages=dice.count(4),
        answers=answers,
        fallback_answers=dice.count(answers),
        unanswered_answers=dice.count(answers),
        priced_answers=dice.count(answers),
        token_answers=dice.count(answers),
        input_tokens=dice.count(900),
        output_tokens=dice.count(300),
        cached_tokens=dice.count(100),
        thumbs_up=dice.count(1),
        thumbs_down=dice.count(1),
        ratings=dice.count(1),
        surveys=dice.count(1),
        goal_completions=dice.count(2),
        conversions=dice.count(1),
        leads=dice.count(1),
    )


def random_message(dice: Dice, session: Row) -> Row:
    role = dice.one(1, 1, 2, 2, 2, 3, 4)
    at = session["started_at_ms"] + dice.count(120) * MINUTE_MS
    is_answer = role == 2 and dice.one(True, True, False)
    asks = role == 1 and dice.one(True, False)
    judged = dice.count(1) if is_answer else None
    is_priced = is_answer and dice.one(True, True, False)
    return a_message(
        session,
        occurred_at_ms=at,
        role=role,
        is_answer=is_answer,
        response_ms=dice.one(None, dice.count(9000)) if role == 2 else None,
        first_byte_at_ms=dice.one(None, at - dice.count(2000)) if role == 2 else None,
        intent=dice.code(LabelKind.INTENT) if role == 1 else None,
        question_at_ms=at if asks else dice.one(session["started_at_ms"], at) if is_answer else None,
        question_judged=judged,
        question_unanswered=dice.count(judged or 0) if is_answer else None,
        topic=dice.code(LabelKind.TOPIC) if role == 1 else None,
        answer_intent=dice.code(LabelKind.INTENT) if is_answer else None,
        cost_nano=dice.count(10**7) if is_priced else None,
        cost_currency=dice.one("USD", "USD", "EUR", "GBP") if is_priced else None,
        input_tokens=dice.one(None, dice.count(900)) if is_answer else None,
        output_tokens=dice.one(None, dice.count(300)) if is_answer else None,
        model=dice.code(LabelKind.MODEL) if is_answer else None,
        answer_source=dice.one(None, 1, 2, 3) if is_answer else None,
        confidence_ppm=dice.one(None, 0, 1_000_000, 700_000, 100_000 * dice.count(10), dice.count(1_000_000))
        if is_answer
        else None,
        fallback=dice.flag() if is_answer else None,
        unanswered=dice.flag() if is_answer else None,
        low_confidence_effective=dice.flag() if is_answer else None,
    )


def random_event(dice: Dice, session: Row, **given: Any) -> Row:
    at = session["started_at_ms"] + dice.count(200) * MINUTE_MS
    return {
        "event_id": UUID(int=dice.random.getrandbits(128)),
        "chatbot_id": session["chatbot_id"],
        "session_id": session["session_id"],
        "occurred_at_ms": at,
        "received_at_ms": at,
        **given,
    }


def random_run(dice: Dice, session: Row, number: int) -> Row:
    last_step = dice.code(LabelKind.STEP)
    at = session["started_at_ms"] + dice.count(60) * MINUTE_MS
    return {
        "session_id": session["session_id"],
        "chatbot_id": session["chatbot_id"],
        "workflow": dice.one(*dice.codes[LabelKind.WORKFLOW]),
        "run_id": f"run-{number}",
        "started_at_ms": at,
        "last_step": last_step,
        "last_step_at_ms": None if last_step is None else at + dice.count(30) * MINUTE_MS,
        "state": dice.random.randint(1, 5),
    }


def random_costs(dice: Dice, session: Row) -> list[Row]:
    day = session["started_at_ms"] // DAY_MS
    return [
        {"session_id": session["session_id"], "currency": currency, "day": day, "cost_nano": dice.count(10**9)}
        for currency in dice.random.sample(("USD", "EUR", "GBP"), dice.count(2))
    ]


def random_world(seed: int, codes: dict[LabelKind, list[int]], size: int) -> World:
    dice = Dice(seed, codes)
    world = World()
    world.sessions = [random_session(dice) for _ in range(size)]
    for session in world.sessions:
        turns = [random_message(dice, session) for _ in range(dice.count(4))]
        # Messages are activity (R32.8).
        session["last_activity_at_ms"] = max(
            session["last_activity_at_ms"], *(one["occurred_at_ms"] for one in turns), 0
        )
        world.messages += turns
        world.operations += [
            random_event(
                dice,
                session,
                operation_class=dice.random.randint(1, 6),
                operation=dice.one(*dice.codes[LabelKind.OPERATION]),
                attempt=dice.one(1, 1, 2, 3),
                status=dice.random.randint(1, 3),
                fault=dice.one(None, 1, 2),
                duration_ms=dice.one(None, dice.count(4000)),
            )
            for _ in range(dice.count(3))
        ]
        world.runs += [random_run(dice, session, number) for number in range(dice.count(2))]
        world.feedback += [
            random_event(dice, session, superseded=dice.one(True, False, False), **feedback)
            for feedback in _random_feedback(dice)
        ]
        _add_events(dice, world, session)
        world.goals += [
            random_event(dice, session, goal=dice.codes[LabelKind.GOAL][0], resolves=False, converts=True, **value)
            for value in _random_values(dice)
        ]
        world.leads += [random_event(dice, session, lead_ref=f"lead-{dice.count(9)}") for _ in range(dice.count(1))]
        world.costs += random_costs(dice, session)
    world.probes = [_random_probe(dice) for _ in range(size)]
    world.first_seen = {number: NOON_MS + dice.random.randint(-5 * DAY_MS, DAY_MS) for number in range(1, 12)}
    # EUR has rates from before the facts on; GBP only sometimes, and then from the middle on.
    noon_day = NOON_MS // DAY_MS
    world.rates = {"EUR": [(noon_day - 10, Fraction("1.0837")), (noon_day - 1, Fraction("1.101234"))]}
    if seed % 3:
        world.rates["GBP"] = [(noon_day - (10 if seed % 3 == 1 else 1), Fraction("1.3"))]
    return world


def _add_events(dice: Dice, world: World, session: Row) -> None:
    def some(most: int, **columns: Callable[[], Any]) -> list[Row]:
        return [
            random_event(dice, session, **{name: draw() for name, draw in columns.items()})
            for _ in range(dice.count(most))
        ]

    def state(most: int) -> Callable[[], Any]:
        return lambda: dice.random.randint(1, most)

    def code(kind: LabelKind) -> Callable[[], Any]:
        return lambda: dice.code(kind)

    world.handoffs += some(2, state=state(3), queue=code(LabelKind.QUEUE))
    world.tickets += some(2, state=state(4), queue=code(LabelKind.QUEUE), ticket_ref=lambda: f"ticket-{dice.count(20)}")
    world.retrievals += some(
        2,
        failed=dice.flag,
        error=lambda: bool(dice.count(1)),
        duration_ms=lambda: dice.one(None, dice.count(900)),
    )
    world.exposures += some(
        1,
        experiment=lambda: dice.codes[LabelKind.EXPERIMENT][0],
        variant=lambda: dice.one(*dice.codes[LabelKind.VARIANT]),
    )
    world.steps += some(
        2,
        workflow=lambda: dice.one(*dice.codes[LabelKind.WORKFLOW]),
        run_id=lambda: f"run-{dice.count(1)}",
        step=code(LabelKind.STEP),
        state=state(5),
    )


def _random_values(dice: Dice) -> list[Row]:
    told = {"value_nano": dice.count(10**11), "value_currency": dice.one("USD", "EUR")}
    return [dice.one(told, {"value_nano": None, "value_currency": None}) for _ in range(dice.count(1))]


def _random_probe(dice: Dice) -> Row:
    at = NOON_MS + dice.random.randint(-3 * DAY_MS, 20 * HOUR_MS)
    return {
        "event_id": UUID(int=dice.random.getrandbits(128)),
        "chatbot_id": dice.one(*CHATBOTS),
        "session_id": None,
        "occurred_at_ms": at,
        "received_at_ms": at,
        "component": dice.one(*dice.codes[LabelKind.COMPONENT]),
        "up": dice.one(True, True, False),
        "duration_ms": dice.one(None, dice.count(900)),
    }


def _random_feedback(dice: Dice) -> list[Row]:
    found: list[Row] = []
    for _ in range(dice.count(2)):
        instrument = dice.random.randint(1, 4)
        score = dice.random.randint(1, 5) if instrument in (2, 3) else dice.count(1)
        found.append({"instrument": instrument, "score": score, "scale": 5 if instrument in (2, 3) else 2})
    return found


async def settle(facts: Facts, seed: int, size: int) -> World:
    """A random world, written into the tables."""
    codes = {kind: sorted((await facts.labels(kind, *texts)).values()) for kind, texts in LABELS.items()}
    world = random_world(seed, codes, size)
    await facts.sessions(*world.sessions)
    await facts.messages(*world.messages)
    for kind, rows in (
        (OperationRow, world.operations),
        (RetrievalRow, world.retrievals),
        (WorkflowRunRow, world.runs),
        (WorkflowStepRow, world.steps),
        (FeedbackRow, world.feedback),
        (HandoffRow, world.handoffs),
        (TicketRow, world.tickets),
        (ExposureRow, world.exposures),
        (ProbeRow, world.probes),
        (GoalCompletionRow, world.goals),
        (LeadCaptureRow, world.leads),
        (SessionCostRow, world.costs),
    ):
        if rows:
            await facts.put(kind, rows)
    await facts.visitors(world.first_seen)
    await _put_rates(facts, world)
    return world


async def _put_rates(facts: Facts, world: World) -> None:
    rows = [
        {
            "workspace_id": facts.workspace_id,
            "base_currency": currency,
            "quote_currency": "USD",
            "effective_day": day,
            "rate": rate.numerator / rate.denominator if rate.denominator == 1 else _decimal(rate),
            "created_at": NOON,
        }
        for currency, rates in world.rates.items()
        for day, rate in rates
    ]
    async with writing(facts.database, facts.workspace_id) as writer:
        await writer.connection.execute(insert(ExchangeRateRow), rows)


def _decimal(rate: Fraction) -> Any:
    from decimal import Decimal

    return Decimal(rate.numerator) / Decimal(rate.denominator)
