"""GraphiQL comes from our own server and runs every recipe as it is."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Response, expect

from tests.web.reading import open_page, violations
from tests.web.serving import ROOT, Serving

RECIPES = sorted((ROOT / "web/recipes").glob("*.graphql"))


def open_graphiql(page: Page, served: Serving) -> None:
    open_page(page, served, "/graphiql")
    page.locator(".graphiql-query-editor .view-line").first.wait_for()


def answer_shown(page: Page) -> str:
    page.locator(".graphiql-response .view-line", has_text='"data"').first.wait_for()
    return page.locator(".graphiql-response").inner_text()


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_recipe_runs_as_it_is(served: Serving, recipe: Path) -> None:
    text = recipe.read_text()
    if "subscription" in text:
        pytest.skip("subscriptions are run by the test of streams")
    if present := re.search(r"^# now: (.*)$", text, re.MULTILINE):
        text = text.replace(present[1], datetime.now(UTC).isoformat())
    served.ask(text)


def test_click_on_a_recipe_opens_it_in_a_tab_and_it_runs(page: Page, served: Serving) -> None:
    open_graphiql(page, served)
    page.locator(f"[data-recipe='{RECIPES[-1].name}']").click()
    expect(page.locator(".graphiql-tab")).to_have_count(2)
    page.get_by_role("button", name="Execute").click()
    assert '"data"' in answer_shown(page)


def test_headers_typed_by_hand_stand_above_the_key(page: Page, served: Serving) -> None:
    open_graphiql(page, served)
    page.get_by_role("button", name="Headers").click()
    editor = page.locator(".graphiql-editor-tool .monaco-editor").last
    editor.click()
    page.keyboard.insert_text('{"Authorization": "Bearer nothing"}')
    expect(editor.locator(".view-lines")).to_contain_text("nothing")
    with page.expect_response(_is_executed) as refused:
        page.get_by_role("button", name="Execute").click()
    assert refused.value.status == 401


def test_editor_knows_the_schema(page: Page, served: Serving) -> None:
    """Completion comes from the workers, which are ours too."""
    wanted = {"graphql.worker", "editor.worker", "json.worker"}
    with page.expect_response(lambda answer: _is_introspection(answer.request.post_data)):
        open_graphiql(page, served)
    page.locator("[data-recipe]").first.click()
    for _ in range(100):
        if {Path(worker.url).name.split("-")[0] for worker in page.workers} == wanted:
            break
        page.wait_for_timeout(100)
    else:
        raise AssertionError([worker.url for worker in page.workers])


def test_subscription_runs_over_the_web_socket(page: Page, served: Serving) -> None:
    streams = [recipe for recipe in RECIPES if "subscription" in recipe.read_text()]
    if not streams:
        pytest.skip("there is no subscription yet")
    open_graphiql(page, served)
    page.locator(f"[data-recipe='{streams[0].name}']").click()
    with page.expect_websocket() as opened:
        page.get_by_role("button", name="Execute").click()
    assert opened.value.url.endswith("/graphql")
    assert '"data"' in answer_shown(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page_is_accessible(page: Page, served: Serving, axe: str, theme: Any) -> None:
    page.emulate_media(color_scheme=theme)
    open_graphiql(page, served)
    assert violations(page, axe) == []


def _is_executed(answer: Response) -> bool:
    """The schema may still be on its way when the button is pressed."""
    return answer.url.endswith("/graphql") and not _is_introspection(answer.request.post_data)


def _is_introspection(body: str | None) -> bool:
    return body is not None and "__schema" in body
