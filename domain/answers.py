"""Is an answer a fallback, is it unanswered? Flags with an unknown, and their unions (R9, R32.3, R32.4)."""

import re
import string
import unicodedata

from domain.chatbots import FallbackList, Rules
from domain.facts import MessageRecord

_SPACES = re.compile(r"\s+")
_ASCII_EDGES = " " + string.punctuation


def union(*flags: bool | None) -> bool | None:
    """True if one part is true, unknown if all are unknown, else false (R32.3)."""
    if True in flags:
        return True
    return False if False in flags else None


def below(value_ppm: int | None, limit_ppm: int) -> bool | None:
    return None if value_ppm is None else value_ppm < limit_ppm


def retrieval_failed(
    *, hits: int | None, top_score_ppm: int | None, threshold_ppm: int | None, error: bool
) -> bool | None:
    """Of one retrieval: an error, no hits, or a best hit under the threshold; unknown if nothing tells."""
    if error or hits == 0:
        return True
    if top_score_ppm is not None and threshold_ppm is not None:
        return top_score_ppm < threshold_ppm
    return None if hits is None else False


def all_failed(retrievals: list[bool | None]) -> bool | None:
    """Of one answer's retrievals: one that found something is enough."""
    if False in retrievals:
        return False
    return True if True in retrievals else None


def normalised(text: str) -> str:
    """A phrase as it is compared: compatible letters, no case, single spaces, no punctuation around it."""
    if text.isascii():  # the same, several times quicker
        return " ".join(text.lower().split()).strip(_ASCII_EDGES)
    return normalised_letter_by_letter(text)


def normalised_letter_by_letter(text: str) -> str:
    plain = _SPACES.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()
    start, end = 0, len(plain)
    while start < end and _is_edge(plain[start]):
        start += 1
    while end > start and _is_edge(plain[end - 1]):
        end -= 1
    return plain[start:end]


def _is_edge(character: str) -> bool:
    return character == " " or unicodedata.category(character)[0] in "PS"


def flag_answer(answer: MessageRecord, rules: Rules, retrieved: bool | None) -> None:
    """Fills the derived flags. `retrieved`: did the answer's retrievals fail, as far as their events tell."""
    confidence, failure, uncertain = answer.confidence_ppm, answer.generic_failure, answer.uncertain
    low = answer.low_confidence
    if low is None and confidence is not None:
        low = confidence < rules.unanswered_below_ppm
    if failure is None or uncertain is None:
        fallbacks = rules.fallbacks
        if fallbacks.version:
            failure, uncertain = _recognised(answer, fallbacks)
    missed = retrieved if answer.retrieval_failed is None else answer.retrieval_failed
    under = None if confidence is None else confidence < rules.fallback_below_ppm
    answer.low_confidence_effective = low
    answer.fallback = union(failure, uncertain, under)
    answer.unanswered = union(low, missed, answer.out_of_scope, failure)


def _recognised(answer: MessageRecord, fallbacks: FallbackList) -> tuple[bool | None, bool | None]:
    """The bot's flags, and where it sends none, what the chatbot's list says of action and text."""
    text = None if answer.text is None else normalised(answer.text)
    failure, uncertain = answer.generic_failure, answer.uncertain
    if failure is None:
        failure = _listed(answer.action, text, fallbacks.failure_actions, fallbacks.failure_phrases)
    if uncertain is None:
        uncertain = _listed(answer.action, text, fallbacks.uncertain_actions, fallbacks.uncertain_phrases)
    return failure, uncertain


def _listed(action: int | None, text: str | None, actions: frozenset[int], phrases: frozenset[str]) -> bool | None:
    """Unknown where the list has nothing to hold the answer against."""
    by_action = None if action is None or not actions else action in actions
    by_phrase = None if text is None or not phrases else text in phrases
    return union(by_action, by_phrase)
