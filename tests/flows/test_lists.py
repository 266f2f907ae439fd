"""A list over HTTP tells of each record what the record tells when it is asked for alone, which goes another way."""

from tests.flows.serving_process import Installation

SESSION = """
  id sessionId chatbotType startedAt lastActivityAt endedAt durationSeconds outcome provisional endActor endReason
  source visitorKey authenticated channel device browser operatingSystem country city language userMessages botMessages
  answers averageResponseSeconds thumbsUp leads
  kind: __typename confidence { lowest mean ...Rest } cost { amount currency }
"""
LISTED = f"""
query ($yes: Boolean!) {{
  sessions(first: 100) {{ nodes {{ ...Told plan @include(if: $yes) referrer @skip(if: $yes) }}
    edges {{ node {{ id }} }} }}
}}
fragment Told on Session {{ {SESSION} handoff {{ requestedAt target }} ... @skip(if: $yes) {{ campaign }} }}
fragment Rest on SessionConfidence {{ last answers }}
"""


def test_a_list_tells_what_each_record_tells_alone(visited: Installation) -> None:
    page = visited.graphql(LISTED, {"yes": True})["sessions"]
    listed = page["nodes"]
    assert len(listed) == 100
    assert [edge["node"]["id"] for edge in page["edges"]] == [node["id"] for node in listed]
    for start in range(0, 100, 10):
        ids = [node["id"] for node in listed[start : start + 10]]
        fields = " ".join(f'n{place}: session(id: "{id}") {{ ...Told }}' for place, id in enumerate(ids))
        told = f"fragment Told on Session {{ {SESSION} handoff {{ requestedAt target }} plan }}"
        rest = "fragment Rest on SessionConfidence { last answers }"
        alone = visited.graphql(f"{{ {fields} }} {told} {rest}")
        assert list(alone.values()) == listed[start : start + 10]
