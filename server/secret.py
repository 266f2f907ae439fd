"""Secrets of this installation for single purposes, derived from its master key and kept nowhere."""

import hashlib
from pathlib import Path

from persistence.master_keys import read_master_keys


def installation_secret(key_file: Path, purpose: str) -> bytes:
    """32 bytes for one purpose. A rotated master key gives others: what they signed is short-lived anyway."""
    keys = read_master_keys(key_file)
    return hashlib.blake2b(keys.by_id[keys.current_id], digest_size=32, person=purpose.encode()[:16]).digest()
