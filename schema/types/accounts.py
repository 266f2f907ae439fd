"""Keys, tokens, the viewer and the audit log as the API shows them."""

from datetime import datetime
from typing import Final, Self

import strawberry

from domain import accounts as domain
from domain.accounts import ActorKind, KeyKind, Scope
from domain.accounts import Role as KeyRole
from schema.paging import encode_id

ScopeEnum: Final = strawberry.enum(Scope, name="Scope", description="What a key may do.")
KeyKindEnum: Final = strawberry.enum(
    KeyKind, name="KeyKind", description="SECRET stays on servers; PUBLIC_INGEST may stand in a web page."
)
ActorKindEnum: Final = strawberry.enum(ActorKind, name="ActorKind", description="By what means somebody acted.")
KeyRoleEnum: Final = strawberry.enum(KeyRole, name="KeyRole", description="A usual bundle of scopes.")


@strawberry.type(description="Who asks: the key of this very request.")
class Viewer:
    workspace_id: strawberry.ID = strawberry.field(description="The key's workspace.")
    kind: ActorKind = strawberry.field(description="Whether a key or a browser token was sent.")
    scopes: list[Scope] = strawberry.field(description="What the key may do.")
    chatbot_ids: list[strawberry.ID] | None = strawberry.field(description="Chatbots it is limited to; null = all.")

    @classmethod
    def from_domain(cls, viewer: domain.Viewer) -> Self:
        return cls(
            workspace_id=encode_id("Workspace", viewer.workspace_id),
            kind=viewer.kind,
            scopes=sorted(viewer.scopes),
            chatbot_ids=_chatbot_ids(viewer.chatbot_ids),
        )


@strawberry.type(description="A key as it is kept. The key itself is shown once, when it is made.")
class ApiKey:
    id: strawberry.ID = strawberry.field(description="Opaque id.")
    name: str = strawberry.field(description="Label given at its making.")
    kind: KeyKind = strawberry.field(description="Secret, or public for ingest.")
    hint: str = strawberry.field(description="Its last four characters.")
    scopes: list[Scope] = strawberry.field(description="What it may do.")
    chatbot_ids: list[strawberry.ID] | None = strawberry.field(description="Chatbots it is limited to; null = all.")
    origins: list[str] = strawberry.field(description="Web origins that a public key works from.")
    rate_per_minute: int | None = strawberry.field(description="Own limit of requests a minute; null = the usual one.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime | None = strawberry.field(description="When it ends by itself.")
    revoked_at: datetime | None = strawberry.field(description="When it was revoked.")
    last_used_at: datetime | None = strawberry.field(description="Last use, true to the hour.")

    @classmethod
    def from_domain(cls, key: domain.ApiKey) -> Self:
        return cls(
            id=encode_id("ApiKey", key.key_id),
            name=key.name,
            kind=key.kind,
            hint=key.hint,
            scopes=sorted(key.scopes),
            chatbot_ids=_chatbot_ids(key.chatbot_ids),
            origins=list(key.origins),
            rate_per_minute=key.rate_per_minute,
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            last_used_at=key.last_used_at,
        )


@strawberry.type(description="A key that was just made.")
class CreatedApiKey:
    api_key: ApiKey = strawberry.field(description="The key as it is kept.")
    key: str = strawberry.field(description="The key itself. It is shown only now.")


@strawberry.type(description="A short-lived credential for a browser.")
class BrowserToken:
    token: str = strawberry.field(description="Send it as Authorization: Bearer, as a key.")
    expires_at: datetime = strawberry.field(description="At most one hour from now.")
    scopes: list[Scope] = strawberry.field(description="What it may do, as long as its key may.")


@strawberry.type(description="One act on record. Entries are chained by SHA-256 and cannot be changed.")
class AuditEntry:
    position: int = strawberry.field(description="Dense number in the workspace, from 1.")
    occurred_at: datetime = strawberry.field(description="When.")
    actor_kind: ActorKind = strawberry.field(description="By what means.")
    actor_key_id: strawberry.ID | None = strawberry.field(description="The key that acted, if one did.")
    action: str = strawberry.field(description="What was done, such as apiKey.create.")
    target: str | None = strawberry.field(description="To what, as kind and number.")
    detail: str = strawberry.field(description="Particulars as JSON text; never personal data.")
    entry_hash: str = strawberry.field(description="SHA-256 of this entry and the hash before, in hexadecimal.")
    previous_hash: str = strawberry.field(description="Hash of the entry before; zeros at the first.")

    @classmethod
    def from_domain(cls, entry: domain.AuditEntry) -> Self:
        key_id = entry.actor.key_id
        return cls(
            position=entry.position,
            occurred_at=entry.occurred_at,
            actor_kind=entry.actor.kind,
            actor_key_id=None if key_id is None else encode_id("ApiKey", key_id),
            action=entry.action,
            target=entry.target,
            detail=entry.detail,
            entry_hash=entry.entry_hash.hex(),
            previous_hash=entry.previous_hash.hex(),
        )


def _chatbot_ids(chatbot_ids: frozenset[int] | None) -> list[strawberry.ID] | None:
    return None if chatbot_ids is None else [encode_id("Chatbot", number) for number in sorted(chatbot_ids)]
