"""What is drawn from a visitor's user agent and address when an event arrives; the address is then dropped."""

import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import maxminddb
from ua_parser import parse

from domain.events import SessionContext
from domain.origin import Origin, without_private_parts
from domain.vocabulary import Device

_REMEMBERED_AGENTS: Final = 20_000
_LONGEST_AGENT_READ: Final = 512
"""Matching takes time by length; everything that tells a browser stands before this."""

_DESKTOP_SYSTEMS: Final = frozenset(
    {"Windows", "Mac OS X", "Linux", "Ubuntu", "Chrome OS", "Debian", "Fedora", "FreeBSD"}
)
_COUNTRY: Final = re.compile("[A-Z]{2}")
_NO_COUNTRY: Final = frozenset({"XX", "T1", "ZZ", "A1", "A2", "O1", "AP", "EU"})
"""Codes by which proxies and databases say that they do not know."""


class Agent(NamedTuple):
    device: Device | None
    browser: str | None
    operating_system: str | None


class Place(NamedTuple):
    country: str | None = None
    region: str | None = None
    city: str | None = None


NOWHERE: Final = Place()


class Enrichment:
    """`origin(context)` for each event that brings a context."""

    def __init__(self, geoip_database: Path | None = None) -> None:
        self._places = maxminddb.open_database(geoip_database) if geoip_database else None

    def origin(self, context: SessionContext, country_of_request: str | None = None) -> Origin:
        agent = read_agent(context.user_agent[:_LONGEST_AGENT_READ]) if context.user_agent else Agent(None, None, None)
        place = self._place(context.ip) if context.ip and context.country is None else NOWHERE
        device = Device[context.device] if context.device else agent.device
        return Origin(
            device=device,
            browser=agent.browser,
            operating_system=agent.operating_system,
            country=context.country or place.country or country_of_request,
            region=context.region or place.region,
            city=context.city or place.city,
            referrer=_kept_address(context.referrer),
            entry_point=_kept_address(context.entry_point),
            is_bot=context.is_bot if context.is_bot is not None else (True if device is Device.BOT else None),
        )

    def close(self) -> None:
        if self._places is not None:
            self._places.close()

    def _place(self, address: str) -> Place:
        if self._places is None:
            return NOWHERE
        try:
            found = self._places.get(ipaddress.ip_address(address.strip()))
        except (ValueError, maxminddb.InvalidDatabaseError):
            return NOWHERE
        return _place_of(found) if isinstance(found, dict) else NOWHERE


def country_of(header_value: str | None) -> str | None:
    """The country that a proxy names in its header, or None where it does not know."""
    code = (header_value or "").strip().upper()
    return code if _COUNTRY.fullmatch(code) and code not in _NO_COUNTRY else None


@lru_cache(maxsize=_REMEMBERED_AGENTS)
def read_agent(text: str) -> Agent:
    found = parse(text)
    browser = found.user_agent.family if found.user_agent else None
    system = found.os.family if found.os else None
    family = found.device.family if found.device else None
    return Agent(_device(text, system, family), browser, system)


def _device(text: str, system: str | None, family: str | None) -> Device | None:
    if family == "Spider":
        return Device.BOT
    if family == "iPad" or "Tablet" in text or (system == "Android" and "Mobile" not in text):
        return Device.TABLET
    if system in ("iOS", "Android", "Windows Phone", "KaiOS") or "Mobile" in text:
        return Device.MOBILE
    if system in _DESKTOP_SYSTEMS:
        return Device.DESKTOP
    return Device.OTHER if system or family else None


def _place_of(found: Mapping[str, object]) -> Place:
    country = found.get("country") or found.get("registered_country")
    code = country_of(str(country.get("iso_code", ""))) if isinstance(country, dict) else None
    divisions = found.get("subdivisions")
    region = divisions[0] if isinstance(divisions, list) and divisions else None
    return Place(code, _english_name(region), _english_name(found.get("city")))


def _english_name(part: object) -> str | None:
    names = part.get("names") if isinstance(part, dict) else None
    name = names.get("en") if isinstance(names, dict) else None
    return str(name)[:128] if name else None


def _kept_address(address: str | None) -> str | None:
    return (without_private_parts(address) or None) if address else None
