"""What the detector takes for a correction, what it leaves, and how it fares on real sentences (R32.11)."""

import gzip
import json
import os
from binascii import crc32
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import corrections
from domain.answers import normalised, normalised_letter_by_letter
from domain.corrections import MOST_CHARACTERS, asks, is_correction, is_rephrased, words_of
from tests.domain.dialogue import Reading, bot, user
from tests.naive.world import Settings, World

DATA = Path(os.environ.get("PARLANCE_DATASETS") or Path(__file__).resolve().parents[3] / "shared" / "data")
GOOD = {"confidence": 0.9}
STATEMENT = "It arrives on Tuesday."


def says(text: str, *, after_question: bool = False) -> bool:
    return is_correction(text, words=words_of(text), question=(), after_question=after_question)


@pytest.mark.parametrize(
    "text",
    [
        "That's not what I asked.",
        "No, that isn't what I meant!",
        "you misunderstood me",
        "Sorry, but you got me wrong",
        "THAT DIDN’T ANSWER MY QUESTION",
        "Nein, das meinte ich nicht.",
        "Sie haben mich falsch verstanden",
        "Non, ce n'est pas ce que j'ai demandé.",
        "Eso no es lo que pregunté",
        "Non è quello che ho chiesto",
        "Dat is niet wat ik bedoelde",
        "Não foi o que eu perguntei",
    ],
)
def test_being_misunderstood_is_a_correction_whatever_was_answered(text: str) -> None:
    assert says(text)
    assert says(text, after_question=True)


@pytest.mark.parametrize(
    "text",
    [
        "that's wrong",
        "No, that is not right. I wanted Tuesday.",
        "Oh no..that isnt right",
        "Incorrect!",
        "I meant the blue one",
        "Sorry, I meant South.",
        "Das stimmt nicht",
        "Falsch.",
        "C'est faux !",
        "Eso no es correcto",
        "non è vero",
        "Dat klopt niet",
        "Isso está errado",
    ],
)
def test_calling_it_wrong_is_a_correction_of_a_statement_only(text: str) -> None:
    assert says(text)
    assert not says(text, after_question=True)


@pytest.mark.parametrize(
    "text",
    [
        "What's wrong?",
        "I took the wrong bus",
        "That's not good. Is there another one?",
        "no",
        "No thanks, that's all",
        "I meant to ask about parking",
        "Is that right?",
        "Nothing is wrong",
        "falsche Adresse ändern",
        "",
        f"that's wrong {'very ' * MOST_CHARACTERS}",
    ],
)
def test_what_only_sounds_like_one_is_none(text: str) -> None:
    assert not says(text)


@pytest.mark.parametrize(
    ("question", "again", "is_one"),
    [
        ("Where is my parcel?", "Where is my parcel now?", True),
        ("Please, where is my parcel", "where is my parcel", True),
        ("Where is my parcel?", "where is my parcel", False),
        ("Where is my parcel?", "Where is my invoice?", False),
        ("Is it open on Monday?", "Is it open on Tuesday?", False),
        ("Where is my parcel?", "Where is my parcel, and when will the other two that I ordered come?", False),
        ("Help", "Help please", False),
    ],
    ids=["longer", "shorter", "the very same", "another thing", "another day", "much more", "too few words"],
)
def test_the_same_question_in_other_words(question: str, again: str, is_one: bool) -> None:
    assert is_rephrased(words_of(again), words_of(question)) is is_one
    assert is_rephrased(words_of(question), words_of(again)) is is_one


@pytest.mark.parametrize(
    ("answer", "is_question"),
    [("Which one?", True), ("Which one? ", True), ('Is it "two?"', True), ("哪一个？", True), ("Tuesday.", False)],
)
def test_an_answer_that_asks(answer: str, is_question: bool) -> None:
    assert asks(answer) is is_question
    assert not asks(None)


def conversation(last: str, *, answer: str = STATEMENT, **fields: Any) -> list[dict[str, Any]]:
    asked = user(0, text="Where is my parcel?")
    return [asked, bot(1, GOOD, messageId="a", text=answer), user(2, text=last, **fields)]


