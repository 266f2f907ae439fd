"""What a visitor's words are worth as evidence of their language, and when a guess may be believed.

Nothing is invented: too few letters, or a guess that is not sure, leave the language unknown.
"""

import re
from collections.abc import Iterable
from typing import Final

MOST_MESSAGES: Final = 10
"""The first ones tell enough; reading all of a long session would tell the same."""
MOST_CHARACTERS: Final = 1_000
LEAST_LETTER_BYTES: Final = 16
"""In UTF-8, as a letter of Chinese says more than one of Latin script."""
LEAST_CONFIDENCE: Final = 0.8
"""Measured: of 6,000 English sentences 85 % are told, 1 of them wrongly (ADR 43)."""

_NO_WORDS: Final = re.compile(r"\S+@\S+|https?://\S+|\bwww\.\S+|\d+")
_NO_LANGUAGES: Final = frozenset({"und", "zxx"})


def evidence(texts: Iterable[str]) -> str | None:
    """The words of a session's first user messages, without addresses and numbers. None: too few to tell."""
    joined = " ".join(_NO_WORDS.sub(" ", text[:MOST_CHARACTERS]) for text in texts)[:MOST_CHARACTERS]
    words = " ".join(joined.split())
    letters = "".join(character for character in words if character.isalpha())
    return words if len(letters.encode(errors="replace")) >= LEAST_LETTER_BYTES else None


def believed(language: str, confidence: float) -> str | None:
    """The language tag, if the guess is sure enough."""
    return language if confidence >= LEAST_CONFIDENCE and language not in _NO_LANGUAGES else None
