"""An empty workspace shows how to begin, and lights up."""

import re
import subprocess

from playwright.sync_api import Page, expect

from tests.web.reading import open_page, shown_value, violations, wait_for_figures
from tests.web.serving import Serving


def test_empty_workspace_shows_the_first_event_and_lights_up_when_it_arrives(
    page: Page, served: Serving, axe: str
) -> None:
    """The very command on the page is run, so it cannot drift from what ingest takes."""
    open_page(page, served, key=served.empty_key)
    expect(page.get_by_role("heading", name="Send your first event")).to_be_visible()
    assert violations(page, axe) == []
    command = page.locator("pre").inner_text()
    assert f"{served.address}/v1/events" in command

    done = subprocess.run(
        ["bash", "-c", re.sub(r"^curl", "curl --fail --silent --show-error", command)],
        env={"PARLANCE_KEY": served.empty_key, "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr

    wait_for_figures(page)
    expect(page.locator("[data-metric=activeSessions]")).to_have_attribute("data-value", "1", timeout=15_000)
    assert shown_value(page, "uniqueVisitors") == 1
