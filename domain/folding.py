"""One run of the fold over a session's records: what it builds, and what it must know before it begins.

A step looks only at the fact, at its record and at what was gathered here of records that name others, so that
folding the rest of a session onto its stored fact gives what folding all of it gives.
"""

from collections.abc import Iterable
from typing import NamedTuple

from domain.chatbots import ChatbotSettings
from domain.facts import CostCorrectionRecord, FeedbackRecord, Record, RetrievalRecord, SessionFact, WorkflowRun


class Folding:
    """The fact a run builds, and what it adds beside it.

    `retrievals` holds what no answer has taken yet, "1:message" for a failed one and "0:message" for one that found
    something; without a message it is the next answer's. `corrections` holds the cost that replaces what a message
    told. Both outlive the run in the fact's `pending`, as the message may come in a later one.
    """

    __slots__ = ("corrections", "costs", "fact", "leads", "retrievals", "runs", "settings")

    def __init__(self, fact: SessionFact, settings: ChatbotSettings) -> None:
        self.fact = fact
        self.settings = settings
        self.costs: dict[tuple[str, int], int] = {}
        self.runs: dict[tuple[int, str], WorkflowRun] = {}
        self.leads: set[str] = set()
        self.retrievals: set[str] = set()
        self.corrections: dict[str, Correction] = {}
        if fact.pending:
            self._remember(fact.pending)

    def _remember(self, pending: Iterable[str]) -> None:
        for entry in pending:
            kind, _, rest = entry.partition(" ")
            if kind == "retrieval":
                self.retrievals.add(rest)
            else:
                at_ms, event_id, nano, currency, message_id = rest.split(" ", 4)
                self.corrections[message_id] = Correction(int(at_ms), event_id, int(nano), currency)

    def gather(self, records: Iterable[Record]) -> None:
        """Reads, in order, what names another record: it counts wherever it stands in the run."""
        latest: dict[tuple[str | None, int], FeedbackRecord] = {}
        for record in records:
            if isinstance(record, FeedbackRecord):
                record.superseded = False
                earlier = latest.get((record.message_id, record.instrument))
                if earlier is not None:
                    earlier.superseded = True
                latest[record.message_id, record.instrument] = record
            elif isinstance(record, CostCorrectionRecord):
                self.corrections[record.message_id] = Correction(
                    record.occurred_at_ms, record.event_id, record.cost_nano, record.cost_currency
                )
            elif isinstance(record, RetrievalRecord) and record.message_id and record.failed is not None:
                self.retrievals.add(pending_retrieval(record.failed, record.message_id))

    def finish(self, last: Record | None) -> None:
        if last is not None:
            self.fact.last_event_at_ms = last.occurred_at_ms
            self.fact.last_event_id = last.event_id
        pending = [f"retrieval {entry}" for entry in self.retrievals]
        for message_id, correction in self.corrections.items():
            pending.append(f"correction {correction.written()} {message_id}")
        self.fact.pending = sorted(pending) or None


class Correction(NamedTuple):
    at_ms: int
    event_id: str
    cost_nano: int
    cost_currency: str

    def written(self) -> str:
        return f"{self.at_ms} {self.event_id} {self.cost_nano} {self.cost_currency}"


def pending_retrieval(failed: bool, message_id: str) -> str:
    return f"{int(failed)}:{message_id}"
