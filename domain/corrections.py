"""Does a visitor's message say that the last answer was wrong? Where no bot tells corrections, this does (R32.11).

Three ways: it says that it was misunderstood; it calls a statement wrong (after a question "that's wrong" is only a
reply); or it asks the last question in other words. The very same words again are no correction: buttons send them.
Cautious by intent, and a pure function of the session's messages in their order. Facts keep of a question's words only
their checksums.
"""

import re
import string
from binascii import crc32
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Final

from domain.answers import normalised

VERSION: Final = 1
"""Raised with every change of what is detected; a chatbot's settings say from when on it follows which."""
OFF: Final = 0

MOST_CHARACTERS: Final = 500
"""Of longer texts nobody can say what they are about as a whole."""
LEAST_WORDS: Final = 3
LEAST_IN_COMMON: Final = 0.6
"""Of the words of both questions together."""
MOST_WORDS: Final = 100
_QUESTION_MARKS: Final = ("?", "？", "؟")
_AFTER_MARK: Final = " \t\r\n\"')]»”"
_EDGES: Final = ".,;:!?¿¡\"'()…"

# What may stand before, then what is said; at the beginning of the text, without case and with plain apostrophes.
_LEADS: Final = (
    "no|nope|sorry|i'm sorry|im sorry|but|well|oh|actually|hm+|uh|nein|entschuldigung|aber|non|désolée?|mais|"
    "lo siento|perdón|pero|scusa|ma|nee|maar|não|desculpe|desculpa|mas"
)
_MISUNDERSTOOD: Final = (
    # en
    r"(?:that|this|it)(?:'s|s| is| was) not what i (?:asked|meant|said|wanted|want|was asking|am asking|need)",
    r"(?:that|this|it) (?:isn't|isnt|wasn't|wasnt) what i (?:asked|meant|said|wanted|want|was asking|need)",
    r"not what i (?:asked|meant|said|wanted)",
    r"you (?:have )?(?:misunderstood|misunderstand|got (?:me|it|that) wrong|got me confused)",
    r"you (?:didn't|didnt|did not|don't|dont|do not) understand (?:me|my question|what i)",
    r"i (?:didn't|didnt|did not) (?:ask|mean|say) (?:that|this|for|about)",
    r"(?:that|this|it) (?:didn't|didnt|did not|doesn't|doesnt|does not) answer my question",
    # de
    r"das (?:meinte|meine|wollte) ich nicht",
    r"das war nicht meine frage",
    r"das habe ich nicht (?:gefragt|gemeint|gesagt)",
    r"(?:du hast|sie haben) mich (?:falsch|nicht) verstanden",
    r"das beantwortet meine frage nicht",
    # fr
    r"(?:ce n'est pas|c'est pas) ce que (?:je|j'ai)",
    r"(?:vous m'avez|tu m'as) mal compris",
    r"(?:ça|cela) ne répond pas à ma question",
    # es
    r"eso no es lo que (?:pregunté|pedí|quería|quise|dije|he)",
    r"no me (?:has|ha) entendido",
    r"eso no responde",
    # it
    r"non è quello che (?:ho chiesto|volevo|intendevo)",
    r"(?:non mi hai|mi hai) (?:capito male|frainteso)",
    # nl
    r"dat (?:is|was) niet wat ik (?:vroeg|bedoelde|wilde)",
    r"(?:je begrijpt|u begrijpt) me niet",
    # pt
    r"não (?:foi|é) (?:isso )?o que (?:eu )?(?:perguntei|pedi|quis|queria)",
)
_MEANT: Final = (
    r"i meant(?! (?:if|to))",
    r"ich meinte",
    r"je voulais dire",
    r"(?:quise decir|quería decir|me refería a)",
    r"(?:intendevo|volevo dire)",
    r"ik bedoelde",
    r"(?:eu )?(?:quis dizer|queria dizer)",
)
_CALLED_WRONG: Final = (
    *_MEANT,
    # en
    r"(?:that|this|it)(?:'s|s| is| was) (?:all |just |still |completely |totally |simply |clearly )?"
    r"(?:wrong|incorrect|false|not (?:right|correct|true))",
    r"(?:that|this|it) (?:isn't|isnt|wasn't|wasnt) (?:right|correct|true)",
    r"(?:your|the|that) (?:answer|information) is (?:wrong|incorrect|false|not right|not correct)",
    r"(?:wrong|incorrect)(?: answer)?$",
    # de
    r"das (?:ist|war) (?:leider )?(?:so )?(?:falsch|nicht (?:richtig|korrekt|wahr))",
    r"das stimmt (?:so )?nicht",
    r"falsch$",
    # fr
    r"c'est (?:faux|incorrect|pas (?:vrai|correct|exact|juste))",
    r"ce n'est pas (?:vrai|correct|exact|juste)",
    # es
    r"(?:eso |esto )?(?:es|está) (?:incorrecto|mal|equivocado|falso)",
    r"eso no es (?:correcto|cierto|verdad)",
    # it
    r"(?:è|e') (?:sbagliato|errato|falso)",
    r"non è (?:vero|corretto|giusto)",
    # nl
    r"dat (?:klopt niet|is (?:fout|verkeerd|niet (?:juist|waar|correct)))",
    # pt
    r"(?:isso )?(?:está|é) (?:errado|incorreto|falso)",
    r"isso não (?:é verdade|está certo|está correto)",
)


