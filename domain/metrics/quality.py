"""Are the answers right and useful?"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from domain.metrics.algebra import (
    Column,
    Compare,
    Count,
    Expression,
    Histogram,
    IsTrue,
    Known,
    Not,
    Plus,
    Predicate,
    Quantile,
    Ratio,
    Relation,
    Sign,
    Single,
    Sum,
    at_least,
    either,
    equals,
    every,
)
from domain.metrics.metric import Direction, Family, Metric, Needs, Tier, Unit, needs, needs_any
from domain.metrics.populations import ANSWERED_AT_ALL, ENGAGED
from domain.vocabulary import Instrument, Report, Role

_PPM: Final = 1_000_000
_CONFIDENCE: Final = Column("confidence_ppm")
_HAS_CONFIDENCE: Final = Known(_CONFIDENCE)
_ANSWERS: Final = Count(Relation.ANSWER)
_CURRENT: Final = Not(IsTrue(Column("superseded")))
_BETTER: Final = Direction.HIGHER_IS_BETTER
_WORSE: Final = Direction.LOWER_IS_BETTER


def _share(
    name: str,
    title: str,
    definition: str,
    source: str,
    *,
    relation: Relation,
    part: Predicate,
    whole: Predicate,
    direction: Direction,
    tier: Tier = Tier.DIAGNOSTIC,
    required: Needs = (),
    explains: tuple[str, ...] = (),
) -> Metric:
    return Metric(
        name=name,
        title=title,
        family=Family.QUALITY,
        tier=tier,
        unit=Unit.SHARE,
        direction=direction,
        formula=Ratio(Count(relation, every(whole, part)), Count(relation, whole), proportion=True),
        definition=definition,
        source=source,
        needs=required,
        explains=explains,
        precision=3,
    )


def _count(
    name: str,
    title: str,
    definition: str,
    source: str,
    *,
    of: Count | Sum,
    direction: Direction,
    required: Needs = (),
) -> Metric:
    return Metric(
        name=name,
        title=title,
        family=Family.QUALITY,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.COUNT,
        direction=direction,
        formula=Single(of),
        definition=definition,
        source=source,
        needs=required,
    )


def _feedback(instrument: Instrument) -> Predicate:
    """The last word per answer or session and instrument (R11)."""
    return every(equals(Column("instrument"), instrument), _CURRENT)


_UP: Final = every(_feedback(Instrument.THUMBS), at_least(Column("score"), 1))
_DOWN: Final = every(_feedback(Instrument.THUMBS), equals(Column("score"), 0))
_FEEDBACK: Final = needs(Report.FEEDBACK)
_FALLBACK: Final = needs_any(Report.FALLBACK, Report.CONFIDENCE)
_UNANSWERED: Final = needs_any(Report.CONFIDENCE, Report.RETRIEVAL, Report.FALLBACK)
"""One part of a union of flags is enough to tell (R32.3)."""


_UNANSWERED_QUESTIONS: Final = Sum(Relation.QUESTION, Column("question_unanswered"))


def _times(of: Expression, times: int) -> Expression:
    found = of
    for _ in range(times - 1):
        found = Plus(found, of)
    return found


_SATISFIED_SURVEY: Final = Compare(_times(Column("score"), 4), Sign.MORE, _times(Column("scale"), 3))
"""4 (score - 1) >= 3 (scale - 1), in whole numbers."""


_SATISFACTION: Final[Mapping[Instrument, Metric]] = {
    Instrument.THUMBS: _share(
        "thumbsUpShare",
        "Thumbs-up share",
        "Up-votes / votes in the range. Instruments are never pooled.",
        "items 47, 258, R11",
        relation=Relation.FEEDBACK,
        part=_UP,
        whole=_feedback(Instrument.THUMBS),
        direction=_BETTER,
        tier=Tier.PRIMARY,
        required=_FEEDBACK,
    ),
    Instrument.RATING_1_5: _share(
        "customerSatisfaction",
        "Customer satisfaction score",
        "Ratings of 4 or 5 / ratings on the scale of 1 to 5, in the range.",
        "items 102, 258, R11",
        relation=Relation.FEEDBACK,
        part=at_least(Column("score"), 4),
        whole=_feedback(Instrument.RATING_1_5),
        direction=_BETTER,
        tier=Tier.PRIMARY,
        required=_FEEDBACK,
    ),
    Instrument.SURVEY: _share(
        "surveySatisfaction",
        "Survey satisfaction",
        "Surveys in the upper quarter of their scale (4 of 5, 8 of 10) / surveys in the range.",
        "item 258, R11",
        relation=Relation.FEEDBACK,
        part=_SATISFIED_SURVEY,
        whole=_feedback(Instrument.SURVEY),
        direction=_BETTER,
        required=_FEEDBACK,
    ),
    Instrument.SOLVED: _share(
        "solvedShare",
        "Said to be solved",
        "Answers of yes / answers to the question whether it was solved.",
        "item 258, R11",
        relation=Relation.FEEDBACK,
        part=at_least(Column("score"), 1),
        whole=_feedback(Instrument.SOLVED),
        direction=_BETTER,
        required=_FEEDBACK,
    ),
}

QUALITY: Final[tuple[Metric, ...]] = (
    _count(
        "answers",
        "Answers",
        "Bot answers in the range; greetings and proactive messages are none.",
        "R3, R9",
        of=_ANSWERS,
        direction=Direction.NEUTRAL,
    ),
    _share(
        "fallbackRate",
        "Fallback rate",
        "Fallback answers / bot answers whose flags are known. A fallback is a generic failure, an uncertain "
        "answer, or confidence below the chatbot's fallback limit.",
        "items 50, 256, R9, R32.3",
        relation=Relation.ANSWER,
        part=IsTrue(Column("fallback")),
        whole=Known(Column("fallback")),
        direction=_WORSE,
        tier=Tier.PRIMARY,
        required=_FALLBACK,
    ),
    _share(
        "fallbackSessionRate",
        "Sessions with a fallback",
        "Engaged sessions with at least one fallback answer / engaged sessions.",
        "item 50, R9",
        relation=Relation.SESSION,
        part=at_least(Column("fallback_answers"), 1),
        whole=ENGAGED,
        direction=_WORSE,
        required=_FALLBACK,
        explains=("fallbackRate",),
    ),
    _count(
        "fallbackAnswers",
        "Fallback answers",
        "Bot answers in the range that are a fallback.",
        "item 256, R9",
        of=Count(Relation.ANSWER, IsTrue(Column("fallback"))),
        direction=_WORSE,
        required=_FALLBACK,
    ),
    _count(
        "unansweredAnswers",
        "Unanswered",
        "Answers that are low in confidence, out of scope, a generic failure, or whose retrieval failed.",
        "item 13, R9",
        of=Count(Relation.ANSWER, IsTrue(Column("unanswered"))),
        direction=_WORSE,
        required=_UNANSWERED,
    ),
    _share(
        "unansweredRate",
        "Unanswered rate",
        "Unanswered answers / answers whose flags are known.",
        "item 13, R9, R32.3",
        relation=Relation.ANSWER,
        part=IsTrue(Column("unanswered")),
        whole=Known(Column("unanswered")),
        direction=_WORSE,
        required=_UNANSWERED,
    ),
    _count(
        "questions",
        "Questions",
        "Questions asked in the range. A burst of user messages is one, at the time of its first message.",
        "item 13, R9, R32.13",
        of=Count(Relation.QUESTION, equals(Column("role"), Role.USER)),
        direction=Direction.NEUTRAL,
    ),
    _count(
        "unansweredQuestions",
        "Unanswered questions",
        "Questions asked in the range whose last answer is unanswered.",
        "item 13, R9, R32.13",
        of=_UNANSWERED_QUESTIONS,
        direction=_WORSE,
        required=_UNANSWERED,
    ),
    Metric(
        name="unansweredQuestionRate",
        title="Unanswered question rate",
        family=Family.QUALITY,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.SHARE,
        direction=_WORSE,
        formula=Ratio(_UNANSWERED_QUESTIONS, Sum(Relation.QUESTION, Column("question_judged")), proportion=True),
        definition="Questions whose last answer is unanswered / questions whose last answer has known flags.",
        source="item 13, R9, R32.3, R32.13",
        needs=_UNANSWERED,
        explains=("resolutionRate",),
        precision=3,
    ),
    _count(
        "lowConfidenceAnswers",
        "Answers of low confidence",
        "Answers that the bot flags as such, or with confidence below the chatbot's limit (0.70 itself is not).",
        "item 58, R9, R32.4",
        of=Count(Relation.ANSWER, IsTrue(Column("low_confidence_effective"))),
        direction=_WORSE,
        required=needs(Report.CONFIDENCE),
    ),
    _share(
        "answerCoverage",
        "Coverage",
        "Engaged sessions in which the bot gave at least one answer that is not unanswered / engaged sessions.",
        "R13",
        relation=Relation.SESSION,
        part=Compare(Column("answers"), Sign.MORE, Column("unanswered_answers")),
        whole=ENGAGED,
        direction=_BETTER,
        explains=("resolutionRate",),
    ),
    Metric(
        name="averageConfidence",
        title="Average confidence",
        family=Family.QUALITY,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.NUMBER,
        direction=_BETTER,
        formula=Ratio(Sum(Relation.ANSWER, _CONFIDENCE), Count(Relation.ANSWER, _HAS_CONFIDENCE)),
        definition="Mean confidence of the answers that tell one, 0 to 1. Missing is not zero.",
        source="item 16, R4",
        needs=needs(Report.CONFIDENCE),
        divisor=_PPM,
        precision=3,
    ),
    Metric(
        name="medianConfidence",
        title="Median confidence",
        family=Family.QUALITY,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.NUMBER,
        direction=_BETTER,
        formula=Single(Quantile(Relation.ANSWER, _CONFIDENCE, 50), Count(Relation.ANSWER, _HAS_CONFIDENCE)),
        definition="Nearest-rank median confidence of the answers that tell one, 0 to 1.",
        source="item 16, R4, R10",
        needs=needs(Report.CONFIDENCE),
        divisor=_PPM,
        precision=3,
    ),
    Metric(
        name="confidenceHistogram",
        title="Confidence distribution",
        family=Family.QUALITY,
        tier=Tier.DIAGNOSTIC,
        unit=Unit.BINS,
        direction=Direction.NEUTRAL,
        formula=Histogram(_CONFIDENCE, Relation.ANSWER, tuple(range(0, _PPM + 1, _PPM // 10))),
        definition="Answers by confidence in ten bins of 0.1; each holds its lower edge, the last also 1.0.",
        source="item 16",
        needs=needs(Report.CONFIDENCE),
        divisor=_PPM,
        precision=1,
    ),
    _count(
        "thumbsUp",
        "Thumbs up",
        "Up-votes in the range; the last vote per answer or session counts.",
        "item 47, R11",
        of=Count(Relation.FEEDBACK, _UP),
        direction=_BETTER,
        required=_FEEDBACK,
    ),
    _count(
        "thumbsDown",
        "Thumbs down",
        "Down-votes in the range; the last vote per answer or session counts.",
        "item 47, R11",
        of=Count(Relation.FEEDBACK, _DOWN),
        direction=_WORSE,
        required=_FEEDBACK,
    ),
    _SATISFACTION[Instrument.THUMBS],
    _SATISFACTION[Instrument.RATING_1_5],
    _SATISFACTION[Instrument.SOLVED],
    _SATISFACTION[Instrument.SURVEY],
    replace(
        _SATISFACTION[Instrument.RATING_1_5],
        name="satisfaction",
        title="Satisfaction",
        definition="The satisfied share by the workspace's primary instrument alone, or by the one most used where "
        "none is named; the answer's satisfactionInstrument says which.",
        source="items 112, 258, R11",
        companions=("feedbackResponseRate",),
    ),
    _share(
        "feedbackResponseRate",
        "Feedback response rate",
        "Sessions with a vote, rating or survey / sessions with at least one answer; those who do not answer may "
        "think otherwise.",
        "items 47, 258",
        relation=Relation.SESSION,
        part=either(
            at_least(Column("thumbs_up"), 1),
            at_least(Column("thumbs_down"), 1),
            at_least(Column("ratings"), 1),
            at_least(Column("surveys"), 1),
        ),
        whole=ANSWERED_AT_ALL,
        direction=_BETTER,
        required=_FEEDBACK,
        explains=("customerSatisfaction", "thumbsUpShare"),
    ),
)


def satisfaction_by(instrument: Instrument) -> Metric:
    """`satisfaction` as measured by an instrument (R11)."""
    return replace(_BY_NAME["satisfaction"], formula=_SATISFACTION[instrument].formula)


_BY_NAME: Final = {metric.name: metric for metric in QUALITY}
