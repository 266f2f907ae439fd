"""Probes lie outside sessions: what can be asked of them, and by whom."""

from uuid import uuid4

import pytest

from domain.problems import Refused
from domain.queries.filters import In
from domain.queries.query import Part
from domain.vocabulary import LabelKind
from persistence.tables.events import ProbeRow
from tests.persistence.metrics.conftest import Ask
from tests.persistence.metrics.facts import NOON_MS, Facts, a_session

PARTS = frozenset({Part.TOTALS, Part.GROUPS, Part.EXCLUDED})


async def put_probes(facts: Facts) -> None:
    codes = await facts.labels(LabelKind.COMPONENT, "core", "search")
    ups = [(1, "core", True)] * 9 + [(1, "core", False), (2, "core", False)] + [(1, "search", True)] * 6
    rows = [
        {
            "event_id": uuid4(),
            "chatbot_id": bot,
            "occurred_at_ms": NOON_MS,
            "received_at_ms": NOON_MS,
            "component": codes[component],
            "up": up,
        }
        for bot, component, up in ups
    ]
    await facts.put(ProbeRow, rows)


async def test_a_key_of_one_chatbot_sees_its_probes_only(facts: Facts, ask: Ask) -> None:
    await put_probes(facts)
    await facts.sessions(a_session())
    table = await ask("availability", group_by=("component",), among=frozenset({1}), parts=PARTS)
    assert table.totals["availability"].now.value == 15 / 16
    assert {group.key[0].value: group.figures["availability"].now.value for group in table.groups} == {
        "core": 9 / 10,
        "search": 1.0,
    }


async def test_filter_by_component(facts: Facts, ask: Ask) -> None:
    await put_probes(facts)
    table = await ask("probes", "failedProbes", where=In("component", ("core",)), parts=PARTS - {Part.GROUPS})
    assert (table.totals["probes"].now.value, table.totals["failedProbes"].now.value) == (11, 2)


@pytest.mark.parametrize(("metric", "dimension"), [("availability", "country"), ("sessions", "component")])
async def test_probes_and_sessions_are_not_split_by_each_other(ask: Ask, metric: str, dimension: str) -> None:
    with pytest.raises(Refused) as refused:
        await ask(metric, group_by=(dimension,), parts=PARTS)
    assert dimension not in refused.value.problems[0].allowed
