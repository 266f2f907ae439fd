"""What a test reads from a page: figures by the names they have in the API, and what axe finds."""

from typing import Any

from playwright.sync_api import Page

from tests.web.serving import Serving


def open_page(page: Page, served: Serving, path: str = "/", *, key: str | None = None) -> None:
    """By a one-click link, as `dev.py run` prints it."""
    page.goto(f"{served.address}{path}#key={key or served.key}")


def wait_for_figures(page: Page) -> None:
    page.locator("[data-metric=activeSessions]").wait_for()
    page.locator("[data-metric=returningUsers]").wait_for()
    page.locator("[data-range=year] [data-metric=sessions]").wait_for()


def shown_value(page: Page, metric: str, within: str = "main") -> float:
    value = page.locator(f"{within} [data-metric={metric}]").first.get_attribute("data-value")
    assert value is not None, f"{metric} shows no value"
    return float(value)


def violations(page: Page, axe: str) -> list[str]:
    """`rule: element` of everything that axe objects to."""
    page.evaluate(axe)
    found: list[dict[str, Any]] = page.evaluate("axe.run(document).then(result => result.violations)")
    return [f"{each['id']}: {node['target']}" for each in found for node in each["nodes"]]
