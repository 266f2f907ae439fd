"""Debian's Chromium on the pages of a running server. Where either is missing, the tests skip and say why."""

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright
from sqlalchemy import make_url

from tests.conftest import TestCluster
from tests.web.serving import ROOT, Serving, apart, serving

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PATIENCE_MS = 20_000
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a file of tests, each with a fresh profile inside it: its event loop must not outlive the file,
    after which the process may run any other."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no chromium on PATH (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(_ARGUMENTS))
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def served(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    if not (ROOT / "web/dist/index.html").is_file():
        pytest.skip("the pages are not built (cd web && npm ci && npm run build)")
    name = f"web_{os.getpid()}_{next(_numbers)}"
    apart(
        cluster.run,
        f'create database {name} template parlance_template owner "{make_url(cluster.owner).username}"',
    )
    with serving(cluster.address("app", name), cluster.address("owner", name), tmp_path_factory.mktemp("web")) as it:
        yield it
    apart(cluster.run, f"drop database {name} with (force)")


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
    opened.set_default_timeout(_PATIENCE_MS)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, served: Serving) -> Iterator[Page]:
    """A page whose every request is watched: one that leaves the server, or a refused script, fails the test."""
    opened = context.new_page()
    strangers: list[str] = []
    refusals: list[str] = []
    context.on("request", lambda request: strangers.extend(_strange(request, served.address)))
    opened.on("websocket", lambda socket: strangers.extend(_strange(socket, served.address)))
    opened.on("pageerror", lambda error: refusals.append(str(error)))
    opened.on("console", lambda told: refusals.append(told.text) if "Content Security Policy" in told.text else None)
    yield opened
    assert strangers == [], "requests that left the server"
    assert refusals == [], "errors of the page"


@pytest.fixture(scope="session")
def axe() -> str:
    script: Path = ROOT / "web/node_modules/axe-core/axe.min.js"
    if not script.is_file():
        pytest.skip("axe-core is not installed (cd web && npm ci)")
    return script.read_text()


def _strange(request: Any, address: str) -> list[str]:
    """Nothing, or the address that is not of our server."""
    url = request.url if isinstance(request, Request) else str(request.url)
    parts = urlsplit(url)
    return [] if parts.scheme in ("data", "blob") or parts.netloc == urlsplit(address).netloc else [url]
