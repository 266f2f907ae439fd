"""What messages, and what names them, do to a session's fact: opening it, waiting for answers, judging answers."""

from typing import Final

from domain.answers import all_failed, flag_answer
from domain.chatbots import Rules
from domain.corrections import MOST_WORDS, asks, is_correction, words_of
from domain.facts import MessageRecord, RetrievalRecord, SessionEndRecord, SessionFact, SessionStartRecord
from domain.folding import Folding, pending_retrieval
from domain.vocabulary import LastAnswer, Role, Signal, Source

# Members looked up once: an enum's attribute costs as much as the rest of a step.
_USER, _BOT, _HUMAN = int(Role.USER), int(Role.BOT), int(Role.HUMAN)
_OWED, _GOOD, _BAD = int(LastAnswer.OWED), int(LastAnswer.GOOD), int(LastAnswer.BAD)
_NEGATIVE = int(Signal.NEGATIVE)
_LIVE = int(Source.LIVE)

CONTEXT_COLUMNS: Final = (
    "channel",
    "entry_point",
    "referrer",
    "campaign",
    "country",
    "region",
    "city",
    "device",
    "browser",
    "operating_system",
    "user_type",
    "authenticated",
)
"""What the earliest record that knows it decides for the session."""


def touch(folding: Folding, at_ms: int) -> Rules:
    """A message or a start opens, extends or re-opens, and undoes an end event (R32.8)."""
    fact = folding.fact
    rules = folding.settings.at(at_ms)
    if fact.started_at_ms is None:
        fact.opened = True
        fact.started_at_ms = at_ms
        fact.plan = rules.plan
        fact.chatbot_type = folding.settings.chatbot_type
    fact.last_activity_at_ms = at_ms
    fact.idle_timeout_ms = rules.idle_timeout_ms
    if fact.ended_at_ms is not None:
        fact.ended_at_ms = fact.end_actor = fact.end_reason = fact.end_resolved = None
    return rules


def fold_start(folding: Folding, start: SessionStartRecord) -> None:
    fact = folding.fact
    if start.opens:
        touch(folding, start.occurred_at_ms)
    if start.visitor_id is not None and fact.own_visitor_id is None:
        fact.own_visitor_id = start.visitor_id
    if start.source is not None and fact.source == _LIVE:
        fact.source = start.source
    if start.is_bot:
        fact.is_bot = True
    for column in CONTEXT_COLUMNS:
        value = getattr(start, column)
        if value is not None and getattr(fact, column) is None:
            setattr(fact, column, value)
    if start.language is not None:
        _tell_language(fact, start.language)


def _tell_language(fact: SessionFact, language: int) -> None:
    """The earliest that was told stands, and any before what was only detected."""
    if fact.language is None or fact.language_detected:
        fact.language, fact.language_detected = language, False


def fold_message(folding: Folding, message: MessageRecord) -> None:
    if not message.message_received:
        return
    fact = folding.fact
    rules = touch(folding, message.occurred_at_ms)
    if fact.own_visitor_id is None:
        fact.own_visitor_id = message.visitor_id
    role = message.role
    if role == _USER:
        _user_message(fact, message, rules)
    elif role == _BOT:
        fact.bot_messages += 1
        if message.answer_event_id is not None or (fact.user_messages and not message.proactive):
            _answer(folding, message, rules)
    elif role == _HUMAN:
        fact.human_messages += 1
        fact.awaiting_since_ms = None
        if fact.last_answer == _OWED:
            fact.last_answer = None
    if folding.retrievals or folding.corrections:
        _settle(folding, message)


def _settle(folding: Folding, message: MessageRecord) -> None:
    """What named this message waits no longer; a retrieval that names a question belongs to the next answer."""
    folding.corrections.pop(message.message_id, None)
    for failed in (False, True):
        named = pending_retrieval(failed, message.message_id)
        if named in folding.retrievals:
            folding.retrievals.remove(named)
            if message.role == _USER:
                folding.retrievals.add(pending_retrieval(failed, ""))


def _user_message(fact: SessionFact, message: MessageRecord, rules: Rules) -> None:
    fact.user_messages += 1
    if rules.correction_detector:
        _detect_correction(fact, message, rules.correction_detector)
    if fact.awaiting_since_ms is None:
        fact.awaiting_since_ms = fact.question_at_ms = message.question_at_ms = message.occurred_at_ms
        fact.question_unanswered = None
        fact.current_intent = message.intent
    else:
        message.question_at_ms = None  # it may have begun one in the session that this one took in
        if message.intent is not None:
            fact.current_intent = message.intent
    fact.last_answer = _OWED
    if fact.primary_intent is None:
        fact.primary_intent = message.intent
    if message.language is not None:
        _tell_language(fact, message.language)
    if (message.corrects is not None and message.corrects == fact.last_answer_id) or message.detected_correction:
        fact.answer_signal = _NEGATIVE
        fact.answer_signal_at_ms = message.occurred_at_ms


