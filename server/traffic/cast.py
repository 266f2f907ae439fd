"""Who takes part in the made-up traffic: chatbots with their people, channels, prices and habits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Curve = Literal["shoppers", "office", "students"]
ALL_REPORTS = frozenset(
    {
        "HANDOFF",
        "FEEDBACK",
        "LEAD",
        "GOAL",
        "ERROR",
        "COST",
        "CONFIDENCE",
        "TOKENS",
        "WORKFLOW",
        "RETRIEVAL",
        "FALLBACK",
        "VISITOR",
        "TICKET",
        "EXPERIMENT",
        "DEVICE",
        "GEOGRAPHY",
        "INTENT",
        "LATENCY",
    }
)


@dataclass(frozen=True)
class Place:
    country: str
    region: str
    city: str


@dataclass(frozen=True, kw_only=True)
class Price:
    """Money per million tokens, in the bot's currency."""

    currency: str
    input_per_million: float
    output_per_million: float


@dataclass(frozen=True, kw_only=True)
class Bot:
    slug: str
    name: str
    chatbot_type: Literal["AVATAR_3D", "TEXT", "VOICE"]
    plan: Literal["FREE", "PRO", "BUSINESS", "PREMIUM"]
    zone: str
    sessions_per_day: float
    curve: Curve
    channels: Mapping[str, float]
    places: Mapping[Place, float]
    dialogues: Mapping[str, str]  # language -> file of dialogues
    languages: Mapping[str, float]
    entry_points: Mapping[str, float] = field(default_factory=dict)
    referrers: Mapping[str, float] = field(default_factory=dict)
    campaigns: tuple[str, ...] = ()
    user_types: Mapping[str, float] = field(default_factory=dict)
    authenticated_share: float = 0.0
    reports: frozenset[str] = ALL_REPORTS
    price: Price | None = None
    answer_seconds: float = 1.6  # median time to the first byte of an answer
    engaged_share: float = 0.88
    returning_share: float = 0.38
    feedback: Literal["THUMBS", "RATING_1_5", "SOLVED"] = "THUMBS"
    queues: tuple[str, ...] = ()
    handoff_target: Literal["AGENT", "TICKET", "CALLBACK"] = "AGENT"
    threads: frozenset[str] = frozenset()  # channels whose sessions the server has to cut
    greets: bool = True


_SEARCH = {
    "https://www.google.com/": 5.0,
    "https://duckduckgo.com/": 1.0,
    "https://www.bing.com/": 1.0,
    "": 6.0,
}

