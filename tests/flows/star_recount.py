"""Figures of the STAR conversations counted straight from the file, by the definitions and nothing else.

Shares no code with the product: only the file, `docs/product.md` and `docs/import.md` were looked at.
"""

import gzip
import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

FILE_NAME = "star_conversations.jsonl.gz"
IDLE = timedelta(minutes=30)
DAY = timedelta(hours=24)


def find_star() -> Path | None:
    """`PARLANCE_DATASETS`, else the folder beside the checkout."""
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    path = Path(os.environ.get("PARLANCE_DATASETS") or beside) / FILE_NAME
    return path if path.is_file() else None


@dataclass(frozen=True)
class BotMessage:
    at: datetime
    fallback: bool | None
    unanswered: bool | None
    response: timedelta | None  # since the earliest user message that still waited


@dataclass(frozen=True)
class Talk:
    """One conversation, counted."""

    key: str
    visitor: str
    started: datetime
    last_message: datetime
    user_messages: int
    bot_messages: Sequence[BotMessage]
    ended_by_user: bool
    last_user_waits: bool  # nothing came after the last user message
    last_user_answered_well: bool
    intents: Sequence[str]
    calls: int

    @property
    def engaged(self) -> bool:
        return self.user_messages > 0

    @property
    def duration(self) -> timedelta:
        return self.last_message - self.started


@cache
def read_talks(path: Path) -> tuple[Talk, ...]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return tuple(_count_talk(json.loads(line)) for line in lines)


def _count_talk(conversation: dict[str, Any]) -> Talk:
    turns = conversation["turns"]
    moments = [_moment(turn) for turn in turns if "timestamp" in turn]
    said = [turn for turn in turns if turn["type"] == "message"]
    bot_messages = _read_bot_messages(turns)
    after_last_user = _after_last_user(turns)
    return Talk(
        key=conversation["conversation_id"],
        visitor=conversation["user_id"],
        started=min(moments),
        last_message=max((_moment(turn) for turn in said), default=min(moments)),
        user_messages=sum(turn["speaker"] == "user" for turn in said),
        bot_messages=bot_messages,
        ended_by_user=any(turn["type"] == "user_complete" for turn in turns),
        last_user_waits=bool(said) and after_last_user == 0,
        last_user_answered_well=after_last_user > 0
        and bot_messages[-1].fallback is not True
        and bot_messages[-1].unanswered is not True,
        intents=_read_intents(turns),
        calls=sum(turn["type"] == "api_call" for turn in turns),
    )


def _read_bot_messages(turns: list[dict[str, Any]]) -> list[BotMessage]:
    found: list[BotMessage] = []
    waiting_since: datetime | None = None
    looked_up: bool | None = None  # what the latest look-up since the last answer found
    for turn in turns:
        if turn["type"] == "api_result":
            looked_up = turn["item_found"]
        if turn["type"] != "message":
            continue
        if turn["speaker"] == "user":
            waiting_since = waiting_since or _moment(turn)
            continue
        response = None if waiting_since is None else _moment(turn) - waiting_since
        found.append(_judge(turn, looked_up, response))
        waiting_since, looked_up = None, None
    return found


def _judge(turn: dict[str, Any], looked_up: bool | None, response: timedelta | None) -> BotMessage:
    """Typed by hand, a reply carries no label: whether it was a fallback is then unknown."""
    label = turn.get("action_label")
    says_no = None if label is None else label == "out_of_scope"
    missed = None if looked_up is None else not looked_up
    if label is not None and label.endswith("_nothing_found"):
        missed = True
    parts = (says_no, missed)
    unanswered = True if True in parts else (False if False in parts else None)
    return BotMessage(_moment(turn), says_no, unanswered, response)


def _after_last_user(turns: list[dict[str, Any]]) -> int:
    count = 0
    for turn in turns:
        if turn["type"] == "message":
            count = 0 if turn["speaker"] == "user" else count + 1
    return count


def _read_intents(turns: list[dict[str, Any]]) -> list[str]:
    """Of each user message the last task chosen before the next one; messages without are left out."""
    chosen: list[str | None] = []
    for turn in turns:
        if turn["type"] == "message" and turn["speaker"] == "user":
            chosen.append(None)
        elif turn["type"] == "task_selected" and chosen:
            chosen[-1] = turn["task"]
    return [task for task in chosen if task is not None]


