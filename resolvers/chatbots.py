"""Chatbots: listed, made, changed, and their settings over time."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

import strawberry

from domain import corrections
from domain.accounts import Scope
from domain.answers import normalised
from domain.chatbot_settings import LONGEST_IDLE_TIMEOUT_MS, MOST_FALLBACK_ENTRIES, SettingEntry
from domain.checking import Checks
from domain.problems import Forbidden, InvalidInput, NotFound, Refused
from domain.starter_phrases import STARTER_PHRASES, VERSION
from domain.time import milliseconds
from persistence import chatbots as store
from persistence.chatbot_settings import set_entry, setting_history
from persistence.tenancy import reading
from resolvers.acting import acting
from resolvers.request import Info, RequestContext
from schema.paging import Connection, connection, decode_id, page_window
from schema.permissions import requires
from schema.problems import Refusal
from schema.types.settings import ChatbotSettings, StarterPhrases
from schema.types.vocabulary import ChatbotType, Plan, Report
from schema.types.workspaces import Chatbot


@strawberry.input
class CreateChatbotInput:
    slug: str = strawberry.field(description="The `chatbotId` that its events will carry.")
    name: str | None = strawberry.field(default=None, description="1 to 120 characters; default: the slug.")
    type: ChatbotType = strawberry.field(description="3D, text or voice.")
    reports: list[Report] = strawberry.field(
        default_factory=list, description="What it will report; without it those metrics are null until seen."
    )


@strawberry.input(description="What is left out stays as it is.")
class UpdateChatbotInput:
    id: strawberry.ID = strawberry.field(description="The chatbot.")
    version: int | None = strawberry.field(default=None, description="The version read; a newer one refuses.")
    name: str | None = strawberry.field(default=None, description="1 to 120 characters.")
    enabled: bool | None = strawberry.field(default=None, description="Whether it is meant to be in use.")
    reports: list[Report] | None = strawberry.field(default=None, description="Replaces what is declared.")


@strawberry.input(description="What is left out stays as it is at that moment.")
class ChangeChatbotSettingsInput:
    id: strawberry.ID = strawberry.field(description="The chatbot.")
    effective_from: datetime | None = strawberry.field(
        default=None, description="From when on; default now. Sessions before it keep their values."
    )
    idle_timeout_seconds: float | None = strawberry.field(default=None, description="10 seconds to 7 days.")
    unanswered_confidence_below: float | None = strawberry.field(default=None, description="0 to 1.")
    fallback_confidence_below: float | None = strawberry.field(default=None, description="0 to 1.")
    plan: Plan | None = strawberry.field(default=None, description="Plan of sessions from then on.")
    failure_phrases: list[str] | None = strawberry.field(default=None, description="At most 500.")
    failure_actions: list[str] | None = strawberry.field(default=None, description="At most 500.")
    uncertain_phrases: list[str] | None = strawberry.field(default=None, description="At most 500.")
    uncertain_actions: list[str] | None = strawberry.field(default=None, description="At most 500.")
    detect_corrections: bool | None = strawberry.field(
        default=None,
        description="Whether a message that says the last answer is wrong counts as its correction, by the newest "
        "detector. Switch it off for a bot that sends `corrects` itself.",
    )
    starter_phrases: list[str] | None = strawberry.field(
        default=None,
        description="Languages whose starter phrases are added to the lists, such as en: they are copied, so later "
        "changes of the catalogue change nothing here.",
    )


ChatbotResult = Annotated[Chatbot | Refusal, strawberry.union("ChatbotResult")]
ChatbotSettingsResult = Annotated[ChatbotSettings | Refusal, strawberry.union("ChatbotSettingsResult")]
_LISTS = ("failure_phrases", "failure_actions", "uncertain_phrases", "uncertain_actions")


def _for_whole_workspace(context: RequestContext) -> None:
    """A key limited to chatbots must not make others."""
    if context.viewer.chatbot_ids is not None:
        raise Refused(Forbidden(message="This key is limited to some chatbots and can make none."))


def _visible_id(context: RequestContext, id: str) -> int:
    chatbot_id = decode_id("Chatbot", id, int)
    if not context.viewer.sees(chatbot_id):
        raise Refused(NotFound.of("chatbot", path=("id",)))
    return chatbot_id


def _changed_entry(current: SettingEntry, input: ChangeChatbotSettingsInput, from_ms: int) -> SettingEntry:
    checks = Checks("input")
    changes: dict[str, Any] = {"effective_from_ms": from_ms}
    if input.idle_timeout_seconds is not None:
        changes["idle_timeout_ms"] = checks.whole(
            round(input.idle_timeout_seconds * 1000), "idleTimeoutSeconds", least=10_000, most=LONGEST_IDLE_TIMEOUT_MS
        )
    if input.unanswered_confidence_below is not None:
        changes["unanswered_below_ppm"] = checks.share_ppm(
            input.unanswered_confidence_below, "unansweredConfidenceBelow"
        )
    if input.fallback_confidence_below is not None:
        changes["fallback_below_ppm"] = checks.share_ppm(input.fallback_confidence_below, "fallbackConfidenceBelow")
    if input.plan is not None:
        changes["plan"] = input.plan
    if input.detect_corrections is not None:
        changes["correction_detector"] = corrections.VERSION if input.detect_corrections else corrections.OFF
    changes |= _changed_lists(checks, current, input)
    checks.refuse()
    return replace(current, **changes)


def _changed_lists(checks: Checks, current: SettingEntry, input: ChangeChatbotSettingsInput) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name in _LISTS:
        given: list[str] | None = getattr(input, name)
        if given is None:
            continue
        if len(given) > MOST_FALLBACK_ENTRIES:
            checks.note(f"{name} takes at most {MOST_FALLBACK_ENTRIES} entries.", name)
        cleaned = {checks.text(entry, name, longest=1_000) for entry in given}
        changes[name] = tuple(sorted(map(normalised, cleaned) if name.endswith("phrases") else cleaned))
    _add_starter_phrases(checks, current, input.starter_phrases or (), changes)
    if changes:
        changes["fallback_version"] = current.fallback_version + 1
    return changes


def _add_starter_phrases(
    checks: Checks, current: SettingEntry, languages: Collection[str], changes: dict[str, Any]
) -> None:
    chosen = [STARTER_PHRASES[language] for language in languages if language in STARTER_PHRASES]
    for language in languages:
        if language not in STARTER_PHRASES:
            known = ", ".join(STARTER_PHRASES)
            checks.note(f"There are no starter phrases of {language[:16]!r}; there are: {known}.", "starterPhrases")
    for name, added in (
        ("failure_phrases", [phrase for one in chosen for phrase in one.failure]),
        ("uncertain_phrases", [phrase for one in chosen for phrase in one.uncertain]),
    ):
        together = {*changes.get(name, getattr(current, name)), *map(normalised, added)}
        if added and len(together) > MOST_FALLBACK_ENTRIES:
            message = f"{name} takes at most {MOST_FALLBACK_ENTRIES} entries, starter phrases included."
            checks.note(message, "starterPhrases")
        if added:
            changes[name] = tuple(sorted(together))


@strawberry.type
class ChatbotQuery:
    @strawberry.field(description="The chatbots that the key may see.", extensions=[requires(Scope.METRICS_READ)])
    async def chatbots(self, info: Info, first: int = 50, after: str | None = None) -> Connection[Chatbot]:
        context = info.context
        window = page_window("Chatbot", first=first, after=after)
        async with reading(context.database, context.viewer.workspace_id) as reader:
            rows = await store.list_chatbots(
                reader,
                limit=window.limit,
                after=window.key[0] if window.key else None,
                among=context.viewer.chatbot_ids,
            )
        return connection(window, rows, node=Chatbot.from_domain, key=lambda row: (row.chatbot_id,))

    @strawberry.field(
        description="Phrases to begin a chatbot's lists of fallback phrases with, by language. None is in force until "
        "a chatbot takes it by changeChatbotSettings.",
        extensions=[requires(Scope.METRICS_READ)],
    )
    def starter_phrases(self) -> list[StarterPhrases]:
        return [StarterPhrases.from_domain(phrases) for phrases in STARTER_PHRASES.values()]

    @strawberry.field(
        description="Settings of a chatbot, oldest first; the last one whose moment has come is in force.",
        extensions=[requires(Scope.METRICS_READ)],
    )
    async def chatbot_settings(self, info: Info, id: strawberry.ID) -> list[ChatbotSettings]:
        context = info.context
        chatbot_id = _visible_id(context, id)
        async with reading(context.database, context.viewer.workspace_id) as reader:
            history = await setting_history(reader, [chatbot_id])
        if chatbot_id not in history:
            raise Refused(NotFound.of("chatbot", path=("id",)))
        return [ChatbotSettings.from_domain(entry) for entry in history[chatbot_id]]


@strawberry.type
class ChatbotMutation:
    @strawberry.mutation(description="Makes a chatbot before its first event.", extensions=[requires(Scope.MANAGE)])
    async def create_chatbot(self, info: Info, input: CreateChatbotInput) -> ChatbotResult:
        context = info.context
        _for_whole_workspace(context)
        checks = Checks("input")
        slug = checks.slug(input.slug, "slug")
        name = checks.text(input.name if input.name is not None else input.slug, "name", longest=120)
        checks.refuse()
        async with acting(context, "chatbot.create") as act:
            chatbot = await store.create_chatbot(
                act.writer,
                slug=slug,
                name=name,
                chatbot_type=input.type,
                reports=input.reports,
                now=context.clock(),
            )
            act.target = f"Chatbot:{chatbot.chatbot_id}"
        return Chatbot.from_domain(chatbot)

    @strawberry.mutation(description="Changes a chatbot.", extensions=[requires(Scope.MANAGE)])
    async def update_chatbot(self, info: Info, input: UpdateChatbotInput) -> ChatbotResult:
        context = info.context
        chatbot_id = _visible_id(context, input.id)
        changes: dict[str, Any] = {}
        if input.name is not None:
            checks = Checks("input")
            changes["name"] = checks.text(input.name, "name", longest=120)
            checks.refuse()
        if input.enabled is not None:
            changes["enabled"] = input.enabled
        if input.reports is not None:
            changes["declared_reports"] = sorted(set(input.reports))
        async with acting(context, "chatbot.update") as act:
            chatbot = await store.update_chatbot(
                act.writer, chatbot_id, expected_version=input.version, changes=changes, now=context.clock()
            )
            act.target = f"Chatbot:{chatbot_id}"
            act.detail["fields"] = sorted(changes)
        return Chatbot.from_domain(chatbot)

    @strawberry.mutation(
        description="Changes settings from a moment on; answers the entry made.", extensions=[requires(Scope.MANAGE)]
    )
    async def change_chatbot_settings(self, info: Info, input: ChangeChatbotSettingsInput) -> ChatbotSettingsResult:
        context = info.context
        chatbot_id = _visible_id(context, input.id)
        from_ms = milliseconds(input.effective_from or context.clock())
        async with acting(context, "chatbot.changeSettings") as act:
            history = (await setting_history(act.writer, [chatbot_id])).get(chatbot_id)
            if not history:
                raise Refused(NotFound.of("chatbot", path=("input", "id")))
            before = [entry for entry in history if entry.effective_from_ms <= from_ms]
            if not before:
                message = "effectiveFrom lies before the chatbot's first settings."
                raise Refused(InvalidInput(message=message, path=("input", "effectiveFrom")))
            entry = _changed_entry(before[-1], input, from_ms)
            await set_entry(act.writer, chatbot_id, entry, now=context.clock())
            if input.starter_phrases:
                act.detail["starterPhrases"] = {"version": VERSION, "languages": sorted(set(input.starter_phrases))}
            act.target = f"Chatbot:{chatbot_id}"
        return ChatbotSettings.from_domain(entry)
