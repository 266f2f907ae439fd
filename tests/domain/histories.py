"""Random histories as wire events: few names and round gaps, so that boundaries and collisions are common."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from tests.naive.placing import Wire
from tests.naive.world import Settings, World

START = datetime(2026, 3, 28, 20, 0, tzinfo=UTC)
GAPS_MS = (
    0,
    1,
    1_000,
    1_000,
    5_000,
    60_000,
    60_000,
    599_999,
    600_000,
    1_799_999,
    1_800_000,
    43_200_000,
    86_399_999,
    86_400_000,
)
NAMES = tuple(f"m{number}" for number in range(10))

SHORT = Settings(idle_timeout_ms=600_000, detects_corrections=False)
LISTED = Settings(
    failure_phrases=frozenset({"Sorry, I don't know."}),
    failure_actions=frozenset({"fallback"}),
    uncertain_phrases=frozenset({"not sure"}),
)
CHANGED = Settings(since_ms=int((START + timedelta(hours=2)).timestamp() * 1000), idle_timeout_ms=600_000)

WORLDS = st.sampled_from(
    [
        World(resolving_goals=frozenset({"paid"})),
        World(zone="Europe/Berlin", resolving_goals=frozenset({"paid"}), settings={"shop": [LISTED], "desk": [SHORT]}),
        World(zone="Asia/Kathmandu", settings={"shop": [Settings(), CHANGED]}),
    ]
)

_maybe = st.none() | st.booleans()
_intents = st.none() | st.sampled_from(["order", "refund"])
_confidences = st.none() | st.sampled_from([0.0, 0.5, 0.699999, 0.7, 0.9, 1.0])
_money = st.builds(
    lambda amount, currency: {"amount": amount, "currency": currency},
    st.sampled_from(["0.001", "0.000000001", "12.5"]),
    st.sampled_from(["EUR", "USD"]),
)
_texts = st.none() | st.sampled_from(["hello", "SORRY, I don't   know!", "not sure…", "well, not sure", "Which one?"])
_questions = st.none() | st.sampled_from(
    [
        "Where is my order?",
        "Where is my order now, please?",
        "Where is my invoice?",
        "No, that's wrong.",
        "I meant the blue one",
        "That’s not what I asked!",
        "thanks",
    ]
)
_names = st.sampled_from(NAMES)


def _known(parts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parts.items() if value is not None}


def _dict(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(parts).map(_known)


_answers = _dict(
    action=st.none() | st.sampled_from(["fallback", "lookup"]),
    intent=_intents,
    confidence=_confidences,
    lowConfidence=st.none() | st.none() | st.booleans(),
    genericFailure=st.none() | st.none() | st.booleans(),
    uncertain=st.none() | st.none() | st.booleans(),
    retrievalFailed=st.none() | st.none() | st.booleans(),
    outOfScope=st.none() | st.none() | st.booleans(),
    inputTokens=st.none() | st.integers(0, 1000),
    outputTokens=st.none() | st.integers(0, 1000),
    cachedTokens=st.none() | st.integers(0, 1000),
    cost=st.none() | _money,
)
_contexts = _dict(
    source=st.none() | st.sampled_from(["LIVE", "LIVE", "EVAL"]),
    isBot=st.sampled_from([None, None, False, True]),
    channel=st.none() | st.sampled_from(["website", "app"]),
    country=st.none() | st.sampled_from(["DE", "NP"]),
    device=st.none() | st.sampled_from(["MOBILE", "DESKTOP"]),
    language=st.none() | st.sampled_from(["de", "en"]),
    userType=st.none() | st.sampled_from(["customer", "guest"]),
    authenticated=_maybe,
)
_user = _dict(
    type=st.just("message"),
    role=st.just("USER"),
    intent=_intents,
    language=st.none() | st.sampled_from(["en", "fr"]),
    text=_questions,
    corrects=st.none() | st.none() | _names,
    context=st.none() | st.none() | _contexts,
)
_bot = _dict(
    type=st.just("message"),
    role=st.just("BOT"),
    proactive=st.sampled_from([None, None, None, True]),
    text=_texts,
    intent=_intents,
    answer=st.none() | _answers,
    firstByteLeadMs=st.sampled_from([None, None, 0, 400, 700_000, -3_000]),
)
_person = _dict(type=st.just("message"), role=st.sampled_from(["HUMAN", "SYSTEM"]))
_other = st.one_of(
    _dict(type=st.just("session_started"), context=st.none() | _contexts),
    _dict(type=st.just("answer"), messageId=_names, answer=_answers),
    _dict(
        type=st.just("retrieval"),
        messageId=st.none() | _names,
        hits=st.none() | st.integers(0, 2),
        topScore=st.none() | st.sampled_from([0.4, 0.5]),
        threshold=st.none() | st.just(0.5),
        error=st.sampled_from([None, None, True]),
    ),
    _dict(
        type=st.just("operation"),
        operationClass=st.just("TOOL"),
        name=st.just("crm"),
        status=st.sampled_from(["OK", "ERROR", "TIMEOUT"]),
    ),
    _dict(
        type=st.just("workflow_step"),
        workflow=st.sampled_from(["return", "booking"]),
        runId=st.sampled_from(["r1", "r2"]),
        state=st.sampled_from(["STARTED", "REACHED", "COMPLETED", "FAILED", "CANCELLED"]),
        step=st.none() | st.sampled_from(["one", "two"]),
    ),
    _dict(
        type=st.just("feedback"),
        instrument=st.sampled_from(["THUMBS", "SOLVED"]),
        score=st.integers(0, 1),
        messageId=st.none() | _names,
    ),
    _dict(
        type=st.just("feedback"),
        instrument=st.sampled_from(["RATING_1_5", "SURVEY"]),
        score=st.integers(1, 5),
        messageId=st.none() | _names,
    ),
    _dict(
        type=st.just("handoff"),
        state=st.sampled_from(["REQUESTED", "PERFORMED", "FAILED"]),
        target=st.none() | st.sampled_from(["AGENT", "CALLBACK"]),
        reason=st.none() | st.sampled_from(["USAGE_LIMIT", "POLICY"]),
    ),
    _dict(type=st.just("ticket"), ticketId=st.just("t"), state=st.sampled_from(["OPENED", "CLOSED"])),
    _dict(type=st.just("goal"), goal=st.sampled_from(["paid", "read"])),
    _dict(type=st.just("lead"), leadId=st.none() | st.just("l")),
    _dict(type=st.just("cost_correction"), messageId=_names, cost=_money),
    _dict(
        type=st.just("identify"),
        userId=st.sampled_from(["anna", "bert", "v1"]),
        relink=st.sampled_from([None, None, True]),
        userType=st.none() | st.sampled_from(["customer", "staff"]),
        authenticated=_maybe,
    ),
    _dict(
        type=st.just("session_ended"),
        actor=st.sampled_from(["USER", "BOT"]),
        reason=st.sampled_from([None, "CHANNEL_LIMIT", "COMPLETED"]),
        resolved=_maybe,
    ),
)
_KINDS = (_user, _bot, _user, _bot, _user, _bot, _person, _other, _other, _other, _other)
_SESSION, _THREAD = {"sessionId": "s1"}, {"threadId": "t1"}
_SETS_OF_PLACES = (
    (_SESSION,),
    (_THREAD,),
    (_SESSION, {"sessionId": "s2"}),
    (_SESSION, {"sessionId": "s2"}, _THREAD, {"threadId": "t2"}),
)


@st.composite
def histories(draw: st.DrawFn, *, most: int = 24) -> list[Wire]:
    """Valid events in order of time, each with an id that says nothing of its place."""
    size = draw(st.sampled_from([most, most // 2, 3, 1]))
    kinds = draw(st.lists(st.sampled_from(_KINDS).flatmap(lambda kind: kind), min_size=size, max_size=size))
    places = draw(st.sampled_from(_SETS_OF_PLACES))
    ids = draw(st.permutations(range(len(kinds))))
    names = iter(draw(st.permutations(NAMES)))
    moment = START
    found: list[Wire] = []
    for body, number in zip(kinds, ids, strict=True):
        least = (
            1 if found and found[-1]["type"] == "session_ended" else 0
        )  # else two sessions of a thread are one instant
        moment += timedelta(milliseconds=max(least, draw(st.sampled_from(GAPS_MS))))
        event = {
            **body,
            "eventId": str(UUID(int=0x01900000_0000_7000_8000_000000000000 + number)),
            "occurredAt": written(moment),
            "chatbotId": draw(st.sampled_from(["shop", "shop", "shop", "shop", "shop", "shop", "desk"])),
        }
        _add_first_byte(event, moment)
        if event["type"] == "message" and draw(st.booleans()):
            event["messageId"] = next(names, None) or event["eventId"]
        _add_place(draw, event, places)
        found.append(event)
    return found


def written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _add_first_byte(event: Wire, moment: datetime) -> None:
    lead = event.pop("firstByteLeadMs", None)
    if lead is not None:
        event["firstByteAt"] = written(moment - timedelta(milliseconds=lead))


def _add_place(draw: st.DrawFn, event: Wire, places: tuple[dict[str, str], ...]) -> None:
    visitor = draw(st.sampled_from([None, "v1", "v1", "v2"]))
    if event["type"] == "identify":
        event["visitorId"] = visitor or "anna"
        return
    if event["type"] not in ("message", "session_started", "session_ended") and visitor and draw(st.booleans()):
        event["visitorId"] = visitor
        return
    event |= draw(st.sampled_from(places))
    if visitor:
        event["visitorId"] = visitor


@st.composite
def batches(draw: st.DrawFn, history: list[Wire], *, ordered: bool = False) -> list[list[Wire]]:
    """The history cut into batches, in any order of arrival, some events sent twice."""
    arrivals = list(history) if ordered else list(draw(st.permutations(history)))
    if not ordered:
        arrivals += draw(st.lists(st.sampled_from(history), max_size=3))
    cuts = sorted(draw(st.sets(st.integers(1, max(len(arrivals) - 1, 1)), max_size=8)))
    edges = [0, *cuts, len(arrivals)]
    return [arrivals[start:end] for start, end in pairwise(edges) if arrivals[start:end]]
