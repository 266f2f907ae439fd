"""The Live page shows what the API answers, in every state, theme and width."""

import math
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.web.reading import open_page, shown_value, violations, wait_for_figures
from tests.web.serving import Serving

PERIOD_FIGURES = (
    "averageResponseTime",
    "responseTimeP50",
    "responseTimeP90",
    "responseTimeP95",
    "responseTimeP99",
    "messagesPerSession",
    "userMessagesPerSession",
    "averageSessionDuration",
    "medianSessionDuration",
    "openExcluded",
    "uniqueVisitors",
    "uniqueUsers",
    "newVisitors",
    "returningUsers",
)


def ask_totals(served: Serving, range_: str, *metrics: str) -> dict[str, float]:
    wanted = " ".join(f"{metric} {{ value }}" for metric in metrics)
    answer = served.ask(f"{{ metrics(range: {range_}) {{ totals {{ {wanted} }} }} }}")
    totals: dict[str, dict[str, Any]] = answer["metrics"]["totals"]
    return {metric: totals[metric]["value"] for metric in metrics}


def test_figures_of_the_period_equal_the_answers_of_the_api(page: Page, served: Serving) -> None:
    open_page(page, served)
    wait_for_figures(page)
    expected = ask_totals(served, "{ rolling: LAST_24H }", *PERIOD_FIGURES)
    shown = {metric: shown_value(page, metric) for metric in PERIOD_FIGURES}
    assert shown == pytest.approx(expected)


@pytest.mark.parametrize(
    ("place", "calendar"),
    [("today", "TODAY"), ("week", "THIS_WEEK"), ("month", "THIS_MONTH"), ("year", "THIS_YEAR")],
)
def test_sessions_so_far_equal_the_answers_of_the_api(
    page: Page, served: Serving, place: str, calendar: str
) -> None:
    open_page(page, served)
    wait_for_figures(page)
    expected = ask_totals(served, f"{{ calendar: {calendar} }}", "sessions")
    assert shown_value(page, "sessions", f"[data-range={place}]") == expected["sessions"]


def test_figures_equal_what_was_sent(page: Page, served: Serving) -> None:
    """Counted by hand from `conversations`: 4 x 4 + 2 messages in 5 sessions of 4 visitors, one still going on."""
    open_page(page, served)
    wait_for_figures(page)
    assert shown_value(page, "sessions", ".area-now") == 5
    assert shown_value(page, "uniqueVisitors") == 4
    assert shown_value(page, "activeSessions") == 1
    assert math.isclose(shown_value(page, "messagesPerSession"), 18 / 5)
    assert math.isclose(shown_value(page, "averageResponseTime"), (4 * (1 + 3) + 2) / 9)


def test_chart_comes_as_a_table_too(page: Page, served: Serving) -> None:
    open_page(page, served)
    wait_for_figures(page)
    page.get_by_role("button", name="Table").click()
    cells = page.locator(".trend-table tbody td:nth-child(2)").all_inner_texts()
    assert sum(int(cell) for cell in cells) == 5
    assert len(cells) in (24, 25)


def test_chart_is_drawn_after_the_figures(page: Page, served: Serving) -> None:
    open_page(page, served)
    wait_for_figures(page)
    expect(page.locator(".trend-chart svg path").first).to_be_attached()
    label = page.locator(".trend-chart").get_attribute("aria-label") or ""
    assert label.startswith("Line chart of sessions by hour. Busiest hour")


def test_choice_of_a_chatbot_stays_in_the_address_and_goes_back(page: Page, served: Serving) -> None:
    open_page(page, served)
    wait_for_figures(page)
    page.get_by_label("Chatbot").select_option(label="concierge")
    page.wait_for_url("**/?chatbot=*")
    wait_for_figures(page)
    assert shown_value(page, "sessions", ".area-now") == 5
    page.go_back()
    expect(page.get_by_label("Chatbot")).to_have_value("")


def test_key_without_figures_is_told_which_scope_it_needs(page: Page, served: Serving, axe: str) -> None:
    open_page(page, served, key=served.writing_key)
    expect(page.get_by_role("heading", name="This key may not see figures")).to_be_visible()
    expect(page.locator("main")).to_contain_text("metrics:read")
    assert violations(page, axe) == []


def test_figures_stay_in_view_while_the_server_is_away(page: Page, served: Serving) -> None:
    open_page(page, served)
    wait_for_figures(page)
    page.route("**/graphql", lambda route: route.abort())
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached", timeout=20_000)
    assert shown_value(page, "sessions", ".area-now") == 5


@pytest.mark.parametrize("width", [1440, 1024, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page_is_accessible_and_fits(page: Page, served: Serving, axe: str, width: int, theme: Any) -> None:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    open_page(page, served)
    wait_for_figures(page)
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_page_works_by_keyboard(page: Page, served: Serving) -> None:
    open_page(page, served)
    wait_for_figures(page)
    page.get_by_role("button", name="Table").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Sessions by hour, table")).to_be_visible()
    page.get_by_role("radio", name="24 hours").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/?period=7d")


def test_first_load_is_light(context: BrowserContext, served: Serving) -> None:
    """At most 150 kB as they come over the wire before the chart library."""
    page = context.new_page()
    sizes: dict[str, int] = {}
    page.on("requestfinished", lambda request: sizes.update({request.url: request.sizes()["responseBodySize"]}))
    page.goto(served.address)
    page.get_by_label("API key").wait_for()
    page.wait_for_load_state("networkidle")
    assert sum(sizes.values()) <= 150_000, sizes
