"""Chatbots and workspace settings through the API."""

import pytest

from tests.resolvers.entities.conftest import Ask
from tests.server.conftest import IssuedKey

CREATE = """
mutation ($slug: String!, $reports: [Report!]! = []) {
  createChatbot(input: {slug: $slug, type: VOICE, reports: $reports}) {
    __typename
    ... on Chatbot { id slug name type enabled reports version }
    ... on Refusal { problems { code path message } }
  }
}
"""
CHANGE = """
mutation ($input: ChangeChatbotSettingsInput!) {
  changeChatbotSettings(input: $input) {
    __typename
    ... on ChatbotSettings {
      effectiveFrom idleTimeoutSeconds unansweredConfidenceBelow plan failurePhrases fallbackVersion
    }
    ... on Refusal { problems { code path } }
  }
}
"""


async def test_a_chatbot_is_made_listed_and_changed(ask: Ask) -> None:
    made = (await ask(CREATE, slug="shop", reports=["HANDOFF", "COST"]))["data"]["createChatbot"]
    assert (made["slug"], made["name"], made["type"], made["enabled"]) == ("shop", "shop", "VOICE", True)
    assert made["reports"] == ["HANDOFF", "COST"]
    changed = await ask(
        'mutation ($id: ID!) { updateChatbot(input: {id: $id, version: 1, name: "Shop", enabled: false}) '
        "{ ... on Chatbot { name enabled version } } }",
        id=made["id"],
    )
    assert changed["data"]["updateChatbot"] == {"name": "Shop", "enabled": False, "version": 2}
    listed = await ask("{ chatbots { nodes { slug name enabled } } }")
    assert listed["data"]["chatbots"]["nodes"] == [{"slug": "shop", "name": "Shop", "enabled": False}]


async def test_a_stale_version_is_a_conflict(ask: Ask) -> None:
    made = (await ask(CREATE, slug="shop"))["data"]["createChatbot"]
    change = (
        'mutation ($id: ID!) { updateChatbot(input: {id: $id, version: 1, name: "New"}) '
        "{ __typename ... on Refusal { problems { code path } } } }"
    )
    await ask(change, id=made["id"])
    again = (await ask(change, id=made["id"]))["data"]["updateChatbot"]
    assert again["problems"] == [{"code": "CONFLICT", "path": ["input", "version"]}]


async def test_a_slug_is_taken_once(ask: Ask) -> None:
    await ask(CREATE, slug="shop")
    again = (await ask(CREATE, slug="shop"))["data"]["createChatbot"]
    assert again["problems"][0]["code"] == "CONFLICT"


@pytest.mark.parametrize("slug", ["", "Shop", "a b", "-x", "x" * 65], ids=["empty", "capital", "space", "dash", "long"])
async def test_a_wrong_slug_is_named(ask: Ask, slug: str) -> None:
    refused = (await ask(CREATE, slug=slug))["data"]["createChatbot"]
    assert {(problem["code"], tuple(problem["path"])) for problem in refused["problems"]} >= {
        ("INVALID_INPUT", ("input", "slug"))
    }


async def test_settings_keep_their_history(ask: Ask) -> None:
    made = (await ask(CREATE, slug="shop"))["data"]["createChatbot"]
    given = {
        "id": made["id"],
        "effectiveFrom": "2026-03-01T00:00:00Z",
        "idleTimeoutSeconds": 600,
        "unansweredConfidenceBelow": 0.5,
        "plan": "PRO",
        "failurePhrases": ["Sorry, I did not get that."],
    }
    entry = (await ask(CHANGE, input=given))["data"]["changeChatbotSettings"]
    assert entry["idleTimeoutSeconds"] == 600
    assert entry["unansweredConfidenceBelow"] == 0.5
    assert entry["fallbackVersion"] == 1
    history = await ask(
        "query ($id: ID!) { chatbotSettings(id: $id) { "
        "effectiveFrom idleTimeoutSeconds plan fallbackConfidenceBelow } }",
        id=made["id"],
    )
    assert history["data"]["chatbotSettings"] == [
        {"effectiveFrom": None, "idleTimeoutSeconds": 1800, "plan": None, "fallbackConfidenceBelow": 0.7},
        {
            "effectiveFrom": "2026-03-01T00:00:00Z",
            "idleTimeoutSeconds": 600,
            "plan": "PRO",
            "fallbackConfidenceBelow": 0.7,
        },
    ]


async def test_settings_out_of_range_are_all_named(ask: Ask) -> None:
    made = (await ask(CREATE, slug="shop"))["data"]["createChatbot"]
    given = {"id": made["id"], "idleTimeoutSeconds": 1, "fallbackConfidenceBelow": 1.5}
    refused = (await ask(CHANGE, input=given))["data"]["changeChatbotSettings"]
    assert [problem["path"] for problem in refused["problems"]] == [
        ["input", "idleTimeoutSeconds"],
        ["input", "fallbackConfidenceBelow"],
    ]


async def test_another_workspace_sees_nothing_of_it(ask: Ask, other_admin_key: IssuedKey) -> None:
    made = (await ask(CREATE, slug="shop"))["data"]["createChatbot"]
    assert (await ask("{ chatbots { nodes { slug } } }", key=other_admin_key))["data"]["chatbots"]["nodes"] == []
    foreign = await ask("query ($id: ID!) { chatbotSettings(id: $id) { plan } }", key=other_admin_key, id=made["id"])
    assert foreign["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_viewer_may_not_make_one(ask: Ask, viewer_key: IssuedKey) -> None:
    refused = await ask(CREATE, key=viewer_key, slug="shop")
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_the_workspace_is_changed_by_version(ask: Ask) -> None:
    change = """
    mutation ($input: UpdateWorkspaceInput!) {
      updateWorkspace(input: $input) {
        ... on Workspace { timeZone weekStart reportingCurrency version }
        ... on Refusal { problems { code path } }
      }
    }
    """
    given = {"version": 1, "timeZone": "Asia/Kathmandu", "weekStart": 7, "reportingCurrency": "EUR"}
    changed = (await ask(change, input=given))["data"]["updateWorkspace"]
    assert changed == {"timeZone": "Asia/Kathmandu", "weekStart": 7, "reportingCurrency": "EUR", "version": 2}
    stale = (await ask(change, input=given))["data"]["updateWorkspace"]
    assert stale["problems"][0]["code"] == "CONFLICT"
    wrong = {"version": 2, "weekStart": 8, "billingDay": 31, "reportingCurrency": "euro"}
    refused = (await ask(change, input=wrong))["data"]["updateWorkspace"]
    assert sorted(problem["path"][1] for problem in refused["problems"]) == [
        "billingDay",
        "reportingCurrency",
        "weekStart",
    ]


async def test_every_mutation_leaves_one_audit_entry(ask: Ask) -> None:
    made = (await ask(CREATE, slug="shop"))["data"]["createChatbot"]
    await ask(CHANGE, input={"id": made["id"], "idleTimeoutSeconds": 600})
    entries = (await ask("{ auditLog(first: 10) { nodes { action target } } }"))["data"]["auditLog"]["nodes"]
    actions = [entry["action"] for entry in entries]
    assert actions.count("chatbot.create") == 1
    assert actions.count("chatbot.changeSettings") == 1
