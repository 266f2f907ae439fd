"""The schema that clients generate their types from is the one that the server answers by."""

from pathlib import Path

from resolvers.roots import build_schema

GOLDEN = Path(__file__).parents[2] / "schema" / "schema.graphql"


def test_the_golden_schema_is_the_servers() -> None:
    """After an intended change: `python3 dev.py schema`."""
    assert GOLDEN.read_text() == build_schema().as_str().rstrip() + "\n"
