"""What the database holds of a workspace, in the words of the recount, so that both can be compared at once."""

from collections import defaultdict
from typing import Any
from uuid import UUID

import asyncpg

from domain.facts import SessionFact
from domain.outcomes import outcome
from domain.vocabulary import Channel, Device, EndActor, EndReason, HandoffReason, HandoffTarget, Source, WorkflowState
from persistence.ingest.tables import FACT_FIELDS, FACT_SELECTION
from tests.domain.comparison import questions_of

CLOSED = {
    "end_actor": EndActor,
    "end_reason": EndReason,
    "handoff_target": HandoffTarget,
    "handoff_reason": HandoffReason,
}
LABELS = ("campaign", "country", "region", "city", "language")
Connection = asyncpg.Connection


def _name(kind: Any, code: int | None) -> str | None:
    return None if code is None else str(kind(code).name)


class Stored:
    """Read by a superuser, past all policies."""

    def __init__(self, connection: "Connection[Any]", workspace_id: UUID) -> None:
        self._connection = connection
        self._workspace_id = workspace_id

    async def rows(self, query: str) -> list[asyncpg.Record]:
        return list(await self._connection.fetch(query, self._workspace_id))

    async def sessions(self, as_of_ms: int, figures: tuple[str, ...]) -> list[dict[str, Any]]:
        self._labels = {
            row[0]: row[1] for row in await self.rows("select code, text from label where workspace_id = $1")
        }
        self._chatbots = {
            row[0]: row[1] for row in await self.rows("select chatbot_id, slug from chatbot where workspace_id = $1")
        }
        self._visitors = {
            row[0]: row[1] for row in await self.rows("select visitor_id, key from visitor where workspace_id = $1")
        }
        await self._read_parts()
        found = await self.rows(
            f"select {FACT_SELECTION} from session s where s.workspace_id = $1 and s.opened and s.merged_into is null"
        )
        facts = [SessionFact(**dict(zip(FACT_FIELDS, row, strict=True))) for row in found]
        told = [self._told(fact, as_of_ms, figures) for fact in facts]
        return sorted(told, key=lambda session: (session["chatbot"], session["name"], session["start_ms"]))

    async def _read_parts(self) -> None:
        self._costs: dict[int, dict[tuple[str, int], int]] = defaultdict(dict)
        for row in await self.rows(
            "select session_id, currency, day, cost_nano from session_cost where workspace_id = $1"
        ):
            self._costs[row[0]][row[1], row[2]] = row[3]
        self._runs: dict[int, dict[tuple[str | None, str], tuple[Any, ...]]] = defaultdict(dict)
        for row in await self.rows(
            "select session_id, workflow, run_id, started_at_ms, last_step, last_step_at_ms, state, ended_at_ms "
            "from workflow_run where workspace_id = $1"
        ):
            key = (self._labels.get(row[1]), row[2])
            self._runs[row[0]][key] = (row[3], self._text(row[4]), row[5], _name(WorkflowState, row[6]), row[7])
        self._questions: dict[int, list[Any]] = defaultdict(list)
        for row in await self.rows(
            "select session_id, question_at_ms, (not is_answer)::int, question_judged, question_unanswered "
            "from message where workspace_id = $1 and session_id is not null"
        ):
            self._questions[row[0]].append(tuple(row)[1:])
        self._answers: dict[int, list[Any]] = defaultdict(list)
        for row in await self.rows(
            "select session_id, occurred_at_ms, answer_intent, response_ms, fallback, unanswered "
            "from message where workspace_id = $1 and is_answer"
        ):
            self._answers[row[0]].append((row[1], self._text(row[2]), *tuple(row)[3:]))

    def _text(self, code: int | None) -> str | None:
        return None if code is None else self._labels[code]

    def _told(self, fact: SessionFact, as_of_ms: int, names: tuple[str, ...]) -> dict[str, Any]:
        figures = {name: getattr(fact, name) for name in names}
        figures |= {name: _name(kind, figures[name]) for name, kind in CLOSED.items() if name in figures}
        figures["primary_intent"] = self._text(fact.primary_intent)
        channel = _name(Channel, fact.channel)
        return {
            "chatbot": self._chatbots[fact.chatbot_id],
            "name": fact.thread_ref or fact.session_ref,
            "start_ms": fact.started_at_ms,
            "last_ms": fact.last_activity_at_ms,
            "visitor": None if fact.visitor_id is None else self._visitors[fact.visitor_id],
            "own_visitor": None if fact.own_visitor_id is None else self._visitors[fact.own_visitor_id],
            "next_contact_ms": fact.next_contact_at_ms,
            "outcome": str(outcome(fact, as_of_ms)),
            "figures": figures,
            "costs": self._costs[fact.session_id],
            "runs": self._runs[fact.session_id],
            "questions": questions_of(self._questions[fact.session_id]),
            "answers": sorted(self._answers[fact.session_id], key=repr),
            "context": {name: self._text(getattr(fact, name)) for name in LABELS}
            | {
                "channel": None if channel is None else channel.lower(),
                "device": _name(Device, fact.device),
                "source": _name(Source, fact.source),
                "isBot": fact.is_bot,
                "userType": self._text(fact.user_type),
                "authenticated": fact.authenticated,
            },
        }
