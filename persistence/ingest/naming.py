"""Which outside names a batch uses: chatbots, texts that become label codes, visitors and threads."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from domain import events
from domain.events import AnswerDetails, SessionContext
from domain.origin import Origin, without_private_parts
from domain.vocabulary import Device, LabelKind
from persistence.ingest.arrivals import Arrival

Texts = dict[LabelKind, set[str | None]]


class Names:
    """Collected in one pass, so that each sort is looked up with one statement."""

    __slots__ = ("texts", "threads", "visitors")

    def __init__(self) -> None:
        self.texts: Texts = {kind: set() for kind in LabelKind}
        self.visitors: set[str | None] = set()
        self.threads: set[tuple[int, str]] = set()

    def wanted(self) -> dict[LabelKind, set[str]]:
        return {kind: {text for text in texts if text is not None} for kind, texts in self.texts.items()}


def names_of(arrivals: Iterable[Arrival]) -> Names:
    names = Names()
    texts, visitors, threads = names.texts, names.visitors, names.threads
    for arrival in arrivals:
        event = arrival.event
        visitors.add(event.visitor_id)
        if event.thread_id is not None:
            threads.add((arrival.chatbot_id, event.thread_id))
        collect = _COLLECT.get(event.__class__)
        if collect is not None:
            collect(texts, event, arrival.origin)
        if event.__class__ is events.Identify:
            visitors.add(event.user_id)
    visitors.discard(None)
    return names


def _message(texts: Texts, event: events.Message, origin: Origin | None) -> None:
    texts[_LANGUAGE].add(event.language)
    texts[_INTENT].add(event.intent)
    texts[_TOPIC].add(event.topic)
    if event.answer is not None:
        _answer_details(texts, event.answer)
    if event.context is not None:
        _context(texts, event.context, origin)


def _answer_details(texts: Texts, answer: AnswerDetails) -> None:
    texts[_INTENT].add(answer.intent)
    texts[_ACTION].add(answer.action)
    texts[_MODEL].add(answer.model)
    texts[_PROMPT].add(answer.prompt_version)
    texts[_KNOWLEDGE_BASE].add(answer.knowledge_base_version)


def _context(texts: Texts, context: SessionContext, origin: Origin | None) -> None:
    origin = origin or plain_origin(context)
    texts[LabelKind.ENTRY_POINT].add(origin.entry_point)
    texts[LabelKind.REFERRER].add(origin.referrer)
    texts[LabelKind.COUNTRY].add(origin.country)
    texts[LabelKind.REGION].add(origin.region)
    texts[LabelKind.CITY].add(origin.city)
    texts[LabelKind.BROWSER].add(origin.browser)
    texts[LabelKind.OPERATING_SYSTEM].add(origin.operating_system)
    texts[LabelKind.CAMPAIGN].add(context.campaign)
    texts[_LANGUAGE].add(context.language)
    texts[LabelKind.USER_TYPE].add(context.user_type)


def plain_origin(context: SessionContext) -> Origin:
    """What a context says by itself, where nobody drew more from it."""
    return Origin(
        device=None if context.device is None else Device[context.device],
        country=context.country,
        region=context.region,
        city=context.city,
        referrer=None if context.referrer is None else without_private_parts(context.referrer) or None,
        entry_point=None if context.entry_point is None else without_private_parts(context.entry_point) or None,
        is_bot=context.is_bot,
    )


def _start(texts: Texts, event: events.SessionStarted, origin: Origin | None) -> None:
    if event.context is not None:
        _context(texts, event.context, origin)


def _answer(texts: Texts, event: events.Answer, _: Origin | None) -> None:
    _answer_details(texts, event.answer)


def _one(*fields: tuple[LabelKind, str]) -> Callable[[Texts, Any, Origin | None], None]:
    def collect(texts: Texts, event: Any, _: Origin | None) -> None:
        for kind, field in fields:
            texts[kind].add(getattr(event, field))

    return collect


# Looked up once: an enum's attribute costs as much as the rest of a step.
_LANGUAGE, _INTENT, _TOPIC = LabelKind.LANGUAGE, LabelKind.INTENT, LabelKind.TOPIC
_ACTION, _MODEL, _PROMPT = LabelKind.ACTION, LabelKind.MODEL, LabelKind.PROMPT_VERSION
_KNOWLEDGE_BASE = LabelKind.KNOWLEDGE_BASE_VERSION

_COLLECT: Final[dict[type[events.Event], Callable[[Texts, Any, Origin | None], None]]] = {
    events.Message: _message,
    events.SessionStarted: _start,
    events.Answer: _answer,
    events.Operation: _one((LabelKind.OPERATION, "name")),
    events.WorkflowStep: _one((LabelKind.WORKFLOW, "workflow"), (LabelKind.STEP, "step")),
    events.Handoff: _one((LabelKind.QUEUE, "queue"), (LabelKind.QUEUE, "correct_queue")),
    events.Ticket: _one((LabelKind.QUEUE, "queue")),
    events.Goal: _one((LabelKind.GOAL, "goal")),
    events.Exposure: _one((LabelKind.EXPERIMENT, "experiment"), (LabelKind.VARIANT, "variant")),
    events.Release: _one((LabelKind.VERSION, "version")),
    events.Probe: _one((LabelKind.COMPONENT, "component")),
    events.Identify: _one((LabelKind.USER_TYPE, "user_type")),
}
