"""How a person gets in, and out again."""

from playwright.sync_api import Page, expect

from tests.web.reading import open_page, violations, wait_for_figures
from tests.web.serving import Serving


def test_key_typed_into_the_form_opens_the_live_page(page: Page, served: Serving) -> None:
    page.goto(served.address)
    page.get_by_label("API key").fill(served.key)
    page.get_by_role("button", name="Sign in").click()
    wait_for_figures(page)


def test_key_of_a_one_click_link_leaves_the_address_bar(page: Page, served: Serving) -> None:
    open_page(page, served)
    wait_for_figures(page)
    assert page.url == f"{served.address}/"


def test_half_a_key_is_told_before_it_is_sent(page: Page, served: Serving) -> None:
    page.goto(served.address)
    page.get_by_label("API key").fill(served.key[:40])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("40 of 71 characters")


def test_unknown_key_returns_to_the_form_with_the_servers_words(page: Page, served: Serving) -> None:
    open_page(page, served, key=served.key[:-4] + "AAAA")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("API key")).to_be_visible()


def test_sign_out_forgets_the_key(page: Page, served: Serving) -> None:
    open_page(page, served)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("API key")).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('parlance.key')") is None


def test_key_is_never_written_to_disk_storage(page: Page, served: Serving) -> None:
    open_page(page, served)
    wait_for_figures(page)
    assert served.key not in page.evaluate("JSON.stringify({...localStorage}) + document.cookie")


def test_form_has_no_accessibility_violation(page: Page, served: Serving, axe: str) -> None:
    page.goto(served.address)
    page.get_by_label("API key").wait_for()
    assert violations(page, axe) == []
