"""Event ids of made-up traffic: UUIDv7 in form, from the event's own time and the seeded generator."""

from random import Random
from uuid import UUID


def make_event_id(random: Random, at_ms: int) -> str:
    """Version 7: 48 bits of time, then random bits, so that ids sort as the events happened."""
    low = random.getrandbits(74)
    number = at_ms << 80 | 0x7 << 76 | low >> 62 << 64 | 0b10 << 62 | low & (1 << 62) - 1
    return str(UUID(int=number))
