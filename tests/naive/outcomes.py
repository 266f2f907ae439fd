"""How a session ended (R1), read off its events and the clock."""

import re

from tests.naive.answers import NaiveAnswer, messages, plain, question, waiting_questions
from tests.naive.figures import handoff_figures, last_feedback, run_figures
from tests.naive.placing import Episode, Told, standing_end
from tests.naive.world import World

DAY_MS = 24 * 60 * 60 * 1000


def signals(episode: Episode, found: list[NaiveAnswer], world: World) -> list[bool]:
    """Everything that said solved (true) or not solved (false), in order."""
    last = found[-1] if found else None
    told: list[tuple[tuple[int, str], bool]] = []
    for one in last_feedback(episode):
        verdict = _verdict(str(one.get("instrument")), int(one.get("score")))
        on_last = last is not None and one.get("messageId") == last.name and one.order > last.order
        if verdict is not None and (not one.get("messageId") or one.get("instrument") == "SOLVED" or on_last):
            told.append((one.order, verdict))
    for one in episode.events:
        if last is not None and _corrects(one, last, episode, world):
            told.append((one.order, False))
        if one.kind == "workflow_step" and one.get("state") in ("COMPLETED", "FAILED"):
            told.append((one.order, one.get("state") == "COMPLETED"))
        if one.kind == "goal" and one.get("goal") in world.resolving_goals:
            told.append((one.order, True))
        if one.kind == "handoff" and one.get("state") in ("REQUESTED", "FAILED"):
            told.append((one.order, False))
    return [verdict for _, verdict in sorted(told)]


def _corrects(one: Told, answer: NaiveAnswer, episode: Episode, world: World) -> bool:
    if one.kind != "message" or one.order <= answer.order:
        return False
    return one.get("corrects") == answer.name or says_so(one, answer, episode, world)


def says_so(message: Told, answer: NaiveAnswer, episode: Episode, world: World) -> bool:
    """Where no bot tells it: what the message says of the answer, and how it stands to that one's question."""
    turns = messages(episode)
    place = turns.index(message)
    text = message.get("text")
    people = any(turn.get("role") == "HUMAN" for turn in turns[:place])
    off = not world.at(episode.chatbot, message.at_ms).detects_corrections
    if message.get("role") != "USER" or text is None or message.get("corrects") or people or off:
        return False
    (answered,) = (index for index, turn in enumerate(turns) if turn.order == answer.order)
    if says_misunderstood(text):
        return True
    if str(turns[answered].get("text") or "").rstrip().endswith("?"):
        return False
    first = not waiting_questions(turns, place, episode)
    asked = " ".join(turn.get("text") or "" for turn in question(turns, answered, episode))
    return says_wrong(text) or (first and same_in_other_words(text, asked))


def says_misunderstood(text: str) -> bool:
    return straight(text).startswith(("that's not what i asked", "no, that's not what i asked"))


def says_wrong(text: str) -> bool:
    return straight(text).startswith(("no, that's wrong", "that's wrong", "i meant the"))


def straight(text: str) -> str:
    """Telephones write apostrophes as curly quotes."""
    return plain(text).replace("\u2019", "'")


def same_in_other_words(text: str, asked: str) -> bool:
    one, other = (set(re.findall(r"[\w']+", said.casefold())) for said in (text, asked))
    shorter, longer = sorted((one, other), key=len)
    return shorter < longer and len(shorter) >= 3 and 5 * len(shorter) >= 3 * len(longer)


def _verdict(instrument: str, score: int) -> bool | None:
    return {
        "THUMBS": {0: False, 1: True},
        "SOLVED": {0: False, 1: True},
        "RATING_1_5": {1: False, 2: False, 4: True, 5: True},
    }.get(instrument, {}).get(score)


def last_question(episode: Episode, found: list[NaiveAnswer]) -> str | None:
    """OWED, GOOD or BAD: what the last user message got from the bot; None where a person took it over."""
    asked = [one for one in messages(episode) if one.get("role") == "USER"]
    if not asked:
        return None
    replies = [answer for answer in found if answer.order > asked[-1].order]
    if replies:
        return "GOOD" if replies[-1].is_good else "BAD"
    people = [one for one in messages(episode) if one.get("role") == "HUMAN" and one.order > asked[-1].order]
    return None if people else "OWED"


def is_engaged(episode: Episode) -> bool:
    return any(one.get("role") == "USER" for one in messages(episode))


def outcome(
    episode: Episode, found: list[NaiveAnswer], next_contact_ms: int | None, as_of_ms: int, world: World
) -> str:
    end = standing_end(episode)
    idle = world.at(episode.chatbot, episode.last_ms).idle_timeout_ms
    handoff = handoff_figures(episode)
    said = signals(episode, found, world)
    state = last_question(episode, found)
    open_run = any(run[3] in ("STARTED", "REACHED") for run in run_figures(episode).values())
    by_limit = end is None or end.get("reason") in ("CHANNEL_LIMIT", "IDLE")
    came_back = next_contact_ms is not None and next_contact_ms < episode.last_ms + DAY_MS
    if end is None and as_of_ms < episode.last_ms + idle:
        return "OPEN"
    if not is_engaged(episode):
        return "NOT_ENGAGED"
    if handoff["handoff_performed_at_ms"] is not None:
        return "ESCALATED"
    if said and said[-1]:
        return "RESOLVED_CONFIRMED"
    if (said and not said[-1]) or (end is not None and end.get("resolved") is False):
        return "UNRESOLVED"
    if by_limit and (open_run or state == "OWED"):
        return "TIMED_OUT"
    if state == "GOOD" and not came_back:
        return "RESOLVED_ASSUMED"
    return "ABANDONED"
