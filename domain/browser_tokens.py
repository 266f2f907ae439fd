"""Short-lived tokens for browsers: signed, so that they need no table and survive a restart.

A token carries what its key may do at most; the key itself is looked up at every use, so revoking or narrowing the
key reaches its tokens at once.
"""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from domain.accounts import Scope, scopes_from_names

TOKEN_PREFIX: Final = "parlt"
LONGEST_LIFE: Final = timedelta(hours=1)
_LONGEST_TOKEN: Final = 8_000
_PURPOSE: Final = b"parlance browser token 1"


@dataclass(frozen=True, slots=True)
class BrowserToken:
    """Read as: whoever holds this may do at most `scopes` on `chatbot_ids` until `expires_at`, by this key."""

    workspace_id: UUID
    key_id: UUID
    scopes: frozenset[Scope]
    chatbot_ids: frozenset[int] | None
    expires_at: datetime


def sign_token(token: BrowserToken, secret: bytes) -> str:
    claims: dict[str, Any] = {
        "w": token.workspace_id.hex,
        "k": token.key_id.hex,
        "s": sorted(scope.value for scope in token.scopes),
        "c": None if token.chatbot_ids is None else sorted(token.chatbot_ids),
        "e": int(token.expires_at.timestamp()),
    }
    payload = _encoded(json.dumps(claims, separators=(",", ":")).encode())
    return f"{TOKEN_PREFIX}_{payload}.{_encoded(_signature(payload, secret))}"


def read_token(text: str, secret: bytes, *, now: datetime) -> BrowserToken | None:
    """The token if it is ours, unaltered and not expired; else None, without saying which."""
    if len(text) > _LONGEST_TOKEN or not text.isascii() or not text.startswith(f"{TOKEN_PREFIX}_"):
        return None
    payload, dot, signature = text[len(TOKEN_PREFIX) + 1 :].partition(".")
    if not dot or not hmac.compare_digest(signature, _encoded(_signature(payload, secret))):
        return None
    try:
        token = _token(json.loads(_decoded(payload)))
    except (ValueError, KeyError, TypeError, binascii.Error):
        return None
    return token if now < token.expires_at else None


def _token(claims: dict[str, Any]) -> BrowserToken:
    chatbots = claims["c"]
    return BrowserToken(
        workspace_id=UUID(hex=claims["w"]),
        key_id=UUID(hex=claims["k"]),
        scopes=scopes_from_names(claims["s"]),
        chatbot_ids=None if chatbots is None else frozenset(chatbots),
        expires_at=datetime.fromtimestamp(claims["e"], UTC),
    )


def _signature(payload: str, secret: bytes) -> bytes:
    # A key of its own for this purpose: the secret may sign other things too.
    own_key = hmac.new(secret, _PURPOSE, hashlib.sha256).digest()
    return hmac.new(own_key, payload.encode(), hashlib.sha256).digest()


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
