"""Who may come in: the viewer, keys, browser tokens, the audit log."""

from datetime import datetime, timedelta
from typing import Annotated, Final
from urllib.parse import urlsplit
from uuid import UUID

import strawberry

from domain.accounts import ROLES, ActorKind, KeyKind, NewKey, Scope
from domain.accounts import Role as KeyRole
from domain.browser_tokens import LONGEST_LIFE, BrowserToken, sign_token
from domain.checking import Checks
from domain.problems import Forbidden, Refused
from persistence.audit import list_entries
from persistence.chatbots import chatbots_by_ids
from persistence.keys import create_key, list_keys, revoke_key
from persistence.tenancy import Reader, reading, writing
from resolvers.acting import acting
from resolvers.request import Info, RequestContext
from schema.paging import After, Connection, First, connection, decode_id, page_window
from schema.permissions import requires
from schema.problems import Refusal
from schema.types import accounts as types

_MOST_ORIGINS: Final = 50
_MOST_CHATBOTS: Final = 1_000
_SHORTEST_TOKEN_SECONDS: Final = 60


@strawberry.input(description="What the new key shall be allowed: never more than the key that makes it.")
class CreateApiKeyInput:
    name: str = strawberry.field(description="1 to 120 characters, to recognise it by.")
    kind: KeyKind = strawberry.field(default=KeyKind.SECRET, description="Default: a secret key.")
    role: KeyRole | None = strawberry.field(default=None, description="A usual bundle of scopes, beside `scopes`.")
    scopes: list[Scope] = strawberry.field(default_factory=list, description="Single scopes.")
    chatbot_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Limits the key to these.")
    origins: list[str] = strawberry.field(
        default_factory=list, description="For a public key: web origins it works from, such as https://shop.example."
    )
    rate_per_minute: int | None = strawberry.field(default=None, description="1 to 100000 requests.")
    expires_at: datetime | None = strawberry.field(default=None, description="Default: never.")


@strawberry.input(description="What the token shall be allowed, at most what its key may.")
class CreateBrowserTokenInput:
    scopes: list[Scope] = strawberry.field(description="At least one.")
    chatbot_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Limits the token to these.")
    life_seconds: int = strawberry.field(default=900, description="60 to 3600.")


CreateApiKeyResult = Annotated[types.CreatedApiKey | Refusal, strawberry.union("CreateApiKeyResult")]
RevokeApiKeyResult = Annotated[types.ApiKey | Refusal, strawberry.union("RevokeApiKeyResult")]
CreateBrowserTokenResult = Annotated[types.BrowserToken | Refusal, strawberry.union("CreateBrowserTokenResult")]


@strawberry.type
class AccountQuery:
    @strawberry.field(description="Who asks.", extensions=[requires()])
    def viewer(self, info: Info) -> types.Viewer:
        return types.Viewer.from_domain(info.context.viewer)

    @strawberry.field(description="Keys of the workspace, newest first.", extensions=[requires(Scope.ADMIN)])
    async def api_keys(self, info: Info, first: First = 50, after: After = None) -> Connection[types.ApiKey]:
        context = info.context
        window = page_window("ApiKey", first=first, after=after, key_types=(datetime, UUID))
        async with reading(context.database, context.viewer.workspace_id) as reader:
            rows = await list_keys(reader, limit=window.limit, after=window.key)
        return connection(window, rows, node=types.ApiKey.from_domain, key=lambda row: (row.created_at, row.key_id))

    @strawberry.field(description="Every sensitive act, newest first.", extensions=[requires(Scope.ADMIN)])
    async def audit_log(self, info: Info, first: First = 50, after: After = None) -> Connection[types.AuditEntry]:
        context = info.context
        window = page_window("AuditEntry", first=first, after=after)
        async with reading(context.database, context.viewer.workspace_id) as reader:
            rows = await list_entries(reader, limit=window.limit, before=window.key[0] if window.key else None)
        return connection(window, rows, node=types.AuditEntry.from_domain, key=lambda row: (row.position,))


@strawberry.type
class AccountMutation:
    @strawberry.mutation(description="Makes a key.", extensions=[requires(Scope.ADMIN)])
    async def create_api_key(self, info: Info, input: CreateApiKeyInput) -> CreateApiKeyResult:
        context = info.context
        new = _new_key(context, input)
        async with writing(context.database, context.viewer.workspace_id) as writer:
            await _check_chatbots(writer, new.chatbot_ids)
            key, text = await create_key(writer, new, actor=context.viewer.actor, now=context.clock())
        return types.CreatedApiKey(api_key=types.ApiKey.from_domain(key), key=text)

    @strawberry.mutation(
        description="Ends a key and its tokens everywhere at once; open sockets within 5 s.",
        extensions=[requires(Scope.ADMIN)],
    )
    async def revoke_api_key(self, info: Info, id: strawberry.ID) -> RevokeApiKeyResult:
        context = info.context
        key_id = decode_id("ApiKey", id, UUID)
        async with writing(context.database, context.viewer.workspace_id) as writer:
            key = await revoke_key(writer, key_id, actor=context.viewer.actor, now=context.clock())
        return types.ApiKey.from_domain(key)

    @strawberry.mutation(
        description="Makes a short-lived token for a browser from the key of this request.", extensions=[requires()]
    )
    async def create_browser_token(self, info: Info, input: CreateBrowserTokenInput) -> CreateBrowserTokenResult:
        context = info.context
        token = _new_token(context, input)
        async with acting(context, "browserToken.create") as act:
            await _check_chatbots(act.writer, token.chatbot_ids)
            act.detail["scopes"] = sorted(token.scopes)
            act.detail["seconds"] = input.life_seconds
        return types.BrowserToken(
            token=sign_token(token, context.settings.token_secret),
            expires_at=token.expires_at,
            scopes=sorted(token.scopes),
        )


