"""What is kept of user agent, address and referrer, and what is dropped."""

import pytest

from domain.events import SessionContext
from domain.origin import without_private_parts
from domain.vocabulary import Device
from server.enrichment import Enrichment, country_of, read_agent

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.2 Mobile/15E148 Safari/604.1"
)
WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
)
ANDROID_TABLET = (
    "Mozilla/5.0 (Linux; Android 13; SM-X706B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
)
IPAD = (
    "Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.0 Safari/604.1"
)
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (IPHONE, Device.MOBILE),
        (WINDOWS, Device.DESKTOP),
        (ANDROID_TABLET, Device.TABLET),
        (IPAD, Device.TABLET),
        (CRAWLER, Device.BOT),
        ("curl/8.5.0", None),
        ("", None),
    ],
    ids=["phone", "desktop", "android tablet", "ipad", "crawler", "curl", "empty"],
)
def test_devices(agent: str, device: Device | None) -> None:
    assert read_agent(agent).device in (device, Device.OTHER if device is None else device)


def test_browser_and_system() -> None:
    agent = read_agent(WINDOWS)
    assert (agent.browser, agent.operating_system) == ("Chrome", "Windows")


def test_a_crawler_is_a_bot_unless_told_otherwise() -> None:
    enrichment = Enrichment()
    assert enrichment.origin(SessionContext(user_agent=CRAWLER)).is_bot is True
    assert enrichment.origin(SessionContext(user_agent=CRAWLER, is_bot=False)).is_bot is False
    assert enrichment.origin(SessionContext(user_agent=IPHONE)).is_bot is None


def test_what_the_bot_tells_goes_before_what_is_drawn() -> None:
    origin = Enrichment().origin(SessionContext(user_agent=IPHONE, device="DESKTOP", country="DE"), "NP")
    assert (origin.device, origin.country) == (Device.DESKTOP, "DE")


def test_the_country_of_the_request_fills_the_gap() -> None:
    assert Enrichment().origin(SessionContext(ip="192.0.2.1"), "NP").country == "NP"


@pytest.mark.parametrize(
    ("header", "country"),
    [("de", "DE"), (" NP ", "NP"), ("XX", None), ("T1", None), ("", None), (None, None), ("Germany", None)],
)
def test_country_headers(header: str | None, country: str | None) -> None:
    assert country_of(header) == country


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://shop.example.org/cart?email=a@b.c#top", "https://shop.example.org/cart"),
        ("https://ada:secret@example.org:8443/a", "https://example.org:8443/a"),
        ("//example.org/a?b", "//example.org/a"),
        ("/pricing?utm=1", "/pricing"),
        ("android-app://com.example/", "android-app://com.example/"),
        ("https://[2001:db8::1]/a", "https://[2001:db8::1]/a"),
        ("a@b.c", ""),
        ("https://example.org:99999/", ""),
        ("https://[bad/", ""),
    ],
)
def test_addresses_lose_their_private_parts(address: str, kept: str) -> None:
    assert without_private_parts(address) == kept
