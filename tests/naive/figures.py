"""A session's figures, each recounted from its events by itself."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.naive.answers import NaiveAnswer, messages
from tests.naive.placing import Episode, Told, standing_end
from tests.naive.world import World

CONTEXT = ("channel", "campaign", "country", "region", "city", "device", "userType", "authenticated")


def counts(episode: Episode) -> dict[str, int]:
    roles = Counter(one.get("role") for one in messages(episode))
    kinds = Counter(one.kind for one in episode.events)
    goals = kinds["goal"]
    leads = len({one.get("leadId") or one.key for one in episode.events if one.kind == "lead"})
    failed = [one for one in episode.events if one.kind == "operation" and one.get("status") != "OK"]
    return {
        "user_messages": roles["USER"],
        "bot_messages": roles["BOT"],
        "human_messages": roles["HUMAN"],
        "goal_completions": goals,
        "leads": leads,
        "conversions": goals + leads,
        "operations": kinds["operation"],
        "operation_errors": len(failed),
    }


def answer_figures(found: list[NaiveAnswer]) -> dict[str, int | None]:
    times = [answer.response_ms for answer in found if answer.response_ms is not None]
    ppm = [round(answer.confidence * 1_000_000) for answer in found if answer.confidence is not None]
    tokens = [answer.tokens for answer in found if answer.tokens[0] is not None or answer.tokens[1] is not None]
    return {
        "answers": len(found),
        "replies": len(times),
        "response_ms_sum": sum(times),
        "confidence_count": len(ppm),
        "confidence_ppm_sum": sum(ppm),
        "confidence_ppm_min": min(ppm, default=None),
        "confidence_ppm_last": ppm[-1] if ppm else None,
        "fallback_known": sum(answer.fallback is not None for answer in found),
        "fallback_answers": sum(answer.fallback is True for answer in found),
        "unanswered_known": sum(answer.unanswered is not None for answer in found),
        "unanswered_answers": sum(answer.unanswered is True for answer in found),
        "token_answers": len(tokens),
        "input_tokens": sum(told[0] or 0 for told in tokens),
        "output_tokens": sum(told[1] or 0 for told in tokens),
        "cached_tokens": sum(told[2] or 0 for told in tokens),
        "priced_answers": sum(answer.cost is not None for answer in found),
    }


def costs(found: list[NaiveAnswer], world: World) -> dict[tuple[str, int], int]:
    """By currency and local day, in days since 1970-01-01."""
    sums: Counter[tuple[str, int]] = Counter()
    for answer in found:
        if answer.cost is not None:
            local = datetime.fromtimestamp(answer.at_ms // 1000, tz=UTC).astimezone(ZoneInfo(world.zone))
            sums[answer.cost[1], (local.date() - datetime(1970, 1, 1, tzinfo=UTC).date()).days] += answer.cost[0]
    return dict(sums)


def last_feedback(episode: Episode) -> list[Told]:
    """The last of each target and instrument counts (R11)."""
    latest = {(one.get("messageId"), one.get("instrument")): one for one in episode.events if one.kind == "feedback"}
    return list(latest.values())


def feedback_figures(episode: Episode) -> dict[str, int]:
    by_instrument: dict[str, list[Told]] = {name: [] for name in ("THUMBS", "RATING_1_5", "SURVEY", "SOLVED")}
    for one in last_feedback(episode):
        by_instrument[one.get("instrument")].append(one)
    thumbs = by_instrument["THUMBS"]
    surveys = by_instrument["SURVEY"]
    return {
        "thumbs_up": sum(one.get("score") == 1 for one in thumbs),
        "thumbs_down": sum(one.get("score") == 0 for one in thumbs),
        "ratings": len(by_instrument["RATING_1_5"]),
        "ratings_satisfied": sum(one.get("score") >= 4 for one in by_instrument["RATING_1_5"]),
        "surveys": len(surveys),
        "surveys_satisfied": sum((one.get("score") - 1) / ((one.get("scale") or 5) - 1) >= 0.75 for one in surveys),
    }


def handoff_figures(episode: Episode) -> dict[str, Any]:
    handoffs = [one for one in episode.events if one.kind == "handoff"]
    requests = [one for one in handoffs if one.get("state") == "REQUESTED"]
    performed = [
        one
        for one in episode.events
        if (one.kind == "handoff" and one.get("state") == "PERFORMED")
        or (one.kind == "ticket" and one.get("state") == "OPENED")
    ]
    first = performed[0] if performed else None
    asked = [one for one in handoffs if first is None or one.order <= first.order]
    targets = [one.get("target") for one in asked if one.get("target")]
    reasons = [one.get("reason") for one in asked if one.get("reason")]
    by_ticket = first is not None and first.kind == "ticket"
    return {
        "handoff_requested_at_ms": requests[0].at_ms if requests else None,
        "handoff_performed_at_ms": first.at_ms if first else None,
        "handoff_target": "TICKET" if by_ticket else targets[-1] if targets else None,
        "handoff_reason": reasons[-1] if reasons else None,
        "handoff_failed": any(one.get("state") == "FAILED" for one in handoffs),
    }


def runs(episode: Episode) -> dict[tuple[str, str], list[Told]]:
    """The steps of each workflow run."""
    steps: dict[tuple[str, str], list[Told]] = {}
    for one in episode.events:
        if one.kind == "workflow_step":
            steps.setdefault((one.get("workflow"), one.get("runId")), []).append(one)
    return steps


def run_figures(episode: Episode) -> dict[tuple[str, str], tuple[int, str | None, int | None, str, int | None]]:
    """Start, last step and its time, state and end of each run."""
    return {
        key: (
            steps[0].at_ms,
            next((one.get("step") for one in reversed(steps) if one.get("step")), None),
            next((one.at_ms for one in reversed(steps) if one.get("step")), None),
            steps[-1].get("state"),
            None if steps[-1].get("state") in ("STARTED", "REACHED") else steps[-1].at_ms,
        )
        for key, steps in runs(episode).items()
    }


def context(episode: Episode) -> dict[str, Any]:
    """The earliest known value of each; a source other than LIVE and being a bot count whenever told."""
    told = [one.get("context") or {} for one in episode.activity]
    known = {name: next((part[name] for part in told if part.get(name) is not None), None) for name in CONTEXT}
    sources = [part["source"] for part in told if part.get("source") not in (None, "LIVE")]
    return known | {
        "source": sources[0] if sources else "LIVE",
        "isBot": any(part.get("isBot") for part in told),
        "language": _language(episode),
    }


def _language(episode: Episode) -> str | None:
    for one in episode.activity:
        own = one.get("language") if one.get("role") == "USER" else None
        found = (one.get("context") or {}).get("language") or own
        if found:
            return str(found)
    return None


def primary_intent(episode: Episode) -> str | None:
    asked = (one.get("intent") for one in messages(episode) if one.get("role") == "USER")
    return next((str(intent) for intent in asked if intent), None)


def end_figures(episode: Episode) -> dict[str, Any]:
    end = standing_end(episode)
    if end is None:
        return {"ended_at_ms": None, "end_actor": None, "end_reason": None, "end_resolved": None}
    return {
        "ended_at_ms": end.at_ms,
        "end_actor": end.get("actor"),
        "end_reason": end.get("reason") or "CLOSED",
        "end_resolved": end.get("resolved"),
    }
