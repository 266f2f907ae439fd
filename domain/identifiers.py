"""The 128-bit identities of events and messages, from whatever references their senders use (R16)."""

import re
from hashlib import blake2b
from typing import Final

_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_IS_CANONICAL: Final = re.compile(_UUID).fullmatch
_IS_UUID: Final = re.compile(_UUID, re.IGNORECASE | re.ASCII).fullmatch


def event_key(reference: str) -> str:
    """A uuid as it is, in lower case; any other text by its hash."""
    if _IS_CANONICAL(reference):
        return reference
    return reference.lower() if _IS_UUID(reference) else _hashed(reference.encode())


def message_alias(chatbot_id: str, message_id: str) -> str:
    """The identity of a message that its bot named itself: such names are unique within a chatbot only. (A uuid is
    unique anywhere, also when it is the id of the message's event.)"""
    if _IS_UUID(message_id):
        return message_id.lower()
    return _hashed(f"{chatbot_id}\0{message_id}".encode())


def body_key(occurred_at_ms: int, body_hash: bytes) -> str:
    """The identity of an event without an id: its time, then the hash of its body, so that ids of one time lie
    together in the index as UUIDv7 do."""
    return _uuid8(f"{occurred_at_ms & 0xFFFFFFFFFFFF:012x}{body_hash.hex()}")


def _hashed(content: bytes) -> str:
    return _uuid8(blake2b(content, digest_size=16).hexdigest())


def _uuid8(digits: str) -> str:
    """RFC 9562 version 8, "custom": the version and variant digits are set, the rest is ours."""
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-8{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"
