"""Where a visitor comes from, as far as it may be kept: what remains of user agent, address and referrer."""

from urllib.parse import urlsplit

from msgspec import Struct

from domain.vocabulary import Device


class Origin(Struct, frozen=True, gc=False, kw_only=True):
    """Drawn from the `context` of an event when it arrives. The address itself is not kept."""

    device: Device | None = None
    browser: str | None = None
    operating_system: str | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None
    referrer: str | None = None
    entry_point: str | None = None
    is_bot: bool | None = None


def without_private_parts(address: str) -> str:
    """A web address without user information, query and fragment, which may hold personal data."""
    plain = address.split("#", 1)[0].split("?", 1)[0].strip()
    if "//" not in plain and "@" not in plain:
        return plain
    try:
        parts = urlsplit(plain)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if not host:
        return "" if "@" in plain else plain
    bracketed = f"[{host}]" if ":" in host else host
    scheme = f"{parts.scheme}:" if parts.scheme else ""
    return f"{scheme}//{bracketed}{f':{port}' if port else ''}{parts.path}"
