"""Which kinds of fact an event shows that its chatbot reports (R4)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from domain import events
from domain.events import AnswerDetails
from domain.facts import SessionStartRecord
from domain.vocabulary import Report
from persistence.ingest.arrivals import Arrival
from persistence.ingest.surroundings import Speaker

_OF_KIND: Final[dict[type[events.Event], Report]] = {
    events.Feedback: Report.FEEDBACK,
    events.Goal: Report.GOAL,
    events.Handoff: Report.HANDOFF,
    events.Lead: Report.LEAD,
    events.Operation: Report.ERROR,
    events.Retrieval: Report.RETRIEVAL,
    events.Ticket: Report.TICKET,
    events.WorkflowStep: Report.WORKFLOW,
    events.Exposure: Report.EXPERIMENT,
    events.Probe: Report.AVAILABILITY,
    events.CostCorrection: Report.COST,
}
_OF_ANSWERS: Final[tuple[tuple[Report, Callable[[AnswerDetails], bool]], ...]] = (
    (Report.CONFIDENCE, lambda answer: answer.confidence is not None),
    (Report.TOKENS, lambda answer: answer.input_tokens is not None or answer.output_tokens is not None),
    (Report.COST, lambda answer: answer.cost is not None),
    (Report.INTENT, lambda answer: answer.intent is not None),
    (Report.FALLBACK, lambda answer: answer.generic_failure is not None or answer.uncertain is not None),
)
_OF_CONTEXTS: Final[tuple[tuple[Report, Callable[[SessionStartRecord], bool]], ...]] = (
    (Report.DEVICE, lambda context: context.device is not None),
    (Report.GEOGRAPHY, lambda context: context.country is not None),
)


class _Quiet:
    """What plain messages may still show of a chatbot: little, so that most are passed over at once."""

    __slots__ = ("answers", "intent", "latency", "visitor")

    def __init__(self, observed: set[int]) -> None:
        self.visitor = Report.VISITOR not in observed
        self.intent = Report.INTENT not in observed
        self.latency = Report.LATENCY not in observed
        self.answers = [tells for report, tells in _OF_ANSWERS if report not in observed]

    def shows_nothing(self, event: events.Message) -> bool:
        if self.visitor and event.visitor_id is not None:
            return False
        if self.intent and event.intent is not None:
            return False
        if self.latency and event.first_byte_at is not None:
            return False
        if event.answer is not None:
            for tells in self.answers:
                if tells(event.answer):
                    return False
        return True


def reports_of(arrivals: Iterable[Arrival], speakers: Mapping[int, Speaker]) -> dict[int, set[Report]]:
    """By chatbot, only what was not observed before."""
    known = {chatbot_id: set(speaker.observed) for chatbot_id, speaker in speakers.items()}
    quiet = {chatbot_id: _Quiet(observed) for chatbot_id, observed in known.items()}
    seen: dict[int, set[Report]] = {}
    for arrival in arrivals:
        chatbot_id, event = arrival.chatbot_id, arrival.event
        if arrival.context is None and event.__class__ is events.Message and quiet[chatbot_id].shows_nothing(event):
            continue
        observed = known[chatbot_id]
        found = [report for report in _shown(arrival, observed) if report not in observed]
        if found:
            seen.setdefault(chatbot_id, set()).update(found)
            observed.update(found)
            quiet[chatbot_id] = _Quiet(observed)
    return seen


def _shown(arrival: Arrival, known: set[int]) -> Iterable[Report]:
    event: Any = arrival.event
    kind = _OF_KIND.get(event.__class__)
    if kind is not None:
        yield kind
    if event.visitor_id is not None:
        yield Report.VISITOR
    if event.__class__ is events.Message:
        if event.intent is not None:
            yield Report.INTENT
        if event.first_byte_at is not None:
            yield Report.LATENCY
    answer = getattr(event, "answer", None)
    if answer is not None:
        yield from (report for report, tells in _OF_ANSWERS if report not in known and tells(answer))
    context = arrival.record if event.__class__ is events.SessionStarted else arrival.context
    if isinstance(context, SessionStartRecord):
        yield from (report for report, tells in _OF_CONTEXTS if report not in known and tells(context))
