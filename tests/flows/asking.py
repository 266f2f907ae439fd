"""Questions to the server that holds the visits, and its chatbots."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from tests.flows.serving_process import Installation
from tests.flows.visits import BOTS, FIRST, PLAN_CHANGE, Visit

LAST = FIRST + timedelta(days=400)
WHOLE = f'{{custom: {{from: "{FIRST.isoformat()}", to: "{LAST.isoformat()}"}}}}'
Json = dict[str, Any]


def make_chatbots(service: Installation) -> None:
    plans = {"shop": ((FIRST, "FREE"), (PLAN_CHANGE, "PRO")), "phone": ((FIRST, "BUSINESS"),)}
    for slug, kind in BOTS.items():
        made = f'createChatbot(input: {{slug: "{slug}", type: {kind}}}) {{ ... on Chatbot {{ id }} }}'
        identity = service.graphql(f"mutation {{ {made} }}")["createChatbot"]["id"]
        for since, plan in plans.get(slug, ((FIRST, "PREMIUM"),)):
            change = f"""mutation {{ changeChatbotSettings(input: {{
                id: "{identity}", plan: {plan}, effectiveFrom: "{since.isoformat()}" }})
                {{ ... on ChatbotSettings {{ plan }} }} }}"""
            assert service.graphql(change)["changeChatbotSettings"] == {"plan": plan}


def within(visits: Iterable[Visit], start: datetime, end: datetime) -> list[Visit]:
    return [visit for visit in visits if start <= visit.at < end]


def ask(service: Installation, selection: str, rest: str = "", *, range: str | None = None) -> Json:
    period = range or WHOLE
    found: Json = service.graphql(f"{{ metrics(range: {period} {rest}) {{ {selection} }} }}")["metrics"]
    return found


def totals(service: Installation, selection: str, rest: str = "") -> Json:
    found: Json = ask(service, f"totals {{ {selection} }}", rest)["totals"]
    return found


def groups(service: Installation, dimension: str, selection: str, rest: str = "") -> dict[str | None, Json]:
    """By value; null is unknown."""
    document = f"groups {{ key {{ value }} metrics {{ {selection} }} }}"
    found = ask(service, document, f"groupBy: [{dimension}] limit: 60 {rest}")["groups"]
    return {group["key"][0]["value"]: group["metrics"] for group in found}


def counts(service: Installation, dimension: str, metric: str = "sessions", rest: str = "") -> dict[str | None, int]:
    found = groups(service, dimension, f"{metric} {{ value }}", rest)
    return {value: metrics[metric]["value"] for value, metrics in found.items() if metrics[metric]["value"]}


def shares(service: Installation, dimension: str, metric: str) -> dict[str | None, tuple[int, int]]:
    """Numerator and denominator by group; groups of nothing left out."""
    found = groups(service, dimension, f"{metric} {{ numerator denominator }}")
    parts = {value: metrics[metric] for value, metrics in found.items()}
    return {value: (part["numerator"], part["denominator"]) for value, part in parts.items() if part["denominator"]}
