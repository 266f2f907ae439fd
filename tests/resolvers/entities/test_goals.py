"""Goal definitions and plan quotas through the API."""

import httpx
import pytest

from tests.build import a_user_message, an_event
from tests.resolvers.entities.conftest import Ask
from tests.server.conftest import IssuedKey
from tests.serving import RunningServer

DEFINE = """
mutation ($input: DefineGoalInput!) {
  defineGoal(input: $input) {
    ... on Goal { id name title isConversion resolves value valueCurrency version }
    ... on Refusal { problems { code path } }
  }
}
"""


async def test_a_goal_is_defined_changed_and_put_away(ask: Ask) -> None:
    given = {"name": "booking", "title": "Booked a table", "resolves": True, "value": "12.50", "valueCurrency": "EUR"}
    goal = (await ask(DEFINE, input=given))["data"]["defineGoal"]
    assert (goal["title"], goal["resolves"], goal["value"], goal["version"]) == ("Booked a table", True, "12.50", 1)
    again = (await ask(DEFINE, input={"name": "booking", "isConversion": False}))["data"]["defineGoal"]
    assert (again["id"], again["title"], again["isConversion"], again["version"]) == (goal["id"], "booking", False, 2)
    await ask("mutation ($id: ID!) { archiveGoal(id: $id) { ... on Goal { archivedAt } } }", id=goal["id"])
    assert (await ask("{ goals { nodes { name } } }"))["data"]["goals"]["nodes"] == []


async def test_a_value_needs_a_currency(ask: Ask) -> None:
    refused = (await ask(DEFINE, input={"name": "booking", "value": "1.00"}))["data"]["defineGoal"]
    assert refused["problems"] == [{"code": "INVALID_INPUT", "path": ["input", "valueCurrency"]}]


async def test_quotas_in_force_are_the_latest_begun(ask: Ask) -> None:
    change = """
    mutation ($input: SetPlanQuotaInput!) {
      setPlanQuota(input: $input) { ... on PlanQuota { plan sessions } ... on Refusal { problems { path } } }
    }
    """
    await ask(change, input={"plan": "PRO", "effectiveFrom": "2026-01-01T00:00:00Z", "sessions": 1000})
    await ask(change, input={"plan": "PRO", "effectiveFrom": "2026-02-01T00:00:00Z", "sessions": 2000})
    await ask(change, input={"plan": "PRO", "effectiveFrom": "2126-01-01T00:00:00Z", "sessions": 3000})
    quotas = (await ask("{ planQuotas { plan sessions messages } }"))["data"]["planQuotas"]
    assert quotas == [{"plan": "PRO", "sessions": 2000, "messages": None}]
    refused = (await ask(change, input={"plan": "PRO", "sessions": -1}))["data"]["setPlanQuota"]
    assert refused["problems"] == [{"path": ["input", "sessions"]}]


@pytest.mark.spec(18)
async def test_a_goal_that_is_no_conversion_does_not_convert(
    ask: Ask, server: RunningServer, admin_key: IssuedKey
) -> None:
    await ask(DEFINE, input={"name": "basket", "isConversion": False})
    events = [
        *(a_user_message(sessionId=f"s-{number}") for number in range(4)),
        an_event("goal", sessionId="s-0", minutes=1, goal="basket"),
        an_event("goal", sessionId="s-1", minutes=1, goal="basket"),
        an_event("goal", sessionId="s-1", minutes=2, goal="booking"),
    ]
    async with httpx.AsyncClient(timeout=30) as client:
        sent = await client.post(f"{server.url}/v1/events", json=events, headers=admin_key.headers)
    assert sent.json()["accepted"] == len(events)
    figures = await ask(
        """
        { metrics(range: {dates: {first: "2026-03-10", last: "2026-03-10"}}) {
            totals { conversionRate { value numerator denominator } goalCompletions { value } }
        } }
        """
    )
    totals = figures["data"]["metrics"]["totals"]
    assert totals["conversionRate"] == {"value": 1 / 4, "numerator": 1, "denominator": 4}
    assert totals["goalCompletions"] == {"value": 3}