SHOP = Bot(
    slug="shop-guide",
    name="Aria, the shop guide",
    chatbot_type="AVATAR_3D",
    plan="PREMIUM",
    zone="Europe/London",
    sessions_per_day=27,
    curve="shoppers",
    channels={"WEBSITE": 6, "APP": 3, "WHATSAPP": 2},
    places={
        Place("GB", "England", "London"): 7,
        Place("GB", "England", "Leeds"): 2,
        Place("GB", "Scotland", "Edinburgh"): 2,
        Place("IE", "Leinster", "Dublin"): 2,
        Place("FR", "Rhône", "Lyon"): 3,
        Place("FR", "Paris", "Paris"): 3,
        Place("BE", "Brussels", "Brussels"): 1,
    },
    dialogues={"en": "shop.en", "fr": "shop.fr"},
    languages={"en": 8, "fr": 2},
    entry_points={"/": 4, "/product": 7, "/basket": 3, "/help": 3, "/orders": 4},
    referrers={**_SEARCH, "https://www.instagram.com/": 2},
    campaigns=("spring-trail", "newsletter-41", "retarget-basket"),
    user_types={"guest": 6, "customer": 5},
    authenticated_share=0.4,
    price=Price(currency="EUR", input_per_million=0.9, output_per_million=3.6),
    queues=("customer care",),
    threads=frozenset({"WHATSAPP"}),
)
SUPPORT = Bot(
    slug="support-desk",
    name="Northwind help desk",
    chatbot_type="TEXT",
    plan="BUSINESS",
    zone="America/New_York",
    sessions_per_day=23,
    curve="office",
    channels={"WEBSITE": 6, "HELP_DESK": 3, "APP": 2, "EMAIL": 1},
    places={
        Place("US", "Massachusetts", "Boston"): 5,
        Place("US", "Colorado", "Denver"): 3,
        Place("US", "Texas", "Austin"): 4,
        Place("CA", "Ontario", "Toronto"): 3,
        Place("BR", "São Paulo", "São Paulo"): 1,
        Place("MX", "Jalisco", "Guadalajara"): 1,
    },
    dialogues={"en": "support.en"},
    languages={"en": 1},
    entry_points={"/app/settings": 4, "/docs": 5, "/pricing": 2, "/login": 4},
    referrers=_SEARCH,
    user_types={"owner": 2, "member": 6, "trial": 3},
    authenticated_share=0.7,
    price=Price(currency="USD", input_per_million=2.5, output_per_million=10.0),
    answer_seconds=2.1,
    queues=("billing", "technical", "accounts"),
    handoff_target="TICKET",
)
CLINIC = Bot(
    slug="booking-line",
    name="Park Practice telephone line",
    chatbot_type="VOICE",
    plan="PRO",
    zone="Europe/Berlin",
    sessions_per_day=14,
    curve="office",
    channels={"VOICE": 1},
    places={Place("DE", "Berlin", "Berlin"): 8, Place("DE", "Brandenburg", "Potsdam"): 2},
    dialogues={"de": "clinic.de", "en": "clinic.en"},
    languages={"de": 9, "en": 1},
    reports=ALL_REPORTS - {"DEVICE", "LEAD", "TICKET", "EXPERIMENT", "RETRIEVAL"},
    user_types={"patient": 5, "new patient": 1},
    price=Price(currency="EUR", input_per_million=4.0, output_per_million=16.0),
    answer_seconds=1.1,
    engaged_share=0.95,
    returning_share=0.5,
    feedback="SOLVED",
    queues=("reception",),
)
WORKPLACE = Bot(
    slug="it-helper",
    name="IT helper",
    chatbot_type="TEXT",
    plan="PRO",
    zone="Asia/Kolkata",
    sessions_per_day=13,
    curve="office",
    channels={"TEAMS": 6, "SLACK": 4},
    places={
        Place("IN", "Maharashtra", "Pune"): 6,
        Place("IN", "Tamil Nadu", "Chennai"): 4,
        Place("SG", "Singapore", "Singapore"): 1,
    },
    dialogues={"en": "workplace.en"},
    languages={"en": 1},
    reports=ALL_REPORTS - {"LEAD", "COST", "EXPERIMENT", "GOAL"},
    user_types={"employee": 9, "contractor": 2},
    authenticated_share=1.0,
    answer_seconds=1.3,
    engaged_share=0.97,
    returning_share=0.62,
    queues=("first line", "network"),
    handoff_target="TICKET",
    greets=False,
)
PROPERTY = Bot(
    slug="home-finder",
    name="Harbour Homes guide",
    chatbot_type="AVATAR_3D",
    plan="BUSINESS",
    zone="Australia/Sydney",
    sessions_per_day=9,
    curve="shoppers",
    channels={"WEBSITE": 7, "MESSENGER": 2, "SMS": 1},
    places={
        Place("AU", "New South Wales", "Sydney"): 7,
        Place("AU", "Western Australia", "Perth"): 2,
        Place("NZ", "Auckland", "Auckland"): 1,
    },
    dialogues={"en": "property.en"},
    languages={"en": 1},
    entry_points={"/buy": 5, "/rent": 4, "/sell": 2},
    referrers=_SEARCH,
    campaigns=("open-house", "suburb-report"),
    reports=ALL_REPORTS - {"TICKET", "WORKFLOW"},
    user_types={"visitor": 1},
    price=Price(currency="USD", input_per_million=1.1, output_per_million=4.4),
    engaged_share=0.74,
    returning_share=0.3,
    feedback="RATING_1_5",
    queues=("agents",),
    handoff_target="CALLBACK",
)
CAMPUS = Bot(
    slug="campus-guide",
    name="Guía del campus",
    chatbot_type="TEXT",
    plan="FREE",
    zone="Europe/Madrid",
    sessions_per_day=10,
    curve="students",
    channels={"TELEGRAM": 4, "WEBSITE": 5},
    places={
        Place("ES", "Madrid", "Madrid"): 6,
        Place("ES", "Andalucía", "Sevilla"): 2,
        Place("PT", "Porto", "Porto"): 1,
    },
    dialogues={"es": "campus.es"},
    languages={"es": 1},
    entry_points={"/": 3, "/secretaria": 4, "/biblioteca": 2},
    referrers=_SEARCH,
    reports=ALL_REPORTS - {"COST", "TOKENS", "HANDOFF", "LEAD", "GOAL", "TICKET", "EXPERIMENT", "WORKFLOW"},
    user_types={"student": 8, "applicant": 3},
    answer_seconds=2.6,
    returning_share=0.45,
    threads=frozenset({"TELEGRAM"}),
)

BOTS = (SHOP, SUPPORT, CLINIC, WORKPLACE, PROPERTY, CAMPUS)
