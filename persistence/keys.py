"""API keys: made once, kept as a hash, looked up inside the workspace that the key itself names."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import Row, insert, select, text, tuple_, update

from domain.accounts import (
    Actor,
    ApiKey,
    KeyKind,
    NewKey,
    format_key,
    scopes_from_names,
)
from domain.problems import NotFound, Refused
from persistence.audit import record
from persistence.tables.accounts import ApiKeyRow
from persistence.tenancy import Reader, Writer

REVOKED_CHANNEL: Final = "parlance_revoked"
_USE_NOTED_EVERY: Final = timedelta(hours=1)


async def create_key(
    writer: Writer, new: NewKey, *, actor: Actor, now: datetime, key_text: str | None = None
) -> tuple[ApiKey, str]:
    """The stored key and its text, which nobody can read again. `key_text` fixes it (demo workspace)."""
    secret = key_text or format_key(writer.workspace_id, secrets.token_urlsafe(32))
    values = {
        "workspace_id": writer.workspace_id,
        "key_id": uuid4(),
        "kind": new.kind.value,
        "name": new.name,
        "hint": secret[-4:],
        "secret_hash": hash_of(secret),
        "scopes": sorted(scope.value for scope in new.scopes),
        "chatbot_ids": None if new.chatbot_ids is None else sorted(new.chatbot_ids),
        "origins": list(new.origins),
        "rate_per_minute": new.rate_per_minute,
        "created_at": now,
        "created_by": actor.key_id,
        "expires_at": new.expires_at,
    }
    row = (await writer.connection.execute(insert(ApiKeyRow).values(values).returning(*_COLUMNS))).one()
    key = _key(row)
    await record(
        writer,
        actor=actor,
        action="apiKey.create",
        target=f"ApiKey:{key.key_id}",
        detail={"scopes": values["scopes"], "chatbots": values["chatbot_ids"], "kind": key.kind.name},
        now=now,
    )
    return key, secret


async def revoke_key(writer: Writer, key_id: UUID, *, actor: Actor, now: datetime) -> ApiKey:
    """Ends a key at once in every process. Revoking twice changes nothing and is not an error."""
    found = await _key_by_id(writer, key_id)
    if found is None:
        raise Refused(NotFound.of("API key", path=("id",)))
    if found.revoked_at is not None:
        return found
    await writer.connection.execute(
        update(ApiKeyRow)
        .where(ApiKeyRow.workspace_id == writer.workspace_id, ApiKeyRow.key_id == key_id)
        .values(revoked_at=now)
    )
    await writer.connection.execute(
        text("SELECT pg_notify(:channel, :payload)"),
        {"channel": REVOKED_CHANNEL, "payload": f"{writer.workspace_id}:{key_id}"},
    )
    await record(writer, actor=actor, action="apiKey.revoke", target=f"ApiKey:{key_id}", detail={}, now=now)
    revoked = await _key_by_id(writer, key_id)
    assert revoked is not None
    return revoked


async def list_keys(reader: Reader, *, limit: int, after: tuple[datetime, UUID] | None = None) -> Sequence[ApiKey]:
    """Newest first, revoked ones too."""
    query = select(*_COLUMNS).where(ApiKeyRow.workspace_id == reader.workspace_id)
    if after is not None:
        query = query.where(tuple_(ApiKeyRow.created_at, ApiKeyRow.key_id) < tuple_(*after))
    query = query.order_by(ApiKeyRow.created_at.desc(), ApiKeyRow.key_id.desc()).limit(limit)
    return [_key(row) for row in await reader.connection.execute(query)]


async def key_by_text(reader: Reader, key_text: str) -> ApiKey | None:
    """The key whose text this is, alive or not."""
    return await _one_key(reader, ApiKeyRow.secret_hash == hash_of(key_text))


async def key_by_id(reader: Reader, key_id: UUID) -> ApiKey | None:
    return await _key_by_id(reader, key_id)


async def note_use(writer: Writer, key: ApiKey, *, now: datetime) -> None:
    """Keeps `lastUsedAt` true to the hour without a write per request."""
    await writer.connection.execute(
        update(ApiKeyRow)
        .where(ApiKeyRow.workspace_id == writer.workspace_id, ApiKeyRow.key_id == key.key_id)
        .values(last_used_at=now)
    )


def use_is_stale(key: ApiKey, now: datetime) -> bool:
    return key.last_used_at is None or now - key.last_used_at >= _USE_NOTED_EVERY


def hash_of(key_text: str) -> bytes:
    """A plain SHA-256 is enough: the secret has 256 random bits, so there is nothing to guess."""
    return hashlib.sha256(key_text.encode()).digest()


_COLUMNS: Final[tuple[Any, ...]] = (
    ApiKeyRow.workspace_id,
    ApiKeyRow.key_id,
    ApiKeyRow.kind,
    ApiKeyRow.name,
    ApiKeyRow.hint,
    ApiKeyRow.scopes,
    ApiKeyRow.chatbot_ids,
    ApiKeyRow.origins,
    ApiKeyRow.rate_per_minute,
    ApiKeyRow.created_at,
    ApiKeyRow.expires_at,
    ApiKeyRow.revoked_at,
    ApiKeyRow.last_used_at,
)


async def _key_by_id(reader: Reader | Writer, key_id: UUID) -> ApiKey | None:
    return await _one_key(reader, ApiKeyRow.key_id == key_id)


async def _one_key(reader: Reader | Writer, condition: Any) -> ApiKey | None:
    query = select(*_COLUMNS).where(ApiKeyRow.workspace_id == reader.workspace_id, condition)
    row = (await reader.connection.execute(query)).one_or_none()
    return None if row is None else _key(row)


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        workspace_id=row.workspace_id,
        key_id=row.key_id,
        kind=KeyKind(row.kind),
        name=row.name,
        hint=row.hint,
        scopes=scopes_from_names(row.scopes),
        chatbot_ids=None if row.chatbot_ids is None else frozenset(row.chatbot_ids),
        origins=tuple(row.origins),
        rate_per_minute=row.rate_per_minute,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
