"""Who is at the door: from the Authorization header to a viewer, before anything else of a request is looked at.

A key is looked up in the workspace that it names and kept for a few seconds; a revocation is heard by every process
and forgotten keys are read again.
"""

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from starlette.requests import HTTPConnection

from domain.accounts import ActorKind, ApiKey, KeyKind, Scope, Viewer, workspace_of_key
from domain.browser_tokens import TOKEN_PREFIX, BrowserToken, read_token
from persistence.engine import Database
from persistence.keys import key_by_id, key_by_text, note_use, use_is_stale
from persistence.tenancy import reading, writing
from schema.context import Clock
from server.refusals import forbidden, unauthenticated, unavailable

KEPT_FOR: Final = timedelta(seconds=5)
_KEPT_KEYS: Final = 20_000
_LOOKUPS_AT_ONCE: Final = 4


@dataclass(frozen=True, slots=True)
class Admission:
    """A viewer who was let in, with what bounds the stay."""

    viewer: Viewer
    key: ApiKey
    expires_at: datetime | None

    @property
    def bucket(self) -> UUID:
        """Tokens spend from the account of their key."""
        return self.key.key_id


@dataclass(frozen=True, slots=True)
class _Kept:
    key: ApiKey | None
    until: datetime


class Keyring:
    """Keys seen lately. One per process."""

    def __init__(
        self, database: Database, *, clock: Clock, token_secret: bytes, plain_key_workspace: UUID | None = None
    ) -> None:
        """`plain_key_workspace`: where to look for a key that names no workspace; None refuses such keys."""
        self._database = database
        self._clock = clock
        self._token_secret = token_secret
        self._plain_key_workspace = plain_key_workspace
        self._by_text: OrderedDict[bytes, _Kept] = OrderedDict()
        self._by_id: OrderedDict[tuple[UUID, UUID], _Kept] = OrderedDict()
        # Wrong keys cost a look-up each: they must neither take the whole pool nor keep known keys waiting.
        self._lookups = asyncio.Semaphore(_LOOKUPS_AT_ONCE)
        self._refreshes = asyncio.Semaphore(_LOOKUPS_AT_ONCE)

    async def admit(self, authorization: str | None) -> Admission:
        """The viewer behind an Authorization header, or a refusal with 401 (503 if nobody can say)."""
        text = bearer_of(authorization)
        if text is None:
            raise unauthenticated()
        if text.startswith(f"{TOKEN_PREFIX}_"):
            return await self._admit_token(text)
        workspace_id = workspace_of_key(text) or self._plain_key_workspace
        if workspace_id is None:
            raise unauthenticated("The key is not a key of Parlance.")
        key = await self._key_by_text(workspace_id, text)
        if key is None or not key.lives_at(self._clock()):
            raise unauthenticated("The key is unknown, expired or revoked.")
        viewer = Viewer(
            workspace_id=key.workspace_id, key_id=key.key_id, scopes=key.scopes, chatbot_ids=key.chatbot_ids
        )
        return Admission(viewer=viewer, key=key, expires_at=key.expires_at)

    async def still_valid(self, admission: Admission) -> bool:
        """For open sockets: whether the stay may go on. Costs a look-up every few seconds at most."""
        now = self._clock()
        if admission.expires_at is not None and now >= admission.expires_at:
            return False
        key = await self._key_by_id(admission.key.workspace_id, admission.key.key_id)
        return key is not None and key.lives_at(now)

    def forget(self, workspace_id: UUID, key_id: UUID) -> None:
        """Called when a revocation is heard."""
        self._by_id.pop((workspace_id, key_id), None)
        for text, kept in list(self._by_text.items()):
            if kept.key is not None and kept.key.key_id == key_id:
                del self._by_text[text]

    def forget_all(self) -> None:
        """Called when the ear for revocations was deaf for a while."""
        self._by_id.clear()
        self._by_text.clear()

    async def _admit_token(self, text: str) -> Admission:
        token = read_token(text, self._token_secret, now=self._clock())
        if token is None:
            raise unauthenticated("The token is unknown, altered or expired.")
        key = await self._key_by_id(token.workspace_id, token.key_id)
        if key is None or not key.lives_at(self._clock()):
            raise unauthenticated("The key of this token is expired or revoked.")
        return Admission(viewer=_viewer_of_token(token, key), key=key, expires_at=token.expires_at)

    async def _key_by_text(self, workspace_id: UUID, text: str) -> ApiKey | None:
        name = hashlib.sha256(text.encode()).digest()
        kept = self._by_text.get(name)
        if kept is not None and self._clock() < kept.until:
            return kept.key
        place = self._lookups if kept is None else self._refreshes
        async with place, reading(self._database, workspace_id) as reader:
            key = await key_by_text(reader, text)
        if key is not None:
            self._keep(self._by_text, name, key)
            await self._note_use(key)
        return key

    async def _key_by_id(self, workspace_id: UUID, key_id: UUID) -> ApiKey | None:
        name = (workspace_id, key_id)
        kept = self._by_id.get(name)
        if kept is not None and self._clock() < kept.until:
            return kept.key
        # Only a credential that was ours leads here, so this is never a stranger's flood.
        async with self._refreshes, reading(self._database, workspace_id) as reader:
            key = await key_by_id(reader, key_id)
        self._keep(self._by_id, name, key)
        return key

    def _keep(self, kept: OrderedDict, name: object, key: ApiKey | None) -> None:  # type: ignore[type-arg]
        kept[name] = _Kept(key=key, until=self._clock() + KEPT_FOR)
        kept.move_to_end(name)
        if len(kept) > _KEPT_KEYS:
            kept.popitem(last=False)

    async def _note_use(self, key: ApiKey) -> None:
        now = self._clock()
        if key.lives_at(now) and use_is_stale(key, now):
            async with writing(self._database, key.workspace_id) as writer:
                await note_use(writer, key, now=now)


def bearer_of(authorization: str | None) -> str | None:
    """The credential of `Bearer <credential>`; other schemes are as good as none."""
    scheme, _, credential = (authorization or "").partition(" ")
    credential = credential.strip()
    return credential if scheme.lower() == "bearer" and credential else None


def _viewer_of_token(token: BrowserToken, key: ApiKey) -> Viewer:
    """What both the token and its key allow today."""
    return Viewer(
        workspace_id=key.workspace_id,
        key_id=key.key_id,
        scopes=token.scopes & key.scopes,
        chatbot_ids=_both(token.chatbot_ids, key.chatbot_ids),
        kind=ActorKind.BROWSER_TOKEN,
    )


def _both(one: frozenset[int] | None, other: frozenset[int] | None) -> frozenset[int] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def require_scope(admission: Admission, scope: Scope) -> None:
    """For endpoints that are not GraphQL."""
    if not admission.viewer.may(scope):
        raise forbidden(f"This needs the scope {scope.value}.")


def require_origin(admission: Admission, connection: HTTPConnection) -> None:
    """A public key works from the pages it was made for, and from nowhere else."""
    if admission.key.kind is KeyKind.PUBLIC_INGEST and connection.headers.get("origin") not in admission.key.origins:
        raise forbidden("This key may not be used from here: its list of origins does not name this one.")


async def within(seconds: float, keyring: Keyring, authorization: str | None) -> Admission:
    """Admission that never hangs: a database without an answer is a 503."""
    try:
        async with asyncio.timeout(seconds):
            return await keyring.admit(authorization)
    except TimeoutError:
        raise unavailable() from None
