"""The words of the made-up conversations, read from the files beside this one."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Topic:
    intent: str
    weight: float
    source: str
    questions: tuple[str, ...]
    answers: tuple[str, ...]
    follow: tuple[tuple[str, str], ...]
    operation: str | None = None
    workflow: str | None = None
    steps: tuple[str, ...] = ()
    difficulty: float = 0.07  # share of answers that do not help
    handoff: float = 0.0  # share of sessions that a person has to finish whatever the bot does
    goal: str | None = None
    value: int | None = None
    lead: bool = False
    scope: bool = True


@dataclass(frozen=True)
class Dialogue:
    """All that one chatbot says in one language."""

    phrases: Mapping[str, tuple[str, ...]]
    topics: tuple[Topic, ...]


@cache
def read_dialogue(name: str) -> Dialogue:
    content = _read(name)
    topics = tuple(_build_topic(entry) for entry in content.pop("topic"))
    return Dialogue({key: tuple(value) for key, value in content.items()}, topics)


def fill_slots(text: str, slots: Mapping[str, str]) -> str:
    return text.format_map(slots) if "{" in text else text


def draw_slots(random: Random, language: str) -> dict[str, str]:
    """One set for a whole session: the order asked about is the order answered about."""
    content = _read_slots()
    return {
        "product": random.choice(content["product"]),
        "city": random.choice(content["city"]),
        "name": random.choice(content["name"]),
        "day": random.choice(content["day"][language]),
        "month": random.choice(content["month"][language]),
        "order": f"A-{random.randrange(10_000, 99_999)}",
        "amount": str(random.randrange(12, 480)),
        "code": str(random.randrange(1000, 9999)),
    }


def _build_topic(entry: dict[str, Any]) -> Topic:
    lists: dict[str, Any] = {key: tuple(entry.pop(key, ())) for key in ("questions", "answers", "steps")}
    follow = tuple((question, answer) for question, answer in entry.pop("follow", ()))
    return Topic(follow=follow, **lists, **entry)


@cache
def read_user_agents() -> Mapping[str, list[str]]:
    return _read("user_agents")


@cache
def _read_slots() -> dict[str, Any]:
    return _read("slots")


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
