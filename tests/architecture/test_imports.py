"""Who may import whom. A rule that is not tested is a wish."""

import importlib.util
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import OTHERS, PACKAGES, ROOT, Source, imported_modules, sources

MAY_IMPORT = {
    "domain": {"domain"},
    "persistence": {"domain", "persistence"},
    "schema": {"domain", "schema"},
    "resolvers": {"domain", "persistence", "schema", "resolvers"},
    "subscriptions": {"domain", "persistence", "schema", "subscriptions"},
    "delivery": {"domain", "persistence", "delivery"},
    "server": set(PACKAGES),
    "migrations": {"domain", "persistence", "migrations"},
}
ONLY_IN = {
    "strawberry": ("schema/", "resolvers/", "subscriptions/", "server/"),
    "graphql": ("schema/", "resolvers/", "subscriptions/", "server/"),
    "sqlalchemy": ("persistence/", "migrations/", "server/database.py"),
    "asyncpg": ("persistence/", "migrations/"),
    "alembic": ("persistence/", "migrations/"),
    "duckdb": ("persistence/",),
    "starlette": ("server/", "subscriptions/transport"),
    "uvicorn": ("server/",),
    "pydantic_settings": ("server/",),
    "typer": ("server/",),
    "cryptography": ("persistence/vault.py",),
    "aiosmtplib": ("delivery/",),
    "httpx": ("delivery/",),
    "smtplib": ("delivery/",),
}
# What the domain may use: nothing that reads a clock, a file, a socket or chance.
PURE = frozenset(
    [
        "__future__",
        "abc",
        "array",
        "base64",
        "binascii",
        "bisect",
        "calendar",
        "collections",
        "contextlib",
        "dataclasses",
        "datetime",
        "decimal",
        "difflib",
        "domain",
        "enum",
        "fractions",
        "functools",
        "hashlib",
        "heapq",
        "hmac",
        "html",
        "itertools",
        "json",
        "math",
        "msgspec",
        "operator",
        "re",
        "statistics",
        "string",
        "struct",
        "textwrap",
        "types",
        "typing",
        "unicodedata",
        "urllib",
        "uuid",
        "zoneinfo",
    ]
)


def _wrong(allowed: set[str], source: Source) -> list[str]:
    ours = {*PACKAGES, *OTHERS}
    return [
        f"{source.path}:{line} imports {name}"
        for line, name in imported_modules(source)
        if name.split(".")[0] in ours - allowed
    ]


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_a_package_imports_only_what_stands_below_it(package: str) -> None:
    assert [found for source in sources(package) for found in _wrong(MAY_IMPORT[package], source)] == []


@pytest.mark.parametrize("library", sorted(ONLY_IN))
def test_a_library_stays_where_it_belongs(library: str) -> None:
    found = [
        f"{source.path}:{line} imports {name}"
        for source in sources(*PACKAGES, "migrations")
        for line, name in imported_modules(source)
        if name.split(".")[0] == library and not source.path.startswith(ONLY_IN[library])
    ]
    assert found == []


def test_the_domain_is_pure() -> None:
    """No input or output, no chance, no event loop; scipy where experiments are judged."""
    found = [
        f"{source.path}:{line} imports {name}"
        for source in sources("domain")
        for line, name in imported_modules(source)
        if name.split(".")[0] not in PURE and not (name.startswith("scipy") and "/experiments/" in source.path)
    ]
    assert found == []


def test_imports_are_absolute() -> None:
    found = [f"{s.path}:{line}" for s in sources() for line, name in imported_modules(s) if name.startswith(".")]
    assert found == []


def test_nothing_shipped_imports_the_tests() -> None:
    shipped = sources(*PACKAGES, "migrations", "benchmarks")
    found = [f"{s.path}:{n}" for s in shipped for n, name in imported_modules(s) if name.split(".")[0] == "tests"]
    assert found == []


@pytest.mark.parametrize("package", [*PACKAGES, *OTHERS])
def test_a_package_name_means_ours(package: str) -> None:
    """Names as plain as `schema` or `server` must not be taken by something installed."""
    if not (ROOT / package).is_dir():
        pytest.skip(f"there is no {package}/ yet")
    spec = importlib.util.find_spec(package)
    assert spec is not None
    places = [spec.origin] if spec.origin else list(spec.submodule_search_locations or [])
    assert all(Path(place).resolve().is_relative_to(ROOT) for place in places)
    assert package not in sys.stdlib_module_names
