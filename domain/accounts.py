"""Who asks, and what may they see: scopes, roles, keys and the viewer that every request carries."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Final
from uuid import UUID


class Scope(StrEnum):
    """What a key may do. The value is the text stored in keys and shown in documentation."""

    METRICS_READ = "metrics:read"
    CONVERSATIONS_READ = "conversations:read"
    PERSONAL_READ = "personal:read"
    EVENTS_WRITE = "events:write"
    LEADS_READ = "leads:read"
    LEADS_WRITE = "leads:write"
    ALERTS_ACT = "alerts:act"
    EXPORTS_CREATE = "exports:create"
    REVIEWS_WRITE = "reviews:write"
    MANAGE = "manage"
    ADMIN = "admin"


class Role(StrEnum):
    """Usual bundles of scopes, offered when a key is created."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    AGENT = "agent"
    SENDER = "sender"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


_VIEWER: Final = frozenset({Scope.METRICS_READ})
_ANALYST: Final = _VIEWER | {Scope.CONVERSATIONS_READ, Scope.EXPORTS_CREATE, Scope.REVIEWS_WRITE}

ROLES: Final[Mapping[Role, frozenset[Scope]]] = {
    Role.VIEWER: _VIEWER,
    Role.ANALYST: _ANALYST,
    Role.AGENT: _ANALYST | {Scope.PERSONAL_READ, Scope.LEADS_READ, Scope.LEADS_WRITE, Scope.ALERTS_ACT},
    Role.SENDER: frozenset({Scope.EVENTS_WRITE}),
    Role.MANAGER: frozenset(Scope) - {Scope.ADMIN, Scope.EVENTS_WRITE},
    Role.ADMINISTRATOR: frozenset(Scope),
}


class KeyKind(IntEnum):
    """SECRET keys stay on servers; PUBLIC_INGEST keys stand in a web page and may only write events."""

    SECRET = 1
    PUBLIC_INGEST = 2


class ActorKind(IntEnum):
    """By what means somebody acts; the number is stored in the audit log."""

    KEY = 1
    BROWSER_TOKEN = 2
    COMMAND_LINE = 3
    SYSTEM = 4


@dataclass(frozen=True, slots=True)
class Viewer:
    """The one who asks: a workspace, a set of scopes and, for a limited key, the chatbots it may see."""

    workspace_id: UUID
    key_id: UUID | None
    scopes: frozenset[Scope]
    chatbot_ids: frozenset[int] | None = None
    """None = every chatbot of the workspace."""
    kind: ActorKind = ActorKind.KEY

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes

    def sees(self, chatbot_id: int) -> bool:
        return self.chatbot_ids is None or chatbot_id in self.chatbot_ids

    @property
    def actor(self) -> "Actor":
        return Actor(kind=self.kind, key_id=self.key_id)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who stands in the audit log."""

    kind: ActorKind
    key_id: UUID | None = None


COMMAND_LINE: Final = Actor(kind=ActorKind.COMMAND_LINE)
SYSTEM: Final = Actor(kind=ActorKind.SYSTEM)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept: everything except the key."""

    workspace_id: UUID
    key_id: UUID
    kind: KeyKind
    name: str
    hint: str
    """The last characters of the key, to recognise it in a list."""
    scopes: frozenset[Scope]
    chatbot_ids: frozenset[int] | None
    origins: tuple[str, ...]
    rate_per_minute: int | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def lives_at(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a new key shall be; checked and permitted already."""

    name: str
    scopes: frozenset[Scope]
    kind: KeyKind = KeyKind.SECRET
    chatbot_ids: frozenset[int] | None = None
    origins: tuple[str, ...] = ()
    rate_per_minute: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act on record; the hash covers every other field and the hash before."""

    position: int
    occurred_at: datetime
    actor: Actor
    action: str
    target: str | None
    detail: str
    previous_hash: bytes
    entry_hash: bytes


KEY_PREFIX: Final = "parl"
_WORKSPACE_CHARACTERS: Final = 22
_SECRET_CHARACTERS: Final = 43
_KEY_LENGTH: Final = len(KEY_PREFIX) + 1 + _WORKSPACE_CHARACTERS + 1 + _SECRET_CHARACTERS


def format_key(workspace_id: UUID, secret: str) -> str:
    """The text a client sends. It names its workspace, so that it can be looked up under that tenant."""
    workspace = base64.urlsafe_b64encode(workspace_id.bytes).decode().rstrip("=")
    return f"{KEY_PREFIX}_{workspace}_{secret}"


DEMO_WORKSPACE_ID: Final = UUID("de300000-0000-7000-8000-000000000001")
"""The demo workspace of every installation. A key of the operator's own form (`PARLANCE_DEMO_KEY`) belongs to it."""


def workspace_of_key(text: str) -> UUID | None:
    """The workspace that a well-formed key names, or None; says nothing about the key being valid."""
    if len(text) != _KEY_LENGTH or not text.isascii() or not text.startswith(f"{KEY_PREFIX}_"):
        return None
    start = len(KEY_PREFIX) + 1
    workspace = text[start : start + _WORKSPACE_CHARACTERS]
    if text[start + _WORKSPACE_CHARACTERS] != "_":
        return None
    try:
        raw = base64.b64decode(workspace + "==", altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    return UUID(bytes=raw)


def scopes_from_names(names: list[str]) -> frozenset[Scope]:
    """Known scopes among stored names; a name of a later version is ignored, never widened."""
    known = {scope.value: scope for scope in Scope}
    return frozenset(known[name] for name in names if name in known)
