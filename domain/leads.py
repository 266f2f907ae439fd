"""When are two leads the same person? By the e-mail address, else by the telephone number."""

import unicodedata
from typing import Final

_SHORTEST_NUMBER: Final = 8
_LONGEST_NUMBER: Final = 15


def identity_key(*, email: str | None, phone: str | None) -> str | None:
    """The address without case and surrounding space; else the number in E.164, if it tells its country."""
    if email is not None and "@" in email.strip("@ "):
        return unicodedata.normalize("NFC", email).strip().casefold()
    return _international(phone) if phone is not None else None


def _international(phone: str) -> str | None:
    plain = unicodedata.normalize("NFKC", phone).strip()
    if plain.startswith("00"):
        plain = f"+{plain[2:]}"
    digits = "".join(character for character in plain if character in "0123456789")
    if not plain.startswith("+") or not _SHORTEST_NUMBER <= len(digits) <= _LONGEST_NUMBER:
        return None
    return f"+{digits}"
