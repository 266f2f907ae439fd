"""One made-up session, told as the events that a chatbot would send."""

from typing import Any

from domain.events import AnyEvent, Exposure, Message, SessionStarted, WorkflowStep
from server.traffic.answers import draw_mood, give_answer, write
from server.traffic.dialogues import Topic, draw_slots
from server.traffic.endings import close, hand_over, rate, reach_goals
from server.traffic.session import Session
from server.traffic.story import EXPERIMENTS
from server.traffic.visitors import describe


def tell_session(session: Session) -> list[AnyEvent]:
    """Greeting, one to three questions with what hangs on them, then how it ends."""
    _start(session)
    if session.visitor.is_bot or not session.chance(_engaged_share(session)):
        return session.events
    session.slots = draw_slots(session.random, session.visitor.language)
    topics = session.dialogue.topics
    for topic in session.random.choices(topics, [t.weight for t in topics], k=_count_topics(session)):
        _ask(session, topic)
        if hand_over(session, topic) or (session.last_mood != "good" and session.chance(0.28)):
            return session.events
    close(session)
    return session.events


def _start(session: Session) -> None:
    context = describe(session.random, session.bot, session.visitor)
    session.events.append(SessionStarted(**session.frame(), context=context))
    days_ago = session.story.days_ago(session.at_ms)
    for experiment in EXPERIMENTS:
        variant = experiment.assign(session.visitor.key, days_ago=days_ago)
        if experiment.chatbot == session.bot.slug and variant is not None:
            session.variants[experiment.name] = variant
            session.events.append(Exposure(**session.frame(), experiment=experiment.name, variant=variant))
    if session.bot.greets:
        phrase = {"short": "greeting_a", "dream-home": "greeting_b"}.get(
            session.variants.get("greeting", ""), "greeting"
        )
        session.wait(0.2, 0.9)
        session.events.append(
            Message(**session.frame(), role="BOT", proactive=True, text=session.say(phrase))
        )


def _engaged_share(session: Session) -> float:
    return session.bot.engaged_share + (0.09 if session.variants.get("greeting") == "dream-home" else 0.0)


def _count_topics(session: Session) -> int:
    return session.random.choices((1, 2, 3, 4), (62, 26, 9, 3))[0]


def _ask(session: Session, topic: Topic) -> None:
    """A question (sometimes in two messages), its answer, a repetition if it missed, and what may follow."""
    write(session, session.random.choice(topic.questions), intent=topic.intent)
    if session.chance(0.09):
        session.wait(1, 5)
        session.events.append(Message(**session.frame(), role="USER", text="?"))
    give_answer(session, topic, draw_mood(session, topic))
    _run_workflow(session, topic)
    if session.last_mood != "good" and session.chance(0.55):
        _correct(session, topic)
    for question, answer in topic.follow:
        if session.last_mood == "good" and session.chance(0.42):
            write(session, question, intent=topic.intent)
            give_answer(session, topic, draw_mood(session, topic), text=answer)
    rate(session)
    reach_goals(session, topic)


def _run_workflow(session: Session, topic: Topic) -> None:
    if topic.workflow is None or not session.reports("WORKFLOW"):
        return
    run: dict[str, Any] = {"workflow": topic.workflow, "run_id": f"run-{session.random.getrandbits(40):010x}"}
    session.events.append(WorkflowStep(**session.frame(), **run, state="STARTED", step=topic.steps[0]))
    for step in topic.steps[1:]:
        session.wait(2, 9)
        if session.chance(0.08):
            return
        if session.last_mood != "good" and session.chance(0.3):
            session.events.append(WorkflowStep(**session.frame(), **run, state="FAILED", step=step))
            return
        session.events.append(WorkflowStep(**session.frame(), **run, state="REACHED", step=step))
    session.events.append(WorkflowStep(**session.frame(), **run, state="COMPLETED"))


def _correct(session: Session, topic: Topic) -> None:
    write(session, session.say("rephrase"), intent=None, corrects=session.last_answer)
    write(session, session.random.choice(topic.questions), intent=topic.intent)
    give_answer(session, topic, "good" if session.chance(0.55) else draw_mood(session, topic))
