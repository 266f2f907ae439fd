"""Ids of imported events: the same record of the same conversation always gets the same id."""

from hashlib import blake2b
from uuid import UUID


def derive_event_id(at_ms: int, *, sequence: int, parts: tuple[str, ...]) -> str:
    """A UUIDv7 in form: time, then the place within the conversation, then a digest of where it comes from.

    Sources often keep whole seconds only. Events of one instant are ordered by their ids, so the place in the
    source has to come before the digest.
    """
    digest = int.from_bytes(blake2b("\0".join(parts).encode(), digest_size=8).digest(), "big")
    tail = (sequence & 0xFFFFF) << 42 | digest & (1 << 42) - 1
    number = max(at_ms, 0) << 80 | 0x7 << 76 | (sequence >> 20 & 0xFFF) << 64 | 0b10 << 62 | tail
    return str(UUID(int=number))
