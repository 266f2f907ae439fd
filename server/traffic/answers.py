"""How a made-up question is put and answered: retrieval, tool and model calls, flags, tokens, price."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from domain.events import AnswerDetails, CostCorrection, Message, Money, Operation, Retrieval
from server.traffic.dialogues import Topic, fill_slots
from server.traffic.session import Mood, Session


def write(session: Session, text: str, *, intent: str | None, corrects: str | None = None) -> None:
    session.wait(4, 38)
    intent_known = intent is not None and session.reports("INTENT") and session.chance(0.96)
    session.events.append(
        Message(
            **session.frame(),
            role="USER",
            text=fill_slots(text, session.slots),
            intent=intent if intent_known else None,
            intent_confidence=round(session.random.betavariate(9, 1.5), 3) if intent_known else None,
            corrects=corrects,
        )
    )


def draw_mood(session: Session, topic: Topic) -> Mood:
    if not topic.scope:
        return "outside"
    share = topic.difficulty * (1.15 if session.story.days_ago(session.at_ms) > 45 else 0.9)
    if session.story.in_incident(session.bot.slug, session.at_ms):
        share += 0.45
    if not session.chance(share):
        return "good"
    return session.random.choices(
        ("fallback", "weak", "empty"), (4, 4, 3 if session.reports("RETRIEVAL") else 0)
    )[0]


def give_answer(session: Session, topic: Topic, mood: Mood, *, text: str | None = None) -> None:
    asked_ms = session.at_ms
    _work(session, topic, mood)
    seconds = session.random.lognormvariate(0, 0.55) * session.bot.answer_seconds
    if session.story.in_incident(session.bot.slug, session.at_ms):
        seconds *= session.random.uniform(3, 9)
    first_byte_ms = max(session.at_ms + 1, asked_ms + int(seconds * 1000))
    session.at_ms = first_byte_ms + int(session.random.uniform(200, 2500))
    spoken = session.say("fallback") if mood == "fallback" else text or session.random.choice(topic.answers)
    message = Message(
        **session.frame(),
        role="BOT",
        text=fill_slots(spoken, session.slots),
        first_byte_at=datetime.fromtimestamp(first_byte_ms / 1000, UTC),
        answer=_describe_answer(session, topic, mood),
    )
    session.events.append(message)
    session.last_mood, session.last_answer = mood, message.event_id
    if message.answer and message.answer.cost is None and session.bot.price and session.chance(0.7):
        _price_later(session)


def _work(session: Session, topic: Topic, mood: Mood) -> None:
    """Retrieval, model and tool calls behind an answer."""
    if topic.source == "RAG" and session.reports("RETRIEVAL"):
        session.wait(0.03, 0.2)
        hits = 0 if mood == "empty" else session.random.randrange(1, 9)
        session.events.append(
            Retrieval(
                **session.frame(),
                hits=hits,
                top_score=round(session.random.betavariate(8, 2), 3) if hits else None,
                threshold=0.35,
                used=mood == "good" and hits > 0 and session.chance(0.9),
                duration_ms=int(session.random.lognormvariate(4.2, 0.5)),
            )
        )
    if topic.operation:
        _operate(session, "TOOL", topic.operation, error_share=0.035)
    if topic.source in {"RAG", "TOOL"}:
        ill = session.story.in_incident(session.bot.slug, session.at_ms)
        _operate(session, "MODEL", "generate", error_share=0.38 if ill else 0.006)


def _operate(session: Session, kind: Literal["MODEL", "TOOL"], name: str, *, error_share: float) -> None:
    """Up to two attempts; a model that fails has mostly timed out."""
    for attempt in (1, 2):
        failed = session.chance(error_share)
        status: Literal["OK", "ERROR", "TIMEOUT"] = "OK"
        if failed:
            status = "TIMEOUT" if kind == "MODEL" and session.chance(0.7) else "ERROR"
        session.wait(0.01, 0.05)
        session.events.append(
            Operation(
                **session.frame(),
                operation_class=kind,
                name=name,
                status=status,
                attempt=attempt,
                fault=(("USER" if kind == "TOOL" and session.chance(0.3) else "SYSTEM") if failed else None),
                duration_ms=10_000 if status == "TIMEOUT" else int(session.random.lognormvariate(6.3, 0.5)),
            )
        )
        if not failed:
            return


def _describe_answer(session: Session, topic: Topic, mood: Mood) -> AnswerDetails:
    random, bot, story = session.random, session.bot, session.story
    model = story.version(bot.slug, "MODEL", session.at_ms)
    generated = topic.source in {"RAG", "TOOL"} and mood != "fallback"
    confidence = random.betavariate(15, 1.7) if mood == "good" else random.betavariate(5, 4)
    tone = session.variants.get("prompt-tone")
    details: dict[str, Any] = {
        "action": f"utter_{topic.intent}" if mood != "fallback" else "utter_default_fallback",
        "source": "FALLBACK" if mood == "fallback" else topic.source,
        "generic_failure": mood == "fallback",
        "uncertain": mood == "weak" and session.chance(0.4),
        "out_of_scope": mood == "outside",
        "model": model,
        "prompt_version": tone or story.version(bot.slug, "PROMPT", session.at_ms) or "base-1",
        "knowledge_base_version": story.version(bot.slug, "KNOWLEDGE_BASE", session.at_ms) or "kb-1",
    }
    if session.reports("CONFIDENCE") and session.chance(0.97):
        details["confidence"] = round(confidence, 3)
    if generated and session.reports("TOKENS"):
        details |= _count_tokens(session, model)
    return AnswerDetails(**details)


def _count_tokens(session: Session, model: str | None) -> dict[str, Any]:
    random = session.random
    used = session.context_tokens + random.randrange(300, 900)
    written = random.randrange(40, 190) + (45 if session.variants.get("prompt-tone") == "warm" else 0)
    session.context_tokens += written + random.randrange(20, 80)
    counts: dict[str, Any] = {"input_tokens": used, "output_tokens": written, "cached_tokens": used // 3}
    if session.bot.price and session.reports("COST") and session.chance(0.93):
        counts["cost"] = _price(session, used, written, model)
    return counts


def _price(session: Session, used: int, written: int, model: str | None) -> Money:
    price = session.bot.price
    assert price is not None
    factor = 0.7 if model == "swift-3" else 1.0
    amount = (used * price.input_per_million + written * price.output_per_million) * factor / 1_000_000
    return Money(amount=Decimal(f"{amount:.9f}"), currency=price.currency)


def _price_later(session: Session) -> None:
    """The provider's bill for some answers comes hours later."""
    if not session.reports("COST") or session.last_answer is None:
        return
    later_ms = session.at_ms + session.random.randrange(3_600_000, 20_000_000)
    if later_ms < session.story.now_ms:
        cost = _price(session, session.context_tokens + 500, 120, None)
        session.events.append(
            CostCorrection(**session.frame(at_ms=later_ms), message_id=session.last_answer, cost=cost)
        )
