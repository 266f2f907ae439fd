"""Sessions and messages, as the API shows them."""

from datetime import UTC, datetime
from typing import Self

import strawberry

from domain.accounts import Scope
from domain.conversations import CorrectionSource, MessageView, SessionView, Trait
from domain.outcomes import is_provisional, outcome
from domain.vocabulary import Channel as ChannelCode
from domain.vocabulary import ChatbotType as ChatbotTypeCode
from domain.vocabulary import Device as DeviceCode
from domain.vocabulary import EndActor as EndActorCode
from domain.vocabulary import EndReason as EndReasonCode
from domain.vocabulary import HandoffReason as HandoffReasonCode
from domain.vocabulary import HandoffTarget as HandoffTargetCode
from domain.vocabulary import Plan as PlanCode
from domain.vocabulary import Source as SourceCode
from schema.paging import encode_id
from schema.permissions import requires
from schema.scalars import Money
from schema.types.vocabulary import (
    AnswerSource,
    Channel,
    ChatbotType,
    Device,
    EndActor,
    EndReason,
    HandoffReason,
    HandoffTarget,
    Outcome,
    Plan,
    Role,
    Source,
)


def moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


def share(ppm: int | None) -> float | None:
    return None if ppm is None else ppm / 1_000_000


@strawberry.type(description="What a session cost; absent when nothing was priced or currencies are mixed.")
class SessionCost:
    amount: Money = strawberry.field(description="The known part of its answers' cost.")
    currency: str = strawberry.field(description="ISO 4217 code.")


@strawberry.type(description="AI confidence over a session's answers that tell it.")
class SessionConfidence:
    lowest: float | None = strawberry.field(description="0 to 1.")
    mean: float | None = strawberry.field(description="0 to 1.")
    last: float | None = strawberry.field(description="0 to 1.")
    answers: int = strawberry.field(description="Answers that tell a confidence.")


@strawberry.type(description="A session handed to a human or another path.")
class SessionHandoff:
    requested_at: datetime | None = strawberry.field(description="First request.")
    performed_at: datetime | None = strawberry.field(description="First handoff performed.")
    target: HandoffTarget | None = strawberry.field(description="To whom.")
    reason: HandoffReason | None = strawberry.field(description="Why.")


strawberry.enum(
    CorrectionSource,
    description="Who says that a message corrects an answer: TOLD by the bot, or DETECTED from its words.",
)


@strawberry.type(description="A message of a session.")
class Message:
    id: strawberry.ID = strawberry.field(description="Opaque id.")
    occurred_at: datetime = strawberry.field(description="When it was sent.")
    role: Role = strawberry.field(description="Who wrote it.")
    proactive: bool = strawberry.field(description="Sent by the bot unasked.")
    text: str | None = strawberry.field(
        description="What was written.", extensions=[requires(Scope.CONVERSATIONS_READ, Scope.PERSONAL_READ)]
    )
    intent: str | None = strawberry.field(description="Intent that the bot recognised.")
    action: str | None = strawberry.field(description="Action that the bot took.")
    model: str | None = strawberry.field(description="Model that answered.")
    answer_source: AnswerSource | None = strawberry.field(description="Where the answer came from.")
    is_answer: bool = strawberry.field(description="Whether it answers (not a greeting, not proactive).")
    response_seconds: float | None = strawberry.field(description="From the earliest unanswered user message.")
    confidence: float | None = strawberry.field(description="0 to 1; null when not told.")
    fallback: bool | None = strawberry.field(description="Failure, uncertainty or low confidence; null unknown.")
    unanswered: bool | None = strawberry.field(description="Left the question unanswered; null unknown.")
    correction: CorrectionSource | None = strawberry.field(description="Who says that it corrects an answer.")

    @classmethod
    def from_domain(cls, message: MessageView) -> Self:
        return cls(
            id=encode_id("Message", message.message_id),
            occurred_at=datetime.fromtimestamp(message.occurred_at_ms / 1000, UTC),
            role=message.role,
            proactive=message.proactive,
            text=message.text,
            intent=message.intent,
            action=message.action,
            model=message.model,
            answer_source=message.answer_source,
            is_answer=message.is_answer,
            response_seconds=None if message.response_ms is None else message.response_ms / 1000,
            confidence=share(message.confidence_ppm),
            fallback=message.fallback,
            unanswered=message.unanswered,
            correction=message.correction,
        )


