"""The Explore page shows what the API answers: any metric, split by anything, in every theme and width."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.build import a_user_message
from tests.web.reading import open_page, shown_value, violations
from tests.web.serving import Serving

METRICS = ("SESSIONS", "UNIQUE_VISITORS", "AVERAGE_RESPONSE_TIME", "RESOLUTION_RATE", "MESSAGES_PER_SESSION")
DAY = "range: {rolling: LAST_24H}"


def explore(page: Page, served: Serving, search: str = "period=24h") -> None:
    open_page(page, served, f"/explore?{search}")
    page.locator(".area-headline [data-metric]").wait_for()


def ask(served: Serving, query: str, selection: str) -> Any:
    return served.ask(f"{{ figures(query: {{{DAY} {query}}}) {{ {selection} }} }}")["figures"]


@pytest.mark.parametrize("metric", METRICS)
def test_the_headline_is_the_answer_of_the_api(page: Page, served: Serving, metric: str) -> None:
    explore(page, served, f"period=24h&metric={metric}")
    expected = ask(served, f"metrics: [{metric}]", "totals { value } definitions { title definition }")
    assert shown_value(page, metric, ".area-headline") == pytest.approx(expected["totals"][0]["value"])
    expect(page.locator(".area-headline h3")).to_have_text(expected["definitions"][0]["title"])
    expect(page.locator(".area-headline")).to_contain_text(expected["definitions"][0]["definition"])


@pytest.mark.spec(22)
def test_groups_stand_with_value_and_share(page: Page, served: Serving) -> None:
    """Drawn from the public API alone."""
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url.partition("?")[0]) if request.method == "POST" else None)
    explore(page, served, "period=24h&metric=MESSAGES&by=CHATBOT")
    found = ask(served, "metrics: [MESSAGES] groupBy: [CHATBOT]", "groups { key { label } figures { value } }")
    rows = page.locator(".area-groups tbody tr")
    expect(rows).to_have_count(len(found["groups"]))
    for place, group in enumerate(found["groups"]):
        expect(rows.nth(place).locator("th")).to_contain_text(group["key"][0]["label"])
        assert (
            float(rows.nth(place).locator("td").first.get_attribute("data-value") or "") == group["figures"][0]["value"]
        )
    expect(rows.first.locator("td").nth(1)).to_have_text("100%")
    assert asked == {f"{served.address}/graphql"}


def test_busy_hours_are_those_of_the_heatmap(page: Page, served: Serving) -> None:
    explore(page, served)
    heatmap = served.ask(f"{{ heatmap({DAY}) {{ metrics {{ sessions {{ perOccurrence }} }} }} }}")["heatmap"]
    told = [cell.get_attribute("data-value") for cell in page.locator(".area-busy tbody td").all()]
    assert len(told) == 168
    expected = heatmap["metrics"]["sessions"]["perOccurrence"]
    shown = [float(value) if value else None for value in told]
    assert [bool(value) for value in shown] == [bool(value) for value in expected]


def test_what_changed_it_sums_to_the_change(page: Page, served: Serving) -> None:
    """Two days ago there were fewer sessions of one chatbot and some of another: both moved the number."""
    earlier = datetime.now(UTC) - timedelta(hours=30)
    told = [("concierge", 1), ("porter", 3)]
    served.send(
        [
            a_user_message(chatbotId=bot, sessionId=f"{bot}-{number}", occurredAt=earlier.isoformat())
            for bot, count in told
            for number in range(count)
        ]
    )
    explore(page, served, "period=24h&metric=SESSIONS&by=CHATBOT")
    rows = page.locator(".area-change tbody tr")
    expect(rows).to_have_count(2)
    parts = [float(cell.get_attribute("data-contribution") or "") for cell in rows.locator("[data-contribution]").all()]
    now = served.ask(f"{{ metrics({DAY}) {{ totals {{ sessions {{ value }} }} }} }}")["metrics"]["totals"]["sessions"]
    assert sorted(parts) == sorted([now["value"] - 1, -3])
    expect(page.locator(".area-change")).to_contain_text(f"+{now['value'] - 4} since the period before")
    page.get_by_label("Metric").select_option("RESOLUTION_RATE")
    expect(page.locator(".area-change thead")).to_contain_text("By the mix")


@pytest.mark.parametrize(("choice", "part"), [("All", "ALL"), ("Counted", "NUMERATOR"), ("Not counted", "REST")])
def test_sessions_behind_the_number_sum_to_it(page: Page, served: Serving, choice: str, part: str) -> None:
    explore(page, served, "period=24h&metric=RESOLUTION_RATE")
    explained = served.ask(
        f"{{ explainMetric(metric: RESOLUTION_RATE, {DAY}, part: {part}) "
        "{ sessionCount figure { numerator denominator } sessions { nodes { session { sessionId } } } } }"
    )["explainMetric"]
    page.locator(".area-cases").get_by_role("radio", name=choice, exact=True).check()
    rows = page.locator(".area-cases tbody tr")
    expect(rows).to_have_count(explained["sessionCount"])
    expected = [node["session"]["sessionId"] for node in explained["sessions"]["nodes"]]
    assert [row.locator("th").inner_text() for row in rows.all()] == expected
    if part == "ALL":
        added = [cell.get_attribute("data-numerator") for cell in page.locator("[data-numerator]").all()]
        assert sum(float(value or 0) for value in added) == explained["figure"]["numerator"]


def test_a_choice_lives_in_the_address(page: Page, served: Serving) -> None:
    """So that a link shows the same, and the back button goes back."""
    explore(page, served)
    page.get_by_label("Metric").select_option("UNIQUE_VISITORS")
    page.locator(".area-headline [data-metric=UNIQUE_VISITORS]").wait_for()
    page.get_by_label("Split by").select_option("CHANNEL")
    page.locator(".area-groups").wait_for()
    assert "metric=UNIQUE_VISITORS" in page.url
    assert "by=CHANNEL" in page.url
    page.go_back()
    expect(page.locator(".area-groups")).to_have_count(0)
    page.go_back()
    page.locator(".area-headline [data-metric=SESSIONS]").wait_for()


def test_a_split_that_the_metric_does_not_have_is_taken_back(page: Page, served: Serving) -> None:
    explore(page, served, "period=24h&metric=ANSWERS&by=MODEL")
    page.locator(".area-groups").wait_for()
    page.get_by_label("Metric").select_option("LEADS")
    page.locator(".area-headline [data-metric=LEADS]").wait_for()
    assert "by=" not in page.url
    expect(page.get_by_role("alert")).to_have_count(0)


def test_lines_come_as_a_table_too(page: Page, served: Serving) -> None:
    explore(page, served)
    page.get_by_role("button", name="Table").click()
    cells = page.locator(".area-lines tbody td:nth-child(2)").all_inner_texts()
    assert sum(int(cell) for cell in cells) == 5


def test_a_name_that_does_not_exist_is_told_in_words(page: Page, served: Serving) -> None:
    open_page(page, served, "/explore?period=24h&metric=SESIONS")
    expect(page.get_by_role("alert")).to_contain_text("SESIONS")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(context: BrowserContext, served: Serving, axe: str, theme: Any, width: int) -> None:
    page = context.new_page()
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 900})
    explore(page, served, "period=24h&metric=RESOLUTION_RATE&by=CHANNEL")
    page.locator(".area-busy tbody td").first.wait_for()
    page.locator(".area-lines svg").first.wait_for()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