def _new_key(context: RequestContext, input: CreateApiKeyInput) -> NewKey:
    checks = Checks("input")
    name = checks.text(input.name, "name", longest=120)
    scopes = frozenset(input.scopes) | (ROLES[input.role] if input.role else frozenset())
    if not scopes:
        checks.note("A key needs a role or at least one scope.", "scopes")
    if input.rate_per_minute is not None:
        checks.whole(input.rate_per_minute, "ratePerMinute", least=1, most=100_000)
    if input.expires_at is not None and input.expires_at <= context.clock():
        checks.note("expiresAt lies in the past.", "expiresAt")
    if input.kind is KeyKind.PUBLIC_INGEST:
        _check_public(checks, scopes, input.origins)
    elif input.origins:
        checks.note("Only a public key has origins.", "origins")
    chatbot_ids = _chosen_chatbots(checks, context, input.chatbot_ids)
    checks.refuse()
    _check_not_wider(context, scopes)
    return NewKey(
        name=name,
        scopes=scopes,
        kind=input.kind,
        chatbot_ids=chatbot_ids,
        origins=tuple(dict.fromkeys(input.origins)),
        rate_per_minute=input.rate_per_minute,
        expires_at=input.expires_at,
    )


def _check_public(checks: Checks, scopes: frozenset[Scope], origins: list[str]) -> None:
    """A public key is readable by everybody, so that it may only write events, and only from named pages."""
    if scopes != {Scope.EVENTS_WRITE}:
        checks.note("A public key has the scope EVENTS_WRITE and no other.", "scopes", allowed=("EVENTS_WRITE",))
    if not 1 <= len(origins) <= _MOST_ORIGINS:
        checks.note(f"A public key names 1 to {_MOST_ORIGINS} origins.", "origins")
    for place, origin in enumerate(origins[:_MOST_ORIGINS]):
        if not _is_origin(origin):
            checks.note("An origin looks like https://shop.example, without a path.", "origins", place)


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    host = f"{parts.hostname}:{port}" if port else f"{parts.hostname}"
    return parts.scheme in ("http", "https") and bool(parts.hostname) and text == f"{parts.scheme}://{host}"


def _new_token(context: RequestContext, input: CreateBrowserTokenInput) -> BrowserToken:
    viewer = context.viewer
    if viewer.kind is not ActorKind.KEY or viewer.key_id is None:
        raise Refused(Forbidden(message="Only a key makes tokens; a token cannot prolong itself."))
    checks = Checks("input")
    if not input.scopes:
        checks.note("A token needs at least one scope.", "scopes")
    checks.whole(
        input.life_seconds, "lifeSeconds", least=_SHORTEST_TOKEN_SECONDS, most=int(LONGEST_LIFE.total_seconds())
    )
    chatbot_ids = _chosen_chatbots(checks, context, input.chatbot_ids)
    checks.refuse()
    _check_not_wider(context, frozenset(input.scopes))
    return BrowserToken(
        workspace_id=viewer.workspace_id,
        key_id=viewer.key_id,
        scopes=frozenset(input.scopes),
        chatbot_ids=chatbot_ids,
        expires_at=context.clock() + timedelta(seconds=input.life_seconds),
    )


def _chosen_chatbots(checks: Checks, context: RequestContext, ids: list[strawberry.ID] | None) -> frozenset[int] | None:
    """The chatbots named, which a limited key cannot leave; without names, those of the key itself."""
    own = context.viewer.chatbot_ids
    if ids is None:
        return own
    if not 1 <= len(ids) <= _MOST_CHATBOTS:
        checks.note(f"chatbotIds takes 1 to {_MOST_CHATBOTS} ids; leave it out for all.", "chatbotIds")
    chosen = frozenset(decode_id("Chatbot", id, int, path="chatbotIds") for id in ids[:_MOST_CHATBOTS])
    if own is not None and not chosen <= own:
        checks.note("There is no such chatbot.", "chatbotIds")
    return chosen


async def _check_chatbots(reader: Reader, chatbot_ids: frozenset[int] | None) -> None:
    if chatbot_ids is None:
        return
    found = await chatbots_by_ids(reader, chatbot_ids)
    if len(found) != len(chatbot_ids):
        checks = Checks("input")
        checks.note("There is no such chatbot.", "chatbotIds")
        checks.refuse()


def _check_not_wider(context: RequestContext, scopes: frozenset[Scope]) -> None:
    missing = scopes - context.viewer.scopes
    if missing:
        names = tuple(sorted(scope.name for scope in missing))
        raise Refused(
            Forbidden(message=f"The key of this request lacks {', '.join(names)} and cannot pass it on.", allowed=names)
        )