def _detect_correction(fact: SessionFact, message: MessageRecord, version: int) -> None:
    """Of the last answer, where the bot tells nothing itself and no person has spoken, whom it might mean as well."""
    words = words_of(message.text)
    before, begins = fact.question_words or (), fact.awaiting_since_ms is None
    if fact.last_answer_id is not None and message.corrects is None and not fact.human_messages:
        earlier = before if begins else ()
        if is_correction(message.text, words=words, question=earlier, after_question=fact.last_answer_asks):
            message.detected_correction = version
    fact.question_words = (words if begins else sorted({*before, *words}))[:MOST_WORDS] or None


def _answer(folding: Folding, answer: MessageRecord, rules: Rules) -> None:
    fact = folding.fact
    answer.is_answer = True
    answer.answer_intent = _intent(answer, fact)
    awaited = fact.awaiting_since_ms
    if awaited is not None:
        if not answer.proactive:
            begun = answer.occurred_at_ms if answer.first_byte_at_ms is None else answer.first_byte_at_ms
            answer.response_ms = response = begun - awaited if begun > awaited else 0
            fact.replies += 1
            fact.response_ms_sum += response
        fact.awaiting_since_ms = None
    if folding.corrections:
        _correct_cost(folding, answer)
    flag_answer(answer, rules, _take_retrievals(folding.retrievals, answer.message_id) if folding.retrievals else None)
    fact.answers += 1
    fact.last_answer_id = answer.message_id
    fact.last_answer_asks = asks(answer.text)
    fact.last_answer = _BAD if answer.fallback or answer.unanswered else _GOOD
    fact.answer_signal = fact.answer_signal_at_ms = None
    if fact.question_at_ms is not None:
        _judge_question(fact, answer)
    _count_flags(fact, answer)
    _count_usage(folding, answer)


def _intent(answer: MessageRecord, fact: SessionFact) -> int | None:
    if answer.told_intent is not None:
        return answer.told_intent
    return fact.current_intent if answer.intent is None else answer.intent


def _judge_question(fact: SessionFact, answer: MessageRecord) -> None:
    """The last answer decides (R9). Each tells what it changes, so that none before it has to be touched."""
    before, now = fact.question_unanswered, answer.unanswered
    answer.question_at_ms = fact.question_at_ms
    answer.question_judged = (now is not None) - (before is not None)
    answer.question_unanswered = (now is True) - (before is True)
    fact.question_unanswered = now


def _take_retrievals(waiting: set[str], answer_id: str) -> bool | None:
    mine = {pending_retrieval(failed, name): failed for failed in (False, True) for name in ("", answer_id)}
    taken = waiting & mine.keys()
    waiting -= taken
    return all_failed([mine[entry] for entry in taken])


def _correct_cost(folding: Folding, answer: MessageRecord) -> None:
    correction = folding.corrections.get(answer.message_id)
    if correction is not None:
        answer.cost_nano, answer.cost_currency = correction.cost_nano, correction.cost_currency


def _count_flags(fact: SessionFact, answer: MessageRecord) -> None:
    confidence = answer.confidence_ppm
    if confidence is not None:
        fact.confidence_count += 1
        fact.confidence_ppm_sum += confidence
        fact.confidence_ppm_last = confidence
        if fact.confidence_ppm_min is None or confidence < fact.confidence_ppm_min:
            fact.confidence_ppm_min = confidence
    if answer.fallback is not None:
        fact.fallback_known += 1
        fact.fallback_answers += answer.fallback
    if answer.unanswered is not None:
        fact.unanswered_known += 1
        fact.unanswered_answers += answer.unanswered


def _count_usage(folding: Folding, answer: MessageRecord) -> None:
    fact = folding.fact
    if answer.input_tokens is not None or answer.output_tokens is not None:
        fact.token_answers += 1
        fact.input_tokens += answer.input_tokens or 0
        fact.output_tokens += answer.output_tokens or 0
        fact.cached_tokens += answer.cached_tokens or 0
    if answer.cost_nano is not None and answer.cost_currency is not None:
        fact.priced_answers += 1
        key = (answer.cost_currency, folding.settings.days.day_of(answer.occurred_at_ms))
        folding.costs[key] = folding.costs.get(key, 0) + answer.cost_nano


def fold_retrieval(folding: Folding, retrieval: RetrievalRecord) -> None:
    if retrieval.message_id is None and retrieval.failed is not None:
        folding.retrievals.add(pending_retrieval(retrieval.failed, ""))


def fold_end(folding: Folding, end: SessionEndRecord) -> None:
    fact = folding.fact
    fact.ended_at_ms = end.occurred_at_ms
    fact.end_actor, fact.end_reason, fact.end_resolved = end.actor, end.reason, end.resolved
