"""Saved queries: the same question, kept; the same answer, later."""

from typing import Any

from tests.resolvers.entities.conftest import Ask

SAVE = """
mutation ($input: SaveQueryInput!) {
  saveQuery(input: $input) {
    ... on SavedQuery { id name version definition }
    ... on Refusal { problems { code path suggestion } }
  }
}
"""
QUESTION = {
    "metrics": ["SESSIONS", "UNIQUE_VISITORS"],
    "range": {"rolling": "LAST_7D"},
    "filter": {"channel": {"in": ["APP", "WEBSITE"]}},
    "groupBy": ["CHANNEL"],
}


def _input(**given: Any) -> dict[str, Any]:
    return {"name": "Weekly use", "query": QUESTION, **given}


async def test_each_change_is_a_version(ask: Ask) -> None:
    saved = (await ask(SAVE, input=_input()))["data"]["saveQuery"]
    assert saved["version"] == 1
    changed = (await ask(SAVE, input=_input(id=saved["id"], version=1, name="Use")))["data"]["saveQuery"]
    assert (changed["id"], changed["name"], changed["version"]) == (saved["id"], "Use", 2)
    stale = (await ask(SAVE, input=_input(id=saved["id"], version=1)))["data"]["saveQuery"]
    assert stale["problems"][0]["code"] == "CONFLICT"
    kept = await ask("query ($id: ID!) { savedQuery(id: $id) { versions { version } } }", id=saved["id"])
    assert [one["version"] for one in kept["data"]["savedQuery"]["versions"]] == [2, 1]


async def test_its_result_is_that_of_the_same_question(ask: Ask) -> None:
    saved = (await ask(SAVE, input=_input()))["data"]["saveQuery"]
    both = await ask(
        """
        query ($id: ID!) {
          savedQuery(id: $id) { result { totals { sessions { value status } } } }
          metrics(
            range: {rolling: LAST_7D}, filter: {channel: {in: [APP, WEBSITE]}}, groupBy: [CHANNEL]
          ) { totals { sessions { value status } } }
        }
        """,
        id=saved["id"],
    )
    assert both["data"]["savedQuery"]["result"] == both["data"]["metrics"]


async def test_a_metric_it_does_not_ask_for_is_refused(ask: Ask) -> None:
    saved = (await ask(SAVE, input=_input()))["data"]["saveQuery"]
    refused = await ask(
        "query ($id: ID!) { savedQuery(id: $id) { result { totals { containmentRate { value } } } } }", id=saved["id"]
    )
    assert refused["errors"][0]["extensions"]["allowed"] == ["sessions", "uniqueVisitors"]


async def test_an_archived_one_is_gone(ask: Ask) -> None:
    saved = (await ask(SAVE, input=_input()))["data"]["saveQuery"]
    await ask("mutation ($id: ID!) { archiveSavedQuery(id: $id) { ... on SavedQuery { id } } }", id=saved["id"])
    gone = await ask("query ($id: ID!) { savedQuery(id: $id) { name } }", id=saved["id"])
    assert gone["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert (await ask("{ savedQueries { nodes { id } } }"))["data"]["savedQueries"]["nodes"] == []