def _pattern(ways: Sequence[str]) -> re.Pattern[str]:
    return re.compile(rf"(?:(?:{_LEADS})\b[\s,.!;:…-]*)*(?:{'|'.join(ways)})(?!\w)")


_SAYS_MISUNDERSTOOD: Final = _pattern(_MISUNDERSTOOD)
_SAYS_WRONG: Final = _pattern(_CALLED_WRONG)


_FIRST_WORDS: Final = frozenset({
    "no", "nope", "sorry", "i'm", "im", "but", "well", "oh", "actually", "uh", "nein", "entschuldigung", "aber",
    "non", "désolé", "désolée", "mais", "lo", "perdón", "pero", "scusa", "ma", "nee", "maar", "não", "desculpe",
    "desculpa", "mas", "that", "that's", "thats", "this", "this's", "thiss", "it", "it's", "its", "not", "you", "i",
    "das", "du", "sie", "ce", "c'est", "vous", "tu", "ça", "cela", "eso", "mi", "dat", "je", "u", "ich", "quise",
    "quería", "me", "intendevo", "volevo", "ik", "eu", "quis", "queria", "your", "the", "wrong", "incorrect",
    "falsch", "esto", "es", "está", "è", "e'", "isso", "é",
})  # fmt: skip
_FIRST_WORD: Final = re.compile(r"[\w']+")


def may_begin(plain: str) -> bool:
    """Whether a text begins as one of the phrases can: spares most texts the long search."""
    first = _FIRST_WORD.match(plain)
    return first is not None and (first[0] in _FIRST_WORDS or first[0].startswith("hm"))


def begins_otherwise(text: str) -> bool:
    """True only where `may_begin` is false of the whole text as it is compared: spares most texts to be made so."""
    if not text.isascii():
        return False
    beginning = text[:_BEGINNING].lstrip(_ASCII_LEADS).lower()
    first = _FIRST_WORD.match(beginning)
    if first is None or first.end() == len(beginning):
        return False  # the word may go on, or end otherwise
    word = first[0]
    return word not in _FIRST_WORDS and word.rstrip("'_") not in _FIRST_WORDS and not word.startswith("hm")


_BEGINNING: Final = 60
_ASCII_LEADS: Final = string.punctuation + string.whitespace


def words_of(text: str | None) -> list[int]:
    """Checksums of a question's words, in order of their numbers; nothing of a text that is too long."""
    if text is None or len(text) > MOST_CHARACTERS:
        return []
    found = {_checksum(word) if len(word) <= _LONGEST_COMMON else _reckoned(word) for word in text.casefold().split()}
    found.discard(_EMPTY)
    return sorted(found)


def _reckoned(word: str) -> int:
    return crc32(word.strip(_EDGES).encode(errors="replace")) - 2**31


_checksum: Final = lru_cache(maxsize=20_000)(_reckoned)
_LONGEST_COMMON: Final = 9
"""Longer words are not remembered: addresses and numbers of people are among them."""
_EMPTY: Final = crc32(b"") - 2**31
"""Of what is punctuation alone."""


def is_correction(
    text: str | None, *, words: Collection[int], question: Collection[int], after_question: bool
) -> bool:
    """`words` are those of the text, `question` those that were answered; `after_question`: the answer asked itself."""
    if text is None or len(text) > MOST_CHARACTERS:
        return False
    if begins_otherwise(text):
        return not after_question and is_rephrased(words, question)
    plain = normalised(text).replace("’", "'")
    if not may_begin(plain):
        return not after_question and is_rephrased(words, question)
    if _SAYS_MISUNDERSTOOD.match(plain) is not None:
        return True
    return not after_question and (_SAYS_WRONG.match(plain) is not None or is_rephrased(words, question))


def asks(answer: str | None) -> bool:
    """Does the answer end as a question?"""
    return answer is not None and answer.rstrip(_AFTER_MARK)[-1:] in _QUESTION_MARKS


def is_rephrased(words: Collection[int], earlier: Collection[int]) -> bool:
    """The same question, said longer or shorter; no word stands twice in either. Where each has a word that the other
    lacks, it may well be another question of the same kind (the next day, the other hotel)."""
    fewer, more = len(words), len(earlier)
    if fewer > more:
        fewer, more, words, earlier = more, fewer, earlier, words
    if fewer < LEAST_WORDS or fewer == more or fewer < LEAST_IN_COMMON * more:
        return False
    return set(words) < set(earlier)
