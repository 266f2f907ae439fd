"""What a made-up session leads to: votes, goals, leads, a person who takes over, a good-bye."""

from decimal import Decimal
from typing import Any

from domain.events import Feedback, Goal, Handoff, Lead, Message, Money, SessionEnded, Ticket
from server.traffic.answers import give_answer, write
from server.traffic.dialogues import Topic
from server.traffic.session import Session


def rate(session: Session) -> None:
    good = session.last_mood == "good"
    if not session.reports("FEEDBACK") or not session.chance(0.13 if good else 0.24):
        return
    warm = 0.06 if session.variants.get("prompt-tone") == "warm" else 0.0
    happy = session.chance((0.83 if good else 0.18) + warm)
    session.wait(2, 12)
    if session.bot.feedback == "RATING_1_5":
        score = session.random.choice((4, 5, 5)) if happy else session.random.choice((1, 2, 3))
        session.events.append(Feedback(**session.frame(), instrument="RATING_1_5", score=score))
    elif session.bot.feedback == "SOLVED":
        session.events.append(Feedback(**session.frame(), instrument="SOLVED", score=int(happy)))
    else:
        comment = session.say("rephrase") if not happy and session.chance(0.3) else None
        session.events.append(
            Feedback(
                **session.frame(),
                instrument="THUMBS",
                score=int(happy),
                message_id=session.last_answer,
                comment=comment,
            )
        )


def reach_goals(session: Session, topic: Topic) -> None:
    if session.last_mood != "good":
        return
    if topic.lead and session.reports("LEAD") and session.chance(0.34):
        _leave_details(session, topic)
    if topic.goal and session.reports("GOAL") and session.chance(0.31):
        currency = session.bot.price.currency if session.bot.price else "EUR"
        value = Money(amount=Decimal(topic.value), currency=currency) if topic.value else None
        session.wait(1, 20)
        session.events.append(Goal(**session.frame(), goal=topic.goal, value=value))


def _leave_details(session: Session, topic: Topic) -> None:
    name = session.slots["name"]
    address = f"{name.lower()}.{session.visitor.key[-5:]}@example.com"
    write(session, f"{name}, {address}", intent=None)
    session.wait(0.2, 1)
    session.events.append(
        Lead(
            **session.frame(),
            lead_id=f"lead-{session.random.getrandbits(40):010x}",
            name=name,
            email=address,
            phone=f"+4420794600{session.random.randrange(10, 99)}" if session.chance(0.4) else None,
            company=f"{name} Ltd" if session.chance(0.25) else None,
            interest=topic.intent.replace("_", " "),
            consent=True,
            lawful_basis="CONSENT",
        )
    )
    give_answer(session, topic, "good", text=session.say("welcome"))


def hand_over(session: Session, topic: Topic) -> bool:
    """Some topics need a person, and some people want one after two poor answers."""
    wanted = topic.handoff if session.last_mood == "good" else max(topic.handoff, 0.3)
    if not session.reports("HANDOFF") or not session.chance(wanted):
        return False
    write(session, session.say("human"), intent=None)
    reason = "USER_REQUEST" if session.last_mood != "good" else "POLICY"
    queue = session.random.choice(session.bot.queues) if session.bot.queues else None
    right = queue if session.chance(0.86) else session.bot.queues[0]
    target = session.bot.handoff_target
    about: dict[str, Any] = {"target": target, "reason": reason, "queue": queue}
    session.events.append(Handoff(**session.frame(), **about, state="REQUESTED"))
    give_answer(session, topic, "good", text=session.say("transfer"))
    session.wait(10, 160)
    reached = session.chance(0.9)
    outcome: dict[str, Any] = {"state": "PERFORMED" if reached else "FAILED", "correct_queue": right}
    session.events.append(Handoff(**session.frame(), **about, **outcome))
    if reached:
        _finish_by_person(session, queue)
    return True


def _finish_by_person(session: Session, queue: str | None) -> None:
    if session.bot.handoff_target == "TICKET" and session.reports("TICKET"):
        ticket = f"T-{session.random.randrange(10**6):06d}-{session.visitor.key[-4:]}"
        session.events.append(Ticket(**session.frame(), ticket_id=ticket, state="OPENED", queue=queue))
        for state, hours in (("FIRST_RESPONSE", 2.0), ("CLOSED", 26.0)):
            later_ms = session.at_ms + int(session.random.expovariate(1 / hours) * 3_600_000)
            if later_ms < session.story.now_ms:
                kind: dict[str, Any] = {"state": state}
                session.events.append(
                    Ticket(**session.frame(at_ms=later_ms), ticket_id=ticket, queue=queue, **kind)
                )
        return
    for _ in range(session.random.randrange(1, 4)):
        session.wait(8, 60)
        session.events.append(Message(**session.frame(), role="HUMAN", text=session.say("welcome")))
    session.events.append(
        SessionEnded(**session.frame(), actor="AGENT", reason="COMPLETED", resolved=session.chance(0.85))
    )


def close(session: Session) -> None:
    if session.last_mood == "good" and session.chance(0.55):
        write(session, session.say("thanks"), intent=None)
        session.wait(0.4, 1.4)
        session.events.append(Message(**session.frame(), role="BOT", text=session.say("welcome")))
    if session.bot.chatbot_type == "VOICE" or session.chance(0.25):
        session.wait(1, 6)
        session.events.append(SessionEnded(**session.frame(), actor="USER", reason="CLOSED"))
