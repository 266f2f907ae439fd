"""`schema`: the GraphQL schema as text."""

from typing import Annotated

import typer

from server.settings import CHECKOUT

app = typer.Typer(add_completion=False)
FILE = CHECKOUT / "schema" / "schema.graphql"
METRICS_PAGE = CHECKOUT / "docs" / "metrics.md"
EVENTS_PAGE = CHECKOUT / "docs" / "events.md"
SCOPES_PAGE = CHECKOUT / "docs" / "api" / "scopes.md"


@app.command()
def schema(
    write: Annotated[bool, typer.Option("--write", help="Write the file and the pages made from it instead.")] = False,
) -> None:
    """Print the GraphQL schema."""
    from domain.metrics.page import metrics_page
    from resolvers.roots import build_schema
    from schema.permissions import scopes_table
    from server.event_page import events_page

    text = build_schema().as_str().rstrip() + "\n"
    if write:
        FILE.write_text(text)
        METRICS_PAGE.write_text(metrics_page())
        EVENTS_PAGE.write_text(events_page())
        SCOPES_PAGE.write_text(scopes_table(build_schema()._schema))
        for written in (FILE, METRICS_PAGE, EVENTS_PAGE, SCOPES_PAGE):
            print(f"wrote {written.relative_to(CHECKOUT)}")
    else:
        print(text, end="")