def _moment(turn: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(turn["timestamp"])


# Figures


def within(talks: Iterable[Talk], start: datetime, end: datetime) -> list[Talk]:
    return [talk for talk in talks if start <= talk.started < end]


def outcomes(talks: Sequence[Talk]) -> dict[str, str]:
    """Every session was closed long ago. Rows of the outcome table that STAR can reach."""
    visits: dict[str, list[Talk]] = {}
    for talk in talks:
        visits.setdefault(talk.visitor, []).append(talk)
    return {talk.key: _outcome(talk, visits[talk.visitor]) for talk in talks}


def _outcome(talk: Talk, visits: Sequence[Talk]) -> str:
    if not talk.engaged:
        return "NOT_ENGAGED"
    if talk.last_user_waits and not talk.ended_by_user:
        return "TIMED_OUT"
    if talk.last_user_answered_well and not _came_back(talk, visits):
        return "RESOLVED_ASSUMED"
    return "ABANDONED"


def _came_back(talk: Talk, visits: Sequence[Talk]) -> bool:
    """The visitor's next engaged session begins after this one, and within 24 hours of its end."""
    later = [other.started for other in visits if other.engaged and other.started > talk.started]
    return bool(later) and min(later) - talk.last_message < DAY


def count_outcomes(talks: Sequence[Talk]) -> Counter[str]:
    return Counter(outcomes(talks).values())


def messages_per_session(talks: Sequence[Talk]) -> Fraction:
    return Fraction(sum(t.user_messages + len(t.bot_messages) for t in talks), len(talks))


def response_seconds(talks: Iterable[Talk], start: datetime, end: datetime) -> list[float]:
    """By the reply's own time."""
    return [
        message.response.total_seconds()
        for talk in talks
        for message in talk.bot_messages
        if message.response is not None and start <= message.at < end
    ]


def nearest_rank(values: Sequence[float], share: Fraction) -> float:
    ordered = sorted(values)
    rank = -(-len(ordered) * share.numerator // share.denominator)  # rounded up
    return ordered[max(rank, 1) - 1]


def new_and_returning(talks: Sequence[Talk], start: datetime, end: datetime) -> tuple[int, int]:
    first: dict[str, datetime] = {}
    for talk in talks:
        first[talk.visitor] = min(first.get(talk.visitor, talk.started), talk.started)
    active = {talk.visitor for talk in within(talks, start, end)}
    new = sum(start <= first[visitor] < end for visitor in active)
    return new, len(active) - new


def fallback_parts(talks: Iterable[Talk], start: datetime, end: datetime) -> tuple[int, int]:
    """Fallback answers and all answers of which it is known."""
    known = [
        message.fallback
        for talk in talks
        for message in talk.bot_messages
        if message.fallback is not None and start <= message.at < end
    ]
    return sum(known), len(known)


def unanswered_answers(talks: Iterable[Talk], start: datetime, end: datetime) -> int:
    return sum(
        message.unanswered is True for talk in talks for message in talk.bot_messages if start <= message.at < end
    )


def describe(talks: Sequence[Talk]) -> str:
    """The main figures in words."""
    start, end = min(talk.started for talk in talks), max(talk.last_message for talk in talks) + DAY
    waits = response_seconds(talks, start, end)
    fallbacks, known = fallback_parts(talks, start, end)
    outcome_counts = ", ".join(f"{name} {count:,}" for name, count in count_outcomes(talks).most_common())
    return "\n".join(
        (
            f"{len(talks):,} sessions of {len({talk.visitor for talk in talks})} visitors",
            f"{float(messages_per_session(talks)):.2f} messages a session",
            f"response: mean {sum(waits) / len(waits):.2f} s, p95 {nearest_rank(waits, Fraction(95, 100)):.0f} s",
            f"fallbacks: {fallbacks} of {known:,} answers; unanswered {unanswered_answers(talks, start, end)}",
            f"outcomes: {outcome_counts}",
        )
    )