@strawberry.type(description="Something that an identify told of a visitor: exactly one of the three values is there.")
class VisitorTrait:
    name: str = strawberry.field(description="As sent.")
    text: str | None = strawberry.field(default=None, description="Its value, if that is a text.")
    number: float | None = strawberry.field(default=None, description="Its value, if that is a number.")
    flag: bool | None = strawberry.field(default=None, description="Its value, if that is true or false.")

    @classmethod
    def from_domain(cls, name: str, value: Trait) -> Self:
        match value:
            case bool():
                return cls(name=name, flag=value)
            case str():
                return cls(name=name, text=value)
            case _:
                return cls(name=name, number=float(value))


@strawberry.type(description="One visit: what a person and a chatbot said to each other until it ended or fell idle.")
class Session:
    view: strawberry.Private[SessionView]
    as_of_ms: strawberry.Private[int]

    id: strawberry.ID = strawberry.field(description="Opaque id.")
    session_id: str = strawberry.field(
        description="The id that the events gave, or the thread and number of a cut session.",
        extensions=[requires(Scope.CONVERSATIONS_READ)],
    )
    chatbot_id: strawberry.ID = strawberry.field(description="Id of its chatbot.")
    chatbot_type: ChatbotType = strawberry.field(description="As of its start.")
    plan: Plan | None = strawberry.field(description="As of its start.")
    started_at: datetime = strawberry.field(description="Its first event.")
    last_activity_at: datetime = strawberry.field(description="Its last message.")
    ended_at: datetime | None = strawberry.field(description="Its end event; null if it only fell idle.")
    duration_seconds: float = strawberry.field(description="From its start to its last activity.")
    outcome: Outcome = strawberry.field(description="How it ended.")
    provisional: bool = strawberry.field(description="Assumed resolved, but the visitor may still return.")
    end_actor: EndActor | None = strawberry.field(description="Who ended it.")
    end_reason: EndReason | None = strawberry.field(description="Why it was ended.")
    source: Source = strawberry.field(description="Real traffic or a test.")
    visitor_key: str | None = strawberry.field(
        description="The visitor that uniques count.", extensions=[requires(Scope.PERSONAL_READ)]
    )
    traits: list[VisitorTrait] = strawberry.field(
        description="What identify told of that visitor, as known now: of each name the latest value.",
        extensions=[requires(Scope.PERSONAL_READ)],
    )
    authenticated: bool | None = strawberry.field(description="Whether the visitor had signed in.")
    channel: Channel | None = strawberry.field(description="Where it took place.")
    device: Device | None = strawberry.field(description="Kind of device.")
    browser: str | None = strawberry.field(description="Browser family.")
    operating_system: str | None = strawberry.field(description="Operating system family.")
    country: str | None = strawberry.field(description="ISO 3166 code.")
    region: str | None = strawberry.field(description="Region, as sent.")
    city: str | None = strawberry.field(description="City, as sent.", extensions=[requires(Scope.CONVERSATIONS_READ)])
    language: str | None = strawberry.field(description="Language tag.")
    language_detected: bool = strawberry.field(
        description="The language was detected from what the visitor wrote, as the bot told none."
    )
    entry_point: str | None = strawberry.field(description="Where in the journey it was opened.")
    referrer: str | None = strawberry.field(description="Page it came from, without query.")
    campaign: str | None = strawberry.field(description="Campaign it came from.")
    user_type: str | None = strawberry.field(description="Kind of user, as sent.")
    primary_intent: str | None = strawberry.field(description="Intent of the first classified user message.")
    user_messages: int = strawberry.field(description="Messages of the visitor.")
    bot_messages: int = strawberry.field(description="Messages of the bot.")
    human_messages: int = strawberry.field(description="Messages of human agents.")
    message_count: int = strawberry.field(description="Messages of visitor and bot.")
    answers: int = strawberry.field(description="Bot messages that answer.")
    fallback_answers: int | None = strawberry.field(description="Answers that are fallbacks; null when not known.")
    average_response_seconds: float | None = strawberry.field(description="Mean response time of its replies.")
    confidence: SessionConfidence = strawberry.field(description="AI confidence.")
    thumbs_up: int = strawberry.field(description="Up-votes that stand.")
    thumbs_down: int = strawberry.field(description="Down-votes that stand.")
    handoff: SessionHandoff | None = strawberry.field(description="Null when none was asked for.")
    goal_completions: int = strawberry.field(description="Goals completed.")
    leads: int = strawberry.field(description="Leads collected.")
    cost: SessionCost | None = strawberry.field(description="What its answers cost.")

    @classmethod
    def from_domain(cls, view: SessionView, as_of_ms: int) -> Self:
        fact, labels = view.fact, view.labels
        started, last = fact.started_at_ms or 0, fact.last_activity_at_ms or fact.started_at_ms or 0
        cost = view.cost()
        return cls(
            view=view,
            as_of_ms=as_of_ms,
            id=encode_id("Session", fact.session_id),
            session_id=fact.session_ref,
            chatbot_id=encode_id("Chatbot", fact.chatbot_id),
            chatbot_type=ChatbotTypeCode(fact.chatbot_type),
            plan=None if fact.plan is None else PlanCode(fact.plan),
            started_at=datetime.fromtimestamp(started / 1000, UTC),
            last_activity_at=datetime.fromtimestamp(last / 1000, UTC),
            ended_at=moment(fact.ended_at_ms),
            duration_seconds=(last - started) / 1000,
            outcome=outcome(fact, as_of_ms),
            provisional=is_provisional(fact, as_of_ms),
            end_actor=None if fact.end_actor is None else EndActorCode(fact.end_actor),
            end_reason=None if fact.end_reason is None else EndReasonCode(fact.end_reason),
            source=SourceCode(fact.source),
            visitor_key=view.visitor_key,
            traits=[VisitorTrait.from_domain(name, value) for name, value in view.traits.items()],
            authenticated=fact.authenticated,
            channel=None if fact.channel is None else ChannelCode(fact.channel),
            device=None if fact.device is None else DeviceCode(fact.device),
            browser=labels.get("browser"),
            operating_system=labels.get("operating_system"),
            country=labels.get("country"),
            region=labels.get("region"),
            city=labels.get("city"),
            language=labels.get("language"),
            language_detected=fact.language_detected,
            entry_point=labels.get("entry_point"),
            referrer=labels.get("referrer"),
            campaign=labels.get("campaign"),
            user_type=labels.get("user_type"),
            primary_intent=labels.get("primary_intent"),
            user_messages=fact.user_messages,
            bot_messages=fact.bot_messages,
            human_messages=fact.human_messages,
            message_count=fact.user_messages + fact.bot_messages,
            answers=fact.answers,
            fallback_answers=fact.fallback_answers if fact.fallback_known else None,
            average_response_seconds=fact.response_ms_sum / fact.replies / 1000 if fact.replies else None,
            confidence=SessionConfidence(
                lowest=share(fact.confidence_ppm_min),
                mean=fact.confidence_ppm_sum / fact.confidence_count / 1_000_000 if fact.confidence_count else None,
                last=share(fact.confidence_ppm_last),
                answers=fact.confidence_count,
            ),
            thumbs_up=fact.thumbs_up,
            thumbs_down=fact.thumbs_down,
            handoff=_handoff(view),
            goal_completions=fact.goal_completions,
            leads=fact.leads,
            cost=None if cost is None else SessionCost(amount=Money(cost[0]), currency=cost[1]),
        )


def _handoff(view: SessionView) -> SessionHandoff | None:
    fact = view.fact
    if fact.handoff_requested_at_ms is None and fact.handoff_performed_at_ms is None:
        return None
    return SessionHandoff(
        requested_at=moment(fact.handoff_requested_at_ms),
        performed_at=moment(fact.handoff_performed_at_ms),
        target=None if fact.handoff_target is None else HandoffTargetCode(fact.handoff_target),
        reason=None if fact.handoff_reason is None else HandoffReasonCode(fact.handoff_reason),
    )
