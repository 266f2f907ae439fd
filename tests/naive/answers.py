"""What became of each bot message: is it an answer, how long did it take, did it fail? (R9, R32.3, R32.4)"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.naive.placing import Episode, Told, message_name, milliseconds
from tests.naive.world import World


@dataclass(frozen=True)
class NaiveAnswer:
    name: str
    at_ms: int
    order: tuple[int, str]
    response_ms: int | None
    intent: str | None
    confidence: float | None
    fallback: bool | None
    unanswered: bool | None
    tokens: tuple[int | None, int | None, int | None]
    cost: tuple[int, str] | None

    @property
    def is_good(self) -> bool:
        return not self.fallback and not self.unanswered


def messages(episode: Episode) -> list[Told]:
    return [one for one in episode.events if one.kind == "message"]


def details(message: Told, episode: Episode) -> dict[str, Any] | None:
    """What the bot told of the message as an answer, in it or apart from it: the latest telling, whole."""
    tellings = [(message.order, message.get("answer"))] if message.get("answer") is not None else []
    tellings += [
        (one.order, one.get("answer"))
        for one in episode.events
        if one.kind == "answer" and one.get("messageId") == message_name(message)
    ]
    return max(tellings, key=lambda telling: telling[0])[1] if tellings else None


def answers(episode: Episode, world: World) -> list[NaiveAnswer]:
    turns = messages(episode)
    return [_answer(turns, index, episode, world) for index in range(len(turns)) if is_answer(turns, index, episode)]


def is_answer(turns: list[Told], index: int, episode: Episode) -> bool:
    message = turns[index]
    if message.get("role") != "BOT":
        return False
    if details(message, episode) is not None:
        return True
    asked = any(earlier.get("role") == "USER" for earlier in turns[:index])
    return asked and not message.get("proactive")


def waiting_questions(turns: list[Told], index: int, episode: Episode) -> list[Told]:
    """The user messages since the last answer or human reply before this place."""
    waiting: list[Told] = []
    for earlier in reversed(range(index)):
        if turns[earlier].get("role") == "HUMAN" or is_answer(turns, earlier, episode):
            break
        if turns[earlier].get("role") == "USER":
            waiting.insert(0, turns[earlier])
    return waiting


def question(turns: list[Told], index: int, episode: Episode) -> list[Told]:
    """The burst of user messages that the bot message answers, be it the first reply to it or a further one."""
    last = max((place for place in range(index) if turns[place].get("role") == "USER"), default=None)
    return [] if last is None else waiting_questions(turns, last + 1, episode)


def questions(episode: Episode, found: list[NaiveAnswer]) -> dict[int, tuple[int, int, int]]:
    """By the time of their first message: how many there are, whose last answer has known flags, and is unanswered."""
    turns = messages(episode)
    starts = [
        turn
        for index, turn in enumerate(turns)
        if turn.get("role") == "USER" and not waiting_questions(turns, index, episode)
    ]
    told: dict[int, tuple[int, int, int]] = {}
    for number, start in enumerate(starts):
        following = starts[number + 1].order if number + 1 < len(starts) else None
        mine = [one for one in found if one.order > start.order and (following is None or one.order < following)]
        flag = mine[-1].unanswered if mine else None
        before = told.get(start.at_ms, (0, 0, 0))
        told[start.at_ms] = (before[0] + 1, before[1] + (flag is not None), before[2] + (flag is True))
    return told


def _answer(turns: list[Told], index: int, episode: Episode, world: World) -> NaiveAnswer:
    message = turns[index]
    told = details(message, episode) or {}
    intents = [one.get("intent") for one in question(turns, index, episode) if one.get("intent")]
    fallback, unanswered = _flags(message, told, index, turns, episode, world)
    return NaiveAnswer(
        name=message_name(message),
        at_ms=message.at_ms,
        order=message.order,
        response_ms=_response_ms(turns, index, episode),
        intent=told.get("intent") or message.get("intent") or (intents[-1] if intents else None),
        confidence=told.get("confidence"),
        fallback=fallback,
        unanswered=unanswered,
        tokens=(told.get("inputTokens"), told.get("outputTokens"), told.get("cachedTokens")),
        cost=_cost(message, told, episode),
    )


def _response_ms(turns: list[Told], index: int, episode: Episode) -> int | None:
    waiting = waiting_questions(turns, index, episode)
    if not waiting or turns[index].get("proactive"):
        return None
    begun = turns[index].get("firstByteAt")
    shown = turns[index].at_ms if begun is None else milliseconds(begun)
    return max(0, shown - waiting[0].at_ms)


def any_of(*flags: bool | None) -> bool | None:
    if any(flags):
        return True
    return None if all(flag is None for flag in flags) else False


def _flags(
    message: Told, told: dict[str, Any], index: int, turns: list[Told], episode: Episode, world: World
) -> tuple[bool | None, bool | None]:
    settings = world.at(episode.chatbot, message.at_ms)
    confidence = told.get("confidence")
    failure = told.get("genericFailure")
    if failure is None:
        failure = _listed(message, told, settings.failure_phrases, settings.failure_actions)
    uncertain = told.get("uncertain")
    if uncertain is None:
        uncertain = _listed(message, told, settings.uncertain_phrases, settings.uncertain_actions)
    low = told.get("lowConfidence")
    if low is None and confidence is not None:
        low = confidence < settings.unanswered_below
    missed = told.get("retrievalFailed")
    if missed is None:
        missed = _retrievals_failed(index, turns, episode)
    under = None if confidence is None else confidence < settings.fallback_below
    return any_of(failure, uncertain, under), any_of(low, missed, told.get("outOfScope"), failure)


def _listed(message: Told, told: dict[str, Any], phrases: frozenset[str], actions: frozenset[str]) -> bool | None:
    verdicts: list[bool | None] = []
    if phrases and message.get("text") is not None:
        verdicts.append(plain(message.get("text")) in {plain(phrase) for phrase in phrases})
    if actions and told.get("action") is not None:
        verdicts.append(told.get("action") in actions)
    return any_of(*verdicts) if verdicts else None


def plain(text: str) -> str:
    """Case, kind of spaces and surrounding punctuation do not matter."""
    words = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text).casefold())
    while words and unicodedata.category(words[0])[0] in "ZPS":
        words = words[1:]
    while words and unicodedata.category(words[-1])[0] in "ZPS":
        words = words[:-1]
    return words


def _retrievals_failed(index: int, turns: list[Told], episode: Episode) -> bool | None:
    mine = [
        retrieval_failed(one)
        for one in episode.events
        if one.kind == "retrieval" and _answered_by(one, turns, episode) == index
    ]
    if any(verdict is False for verdict in mine):
        return False
    return True if any(mine) else None


def retrieval_failed(retrieval: Told) -> bool | None:
    if retrieval.get("error") or retrieval.get("hits") == 0:
        return True
    score, threshold = retrieval.get("topScore"), retrieval.get("threshold")
    if score is not None and threshold is not None:
        return bool(score < threshold)
    return None if retrieval.get("hits") is None else False


def _answered_by(retrieval: Told, turns: list[Told], episode: Episode) -> int | None:
    """The answer that a retrieval was for: the one it names, else the first after the question or moment it names."""
    after = retrieval.order
    named = next((one for one in turns if message_name(one) == retrieval.get("messageId")), None)
    if named is not None and named.get("role") == "BOT":
        index = turns.index(named)
        return index if is_answer(turns, index, episode) else None
    if named is not None and named.get("role") == "USER":
        after = named.order
    elif retrieval.get("messageId"):
        return None
    later = (place for place, one in enumerate(turns) if one.order > after and is_answer(turns, place, episode))
    return next(later, None)


def _cost(message: Told, told: dict[str, Any], episode: Episode) -> tuple[int, str] | None:
    corrections = [
        one for one in episode.events if one.kind == "cost_correction" and one.get("messageId") == message_name(message)
    ]
    money = corrections[-1].get("cost") if corrections else told.get("cost")
    return None if money is None else (int(Decimal(money["amount"]) * 10**9), money["currency"])