def test_a_detected_correction_leaves_the_session_unresolved() -> None:
    assert Reading(*conversation("No, that's wrong.")).outcome == "UNRESOLVED"
    assert Reading(*conversation("Where is my parcel now?")).outcome == "UNRESOLVED"
    assert Reading(*conversation("No, that's wrong."), bot(3, GOOD)).outcome == "RESOLVED_ASSUMED"
    assert Reading(*conversation("No, that's wrong.", answer="Yesterday?")).outcome == "TIMED_OUT"
    assert Reading(*conversation("thanks"), user(3, text="No, that's wrong.")).outcome == "UNRESOLVED"


def test_it_is_silent_where_it_cannot_or_need_not_know() -> None:
    off = World(settings={"shop": [Settings(detects_corrections=False)]})
    person = {"type": "message", "role": "HUMAN", "text": "I take over."}
    wrong = "No, that's wrong."
    assert Reading(*conversation(wrong), world=off).outcome == "TIMED_OUT"
    assert Reading(*conversation(wrong, corrects="another")).outcome == "TIMED_OUT"
    asked, answered, said = conversation(wrong)
    assert Reading(asked, answered, user(1.5, text="hm") | person, said).outcome == "TIMED_OUT"
    assert Reading(user(0, text=wrong)).outcome == "TIMED_OUT"  # there is no answer yet


def sentences(name: str) -> Sequence[dict[str, Any]]:
    path = DATA / f"{name}.jsonl.gz"
    if not path.is_file():
        pytest.skip(f"{path.name} is not here: set PARLANCE_DATASETS to the folder that holds it")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_first_questions_are_hardly_ever_taken_for_corrections() -> None:
    """Nobody corrects anything in these sets; those of the intent "no" deny something, and are no mistakes."""
    rows = [*sentences("clinc150_train"), *sentences("clinc150_val"), *sentences("banking77_train")]
    mistaken = [row["text"] for row in rows if row["intent"] != "no" and says(row["text"])]
    assert len(rows) > 28_000
    assert len(mistaken) <= 3, mistaken


LEADS = st.from_regex(rf"(?:(?:{corrections._LEADS})[ ,.!]+)?", fullmatch=True)


@pytest.mark.parametrize("way", [*corrections._MISUNDERSTOOD, *corrections._CALLED_WRONG])
@given(data=st.data())
def test_every_phrase_begins_with_a_word_that_is_looked_for(way: str, data: Any) -> None:
    plain = data.draw(LEADS) + data.draw(st.from_regex(way, fullmatch=True))
    assert corrections.may_begin(plain.strip()), plain


@given(st.text(max_size=40) | st.text(st.characters(max_codepoint=127), max_size=40))
def test_phrases_are_compared_alike_in_both_ways(text: str) -> None:
    assert normalised(text) == normalised_letter_by_letter(text)


@given(st.lists(st.text(max_size=12), max_size=8))
def test_checksums_of_words_do_not_depend_on_what_is_remembered(words: list[str]) -> None:
    bare = {word.strip(corrections._EDGES) for word in " ".join(words).casefold().split()}
    expected = sorted({crc32(word.encode(errors="replace")) - 2**31 for word in bare if word})
    for _ in range(2):
        assert corrections.words_of(" ".join(words)) == expected


_WORDS = st.sampled_from(
    [*sorted(corrections._FIRST_WORDS), "hmm", "x", "_", "'", "no_'", "\x1cit", '"', "  ", "\n", "parcel"]
)


@given(
    st.lists(_WORDS, max_size=6).map(" ".join)
    | st.tuples(st.integers(50, 62), _WORDS).map(lambda drawn: " " * drawn[0] + drawn[1])
    | st.text(st.sampled_from("nothi's _.\x1c\t"), max_size=70)
)
def test_the_quick_look_at_a_beginning_never_passes_over_a_phrase(text: str) -> None:
    if corrections.begins_otherwise(text):
        assert not corrections.may_begin(normalised(text).replace("’", "'"))


def test_the_quick_look_passes_over_most_texts() -> None:
    assert corrections.begins_otherwise("Where is the parcel that I ordered?")


@given(st.sets(st.integers(0, 12)), st.sets(st.integers(0, 12)))
def test_rephrased_is_told_by_the_words_alone(words: set[int], earlier: set[int]) -> None:
    shorter, longer = sorted((words, earlier), key=len)
    expected = len(shorter) >= 3 and shorter < longer and len(shorter) >= 0.6 * len(longer)
    assert is_rephrased(sorted(words), sorted(earlier)) == expected
