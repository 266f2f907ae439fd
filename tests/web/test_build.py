"""The build leaves nothing behind that could reach another host, and its lock names none."""

import json
import re

import pytest

from tests.web.serving import ROOT

WEB = ROOT / "web"


def test_lock_names_no_registry() -> None:
    lock = (WEB / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert "://" not in lock


def test_every_dependency_is_pinned() -> None:
    package = json.loads((WEB / "package.json").read_text())
    wanted = {**package["dependencies"], **package["devDependencies"]}
    assert [name for name, version in wanted.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []


@pytest.mark.parametrize("name", ["index.html", "graphiql.html"])
def test_page_holds_no_inline_script_and_no_foreign_address(name: str) -> None:
    built = WEB / "dist" / name
    if not built.is_file():
        pytest.skip("the pages are not built (cd web && npm ci && npm run build)")
    text = built.read_text()
    assert re.findall(r"<script(?![^>]*\bsrc=)", text) == []
    assert re.findall(r'(?:src|href)="(?!/assets/)', text) == []
